"""`mlci train`: make the candidate, or take the one that these very inputs made before."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.candidate import Candidate, submit
from mlci.commands.packaging import packaged
from mlci.commands.recording import before, recorded
from mlci.commands.sides import head_side
from mlci.core.config import FILE_NAME
from mlci.core.fingerprint import fingerprint
from mlci.core.report import Training
from mlci.core.runs import KeptModel
from mlci.core.runs.secrets import without_secrets
from mlci.core.training import InterruptedTraining, variables
from mlci.errors import MlciError, RejectedError, UsageError
from mlci.formats.canonical import canonical_skops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mlci.commands.ports import Predictor, RegistryBranch, Repository, Runner, Workbench
    from mlci.core.config import Config
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.rules import Side
    from mlci.core.runs.record import Outcome
    from mlci.core.training import Completed
    from mlci.formats.description import ModelDescription

NEW_INPUTS = "the inputs are new"
MOST_NAMED = 3
"""Untracked files that a reason names."""

NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([A-Za-z_][\w.]*)'")
ENDINGS = {
    126: "The program is there and may not be executed.",
    127: "The program is not on PATH.",
    137: "It was killed, most often because memory ran out.",
    139: "It crashed in native code, in most cases inside a library.",
}
"""What a shell means by an exit code."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A candidate, and how it came about."""

    candidate: Candidate
    fingerprint: Fingerprint
    training: Training


def train(
    *,
    repository: Repository,
    runner: Runner,
    predictor: Predictor,
    work: Workbench,
    force: bool = False,
) -> Trained:
    """Train on the work tree unless a run with the same fingerprint is kept; the result becomes the candidate."""
    side = head_side(repository.work_tree())
    return train_side(side, repository=repository, runner=runner, predictor=predictor, work=work, force=force)


def train_side(
    side: Side,
    *,
    repository: Repository,
    runner: Runner,
    predictor: Predictor,
    work: Workbench,
    force: bool,
    config: Config | None = None,
    tell: Callable[[str], None] | None = None,
) -> Trained:
    """Train what SIDE describes, and package it under CONFIG (the rules that count; SIDE's own by default).

    TELL is told whether the command runs and why, before it does. Raises `RejectedError` when the command fails or
    makes no model.
    """
    ids = repository.work_tree().ids()
    _refuse_unknown_inputs(side, ids)
    inputs = fingerprint(side.config, ids)
    untracked = _stray_inputs(repository, side)
    asked = _why_anew(untracked, force=force)
    kept = None if asked else work.trained(inputs.training)
    is_whole = kept is not None and hashlib.sha256(kept[1]).hexdigest() == kept[0].model_sha256
    command = without_secrets(side.config.train.run)
    if kept is None or not is_whole:
        reason = asked or ("the kept run is damaged" if kept else NEW_INPUTS)
        if tell:
            tell(f"train: {command}" + ("" if reason == NEW_INPUTS else f" ({reason})"))
        with _set_aside(repository.folder / side.config.train.model, work.log_of(inputs.training)):
            model = _run(side, inputs, ids, repository=repository, runner=runner, predictor=predictor, work=work)
        training = Training(command, "trained", reason)
    else:
        _, model = kept
        training = Training(command, "reused", f"same inputs as run {inputs.training[:12]}")
        if tell:
            tell(f"train: reused, {training.reason}")
    rules = config or side.config
    package = packaged(model, rules, side.contracts.get(rules.evaluate.data), predictor)
    return Trained(submit(package, inputs, work), inputs, training)


def promoted_version(*, repository: Repository, registry: RegistryBranch) -> str | None:
    """Return the version in the stage that these very inputs made, None where there is none."""
    tree = repository.work_tree()
    config = head_side(tree).config
    version = registry.load(config.model.name).registry.version_at(config.promote.stage)
    return version.number if version and version.run == fingerprint(config, tree.ids()).digest else None


def _refuse_unknown_inputs(side: Side, ids: Mapping[str, str]) -> None:
    """Raise where data or parameters are no files of the repository, so that a change of them would go unnoticed."""
    train = side.config.train
    for path in (*(side.config.data[name].path for name in train.data), *([train.params] if train.params else [])):
        if path not in ids:
            raise UsageError(
                "input-unknown",
                f"{path} is not in the repository",
                where=FILE_NAME,
                cause="It was removed or renamed, or .gitignore leaves it out, so that a change would go unnoticed.",
                hint=f"git add --force {path}",
            )


def _why_anew(untracked: tuple[str, ...], *, force: bool) -> str | None:
    """Return why the command runs even where a run with the same inputs is kept; None where that one serves."""
    if untracked:
        more = ", …" if len(untracked) > MOST_NAMED else ""
        return f"untracked files may be inputs: {', '.join(untracked[:MOST_NAMED])}{more}"
    return "asked for by --force" if force else None


