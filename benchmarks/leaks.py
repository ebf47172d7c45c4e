"""Promise: leaks between 8 million and 2 million rows of 14 columns are found in at most 3 × the time of reading them.

Reading is DuckDB's count, minimum and maximum of all columns, by itself; what is measured of mlci includes opening both
data sets as every verb does, with the hash of their bytes. Both sides run in this process, one after the other, several
times; the one with the least CPU time counts. Usage: python benchmarks/leaks.py [ROWS OF THE SMALLER SET]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_leaks import find_leaks
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file
from mlci.core.leak_rule import LeakRule

if TYPE_CHECKING:
    from collections.abc import Callable

PROMISE = 3.0
ROUNDS = 3
NUMBERS, INTEGERS = 7, 5
COPIED = 1_000
RULE = LeakRule.model_validate({"sets": ["train", "test"]})


def columns() -> dict[str, str]:
    """Return the columns as SQL: numbers, whole numbers and texts."""
    numbers = {f"number_{place}": f"random() * {place + 1}" for place in range(NUMBERS)}
    integers = {f"integer_{place}": "CAST(random() * 1000000 AS BIGINT)" for place in range(INTEGERS)}
    texts = {"band": "CAST(CAST(random() * 5 AS INTEGER) AS VARCHAR)", "code": "md5(CAST(random() AS VARCHAR))[:8]"}
    return numbers | integers | texts


def fastest(run: Callable[[], object]) -> float:
    """Return the CPU seconds of the fastest of some runs."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def main(rows: int) -> int:
    """Measure, print, and return 1 where the promise is broken."""
    drawn = f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in columns().items())} FROM"
    with TemporaryDirectory() as folder:
        train, test = Path(folder) / "train.parquet", Path(folder) / "test.parquet"
        duckdb.sql(f"COPY ({drawn} range({4 * rows})) TO '{train}'")
        copied = f"SELECT * FROM (FROM '{train}' LIMIT {COPIED})"  # noqa: S608 - a path of our own
        duckdb.sql(f"COPY ({drawn} range({rows - COPIED}) UNION ALL {copied}) TO '{test}'")
        types = {"n": "number", "i": "integer"}
        specs = {name: ColumnSpec(name, types.get(name[0], "string")) for name in columns()}  # type: ignore[arg-type]  # the words are types
        sets = {"train": one_file(train), "test": one_file(test)}
        # As they stand, minimum and maximum would come from the footer, and nothing would be read.
        values = [f"length({name})" if types.get(name[0]) is None else f"{name} + 0" for name in columns()]
        told = ", ".join(f"count({value}), min({value}), max({value})" for value in values)

        def read() -> None:
            for path in (train, test):
                duckdb.execute(f"SELECT {told} FROM '{path}'").fetchall()  # noqa: S608 - a path of our own

        def opening() -> None:
            for files in sets.values():
                opened(files).close()

        reading, searching = fastest(read), fastest(lambda: find_leaks(RULE, sets, specs))
        hashing = fastest(opening)
        (pair,) = find_leaks(RULE, sets, specs).pairs
    ratio = searching / reading
    found = f"{pair.exact.failing:,} rows found of {COPIED:,} copied"
    print(f"leaks: {4 * rows:,} against {rows:,} rows × {len(columns())} columns, {found}")
    print(f"  reading {reading:.2f} s, searching {searching:.2f} s: {ratio:.2f} × (promise: {PROMISE} ×)")
    print(f"  of the search, opening takes {hashing:.2f} s")
    return 0 if ratio <= PROMISE and pair.exact.failing == COPIED else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000))
