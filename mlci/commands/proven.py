"""Which model is promoted: the one that the report on the pull request judged, or what the merge trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.commands.candidate import find_submission, submitted
from mlci.commands.repackaging import repackaged
from mlci.core.registry.entries import sha256
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from mlci.commands.candidate import Candidate
    from mlci.commands.case import Case, Tools
    from mlci.commands.ports import Forge
    from mlci.core.proof import Proof

REVIEWED: Final = "the model that the pull request was judged with"
TRAINED_AGAIN: Final = "trained again, not the model that the pull request was judged with"


def chosen(commit: str, case: Case, forge: Forge, tools: Tools) -> tuple[Candidate, str]:
    """Return the candidate for COMMIT, and in words what ties it to the pull request; empty where nothing does.

    A proof names the model that was judged for these very inputs. Its bytes may come from anywhere, since they are held
    against it: from what was trained, where training makes the same bytes again, else from the run that submitted them.
    """
    trained = repackaged(submitted(tools.work.submission(), case.inputs), case, tools)
    if case.rules.config.promote.reuse == "never":
        return trained, ""
    proof = forge.proof(commit, case.inputs.digest)
    if proof is None:
        return trained, ""
    if is_proven(trained, proof):
        return trained, REVIEWED
    reviewed = _handed_in(proof, case, forge, tools)
    return (reviewed, REVIEWED) if reviewed else (trained, TRAINED_AGAIN)


def is_proven(candidate: Candidate, proof: Proof) -> bool:
    """Say whether the model of CANDIDATE is the one that PROOF is about."""
    return sha256(candidate.package.model) == proof.model_sha256


def _handed_in(proof: Proof, case: Case, forge: Forge, tools: Tools) -> Candidate | None:
    """Return the proven candidate from the run that submitted it; None where it is gone, or is another by now."""
    try:
        submission = find_submission(forge, proof.run) if proof.run is not None else None
        found = repackaged(submitted(submission, case.inputs), case, tools) if submission else None
    except IntegrityError:  # the run was repeated, and submitted what nobody has judged
        return None
    return found if found and is_proven(found, proof) else None
