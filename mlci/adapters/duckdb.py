"""Data read and checked by DuckDB: one pass to count, one more for examples where something failed."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_causes import Broken, likely_causes
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection
from mlci.adapters.duckdb_data_set import surroundings, told_of_data_set
from mlci.adapters.duckdb_examples import failing_rows
from mlci.adapters.duckdb_profile import MOST_COLUMNS, read_columns
from mlci.adapters.duckdb_scan import TOLD_HERE, counted
from mlci.core.contract.constraints import OF_THE_DATA_SET, OF_THE_FILE, row_key
from mlci.core.data_files import short
from mlci.core.findings import DatasetReport, finding, holds
from mlci.core.nearest import nearest
from mlci.core.profile import Profile
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mlci.adapters.duckdb_aggregate import Told
    from mlci.adapters.duckdb_batches import BatchReading
    from mlci.adapters.outside import Outside
    from mlci.adapters.reading import Reading
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.data_files import DataFiles, Wanted
    from mlci.core.expression import Check
    from mlci.core.findings import ExampleRow, Finding
    from mlci.core.leak_rule import LeakRule
    from mlci.core.leaks import LeakEvidence
    from mlci.core.table import Table

_MOST_STRANGE: Final = 20
"""Columns that a missing one is looked for among: a file may lack thousands, and each is compared with each."""


class DuckdbData:
    """Reads and checks data sets; holds nothing between two calls."""

    def __init__(self, now: Callable[[], datetime] | None = None, outside: Outside | None = None) -> None:
        """Tell the age of data by what NOW returns; without it, no contract may ask for it.

        What lies outside of Git is brought by OUTSIDE; without it nothing is.
        """
        self._now = now
        self._outside = outside

    def held(self, wanted: Wanted) -> Path | None:
        """Return a file with these bytes that is here already; None where none is."""
        return self._outside.held(wanted) if self._outside else None

    def fetch(self, wanted: Wanted) -> Path:
        """Return a file with these bytes, after bringing it if it is not here; raises as `Outside.fetch` does."""
        if self._outside is None:
            raise UsageError("data-missing", f"{short(wanted.name)} is not here", where=wanted.name)
        return self._outside.fetch(wanted)

    def columns(self, files: DataFiles) -> tuple[str, ...]:
        """Return the names of the columns of FILES; raises as `opened` does."""
        with opened(files) as reading:
            return reading.names

    def validate(
        self,
        dataset: str,
        files: DataFiles,
        constraints: Sequence[Constraint],
        *,
        base: DataFiles | None = None,
        key: str | None = None,
        others: Mapping[str, DataFiles] = MappingProxyType({}),
        profiled: bool = False,
    ) -> DatasetReport:
        """Return what is wrong with FILES by CONSTRAINTS, in their order; OTHERS are the data sets that they refer to.

        BASE is the same data set as it was at base, if there is one, and KEY the column that names a row, or what
        `row_key` finds in its place; from both a likely cause is recognised. If PROFILED, the report has a profile of
        the columns. Raises as `opened` does; a base that cannot be read only costs the cause.
        """
        with opened(files) as reading, surroundings(constraints, base, others, self._now) as around:
            known = set(reading.names)
            key = row_key(key, known, constraints)
            checkable = [
                constraint
                for constraint in constraints
                if (constraint.kind in TOLD_HERE or constraint.kind not in OF_THE_FILE | OF_THE_DATA_SET)
                and _is_there(constraint, known)
            ]
            masked = {column.name for each in constraints for column in each.columns if column.pii}
            with locked_connection((*reading.sources, *around.sources)) as connection, engine_errors_told(reading):
                columns = _columns(constraints, reading) if profiled else None
                found = counted(
                    connection, reading, checkable, masked, columns=columns, dataset=dataset, others=around.others
                )
                open_kinds = OF_THE_DATA_SET - {"reference"}
                wide = [each for each in constraints if each.kind in open_kinds and _is_there(each, known)]
                told = found.told | told_of_data_set(
                    connection, reading, wide, around, masked=masked, measured=found.measured
                )
                broken = {
                    id(each): each
                    for each in constraints
                    if id(each) in told and not holds(each, told[id(each)].failing, told[id(each)].checked)
                }
                of_rows = [each for each in broken.values() if each.kind not in OF_THE_FILE]
                told, examples = failing_rows(
                    connection, reading, of_rows, told, key=key, masked=masked, others=around.others
                )
            findings = [*_findings(dataset, constraints, reading, told, broken=broken, examples=examples)]
            suspects = [Broken(each, found.failing) for each, found in findings]
            causes = likely_causes(reading, suspects, constraints, base, key)
            return DatasetReport(
                dataset=dataset,
                path=files.name,
                sha256=reading.sha256,
                rows=reading.rows,
                columns=reading.names,
                findings=tuple(found.model_copy(update={"cause": causes.get(id(each))}) for each, found in findings),
                profile=found.profile,
            )

    def leaks(self, rule: LeakRule, sets: Mapping[str, DataFiles], columns: Mapping[str, ColumnSpec]) -> LeakEvidence:
        """Return what is found by RULE in SETS; see `duckdb_leaks.find_leaks`."""
        from mlci.adapters.duckdb_leaks import find_leaks  # noqa: PLC0415 - only where `leaks` asks for it

        return find_leaks(rule, sets, columns)

    def profile(self, dataset: str, files: DataFiles, columns: Sequence[ColumnSpec]) -> Profile:
        """Return the profile of FILES; what is not among COLUMNS is read as what all its values are.

        Raises as `opened` does.
        """
        with (
            opened(files) as reading,
            locked_connection(reading.sources) as connection,
            engine_errors_told(reading),
        ):
            known = {column.name: column for column in columns}
            listed = [known.get(column.name, column) for column in read_columns(connection, reading)]
            found = counted(connection, reading, [], set(), columns=listed, dataset=dataset)
        return found.profile or Profile(dataset, files.name, 0, 0, ())

    def read_table(self, files: DataFiles, columns: Sequence[ColumnSpec]) -> Table:
        """Return COLUMNS of FILES in the order of the rows; see `duckdb_table.read_table`."""
        from mlci.adapters.duckdb_table import read_table  # noqa: PLC0415 - numpy is loaded only where it is needed

        return read_table(files, columns)

    @contextmanager
    def in_batches(self, files: DataFiles) -> Iterator[BatchReading]:
        """Open FILES to read them in batches; raises as `opened` does."""
        from mlci.adapters.ahead import Ahead  # noqa: PLC0415 - as below
        from mlci.adapters.duckdb_batches import BatchReading  # noqa: PLC0415 - numpy is loaded only where it is needed

        with opened(files) as reading, Ahead() as ahead:
            yield BatchReading(reading, files, ahead)

    def matching(self, files: DataFiles, check: Check, columns: Sequence[ColumnSpec]) -> NDArray[np.bool_]:
        """Return which rows CHECK, which reads COLUMNS, is true for; see `duckdb_table.matching`."""
        from mlci.adapters.duckdb_table import matching  # noqa: PLC0415 - numpy is loaded only where it is needed

        return matching(files, check, columns)


def _findings(
    dataset: str,
    constraints: Sequence[Constraint],
    reading: Reading,
    told: Mapping[int, Told],
    *,
    broken: Mapping[int, Constraint],
    examples: Mapping[int, tuple[ExampleRow, ...]],
) -> Iterator[tuple[Constraint, Finding]]:
    """Yield what does not hold, in the order of CONSTRAINTS, each with the one that it breaks."""
    strange = _unlisted(constraints, reading)
    for each in constraints:
        says = told.get(id(each))
        if says is None:
            yield from ((each, whole) for whole in _of_the_whole(dataset, each, reading, strange))
        elif id(each) in broken:
            shown = examples.get(id(each), ())
            yield each, finding(dataset, each, says.failing, says.checked, examples=shown, measured=says.measured)


def _is_there(constraint: Constraint, known: set[str]) -> bool:
    """Tell whether every column that CONSTRAINT reads is there."""
    return all(column.name in known for column in constraint.columns)


def _columns(constraints: Sequence[Constraint], reading: Reading) -> list[ColumnSpec] | None:
    """Return the columns that CONSTRAINTS name and the data set has; None where they are too many for a profile."""
    known = {column.name: column for each in constraints for column in each.columns if column.name in reading.names}
    return list(known.values()) if len(known) <= MOST_COLUMNS else None


def _unlisted(constraints: Sequence[Constraint], reading: Reading) -> tuple[str, ...]:
    """Return the first columns of the data set that no constraint reads: one that is missing may be among them."""
    listed = {column.name for each in constraints for column in each.columns}
    return tuple(islice((name for name in reading.names if name not in listed), _MOST_STRANGE))


def _of_the_whole(dataset: str, constraint: Constraint, reading: Reading, strange: Sequence[str]) -> list[Finding]:
    """Return the finding for a missing column, columns too many or a wrong number of rows, if there is one.

    STRANGE are columns that nothing is said of.
    """
    if constraint.kind == "present":
        name = constraint.columns[0].name
        if name in reading.names:
            return []
        meant = nearest(name, strange)
        return [finding(dataset, constraint, reading.rows, reading.rows, names=[meant] if meant else [])]
    if constraint.kind == "extra" and isinstance(constraint.value, tuple):
        more = [name for name in reading.names if name not in constraint.value]
        return [finding(dataset, constraint, len(more), len(reading.names), names=more)] if more else []
    if constraint.kind not in {"rows_min", "rows_max"}:
        return []  # it reads a column that is missing
    bound = constraint.value if isinstance(constraint.value, int) else 0
    off = bound - reading.rows if constraint.kind == "rows_min" else reading.rows - bound
    return [finding(dataset, constraint, off, reading.rows)] if off > 0 else []
