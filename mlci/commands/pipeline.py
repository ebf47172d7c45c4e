"""A pipeline of DVC around a run: how it is started, which stages ran, and what is pushed when it is done."""

from __future__ import annotations

import configparser
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from mlci.core import pipeline
from mlci.core.configuration_file import FILE_NAME
from mlci.core.runs.record import StageRun
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.commands.ports import Repository, Runner
    from mlci.core.training_sections import TrainSection

VARIABLES: Final = {"DVC_NO_ANALYTICS": "1"}
"""Nothing of a run is reported to DVC's makers."""
MOST_LINES: Final = 1_000_000
PUSH_LIMIT: Final = timedelta(hours=1)
_SETTINGS: Final = ("config", "config.local")


def repro_command(folder: Path, *, is_anew: bool = False) -> str:
    """Return how DVC runs the pipeline; data and run cache are pulled where there is a remote to pull from.

    To make it ANEW, every stage runs whatever a cache has.
    """
    command = pipeline.COMMAND_WITH_REMOTE if has_remote(folder) else pipeline.COMMAND
    return f"{command} --force" if is_anew else command


def has_remote(folder: Path) -> bool:
    """Say whether the DVC repository that FOLDER lies in names a default remote."""
    for place in (folder, *folder.parents):
        if (place / ".dvc").is_dir():
            return any(_names_remote(place / ".dvc" / name) for name in _SETTINGS)
        if (place / ".git").exists():
            return False  # what lies above the repository is somebody else's
    return False


def stages_of(log: Path, repository: Repository) -> tuple[StageRun, ...]:
    """Return the stages that the LOG of a run tells of, with what `dvc.lock` now says that they read and made."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            told = pipeline.told_stages(islice((line.rstrip("\n") for line in lines), MOST_LINES))
    except OSError:
        told = {}
    locked = {stage.name: stage for stage in pipeline.locked_stages(repository.work_tree().read(pipeline.LOCK))}
    return tuple(
        StageRun(
            name=name,
            outcome=outcome,
            reads=dict(locked[name].reads) if name in locked else {},
            makes=dict(locked[name].makes) if name in locked else {},
        )
        for name, outcome in told.items()
    )


def refuse_foreign_model(train: TrainSection, stages: tuple[StageRun, ...], repository: Repository) -> None:
    """Raise where no stage makes the model, so that one of yesterday could pass for today's."""
    locked = pipeline.locked_stages(repository.work_tree().read(pipeline.LOCK))
    if not any(train.output in stage.makes for stage in locked):
        named = ", ".join(stage.name for stage in stages[:5])
        raise RejectedError(
            "model-not-an-output",
            f"no stage of {pipeline.FILE} makes {train.output}",
            where=FILE_NAME,
            cause=f"DVC looked at: {named or 'no stage'}. A file that it does not make could be one of yesterday.",
            hint=f"Name it in {pipeline.FILE}: outs: [{train.output}]",
        )


def push(
    runner: Runner,
    folder: Path,
    log: Path,
    *,
    variables: Mapping[str, str],
    passed: tuple[str, ...],
    secrets: tuple[str, ...],
) -> str | None:
    """Push data and run cache to the default remote, if there is one; return why that did not work, None if it did."""
    if not has_remote(folder):
        return None
    done = runner.run(
        pipeline.PUSH,
        folder=folder,
        log=log.with_suffix(".push.log"),
        variables=variables,
        passed=passed,
        timeout=PUSH_LIMIT,
        secrets=secrets,
    )
    if done.exit_code == 0:
        return None
    last = done.tail[-1] if done.tail else "it says nothing"
    return f"data and run cache are only here: `{pipeline.PUSH}` did not work ({last})"


def outcomes(stages: tuple[StageRun, ...]) -> Mapping[str, str]:
    """Return what became of each stage, by its name."""
    return {stage.name: stage.outcome for stage in stages}


def _names_remote(settings: Path) -> bool:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(settings.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):  # DVC says what is wrong with it
        return False
    return bool(parser.get("core", "remote", fallback=""))
