"""Whether a merge must train at all: not where production or the pull request was made from the very same inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.commands.before_push import before_push
from mlci.commands.candidate import find_submission, read_candidate, submitted
from mlci.commands.inputs import fingerprint_of
from mlci.commands.proven import is_proven
from mlci.commands.sides import head_side, read_side
from mlci.commands.train import promoted_version
from mlci.core.rules import effective
from mlci.errors import MlciError

if TYPE_CHECKING:
    from mlci.commands.candidate import Candidate
    from mlci.commands.ports import Forge, RegistryBranch, Repository, Workbench
    from mlci.core.fingerprint import Fingerprint

TAKEN_OVER: Final = "taken-over"
"""The file of `.mlci/` that names the inputs of the candidate that was taken over from a pull request."""


def spared_training(
    stated_base: str | None, *, repository: Repository, registry: RegistryBranch, forge: Forge, work: Workbench
) -> str | None:
    """Return why the push of HEAD need not be trained, None where it must be; what was judged is taken over.

    STATED_BASE is what the branch was at before the push, whose rules may want a model that is trained after the merge.
    This decides nothing: who promotes asks for the proof again, and judges again. What goes wrong here only means that
    the merge trains.
    """
    try:
        version = promoted_version(repository=repository, registry=registry)
        if version is not None:
            return f"{version} in production has the same inputs"
        if _taken_over_now(stated_base, repository, forge, work):
            return "taken over: the model that the pull request was judged with"
    except MlciError:
        pass  # who trains meets it again, and has a report to tell it in
    return None


def taken_over(*, repository: Repository, work: Workbench) -> Candidate | None:
    """Return the candidate that was taken over for the inputs that are here, None where none was."""
    inputs = _inputs(repository)
    if work.read(TAKEN_OVER) != inputs.digest.encode():
        return None
    candidate = read_candidate(work.submission())
    return candidate if candidate.fingerprint == inputs.digest else None


def _taken_over_now(stated_base: str | None, repository: Repository, forge: Forge, work: Workbench) -> bool:
    commit = repository.head()
    if _is_trained_after_merge(before_push(stated_base, commit, repository), commit, repository):
        return False
    inputs = _inputs(repository)
    proof = forge.proof(commit, inputs.digest)
    submission = find_submission(forge, proof.run) if proof and proof.run is not None else None
    if proof is None or submission is None:
        return False
    candidate = submitted(submission, inputs)
    if not is_proven(candidate, proof):
        return False
    work.submit(submission, candidate.package)
    work.write(TAKEN_OVER, inputs.digest.encode())
    return True


def _is_trained_after_merge(base: str | None, commit: str, repository: Repository) -> bool:
    """Return whether the rules of BASE and of COMMIT together, as they count for the push, say `reuse: never`."""
    ours = read_side(repository.tree(base)) if base else None
    rules, _ = effective(ours, head_side(repository.tree(commit)))
    return rules.config.promote.reuse == "never"


def _inputs(repository: Repository) -> Fingerprint:
    tree = repository.work_tree()
    return fingerprint_of(head_side(tree), tree)
