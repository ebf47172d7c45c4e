"""Training commands that are values of a test: what they write, what they print, how they end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.core.runs.tracked import Tracked
from mlci.core.training import EPOCH, Completed, InterruptedTraining

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

NOT_FOUND: Final = 127
"""How a shell ends when it does not know a command."""
TAIL_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Script:
    """What a command does: files by their path in the folder, lines of output, exit code, and how long it takes."""

    writes: Mapping[str, bytes] = field(default_factory=dict)
    prints: tuple[str, ...] = ()
    exit_code: int = 0
    seconds: float = 0.0
    cpu_seconds: float | None = None
    logs: Tracked = field(default_factory=Tracked)
    """What the command tells of its own accord."""
    secrets: tuple[str, ...] = ()
    """The values of variables that are secrets, as the command saw them."""
    is_interrupted: bool = False
    makes_environment: bool = False
    """Whether it fills the folder that `MLCI_ENVIRONMENT` names."""


@dataclass(frozen=True, slots=True)
class Run:
    """A command as it was run."""

    command: str
    folder: Path
    variables: Mapping[str, str]
    passed: tuple[str, ...]
    timeout: timedelta
    secrets: tuple[str, ...] = ()


class ScriptedRunner:
    """Plays a script for each command line; `runs` is what was run."""

    def __init__(self, scripts: Mapping[str, Script] | None = None) -> None:
        """Know `scripts` by their command lines; they may change."""
        self.scripts = dict(scripts or {})
        self.runs: list[Run] = []

    def now(self) -> datetime:
        """Return when every run begins here."""
        return EPOCH

    @property
    def search_path(self) -> str:
        """Where commands look for programs."""
        return "/usr/bin"

    def run(
        self,
        command: str,
        *,
        folder: Path,
        log: Path,
        variables: Mapping[str, str],
        passed: tuple[str, ...],
        timeout: timedelta,
        secrets: tuple[str, ...] = (),
    ) -> Completed:
        """Play the script of a command; one that takes longer than it may writes nothing, and nobody waits for it."""
        self.runs.append(Run(command, folder, dict(variables), passed, timeout, secrets))
        script = self.scripts.get(command, Script(prints=(f"sh: {command}: not found",), exit_code=NOT_FOUND))
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(f"{line}\n" for line in script.prints), encoding="utf-8")
        tail = script.prints[-TAIL_LINES:]
        if script.seconds > timeout.total_seconds():
            return Completed(None, timeout.total_seconds(), tail, tracked=script.logs)
        if script.is_interrupted:
            raise InterruptedTraining(Completed(None, script.seconds, tail, tracked=script.logs))
        if script.makes_environment:
            (Path(variables["MLCI_ENVIRONMENT"]) / "bin").mkdir(parents=True)
        for path, content in script.writes.items():
            (folder / path).write_bytes(content)
        return Completed(
            script.exit_code,
            script.seconds,
            tail,
            tracked=script.logs,
            secrets=script.secrets,
            cpu_seconds=script.cpu_seconds,
        )
