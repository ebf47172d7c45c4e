"""`mlci train`: make the candidate, or take the one that these very inputs made before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlci.commands.candidate import Candidate, submit
from mlci.commands.committed_output import refuse_committed_output
from mlci.commands.environment import asking_within
from mlci.commands.fitting import fitting_kept
from mlci.commands.inputs import fingerprint_of, input_ids
from mlci.commands.job import Job
from mlci.commands.kept_package import keep_package, kept_package, origin_of_package
from mlci.commands.sides import head_side
from mlci.commands.whole_package import whole_package
from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_section import identity
from mlci.core.fingerprint import fingerprint, left_out
from mlci.core.listed_code import all_listed, unmatched
from mlci.core.report import Training
from mlci.core.runs.seeds import FIRST, summary_of, trained_seeds
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.commands.ports import Data, Predictor, RegistryBranch, Repository, Runner, Workbench
    from mlci.commands.whole_package import WholePackage
    from mlci.core.config import Config
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.runs.seeds import SeedSummary
    from mlci.core.side import Side

NEW_INPUTS = "the inputs are new"
MOST_NAMED = 3
"""Untracked files that a reason names."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A candidate, and how it came about."""

    candidate: Candidate
    fingerprint: Fingerprint
    training: Training
    remarks: tuple[str, ...] = ()
    """What whoever trains should know of the run and of the package."""


def train(
    *,
    repository: Repository,
    runner: Runner,
    predictor: Predictor,
    data: Data,
    work: Workbench,
    force: bool = False,
) -> Trained:
    """Train on the work tree unless a run with the same fingerprint is kept; the result becomes the candidate."""
    side = head_side(repository.work_tree())
    return train_side(
        side, repository=repository, runner=runner, predictor=predictor, data=data, work=work, force=force
    )


def train_side(
    side: Side,
    *,
    repository: Repository,
    runner: Runner,
    predictor: Predictor,
    data: Data,
    work: Workbench,
    force: bool,
    config: Config | None = None,
    tell: Callable[[str], None] | None = None,
) -> Trained:
    """Train what SIDE describes, and package it under CONFIG (the rules that count; SIDE's own by default).

    TELL is told whether the command runs and why, before it does. Raises `RejectedError` when the command fails or
    makes no model.
    """
    rules = config or side.config
    ids = input_ids(repository.work_tree(), side.config, rules)
    refuse_committed_output(ids)
    _refuse_unknown_inputs(side, ids)
    inputs = fingerprint(side.config, ids, side.made)
    untracked = _stray_inputs(repository, side)
    predictor = asking_within(predictor, side.config, ids=ids, repository=repository, runner=runner, work=work)
    job = Job(
        side, inputs, ids, repository, runner, predictor, data, work, allows_pickle=rules.train.allow_pickle
    )  # fmt: skip
    hidden = left_out(side.config, rules, ids, side.made)
    asked = _why_anew(untracked, hidden, force=force)
    kept = None if asked else work.trained(inputs.training)
    is_whole = kept is not None and hashlib.sha256(kept[1]).hexdigest() == kept[0].model_sha256
    title = side.config.train.title
    if kept is None or not is_whole:
        reason = asked or ("the kept run is damaged" if kept else NEW_INPUTS)
        if tell:
            tell(f"train: {title}" + ("" if reason == NEW_INPUTS else f" ({reason})"))
        with work.alone():
            model, requirements, training, said = _made_anew(job, reason)
    else:
        model, requirements, said = kept[1], kept[0].requirements, ()
        training = Training(title, "reused", f"same inputs as run {inputs.training[:12]}")
        if tell:
            tell(f"train: reused, {training.reason}")
    training = replace(training, seeds=_further_seeds(job, anew=asked is not None, tell=tell))
    packed, candidate = _packaged(job, model, requirements, rules, is_reused=training.outcome == "reused")
    return Trained(candidate, inputs, training, (*said, *packed.remarks))


def _made_anew(job: Job, reason: str) -> tuple[bytes, Mapping[str, str], Training, tuple[str, ...]]:
    """Return the model that the command makes, or that was made elsewhere, how it came about, and what to say of it.

    With the versions that it needs.
    """
    # A run that is reused needs none of this.
    from mlci.commands.bringing import bring  # noqa: PLC0415 - as above
    from mlci.commands.pipeline import outcomes  # noqa: PLC0415 - as above
    from mlci.commands.running import run_candidate  # noqa: PLC0415 - as above

    title = job.side.config.train.title
    if job.side.config.train.is_elsewhere:
        brought, how = bring(job), Training(title, "brought in", "how it was made is not known")
        return brought.model, brought.requirements, how, ()
    made = run_candidate(job)
    how = Training(title, "trained", reason, stages=outcomes(made.stages))
    return made.left.model, made.left.requirements, how, made.remarks


