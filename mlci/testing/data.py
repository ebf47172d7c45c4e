"""Data sets as a few lines of CSV: read by the standard library, and broken where a test says so."""

from __future__ import annotations

import csv
import hashlib
import math
from collections import Counter
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.contract.model import ColumnSpec, value_type
from mlci.core.contract.scalar import ORDERED
from mlci.core.data_files import short
from mlci.core.expression import Truth, resolved, truth
from mlci.core.findings import DatasetReport, finding
from mlci.core.leaks import LeakEvidence, PairEvidence, Shared
from mlci.core.profile import BARS, MOST_FREQUENT, ColumnProfile, Profile, quantiles
from mlci.core.table import Column, Table
from mlci.errors import OutsideError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFile, DataFiles, Wanted
    from mlci.core.expression import Check
    from mlci.core.leak_rule import LeakRule

Value = int | float | str | bool

_READ: dict[ColumnType, Callable[[str], Value]] = {
    "integer": int,
    "number": float,
    "string": str,
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
}
_FILLERS: dict[ColumnType, Value] = {"integer": 0, "number": 0.0, "string": "", "boolean": False}
_DTYPES: dict[ColumnType, str] = {"integer": "int64", "number": "float64", "string": "str", "boolean": "bool"}


class MemoryData:
    """Reads small files; computes no constraint, but finds broken what it was told is broken."""

    def __init__(self) -> None:
        """Begin with no file broken."""
        self._broken: dict[str, dict[tuple[str, ...], int]] = {}
        self.outside: dict[str, Path] = {}
        """Files that lie outside of Git, by the digests that they are asked for by."""

    def breaks(self, content: bytes, key: tuple[str, ...], failing: int) -> None:
        """Let a file with this content break the constraint KEY in FAILING rows; it is found only if asked for."""
        self._broken.setdefault(hashlib.sha256(content).hexdigest(), {})[key] = failing

    def held(self, wanted: Wanted) -> Path | None:
        """Return the file that was put outside, None where there is none."""
        return self.outside.get(wanted.pin.digest)

    def fetch(self, wanted: Wanted) -> Path:
        """Return the file that was put outside."""
        try:
            return self.outside[wanted.pin.digest]
        except KeyError:
            raise OutsideError("data-not-found", f"{wanted.name} lies nowhere") from None

    def columns(self, files: DataFiles) -> tuple[str, ...]:
        """Return the names in the header."""
        header, _ = _records(files)
        return tuple(header)

    def validate(
        self,
        dataset: str,
        files: DataFiles,
        constraints: Sequence[Constraint],
        *,
        base: DataFiles | None = None,  # noqa: ARG002 - the port's argument; causes are not recognised here
        key: str | None = None,  # noqa: ARG002 - the port's argument; there are no example rows
        others: Mapping[str, DataFiles] = MappingProxyType({}),  # noqa: ARG002 - the port's argument; see the class
        profiled: bool = False,
    ) -> DatasetReport:
        """Return the findings for those constraints that the file was said to break."""
        header, rows = _records(files)
        sha256 = hashlib.sha256(_only(files).path.read_bytes()).hexdigest()
        broken = self._broken.get(sha256, {})
        return DatasetReport(
            dataset=dataset,
            path=files.name,
            sha256=sha256,
            rows=len(rows),
            columns=tuple(header),
            findings=tuple(
                finding(dataset, each, broken[each.key], len(rows)) for each in constraints if each.key in broken
            ),
            profile=self.profile(dataset, files, _named(constraints, header)) if profiled else None,
        )

    def leaks(
        self,
        rule: LeakRule,
        sets: Mapping[str, DataFiles],
        columns: Mapping[str, ColumnSpec],  # noqa: ARG002 - the port's argument; values are compared as text
    ) -> LeakEvidence:
        """Return the rows that stand in two sets, compared as text; no other way of looking."""
        return LeakEvidence(tuple(_pair(rule, sets, one, other) for one, other in rule.pairs))

    def profile(self, dataset: str, files: DataFiles, columns: Sequence[ColumnSpec]) -> Profile:
        """Return what the file holds, computed in plain Python from all rows."""
        header, rows = _records(files)
        known = {column.name: column for column in columns}
        profiles = [
            _profiled(known.get(name) or ColumnSpec(name, _guessed([row[place] for row in rows])), place, rows)
            for place, name in enumerate(header)
        ]
        return Profile(dataset, files.name, len(rows), len(rows), tuple(profiles))

    def read_table(self, files: DataFiles, columns: Sequence[ColumnSpec]) -> Table:
        """Return columns in the order of the file; types and missing values as the port's real adapter gives them."""
        header, rows = _records(files)
        return Table({column.name: _column(short(files.name), header, rows, column) for column in columns})

    @contextmanager
    def in_batches(self, files: DataFiles) -> Iterator[MemoryBatches]:
        """Give the file out in parts."""
        yield MemoryBatches(self, files)

    def matching(self, files: DataFiles, check: Check, columns: Sequence[ColumnSpec]) -> NDArray[np.bool_]:
        """Return which rows a check is true for, row by row."""
        table = self.read_table(files, columns)
        rows = [
            {
                name: None if column.missing is not None and column.missing[row] else column.values[row].item()
                for name, column in table.columns.items()
            }
            for row in range(table.rows)
        ]
        tree = resolved(check.tree, {column.name: value_type(column) for column in columns})
        return np.array([truth(tree, row) is Truth.TRUE for row in rows], dtype=np.bool_)


