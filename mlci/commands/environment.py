"""Making the environment that `environment:` describes, once for the same files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mlci.commands.inputs import input_content
from mlci.core import environment
from mlci.core.runs.secrets import without_secrets, without_tokens
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.commands.ports import Predictor, Repository, Runner, Workbench
    from mlci.core.config import Config
    from mlci.core.environment import Plan
    from mlci.core.training import Completed

LIMIT: Final = timedelta(hours=1)
LOG: Final = "environment"
MOST_LINES: Final = 10
_CAUSES: Final = (
    (
        re.compile(r"No matching distribution found|no version of|was not found in the package registry"),
        "A version that the lock names is not in the index: it was withdrawn, or the index is another one.",
    ),
    (re.compile(r"lockfile .* needs to be updated|hashes? (?:do not|are required)|HASH"), "Lock and project disagree."),
    (re.compile(r"No interpreter found|not found$"), "The interpreter or the tool is not on PATH."),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An environment that is there: what a command must be told of it, and what a record says of it."""

    variables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] | None = None


def prepared(
    config: Config, ids: Mapping[str, str], repository: Repository, runner: Runner, work: Workbench
) -> Prepared:
    """Return the environment that CONFIG describes, made now unless it was made before; the caller's where none is.

    Raises `UsageError("lock-missing")`, `RejectedError("environment-failed")`.
    """
    plan = environment.plan(config.environment, ids, partial(input_content, repository.work_tree()))
    if plan is None:
        return Prepared()
    with work.environment(plan.sha256) as (path, is_whole):
        if not is_whole:
            _make(plan, path, config, folder=repository.folder, runner=runner, work=work)
    search = f"{path / 'bin'}{os.pathsep}{runner.search_path}"
    return Prepared({"PATH": search, "VIRTUAL_ENV": str(path), environment.VARIABLE: str(path)}, plan.to_dict())


def asking_within(
    predictor: Predictor,
    config: Config,
    *,
    ids: Mapping[str, str],
    repository: Repository,
    runner: Runner,
    work: Workbench,
) -> Predictor:
    """Return PREDICTOR, which starts a model that is a program in the environment that CONFIG describes for training.

    Raises as `prepared` does.
    """
    if config.environment.install is None or (config.train.predict is None and not config.train.allow_pickle):
        return predictor
    return predictor.on_path(prepared(config, ids, repository, runner, work).variables["PATH"])


def _make(plan: Plan, path: Path, config: Config, *, folder: Path, runner: Runner, work: Workbench) -> None:
    log = work.log_of(LOG)
    done = runner.run(
        plan.command,
        folder=folder,
        log=log,
        variables={environment.VARIABLE: str(path)},
        passed=config.train.env,
        timeout=LIMIT,
        secrets=plan.secrets,
    )
    if done.exit_code != 0 or not (path / "bin").is_dir():
        raise _failed(plan, done, log.relative_to(folder).as_posix())


def _failed(plan: Plan, done: Completed, log: str) -> RejectedError:
    if done.exit_code == 0:
        how, cause = f"left no ${environment.VARIABLE}/bin", "It installs into another place."
    else:
        how = f"ended with exit code {done.exit_code}" if done.exit_code is not None else "took more than an hour"
        text = "\n".join(done.tail)
        cause = next((cause for pattern, cause in _CAUSES if pattern.search(text)), "See its last words.")
    last = without_tokens("\n".join(done.tail[-MOST_LINES:]))
    error = RejectedError(
        "environment-failed",
        f"the environment could not be made: `{without_secrets(plan.command)}` {how}" + (f"\n{last}" if last else ""),
        where=log,
        cause=cause,
        hint="Mend the lock, or environment.install; variables that it needs are named under train.env",
    )
    error.private = last or None
    return error
