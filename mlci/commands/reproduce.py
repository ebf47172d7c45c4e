"""`mlci reproduce`: a model is made once more, from its commit in a work tree of its own, and compared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.bringing import bring
from mlci.commands.evaluation import fetch
from mlci.commands.evaluation_set import set_of
from mlci.commands.installed import Installed
from mlci.commands.lineage import origin_of
from mlci.commands.packaging import packaged
from mlci.commands.pipeline import pull_inputs
from mlci.commands.resolving import resolve_in
from mlci.commands.running import Job, run_candidate
from mlci.commands.said import all_said
from mlci.commands.sides import head_side
from mlci.core.fingerprint import canonical_sha256, fingerprint
from mlci.core.lineage import made
from mlci.core.reproduction import (
    MOST_DIFFERENCES,
    Answers,
    Difference,
    Reproduction,
    differing_inputs,
    differing_surroundings,
    outcome_of,
)
from mlci.core.rules import effective
from mlci.core.runs.listing import found, newest_first
from mlci.errors import MlciError, UsageError
from mlci.formats.archive import digest, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from mlci.commands.case import Tools
    from mlci.commands.ports import Repository, Runner, Workbench
    from mlci.core.config import Config
    from mlci.core.registry import Registry, Version
    from mlci.core.runs import KeptRun, RunDetails, RunRecord

    Separate = Callable[[str], AbstractContextManager[tuple[Repository, Workbench]]]
    """Lays out a commit in a work tree of its own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made once more."""

    title: str
    commit: str
    version: Version | None
    run: KeptRun | None

    @property
    def seed(self) -> int:
        """The seed that made it; a version comes from the first one."""
        return (self.run.record.seed or 0) if self.run else 0


@dataclass(frozen=True, slots=True)
class Anew:
    """What was made now."""

    package: Installed
    record: RunRecord
    details: RunDetails | None

    @property
    def model_sha256(self) -> str:
        """The hash of the model."""
        return hashlib.sha256(self.package.package.model).hexdigest()


def reproduce(
    reference: str, *, tolerance: float, repository: Repository, runner: Runner, tools: Tools, separate: Separate
) -> Reproduction:
    """Make what REFERENCE names once more, and compare; answers may lie TOLERANCE apart."""
    config = head_side(repository.work_tree()).config
    wanted = _wanted(reference, tools.registry.load(config.model.name).registry, repository, tools)
    tools.tell(f"lay out commit {wanted.commit[:12]}, and train")
    with separate(wanted.commit) as (place, bench):
        anew = _made_anew(wanted, place, bench, runner, tools)
        same_package = wanted.version.package_sha256 == anew.package.sha256 if wanted.version else None
        then = None if same_package else _package_of_then(wanted, anew, config, tools)
        same_model = _model_of_then(wanted, then) == anew.model_sha256
        answers = None if same_package or same_model or then is None else _answers(then, anew.package, place, tools)
    outcome, reason = outcome_of(
        same_package=same_package, same_model=same_model, answers=answers, tolerance=tolerance
    )  # fmt: skip
    differences = tuple(islice(_differences(wanted, anew, tools), MOST_DIFFERENCES))
    return Reproduction(wanted.title, wanted.commit, outcome, reason, differences, answers, anew.model_sha256)


def _wanted(reference: str, registry: Registry, repository: Repository, tools: Tools) -> Wanted:
    runs = tuple(tools.work.runs())
    if not any(sign in reference for sign in "@#") and reference not in registry.versions:
        run = found(runs, reference)
        if run.record.model_sha256 is None:
            raise UsageError(
                "no-model-made",
                f"run {run.id} made no model: it {run.record.outcome}",
                hint="mlci runs list shows which did",
            )
        return Wanted(f"run {run.id}", run.record.commit, None, run)
    version = resolve_in(registry, reference)
    origin = origin_of(version, repository)
    of_version = [run for run in newest_first(runs) if made(run, version, origin) and not run.record.seed]
    return Wanted(f"{version.model}@{version.number}", version.commit, version, next(iter(of_version), None))


def _made_anew(wanted: Wanted, place: Repository, bench: Workbench, runner: Runner, tools: Tools) -> Anew:
    """Train in PLACE, with its data restored, and return what came out."""
    side = head_side(place.work_tree())
    ids = place.work_tree().ids()
    inputs = fingerprint(side.config, ids, side.made)
    pull_inputs(side.config, ids, place.folder, runner, bench.log_of(inputs.training))
    job = Job(side, inputs, ids, place, runner, tools.predictor, bench, is_anew=True)
    model = bring(job) if side.config.train.is_elsewhere else run_candidate(job, wanted.seed).model
    package = packaged(model, side.config, side.contracts.get(side.config.evaluate.data), tools.predictor)
    (run,) = bench.runs()
    return Anew(Installed(package, digest(pack(package.files))), run.record, bench.details(run))


def _package_of_then(wanted: Wanted, anew: Anew, config: Config, tools: Tools) -> Installed | None:
    """Return a version's package from the store, or what is kept of a run's model; None where it is gone."""
    if wanted.version is not None:
        try:
            return fetch(wanted.version, tools.open_store(config.promote))
        except MlciError as error:
            tools.tell(f"the package of {wanted.title} cannot be had: {error.problem.splitlines()[0]}")
            return None
    kept = tools.work.trained(wanted.run.record.fingerprint) if wanted.run else None
    if kept is None or wanted.run is None or kept[0].model_sha256 != wanted.run.record.model_sha256:
        return None
    package = anew.package.package
    return Installed(replace(package, files={**package.files, package.info.model: kept[1]}), kept[0].model_sha256)


def _model_of_then(wanted: Wanted, then: Installed | None) -> str | None:
    if then is not None:
        return hashlib.sha256(then.package.model).hexdigest()
    return wanted.run.record.model_sha256 if wanted.run else None


def _answers(then: Installed, now: Installed, place: Repository, tools: Tools) -> Answers | None:
    """Return how far both models' answers lie apart on the evaluation rows of the commit; None if one has none."""
    tree = place.work_tree()
    rules, _ = effective(None, head_side(tree))
    types = {item.name: item.type for one in (then, now) for item in one.package.info.signature.inputs}
    try:
        columns = set_of(rules, tree, data=tools.data, objects=tools.work.objects).read(types).columns
        before, after = (all_said(one, columns, tools.predictor) for one in (then, now))
    except MlciError as error:
        tools.tell(f"answers cannot be compared: {error.public().problem.splitlines()[0]}")
        return None
    if before.shape != after.shape:
        tools.tell("answers cannot be compared: the two models know different classes")
        return None
    return Answers(len(after), float(np.max(np.abs(after - before), initial=0.0)))


def _differences(wanted: Wanted, anew: Anew, tools: Tools) -> Iterator[Difference]:
    """Yield the inputs that differ; where no record of then is kept, only what the version itself says."""
    if wanted.run is None:
        recorded = wanted.version.run if wanted.version else ""
        now = canonical_sha256(anew.record.inputs)
        if recorded != now:
            yield Difference("fingerprint", recorded[:12], now[:12])
        return
    yield from differing_inputs(wanted.run.record.inputs, anew.record.inputs)
    yield from differing_surroundings(wanted.run.record, anew.record, tools.work.details(wanted.run), anew.details)