def _stray_inputs(repository: Repository, side: Side) -> tuple[str, ...]:
    """Return untracked files, which a run may read and a fingerprint does not know."""
    own = {side.config.train.model}
    return tuple(path for path in repository.untracked_paths() if path not in own)


@contextmanager
def _set_aside(output: Path, log: Path) -> Iterator[None]:
    """Let no model of yesterday pass for today's: OUTPUT waits beside LOG, and comes back where no new one was made."""
    aside = log.with_name(f"{log.name}.model-before")
    if output.is_file() or output.is_symlink():
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(output, aside)
    try:
        yield
    finally:
        if os.path.lexists(output):
            aside.unlink(missing_ok=True)
        elif os.path.lexists(aside):
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(aside, output)


def _run(
    side: Side,
    inputs: Fingerprint,
    ids: Mapping[str, str],
    *,
    repository: Repository,
    runner: Runner,
    predictor: Predictor,
    work: Workbench,
) -> bytes:
    """Run the training command, record it however it ends, and keep and return what it made."""
    train = side.config.train
    folder = repository.folder
    output = folder / train.model
    if output.is_dir() and not output.is_symlink():
        raise UsageError("model-is-folder", f"{train.model} is a folder", where=FILE_NAME, hint=f"rm -r {train.model}")
    data = {name: str(_present(folder, side.config.data[name].path)) for name in train.data}
    given = before(side.config, inputs, ids, repository)
    log = work.log_of(inputs.training)
    try:
        done = runner.run(
            train.run,
            folder=folder,
            log=log,
            variables=variables(side.config, data, str(folder)),
            passed=train.env,
            timeout=train.timeout,
            secrets=given.secrets,
        )
    except InterruptedTraining as interruption:
        work.keep_run(*recorded(given, interruption.completed, "interrupted", "it was interrupted"))
        raise
    try:
        _refuse_failure(side.config, done, log.relative_to(folder).as_posix())
        model, description = _made(side.config, output, predictor, log.relative_to(folder).as_posix())
    except MlciError as error:
        outcome: Outcome = "timed out" if done.exit_code is None else "failed"
        work.keep_run(*recorded(given, done, outcome, error.public().problem.partition("\n")[0]))
        raise
    said = description.to_dict()
    digest = hashlib.sha256(model).hexdigest()
    record, details = recorded(given, done, "trained", model_sha256=digest, description=said)
    work.keep_run(record, details)
    work.keep_trained(KeptModel.of(record, said, dict(predictor.requirements)), model)
    return model


def _refuse_failure(config: Config, done: Completed, log: str) -> None:
    """Raise `RejectedError` where the command did not end well."""
    command, timeout = without_secrets(config.train.run), config.train.timeout
    if done.exit_code is None:
        raise RejectedError(
            "training-timeout",
            f"`{command}` was ended after {timeout.total_seconds():g} s, with every process it started",
            where=log,
            cause="It waits for something, or needs longer than train.timeout.",
            hint="train: {timeout: 2h}",
        )
    if done.exit_code != 0:
        last = "\n".join(done.tail[-10:])
        error = RejectedError(
            "training-failed",
            f"`{command}` ended with exit code {done.exit_code}" + (f"\n{last}" if last else ""),
            where=log,
            cause=_cause(done.exit_code, done.tail),
            hint=f"Run it by hand: {command}",
        )
        error.private = last  # what a command prints may be rows
        raise error


def _made(config: Config, output: Path, predictor: Predictor, log: str) -> tuple[bytes, ModelDescription]:
    """Return the model that the command left, in its canonical form, and what it says of itself."""
    if not output.is_file():
        raise RejectedError(
            "no-model",
            f"`{without_secrets(config.train.run)}` ended well and left no `{config.train.model}`",
            where=log,
            cause="The script writes to another place than train.model says.",
            hint=f'skops.io.dump(model, "{config.train.model}")',
        )
    model = canonical_skops(output.read_bytes())
    return model, predictor.describe(model, "skops")


def _cause(exit_code: int, tail: tuple[str, ...]) -> str | None:
    """Return why a command ended so, where its exit code or its last words say it."""
    missing = next((found[1] for line in reversed(tail) if (found := NO_MODULE.search(line))), None)
    if missing:
        return f"The Python that runs it has no `{missing}`: activate the environment that has, or install it there."
    return ENDINGS.get(exit_code)


def _present(folder: Path, path: str) -> Path:
    file = folder / path
    if not file.is_file():
        raise UsageError(
            "data-missing",
            f"there is no file {path}",
            where=FILE_NAME,
            cause="It was removed or renamed, or its path is mistyped.",
            hint=f"git checkout HEAD -- {path}, or mend the path in {FILE_NAME}",
        )
    return file
