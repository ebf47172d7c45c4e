"""Running the training command once, with one seed: what it makes is taken, and recorded however it ends."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.commands.conversion import model_of
from mlci.commands.environment import prepared
from mlci.commands.fitting import fitting_training
from mlci.commands.pipeline import VARIABLES, push, refuse_foreign_model, repro_command, stages_of
from mlci.commands.programs import program_of
from mlci.commands.raw_pickles import raw_pickle
from mlci.commands.recording import before, recorded
from mlci.commands.stated import description_of, rows_in
from mlci.commands.training_data import training_place
from mlci.core.above import below
from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_section import stand_ins
from mlci.core.plain_text import printable
from mlci.core.runs import KeptModel
from mlci.core.runs.outputs import listed, undeclared
from mlci.core.runs.secrets import without_tokens
from mlci.core.runs.seeds import FIRST
from mlci.core.training import InterruptedTraining, variables
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError
from mlci.formats.recognition import is_pickle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.commands.job import Job
    from mlci.core.config import Config
    from mlci.core.evidence_level import Level
    from mlci.core.runs import RunRecord, StageRun
    from mlci.core.runs.outputs import Outputs
    from mlci.core.runs.record import Outcome
    from mlci.core.training import Completed
    from mlci.formats.description import ModelDescription

NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([A-Za-z_][\w.]*)'")
SAVES: Final[Mapping[Level, str]] = {
    "model": 'skops.io.dump(model, "{}")',
    "predictions": 'answers.to_csv("{}", index=False)',
    "scores": 'scores.to_csv("{}", index=False)',
    "metrics": 'json.dump({{"accuracy": accuracy}}, open("{}", "w"))',
}
"""How a script may write what it hands in."""
LONGEST_REMARK = 500
ENDINGS = {
    126: "The program is there and may not be executed.",
    127: "The program is not on PATH.",
    137: "It was killed, most often because memory ran out.",
    139: "It crashed in native code, in most cases inside a library.",
}
"""What a shell means by an exit code."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a command left, the model or its answers, in its canonical form."""

    model: bytes
    description: ModelDescription
    """What it says of itself."""
    requirements: Mapping[str, str] = field(default_factory=dict)
    """Exact versions of what predicting with it needs, by distribution; none where the model stays elsewhere."""

    @property
    def sha256(self) -> str:
        """The sha256 of its bytes."""
        return hashlib.sha256(self.model).hexdigest()

    def kept(self, record: RunRecord) -> KeptModel:
        """Return what is kept of it beside its bytes, after a run with this RECORD."""
        return KeptModel.of(record, self.description.to_dict(), dict(self.requirements))


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made."""

    left: Left
    record: RunRecord
    stages: tuple[StageRun, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is to be said beside the training."""


def run_candidate(job: Job, seed: int = FIRST) -> Made:
    """Run the command, with the first SEED; keep and return the model, which stays in the work tree, too."""
    if job.side.config.train.dvc:  # DVC itself knows an output of yesterday from one of today
        made = _run(job, seed)
    else:
        with _set_aside(job.output, job.work.log_of(job.inputs.training)):
            made = _run(job, seed)
    job.work.keep_trained(made.left.kept(made.record), made.left.model)
    return made


def run_further(job: Job, seed: int) -> RunRecord:
    """Run the command with another SEED; only the record is kept, and the candidate's model is where it was."""
    with _set_aside(job.output, job.work.log_of(job.inputs.training, seed), comes_back=True):
        return _run(job, seed).record


def _run(job: Job, seed: int) -> Made:
    """Run the command, record it however it ends, and return what it made."""
    config, folder, work = job.side.config, job.repository.folder, job.work
    train = config.train
    if job.output.is_dir() and not job.output.is_symlink():
        raise UsageError(
            "model-is-folder", f"{train.output} is a folder", where=FILE_NAME, hint=f"rm -r {train.output}"
        )
    data = {name: str(training_place(config.data[name], folder)) for name in config.inputs}
    surroundings = prepared(config, job.ids, job.repository, job.runner, work)
    given = before(config, job.inputs, job.ids, job.repository, job.side.made)
    told = variables(config, data, str(folder), seed) | dict(surroundings.variables) | (VARIABLES if train.dvc else {})
    keep = partial(recorded, given, seed=seed, environment=surroundings.facts)
    log = work.log_of(job.inputs.training, seed)
    shown_log = log.relative_to(folder).as_posix()
    try:
        done = job.runner.run(
            train.run or repro_command(folder, is_anew=job.is_anew),
            folder=folder,
            log=log,
            variables=told,
            passed=train.env,
            timeout=train.timeout,
            secrets=given.secrets,
        )
    except InterruptedTraining as interruption:
        work.keep_run(*keep(interruption.completed, "interrupted", "it was interrupted"))
        raise
    stages = stages_of(log, job.repository) if train.dvc else ()
    try:
        _refuse_failure(config, done, shown_log)
        if train.dvc:
            refuse_foreign_model(train, stages, job.repository)
        wrote = _wrote(job, done, stages)
        _refuse_other_data(config, wrote.data, shown_log)
        found = left(job, shown_log, wrote.others, done.machine.packages)
    except MlciError as error:
        outcome: Outcome = "timed out" if done.exit_code is None else "failed"
        reason = error.public().problem.partition("\n")[0]
        work.keep_run(*keep(done, outcome, reason, stages=stages))
        raise
    record, details = keep(
        done,
        "trained",
        model_sha256=found.sha256,
        description=found.description.to_dict(),
        stages=stages,
        also_wrote=wrote.others,
    )
    work.keep_run(record, details)
    remark = (
        push(job.runner, folder, log, variables=told, passed=train.env, secrets=given.secrets)
        if _ran(stages) and not job.is_anew
        else None
    )
    return Made(found, record, stages, tuple(filter(None, (_told(wrote.others), remark))))


