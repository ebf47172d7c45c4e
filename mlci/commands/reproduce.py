"""`mlci reproduce`: a model is made once more, from its commit in a work tree of its own, and compared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.bringing import bring
from mlci.commands.environment import asking_within
from mlci.commands.evaluation import fetch
from mlci.commands.fitting import fitting_kept, fitting_package
from mlci.commands.inputs import input_ids
from mlci.commands.installed import Installed
from mlci.commands.job import Job
from mlci.commands.labelled_rows import feature_rows
from mlci.commands.lineage import CANDIDATE, origin_of
from mlci.commands.resolving import names_version, resolve_in, run_named
from mlci.commands.restoring import restore
from mlci.commands.running import run_candidate
from mlci.commands.runs import list_runs
from mlci.commands.said import all_said
from mlci.commands.sides import head_side
from mlci.commands.stated import rows_of
from mlci.commands.whole_package import whole_package
from mlci.core.canonical import canonical_sha256
from mlci.core.fingerprint import fingerprint
from mlci.core.golden import GOLDEN_FILE, golden_table, read_answers
from mlci.core.lineage import made
from mlci.core.reproduction import (
    MOST_DIFFERENCES,
    Answers,
    Apart,
    Difference,
    Reproduction,
    differing_inputs,
    differing_requirements,
    differing_surroundings,
    outcome_of,
)
from mlci.core.rules import effective
from mlci.core.runs.listing import newest_first
from mlci.core.runs.record import run_id
from mlci.core.submission import read_record
from mlci.errors import MlciError, UsageError
from mlci.formats.archive import digest, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from mlci.commands.case import Tools
    from mlci.commands.ports import Repository, Runner, RunsBranch, Workbench
    from mlci.core.config import Config
    from mlci.core.registry import Registry, Version
    from mlci.core.runs import KeptRun, RunDetails, RunRecord
    from mlci.core.table import Column

    Floats = NDArray[np.float64]
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
    reference: str,
    *,
    tolerance: float,
    repository: Repository,
    runner: Runner,
    tools: Tools,
    shared: RunsBranch,
    separate: Separate,
) -> Reproduction:
    """Make what REFERENCE names once more, and compare; answers may lie TOLERANCE apart."""
    config = head_side(repository.work_tree()).config
    registry = tools.registry.load(config.model.name).registry
    reference = _run_of_candidate(tools.work) if reference == CANDIDATE else reference
    wanted = _wanted(reference, registry, repository, list_runs(tools.work, shared))
    tools.tell(f"lay out commit {wanted.commit[:12]}, and train")
    with separate(wanted.commit) as (place, bench):
        anew = _made_anew(wanted, place, bench, runner, tools)
        same_package = wanted.version.package_sha256 == anew.package.sha256 if wanted.version else None
        then = None if same_package else _package_of_then(wanted, anew, config, tools)
        same_model = _model_of_then(wanted, then) == anew.model_sha256
        is_same = same_package or same_model
        answers = None if is_same or then is None else _answers(wanted, then, anew.package, place, tools)
    level = anew.package.package.level
    outcome, reason = outcome_of(
        same_package=same_package, same_model=same_model, answers=answers, tolerance=tolerance, level=level
    )
    differences = tuple(islice(_differences(wanted, anew, then, tools), MOST_DIFFERENCES))
    return Reproduction(wanted.title, wanted.commit, outcome, reason, differences, answers, anew.model_sha256)


def _run_of_candidate(work: Workbench) -> str:
    """Return the run that made the candidate; raises `UsageError("no-candidate")` where nobody knows of one."""
    submission = work.submission()
    record = read_record(submission.record).run if submission else None
    if record is None:
        problem = "no run of a candidate is known here" if submission else "there is no candidate"
        raise UsageError("no-candidate", problem, cause="Nothing was trained here.", hint="mlci train")
    return f"run:{run_id(record.encode())}"


def _wanted(reference: str, registry: Registry, repository: Repository, runs: Sequence[KeptRun]) -> Wanted:
    if not names_version(reference):
        run = run_named(runs, reference)
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
    ids = input_ids(place.work_tree(), side.config)
    inputs = fingerprint(side.config, ids, side.made)
    restore(side.config, place, tools.data)
    predictor = asking_within(tools.predictor, side.config, ids=ids, repository=place, runner=runner, work=bench)
    job = Job(
        side, inputs, ids, place, runner, predictor, tools.data, bench,
        is_anew=True, allows_pickle=side.config.train.allow_pickle,
    )  # fmt: skip
    found = bring(job) if side.config.train.is_elsewhere else run_candidate(job, wanted.seed).left
    tree, predictor = place.work_tree(), fitting_kept(found.model, found.requirements, predictor)
    package, *_ = whole_package(
        found.model, side.config, side, tree, data=tools.data, predictor=predictor, objects=bench.objects
    )
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


def _handed_in(then: Installed, now: Installed) -> tuple[Floats, Floats] | None:
    """Return the same numbers of both packages, one below the other; None where they are not of the same things."""
    if then.package.level != now.package.level:
        return None
    before, after = rows_of(then.package), rows_of(now.package)
    found = after.of(before.ids)
    if found is None or {*before.ids} != {*after.ids} or {*before.columns} != {*after.columns}:
        return None
    found = found[:, [after.columns.index(name) for name in before.columns]]
    are_metrics = now.package.level == "metrics"  # a single row, each of whose numbers counts
    return (before.values.T, found.T) if are_metrics else (before.values, found)


def _answers(wanted: Wanted, then: Installed, now: Installed, place: Repository, tools: Tools) -> Answers:
    """Return how far both models' answers lie apart, on golden rows and on the evaluation rows of the commit.

    In place of a model, what was handed in is all there is to compare.
    """
    level = now.package.level
    if level != "model":
        return Answers(None, _apart(f"what was handed in as {level}", lambda: _handed_in(then, now), tools))
    golden = _apart("golden rows", lambda: _golden(wanted, then, now, tools), tools)
    evaluation = _apart("evaluation rows", lambda: _evaluated(then, now, place, tools), tools)
    return Answers(golden, evaluation)


def _apart(rows: str, both: Callable[[], tuple[Floats, Floats] | None], tools: Tools) -> Apart | None:
    """Return how far the answers of BOTH lie apart, None where one model gives none."""
    try:
        answers = both()
    except MlciError as error:
        tools.tell(f"answers to {rows} cannot be compared: {error.public().problem.splitlines()[0]}")
        return None
    if answers is None:
        return None
    before, after = answers
    if before.shape != after.shape:
        tools.tell(f"answers to {rows} cannot be compared: the two models know different classes")
        return None
    # Probabilities are compared as they are, larger numbers by their own size.
    distances = np.abs(after - before) / np.maximum(1.0, np.abs(before))
    return Apart(len(after), float(np.max(distances, initial=0.0)))


def _golden(wanted: Wanted, then: Installed, now: Installed, tools: Tools) -> tuple[Floats, Floats] | None:
    """Return the answers to golden rows: of then as a version's package has them, so that its model need not load."""
    inputs, levels = now.package.info.signature.inputs, {then.package.level, now.package.level}
    if then.package.info.signature.inputs != inputs or levels != {"model"}:
        return None
    columns = golden_table(now.package.info.signature).columns
    if wanted.version is None:
        return _raw(then, columns, tools), _raw(now, columns, tools)
    content = then.package.files.get(GOLDEN_FILE)
    try:
        before = None if content is None else read_answers(content)
    except ValueError:
        before = None
    return None if before is None else (before, _raw(now, columns, tools))