def _packaged(
    job: Job, model: bytes, requirements: Mapping[str, str], rules: Config, *, is_reused: bool
) -> tuple[WholePackage, Candidate]:
    """Return the package of MODEL under RULES, which is now the candidate: the kept one, where nothing of it changed.

    That is looked at for a run that IS REUSED alone: a model that was just made is packaged anew in any case.
    """
    tree = job.repository.work_tree()
    ids = job.ids if is_reused else input_ids(tree, job.side.config)  # a file may have changed while the command ran
    origin = origin_of_package(model, requirements, job, rules, ids)
    kept = kept_package(origin, job.work) if is_reused else None
    made = kept or whole_package(
        model, rules, job.side, tree,
        data=job.data, predictor=fitting_kept(model, requirements, job.predictor), objects=job.work.objects,
    )  # fmt: skip
    candidate = submit(made.package, job.inputs, job.work)
    if kept is None:
        keep_package(origin, made, candidate.sha256, job.work)
    return made, candidate


def promoted_version(*, repository: Repository, registry: RegistryBranch) -> str | None:
    """Return the version in the stage that these very inputs made, None where there is none."""
    tree = repository.work_tree()
    side = head_side(tree)
    config = side.config
    version = registry.load(config.model.name).registry.version_at(config.promote.stage)
    return version.number if version and version.run == fingerprint_of(side, tree).digest else None


def _refuse_unknown_inputs(side: Side, ids: Mapping[str, str]) -> None:
    """Raise where data or parameters are no files of the repository, so that a change of them would go unnoticed."""
    train = side.config.train
    for entry in unmatched(train.code or (), ids):
        raise UsageError(
            "code-missing",
            f"train.code names {entry}, which no file of the repository is",
            where=FILE_NAME,
            cause="It was renamed, or .gitignore leaves it out, so that a change of it would go unnoticed.",
            hint=f"git add {entry}, or take it out of train.code",
        )
    sections = [side.config.data[name] for name in side.config.inputs]
    unknown = [each.path for each in sections if each.path in side.made or identity(each, ids) is None]
    for path in (*unknown, *([train.params] if train.params else [])):
        if path in unknown or path not in ids:
            raise UsageError(
                "input-unknown",
                f"{path} is not in the repository",
                where=FILE_NAME,
                cause="It was removed or renamed, or .gitignore leaves it out, so that a change would go unnoticed.",
                hint=f"git add --force {path}",
            )


def _why_anew(untracked: tuple[str, ...], hidden: tuple[str, ...], *, force: bool) -> str | None:
    """Return why the command runs even where a run with the same inputs is kept; None where that one serves.

    HIDDEN files are code by the target branch's `train.code` and not by this branch's, which must not hide its changes.
    """
    if untracked:
        return f"untracked files may be inputs: {_some(untracked)}"
    if hidden:
        return f"train.code leaves out what the target branch calls code: {_some(hidden)}"
    return "asked for by --force" if force else None


def _stray_inputs(repository: Repository, side: Side) -> tuple[str, ...]:
    """Return untracked files, which a run may read and a fingerprint does not know."""
    if side.config.train.is_elsewhere:
        return ()
    own = {side.config.train.output} | side.made
    found = [path for path in repository.untracked_paths() if path not in own]
    if side.config.train.code is not None:
        found = sorted(all_listed(side.config.train.code, found))
    # DVC names what it makes in .gitignore, which no training reads; bytecode says no more than its source.
    return tuple(path for path in found if not path.rpartition("/")[2].startswith(".git") and path[-4:] != ".pyc")


def _some(paths: tuple[str, ...]) -> str:
    return ", ".join(paths[:MOST_NAMED]) + (", …" if len(paths) > MOST_NAMED else "")


def _further_seeds(job: Job, *, anew: bool, tell: Callable[[str], None] | None) -> SeedSummary | None:
    """Train with the seeds after the first, those that are recorded only if ANEW; return what all say together."""
    count = job.side.config.train.seeds
    if count == 1:
        return None
    from mlci.commands.running import run_further  # noqa: PLC0415 - a single seed that is reused needs none of it

    known = trained_seeds(job.work.runs(), job.inputs.training)
    records = {seed: record for seed, record in known.items() if seed == FIRST or not anew}
    for seed in range(FIRST + 1, count):
        if seed not in records:
            if tell:
                tell(f"train: seed {seed} of {count - 1}")
            with job.work.alone():
                records[seed] = run_further(job, seed)
    return summary_of([records[seed] for seed in range(count) if seed in records])
