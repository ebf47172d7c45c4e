"""A pipeline of DVC: what its files say of stages and their hashes, and which stages a run of it ran.

`dvc.yaml` and `dvc.lock` are read for lineage alone, without DVC: DVC itself runs them. Whatever in them is not in the
form that DVC writes is passed over, since DVC will say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml
from typing_extensions import override

from mlci.core.plain_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FILE: Final = "dvc.yaml"
LOCK: Final = "dvc.lock"
POINTER: Final = ".dvc"
"""The ending of a file that stands for another one in Git, with its hash."""
COMMAND: Final = "dvc repro"
COMMAND_WITH_REMOTE: Final = "dvc repro --pull"
PUSH: Final = "dvc push --run-cache"

LARGEST_BYTES: Final = 1 << 20
MOST_STAGES: Final = 1_000
LONGEST_NAME: Final = 200
LONGEST_PATH: Final = 1_000
_PARTS: Final = ("outs", "metrics", "plots")
_TOLD: Final = (
    (re.compile(r"Running stage '([^']{1,200})':?$"), "ran"),
    (re.compile(r"Stage '([^']{1,200})' didn't change, skipping$"), "unchanged"),
    (re.compile(r"Stage '([^']{1,200})' is cached - skipping run, checking out outputs$"), "from the run cache"),
)
"""What `dvc repro` says of a stage (DVC 3)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as `dvc.lock` has it: what it read and made, by path, with DVC's hash (MD5)."""

    name: str
    reads: Mapping[str, str] = field(default_factory=dict)
    makes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a `.dvc` file says of the file that it stands for."""

    path: str
    md5: str
    bytes: int | None


def made_by(pipeline: bytes | None) -> frozenset[str]:
    """Return the paths that the stages of a `dvc.yaml` make, as far as they are written out; `dvc.lock` too.

    >>> sorted(made_by(b"stages: {fit: {cmd: x, outs: [model.skops], metrics: [{m.json: {cache: false}}]}}"))
    ['dvc.lock', 'm.json', 'model.skops']
    """
    stages = _stages(pipeline)
    found = {path for stage in stages.values() for part in _PARTS for path in _paths(stage.get(part))}
    return frozenset({LOCK, *(path for path in found if "${" not in path)})


def locked_stages(lock: bytes | None) -> tuple[Stage, ...]:
    """Return the stages of a `dvc.lock`, in its order."""
    return tuple(
        Stage(printable(name, LONGEST_NAME), dict(_hashes(stage.get("deps"))), dict(_hashes(stage.get("outs"))))
        for name, stage in _stages(lock).items()
    )


def read_pointer(content: bytes | None) -> Pointer | None:
    """Return what a `.dvc` file says, None where it stands for no single file."""
    parsed = _parsed(content)
    match parsed.get("outs"):
        case [{"path": str(path), "md5": str(md5), **rest}] if re.fullmatch("[0-9a-f]{32}", md5):
            size = rest.get("size")
            return Pointer(path, md5, size if isinstance(size, int) else None)
        case _:
            return None


def read_folder_pointer(content: bytes | None) -> str | None:
    """Return DVC's hash of the folder that a `.dvc` file stands for, None where it stands for none."""
    match _parsed(content).get("outs"):
        case [{"md5": str(md5)}] if re.fullmatch(r"[0-9a-f]{32}\.dir", md5):
            return md5.removesuffix(".dir")
        case _:
            return None


def told_stages(lines: Iterable[str]) -> dict[str, str]:
    """Return what became of each stage, from the lines that `dvc repro` prints; the last word on each counts.

    >>> told_stages(["Running stage 'fit':", "> python fit.py", "Stage 'prepare' didn't change, skipping"])
    {'fit': 'ran', 'prepare': 'unchanged'}
    """
    told: dict[str, str] = {}
    for line in lines:
        for pattern, outcome in _TOLD:
            found = pattern.match(line)
            if found and (found[1] in told or len(told) < MOST_STAGES):
                told[printable(found[1], LONGEST_NAME)] = outcome
    return told


def stages_sentence(told: Mapping[str, str]) -> str:
    """Return which stages ran, in one sentence.

    >>> stages_sentence({"prepare": "unchanged", "fit": "ran"})
    '1 of 2 stages ran: fit; unchanged: prepare'
    """
    ran = [name for name, outcome in told.items() if outcome == "ran"]
    parts = [f"{len(ran)} of {len(told)} stages ran" + (f": {_listed(ran)}" if ran else "")]
    for outcome in ("unchanged", "from the run cache"):
        names = [name for name, each in told.items() if each == outcome]
        parts += [f"{outcome}: {_listed(names)}"] * bool(names)
    return "; ".join(parts)


def _listed(names: list[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _stages(content: bytes | None) -> dict[str, dict[str, Any]]:
    stages = _parsed(content).get("stages")
    if not isinstance(stages, dict):
        return {}
    found = [(str(name), stage) for name, stage in stages.items() if isinstance(stage, dict)]
    # A stage that stands for many (foreach, matrix) has its outputs one level deeper.
    inner = [(name, stage["do"] if isinstance(stage.get("do"), dict) else stage) for name, stage in found]
    return dict(inner[:MOST_STAGES])


def _parsed(content: bytes | None) -> dict[Any, Any]:
    if content is None or len(content) > LARGEST_BYTES:
        return {}
    try:
        value = yaml.load(content, Loader=_Loader)  # noqa: S506 - it descends from the safe loader
    except (ValueError, RecursionError, yaml.YAMLError):
        return {}
    return value if isinstance(value, dict) else {}


class _Loader(yaml.SafeLoader):
    """Reads plain values; `<<`, by which a small file can become a huge mapping, means nothing to it."""

    @override
    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave the mapping as it is written."""


def _paths(value: object) -> Iterator[str]:
    """Yield the paths of a list of outputs: each a text, or a mapping of the text to its settings."""
    for each in value if isinstance(value, list) else ():
        names = each if isinstance(each, dict) else [each]
        yield from (_plain(str(name)) for name in names)


def _hashes(value: object) -> Iterator[tuple[str, str]]:
    for each in value if isinstance(value, list) else ():
        match each:
            case {"path": str(path), "md5": str(md5)}:
                yield printable(_plain(path), LONGEST_PATH), printable(md5, LONGEST_NAME)
            case _:
                continue


def _plain(path: str) -> str:
    return path.removeprefix("./").rstrip("/")