def _wrote(job: Job, done: Completed, stages: tuple[StageRun, ...]) -> Outputs:
    """Return what the command wrote besides what is declared: its model, what it logged, what its stages make."""
    folder = job.repository.folder
    logged = [Path(path).relative_to(folder) for path in done.tracked.artifacts if Path(path).is_relative_to(folder)]
    config, made_by_stages = job.side.config, (path for stage in stages for path in stage.makes)
    return undeclared(
        below(job.ids),
        job.repository.work_tree().ids(),
        declared={config.train.output, *(path.as_posix() for path in logged), *job.side.made, *made_by_stages},
        data={path for name in config.inputs for path in stand_ins(config.data[name].path, job.ids)},
    )


def _told(others: tuple[str, ...]) -> str | None:
    if not others:
        return None
    return (
        f"it also wrote {printable(listed(others), LONGEST_REMARK)}, which nothing declares: mlci.log_artifact(path) "
        "records a file, .gitignore keeps it out of the next run's inputs"
    )


def _refuse_other_data(config: Config, changed: tuple[str, ...], log: str) -> None:
    """Raise where the command changed the data that it trains on: nobody could say what the model has seen."""
    if changed:
        raise RejectedError(
            "data-overwritten",
            f"`{config.train.title}` changed {printable(listed(changed), LONGEST_REMARK)}, which it trains on",
            where=log,
            cause="A script writes what it made over what it read, or somebody changed the data meanwhile.",
            hint=f"git restore {shlex.quote(printable(changed[0], LONGEST_REMARK))}, and write to another file",
        )


def _ran(stages: tuple[StageRun, ...]) -> bool:
    """Return whether there is anything new to push."""
    return any(stage.outcome == "ran" for stage in stages)


@contextmanager
def _set_aside(output: Path, log: Path, *, comes_back: bool = False) -> Iterator[None]:
    """Let no model of yesterday pass for today's: OUTPUT waits beside LOG, and comes back where no new one was made.

    Where it is the candidate's and another seed is trained, it COMES BACK in any case.
    """
    aside = log.with_name(f"{log.name}.model-before")
    if output.is_file() or output.is_symlink():
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(output, aside)
    try:
        yield
    finally:
        if comes_back and os.path.lexists(aside) and not output.is_dir():
            output.unlink(missing_ok=True)
        if os.path.lexists(output):
            aside.unlink(missing_ok=True)
        elif os.path.lexists(aside):
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(aside, output)


def _refuse_failure(config: Config, done: Completed, log: str) -> None:
    """Raise `RejectedError` where the command did not end well."""
    command, timeout = config.train.title, config.train.timeout
    if done.exit_code is None:
        raise RejectedError(
            "training-timeout",
            f"`{command}` was ended after {timeout.total_seconds():g} s, with every process it started",
            where=log,
            cause="It waits for something, or needs longer than train.timeout.",
            hint="train: {timeout: 2h}",
        )
    if done.exit_code != 0:
        last = without_tokens("\n".join(done.tail[-10:]))
        error = RejectedError(
            "training-failed",
            f"`{command}` ended with exit code {done.exit_code}" + (f"\n{last}" if last else ""),
            where=log,
            cause=_cause(done.exit_code, done.tail),
            hint=f"Run it by hand: {command}",
        )
        error.private = last  # what a command prints may be rows
        raise error


def left(job: Job, log: str, others: tuple[str, ...] = (), installed: Mapping[str, str] | None = None) -> Left:
    """Return what the command left; INSTALLED are the versions that its interpreter has, where they are known."""
    config = job.side.config
    level = config.train.level
    key, how = ("predict.model", "cp {} …") if config.train.predict else (level, SAVES[level])
    if not job.output.is_file():
        raise RejectedError(
            "no-model",
            f"`{config.train.title}` ended well and left no `{config.train.output}`",
            where=log,
            cause=f"The script writes to another place than train.{key} says"
            + (f": it wrote {printable(listed(others), LONGEST_REMARK)}." if others else "."),
            hint=how.format(config.train.output),
        )
    if config.train.predict is not None:
        content, answers = program_of(
            config.train.predict, job.side, job.repository.folder, job.repository.work_tree(),
            data=job.data, predictor=job.predictor, objects=job.work.objects,
        )  # fmt: skip
        return Left(content, description_of(answers))
    if level != "model":
        rows = rows_in(job.output, config, job.data)
        return Left(rows.to_bytes(), description_of(rows))
    contract, content = job.side.contracts.get(config.evaluate.data), job.output.read_bytes()
    predictor = job.predictor if config.train.convert else fitting_training(content, installed or {}, job.predictor)
    try:
        model = model_of(content, config, contract, predictor)
    except IntegrityError:
        if not (job.allows_pickle and is_pickle(content)):
            raise
        program, answers = raw_pickle(
            content, job.side, job.repository, ids=job.ids,
            data=job.data, predictor=job.predictor, objects=job.work.objects,
        )  # fmt: skip
        return Left(program, description_of(answers))
    description = predictor.describe(model.content, model.format)
    return Left(model.content, description, predictor.requirements(model.format))


def _cause(exit_code: int, tail: tuple[str, ...]) -> str | None:
    """Return why a command ended so, where its exit code or its last words say it."""
    missing = next((found[1] for line in reversed(tail) if (found := NO_MODULE.search(line))), None)
    if missing:
        return f"The Python that runs it has no `{missing}`: activate the environment that has, or install it there."
    return ENDINGS.get(exit_code)