def _raw(installed: Installed, columns: Mapping[str, Column], tools: Tools) -> Floats:
    package = installed.package
    digest = hashlib.sha256(package.model).hexdigest()
    asked = fitting_package(package, tools.predictor)
    return np.asarray(asked.predict(digest, package.model, package.info.format, columns).values, np.float64)


def _evaluated(then: Installed, now: Installed, place: Repository, tools: Tools) -> tuple[Floats, Floats]:
    tree = place.work_tree()
    rules, _ = effective(None, head_side(tree))
    types = {item.name: item.type for one in (then, now) for item in one.package.info.signature.inputs}
    rows = feature_rows(rules, tree, data=tools.data, objects=tools.work.objects)
    ids = rows.read_ids()
    columns = rows.read_features(types, np.array(ids))
    return all_said(then, columns, tools.predictor), all_said(now, columns, tools.predictor)


def _differences(wanted: Wanted, anew: Anew, then: Installed | None, tools: Tools) -> Iterator[Difference]:
    """Yield the inputs that differ; where no record of then is known, what the version and its package say."""
    if wanted.run is None:
        recorded = wanted.version.run if wanted.version else ""
        now = canonical_sha256(anew.record.inputs)
        if recorded != now:
            yield Difference("fingerprint", recorded[:12], now[:12])
        if then is not None:
            yield from differing_requirements(then.package.info.requirements, anew.package.package.info.requirements)
        return
    yield from differing_inputs(wanted.run.record.inputs, anew.record.inputs)
    yield from differing_surroundings(wanted.run.record, anew.record, tools.work.details(wanted.run), anew.details)
