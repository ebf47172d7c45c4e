"""The fenced blocks of our pages, and how each kind is checked."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

ROOT = Path(__file__).parents[2]
PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "actions").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
)

_FENCE = re.compile(r"^(?P<mark>```+)(?P<kind>\S*)[^\n]*\n(?P<text>.*?)^(?P=mark)[ ]*$", re.MULTILINE | re.DOTALL)
_SESSION = re.compile(r"<!-- session: (?P<name>[a-z -]+?) -->")


@dataclass(frozen=True)
class Block:
    """A fenced block: the page that it stands on, its line, the word after the fence, and its text."""

    page: str
    line: int
    kind: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(path: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = path.read_text()
    page = path.relative_to(ROOT).as_posix()
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["kind"], found["text"])
        for found in _FENCE.finditer(text)
    ]


def all_blocks(kind: str | None = None) -> list[Block]:
    """Return the blocks of every page, or those of one kind."""
    return [block for path in PAGES for block in blocks(path) if kind in (None, block.kind)]


def session_of(path: Path) -> str | None:
    """Return which project the console blocks of a page are typed in, as its comment says."""
    found = _SESSION.search(path.read_text())
    return found["name"] if found else None


@dataclass(frozen=True)
class Typed:
    """A command of a console block, and what the page shows below it."""

    command: str
    shown: str


def typed(block: Block) -> list[Typed]:
    """Return the commands of a console block: lines that begin with `$ `, each with the lines that follow."""
    before, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not before.strip(), f"{block.name} begins without a command"
    pairs = (part.partition("\n") for part in parts)
    return [Typed(command, shown) for command, _, shown in pairs]


def run(command: str, project: Project) -> str:
    """Return what a command prints, without a shell; another exit code than 0 is told in a last line."""
    program, *arguments = shlex.split(command)
    start = [sys.executable, "-P", "-m", "mlci"] if program == "mlci" else [program]
    done = subprocess.run(
        [*start, *arguments], cwd=project.folder, env=project.environment, text=True, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout + (f"(exit code {done.returncode})\n" if done.returncode else "")


def matches(shown: str, printed: str) -> bool:
    """Tell whether a page shows what was printed; `…` stands for anything, as in a doctest."""
    pattern = re.escape(shown.strip()).replace("…", ".*?")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None
