"""Promises: a data check costs at most 3 × reading the same data, and its memory stays flat.

Every case runs in a process of its own, imports included; CPU time and peak memory are those of that process, the least
of some rounds. No rival is run here but DuckDB itself. Usage: python benchmarks/data.py
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COLUMNS = {
    "id": "i",
    "order_id": "i // 7",
    "line": "i % 7",
    **{f"n{place}": f"CAST(hash(i + {place}) % {10 ** (place % 5 + 1)} AS INTEGER)" for place in range(6)},
    **{f"x{place}": f"(hash(i * 7 + {place}) % 1000000007) / {10.0 ** (place % 3 + 5)}" for place in range(6)},
    **{f"s{place}": f"'v' || (hash(i * 3 + {place}) % {5 * 10**place})" for place in range(4)},
    "flag": "hash(i * 11) % 2 = 0",
}
"""The columns of the data, as expressions of the number of the row."""
NAMES = ("order_id", "line", *(f"{kind}{place}" for kind in "nx" for place in range(6)))
ROW_RULES: dict[str, dict[str, object]] = {
    "id": {"type": "integer", "min": 0},
    **{name: {"type": "integer", "min": 0} for name in NAMES if not name.startswith("x")},
    **{name: {"type": "number", "min": 0, "max": 10_000.5} for name in NAMES if name.startswith("x")},
    "s0": {"type": "string", "enum": [f"v{place}" for place in range(5)]},
    "s1": {"type": "string", "pattern": "v[0-9]+"},
    "s2": {"type": "string", "length": {"max": 4}},
    "s3": {"type": "string"},
    "flag": {"type": "boolean"},
}
CONTRACT = {
    "columns": ROW_RULES,
    "keys": [["order_id", "line"]],
    "rules": [{"name": "in_line", "check": "line < 6.5 and order_id >= 0", "max_share": "1%"}],
}
MILLION = 1_000_000
ROUNDS = 2


def made(path: Path, rows: int) -> Path:
    """Write a data file with so many rows, and a few that break a rule."""
    import duckdb  # noqa: PLC0415 - as every case, in a process that measures itself

    listed = ", ".join(f"{sql} AS {name}" for name, sql in COLUMNS.items())
    listed = listed.replace("i % 7 AS line", f"CASE WHEN i = {rows // 2} THEN -1 ELSE i % 7 END AS line")
    form = "FORMAT parquet" if path.suffix == ".parquet" else "FORMAT csv, HEADER"
    duckdb.execute(f"COPY (SELECT {listed} FROM range({rows}) AS t(i)) TO '{path}' ({form})")  # noqa: S608 - our own
    return path


def read(path: Path) -> object:
    """Return count, minimum and maximum of every column, by DuckDB alone."""
    import duckdb  # noqa: PLC0415 - as above

    listed = ", ".join(f"count({name}), min({name}), max({name})" for name in COLUMNS)
    return duckdb.execute(f"SELECT {listed} FROM '{path}'").fetchone()  # noqa: S608 - names and a path of our own


def read_typed(path: Path) -> object:
    """Return the counts of every column of a CSV file, read by DuckDB with their types."""
    import duckdb  # noqa: PLC0415 - as above

    kinds = {"integer": "BIGINT", "number": "DOUBLE", "string": "VARCHAR", "boolean": "BOOLEAN"}
    types = {name: kinds[str(rule["type"])] for name, rule in ROW_RULES.items()}
    listed = ", ".join(f"count({name}), max({name})" for name in COLUMNS)
    reader = f"read_csv('{path}', columns={types}, auto_detect=false, header=true)"
    return duckdb.execute(f"SELECT {listed} FROM {reader}").fetchone()  # noqa: S608 - as above


def check(path: Path, contract: Mapping[str, object], *, profiled: bool) -> object:
    """Return what mlci finds."""
    from mlci.adapters.duckdb import DuckdbData  # noqa: PLC0415 - as above
    from mlci.commands.data_sets import form_of  # noqa: PLC0415
    from mlci.core.contract import Contract, constraints  # noqa: PLC0415
    from mlci.core.data_files import DataFile, DataFiles  # noqa: PLC0415
    from mlci.core.data_section import DataSection  # noqa: PLC0415

    files = DataFiles(str(path), form_of(DataSection(path=path.name), [path.name]), (DataFile(path, str(path)),))
    found = DuckdbData().validate("data", files, constraints(Contract.model_validate(contract)), profiled=profiled)
    return [each.sentence for each in found.findings], found.profile and len(found.profile.columns)


CASES: dict[str, Callable[[Path], object]] = {
    "read": read,
    "read_typed": read_typed,
    "check": lambda path: check(path, CONTRACT, profiled=True),
    "types": lambda path: check(
        path, {"columns": {name: {"type": rule["type"]} for name, rule in ROW_RULES.items()}}, profiled=False
    ),
    "make": lambda path: made(path, int(sys.argv[3])),
}


def run(case: str, path: Path, *more: str) -> tuple[float, float, str]:
    """Return CPU seconds, MiB at the peak and the answer of a case, measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, case, str(path), *more], check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    return told["cpu"], told["mib"], told["answer"]


def measured(case: str, path: Path) -> tuple[float, float]:
    """Return the CPU seconds and MiB of a case: the least of some rounds."""
    runs = [run(case, path) for _ in range(ROUNDS)]
    return min(each[0] for each in runs), min(each[1] for each in runs)


def main() -> int:
    """Measure, print, and return 1 where a promise is broken."""
    with tempfile.TemporaryDirectory() as folder:
        small, large, text, tiny = (Path(folder) / name for name in ("1m.parquet", "10m.parquet", "t.csv", "s.csv"))
        for path, rows in ((small, MILLION), (large, 10 * MILLION), (text, 3 * MILLION // 2), (tiny, 10_000)):
            run("make", path, str(rows))
        (reading, _), (checking, peak) = measured("read", large), measured("check", large)
        _, little = measured("check", small)
        (typed, _), (types, _) = measured("read_typed", text), measured("types", text)
        whole, room = measured("check", tiny)
    promises = [
        (f"10 M rows × 20 columns: {checking:.2f} CPU s, reading {reading:.2f}", checking / reading, 3.0, "×"),
        ("10 M rows × 20 columns: memory", peak, 500.0, " MiB"),
        ("10,000 rows of CSV, whole process", whole, 1.0, " CPU s"),
        ("10,000 rows of CSV, whole process", room, 150.0, " MiB"),
        (f"1.5 M rows of CSV: {types:.2f} CPU s, typed read {typed:.2f}", types / typed, 1.8, "×"),
    ]
    for what, value, promise, unit in promises:
        print(f"{'ok    ' if value <= promise else 'BROKEN'} {what}: {value:.2f}{unit}, promised {promise:g}{unit}")
    print(f"       memory from 1 M to 10 M rows: {little:.0f} to {peak:.0f} MiB")
    return int(any(value > promise for _, value, promise, _ in promises))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    answer = CASES[sys.argv[1]](Path(sys.argv[2]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"cpu": cpu, "mib": used.ru_maxrss / 1024, "answer": str(answer)}))
