"""`mlci data pull|status`: where the data sets lie, in which form, and whether they are here as they are recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlci.commands.data_sets import form_of, parts_of, wanted_at
from mlci.commands.sides import head_data_side
from mlci.core.data_files import Wanted
from mlci.core.nearest import did_you_mean
from mlci.errors import MlciError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mlci.commands.data_sets import Brings
    from mlci.commands.ports import Data, Repository, Tree
    from mlci.core.config import DataConfig
    from mlci.core.data_files import Pin
    from mlci.core.data_section import DataSection

State = Literal["present", "missing", "changed"]
Source = Literal["Git", "DVC", "https", "s3"]
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Standing:
    """One file of a data set."""

    dataset: str
    path: str
    source: Source
    format: str
    state: State
    bytes: int | None
    """None where it is missing."""
    pin: Pin | None
    """What its bytes must be; None where Git has them."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "dataset": self.dataset,
            "path": self.path,
            "source": self.source,
            "format": self.format,
            "state": self.state,
            "bytes": self.bytes,
            "pin": f"{self.pin.algorithm}:{self.pin.digest}" if self.pin else None,
        }


def data_status(names: Sequence[str], *, repository: Repository, data: Data) -> tuple[Standing, ...]:
    """Return where every file of the data sets NAMES stands, of all of them by default; nothing is brought.

    A folder of DVC's whose list is not here is one entry, missing.
    """
    tree = repository.work_tree()
    return tuple(
        standing
        for name, section in _chosen(names, tree, lambda config: config.data).items()
        for standing in _standings(name, section, tree, repository.folder, _Offline(data))
    )


def data_pull(
    names: Sequence[str], *, repository: Repository, data: Data, place: Callable[[Path, str], None]
) -> tuple[Standing, ...]:
    """Bring what lies outside of Git for the data sets NAMES, and return where every file stands then.

    Without NAMES all but the sealed one and labels that lie apart. What DVC keeps is PLACED in the work tree under its
    path, unless something lies there; that is never overwritten. Raises as `Data.fetch` does.
    """
    tree = repository.work_tree()
    chosen = _chosen(names, tree, _not_apart)
    for section in chosen.values():
        for path, file in brought(section, tree, data, lambda path: (repository.folder / path).exists()):
            place(file, path)
    return data_status(tuple(chosen), repository=repository, data=data) if chosen else ()


def _not_apart(config: DataConfig) -> dict[str, DataSection]:
    return {name: section for name, section in config.data.items() if name not in config.kept_apart}


def brought(
    section: DataSection, tree: Tree, data: Brings, is_here: Callable[[str], bool]
) -> Iterator[tuple[str, Path]]:
    """Bring what lies outside of Git for SECTION of TREE; yield each file that DVC keeps and that IS not HERE."""
    if section.is_remote:
        data.fetch(wanted_at(section))
        return
    for path, pin in parts_of(section, tree, data).items():
        if pin is not None and not is_here(path):
            yield path, data.fetch(Wanted(path, pin, section.limits.size))


class _Offline:
    """Data of which nothing is brought."""

    def __init__(self, data: Data) -> None:
        self._data = data

    def held(self, wanted: Wanted) -> Path | None:
        return self._data.held(wanted)

    def fetch(self, wanted: Wanted) -> Path:
        held = self._data.held(wanted)
        if held is None:
            raise UsageError("data-missing", f"{wanted.name} is not here", hint="mlci data pull")
        return held


def _chosen(
    names: Sequence[str], tree: Tree, default: Callable[[DataConfig], dict[str, DataSection]]
) -> dict[str, DataSection]:
    """Return the data sets NAMES, those that DEFAULT says where there are no names."""
    config = head_data_side(tree).config
    unknown = next((name for name in names if name not in config.data), None)
    if unknown is not None:
        hint = did_you_mean(unknown, config.data, f"One of: {', '.join(config.data)}")
        raise UsageError("unknown-data-set", f"no data set is called {unknown!r}", hint=hint)
    return {name: config.data[name] for name in names} if names else default(config)


def _standings(name: str, section: DataSection, tree: Tree, folder: Path, data: _Offline) -> tuple[Standing, ...]:
    if section.is_remote:
        kind: Source = "https" if section.path.startswith("https") else "s3"
        return (
            _standing(name, section.path, kind, section=section, file=data.held(wanted_at(section)), pin=section.pin),
        )
    try:
        parts = parts_of(section, tree, data)
    except MlciError as error:
        if error.code != "data-missing":
            raise
        return (_standing(name, section.path, "Git", section=section, file=None, pin=None),)
    return tuple(
        _standing(
            name, path, "DVC" if pin else "Git", section=section, file=_on_disk(folder / path), pin=pin or section.pin
        )
        for path, pin in parts.items()
    )


def _standing(
    name: str, path: str, source: Source, *, section: DataSection, file: Path | None, pin: Pin | None
) -> Standing:
    form = type(form_of(section, [path])).__name__.removesuffix("Format")
    state: State = "missing"
    if file is not None:
        state = "present" if pin is None or _digest(file, pin) == pin.digest else "changed"
    size = file.stat().st_size if file is not None else None
    return Standing(name, path, source, {"JsonLines": "jsonl"}.get(form, form.lower()), state, size, pin)


def _on_disk(path: Path) -> Path | None:
    return path if path.is_file() else None


def _digest(file: Path, pin: Pin) -> str:
    state = hashlib.new(pin.algorithm, usedforsecurity=False)
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            state.update(chunk)
    return state.hexdigest()