class MemoryBatches:
    """A file in parts."""

    def __init__(self, data: MemoryData, files: DataFiles) -> None:
        """Take the parts from DATA."""
        header, rows = _records(files)
        self._data, self._files = data, files
        self.names = tuple(header)
        self.rows = len(rows)
        self.sha256 = hashlib.sha256(_only(files).path.read_bytes()).hexdigest()

    def batches(self, columns: Sequence[ColumnSpec], size: int, skipped: int = 0) -> Iterator[Table]:
        """Yield the rows after the first SKIPPED, SIZE at a time."""
        table = self._data.read_table(self._files, columns)
        for start in range(skipped, self.rows, size):
            part = slice(start, start + size)
            yield Table(
                {
                    name: Column(column.values[part], None if column.missing is None else column.missing[part])
                    for name, column in table.columns.items()
                }
            )


def _pair(rule: LeakRule, sets: Mapping[str, DataFiles], earlier: str, later: str) -> PairEvidence:
    (header, before), (names, rows) = _records(sets[earlier]), _records(sets[later])
    compared = tuple(name for name in header if name in names and name not in {*rule.ignore, rule.label})
    seen = {tuple(row[header.index(name)] for name in compared) for row in before}
    failing = sum(tuple(row[names.index(name)] for name in compared) in seen for row in rows)
    return PairEvidence(earlier, later, len(rows), compared, Shared(failing), Shared(0), collapsed=0.0)


def _only(files: DataFiles) -> DataFile:
    (file,) = files.files
    return file


def _records(files: DataFiles) -> tuple[list[str], list[list[str]]]:
    file = _only(files)
    try:
        text = file.path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError("data-missing", f"{short(file.name)} cannot be read: there is no such file") from None
    except UnicodeDecodeError:
        raise RejectedError("data-unreadable", f"{short(file.name)}: the text is not UTF-8", where=file.name) from None
    header, *rows = csv.reader(text.splitlines())
    return header, [row for row in rows if row]


def _column(name: str, header: list[str], rows: list[list[str]], column: ColumnSpec) -> Column:
    if column.name not in header:
        raise RejectedError("data-column-missing", f"{name} has no column `{column.name}`")
    if column.type not in _READ:
        raise RejectedError("data-not-an-array", f"{name}: `{column.name}` is a {column.type}")
    texts = [row[header.index(column.name)] for row in rows]
    try:
        values = [_READ[column.type](text) if text else _FILLERS[column.type] for text in texts]
    except (ValueError, KeyError):
        raise RejectedError("data-ill-typed", f"{name}: `{column.name}` is not all {column.type}") from None
    array = np.array(values, dtype=_DTYPES[column.type])
    missing = np.array([not text for text in texts], dtype=bool)
    if not missing.any():
        return Column(array)
    if column.type in {"integer", "number"}:
        array = np.where(missing, np.nan, array.astype(np.float64))
    return Column(array, missing)


def _named(constraints: Sequence[Constraint], header: list[str]) -> list[ColumnSpec]:
    return [column for each in constraints for column in each.columns if column.name in header]


def _guessed(texts: list[str]) -> ColumnType:
    """Return the first type that all texts have that are there."""
    present = [text for text in texts if text]
    guesses: tuple[ColumnType, ...] = ("integer", "number", "boolean")
    return next((type_ for type_ in guesses if present and _has_type(present, type_)), "string")


def _has_type(texts: list[str], type_: ColumnType) -> bool:
    try:
        return bool([_READ[type_](text) for text in texts])
    except (ValueError, KeyError):
        return False


def _profiled(column: ColumnSpec, place: int, rows: list[list[str]]) -> ColumnProfile:
    texts = [row[place] for row in rows]
    values = [_READ[column.type](text) for text in texts if text and _has_type([text], column.type)]
    is_ordered = column.type in ORDERED
    ordered = sorted(values) if is_ordered else []
    counts = Counter(text.lower() if column.type == "boolean" else text for text in texts if text)
    frequent = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FREQUENT]
    profile = ColumnProfile(
        name=column.name,
        type=column.type,
        missing=texts.count(""),
        distinct=len(set(values)),
        smallest=ordered[0] if ordered else None,
        largest=ordered[-1] if ordered else None,
        mean=float(f"{math.fsum(map(float, ordered)) / len(ordered):.9g}") if ordered else None,
        quantiles=quantiles(ordered),
        bars=_bars([float(value) for value in ordered]),
        frequent=() if is_ordered else tuple(frequent),
        sampled=len(values),
    )
    return profile.bare() if column.pii else profile


def _bars(ordered: list[float]) -> tuple[int, ...]:
    if not ordered:
        return ()
    low, width = ordered[0], ordered[-1] - ordered[0]
    parts = Counter(min(BARS - 1, math.floor((value - low) / width * BARS)) if width else 0 for value in ordered)
    return tuple(parts[part] for part in range(BARS))
