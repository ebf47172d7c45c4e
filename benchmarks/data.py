"""Promises: a data check costs at most 3 × reading the same data, and its memory stays flat.

Every case runs in a process of its own, imports included; CPU time and peak memory are those of that process, the least
of some rounds. Beside it: DuckDB itself, and what others take for the same rules, through their own commands.

    python benchmarks/data.py                    the promises, and the others on 1 M rows
    python benchmarks/data.py --rows 10000000    the others alone, on so many
"""

from __future__ import annotations

import argparse
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
TYPES = {
    name: {"n": "integer", "x": "number", "s": "string"}.get(name[0], "integer") for name in COLUMNS if name != "flag"
} | {"flag": "boolean"}
MORE: dict[str, dict[str, object]] = {
    "id": {"min": 0},
    "line": {"min": 0},
    "n0": {"min": 0},
    "x0": {"min": 0, "max": 10_000.5},
    "x1": {"max": 10_000.5},
    "s0": {"enum": [f"v{place}" for place in range(5)]},
    "s1": {"pattern": "v[0-9]+"},
    "s2": {"length": {"max": 4}},
}
ROW_RULES = {name: {"type": kind, "required": False, **MORE.get(name, {})} for name, kind in TYPES.items()}
CONTRACT = {
    "columns": ROW_RULES,
    "keys": [["order_id", "line"]],
    "rules": [{"name": "in_line", "check": "line < 6.5 and order_id >= 0", "max_share": "1%"}],
}
RULES = 31
"""20 types, 9 more of single columns, a key and a check."""
MILLION = 1_000_000
RIVALS = Path(__file__).with_name("rivals.py")
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
    types = {name: kinds[kind] for name, kind in TYPES.items()}
    listed = ", ".join(f"count({name}), max({name})" for name in COLUMNS)
    reader = f"read_csv('{path}', columns={types}, auto_detect=false, header=true)"
    return duckdb.execute(f"SELECT {listed} FROM {reader}").fetchone()  # noqa: S608 - as above


def check(path: Path, contract: Mapping[str, object], *, profiled: bool) -> object:
    """Return what mlci finds."""
    from mlci.adapters.duckdb import DuckdbData  # noqa: PLC0415 - as above
    from mlci.commands.data_sets import form_of  # noqa: PLC0415
    from mlci.core.contract.constraints import constraints  # noqa: PLC0415
    from mlci.core.contract.model import Contract  # noqa: PLC0415
    from mlci.core.data_files import DataFile, DataFiles  # noqa: PLC0415
    from mlci.core.data_section import DataSection  # noqa: PLC0415

    files = DataFiles(str(path), form_of(DataSection(path=path.name), [path.name]), (DataFile(path, str(path)),))
    found = DuckdbData().validate("data", files, constraints(Contract.model_validate(contract)), profiled=profiled)
    return [each.sentence for each in found.findings], found.profile and len(found.profile.columns)


def validate(path: Path) -> object:
    """Return what `mlci validate` prints of a data file and the contract, as a user starts it."""
    folder = path.parent
    (folder / "contract.yaml").write_text(json.dumps(CONTRACT))
    configuration = {"version": 1, "data": {"rows": {"path": path.name, "contract": "contract.yaml"}}}
    (folder / "mlci.yaml").write_text(json.dumps(configuration))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for step in (["init", "-q"], ["add", "mlci.yaml", "contract.yaml"], ["commit", "-qm", "first", "--allow-empty"]):
        subprocess.run([*git, *step], cwd=folder, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "mlci", "validate"], cwd=folder, check=False, capture_output=True, text=True
    )
    if done.returncode != 1 or "line is below 0" not in done.stdout:
        sys.exit(f"mlci validate ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.returncode


CASES: dict[str, Callable[[Path], object]] = {
    "read": read,
    "read_typed": read_typed,
    "check": lambda path: check(path, CONTRACT, profiled=True),
    "types": lambda path: check(
        path, {"columns": {name: {"type": kind} for name, kind in TYPES.items()}}, profiled=False
    ),
    "validate": validate,
    "make": lambda path: made(path, int(sys.argv[3])),
}


def run(case: str, path: Path, *more: str, script: str = __file__) -> tuple[float, float, str]:
    """Return CPU seconds, MiB at the peak and the answer of a case, measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, script, case, str(path), *more], check=True, stdout=subprocess.PIPE, text=True
    )
    told = json.loads(done.stdout)
    return told["cpu"], told["mib"], told["answer"]


def measured(case: str, path: Path) -> tuple[float, float]:
    """Return the CPU seconds and MiB of a case: the least of some rounds."""
    runs = [run(case, path) for _ in range(ROUNDS)]
    return min(each[0] for each in runs), min(each[1] for each in runs)


def compare(path: Path, rows: int) -> None:
    """Print what DuckDB's bare read, mlci and others take for a Parquet file that lies in a folder of its own."""
    # As DVC leaves data of such a size: what Git is not told to ignore it stores when mlci asks for the file's id.
    path.with_name(".gitignore").write_text(f"{path.name}\n")
    width = 34
    (cpu, room), whole, profiled = measured("read", path), measured("validate", path), measured("check", path)
    title = f"{rows:,} rows × {len(COLUMNS)} columns"
    print(f"{title:<{width}}{'CPU s':>8}{'× read':>9}{'MiB':>8}{'× read':>9}{'rules':>7}")

    def line(name: str, used: float, peak: float, rules: str) -> None:
        print(f"{name:<{width}}{used:>8.2f}{used / cpu:>9.1f}{peak:>8.0f}{peak / room:>9.1f}{rules:>7}", flush=True)

    line("DuckDB, count, min and max", cpu, room, "–")
    line("mlci validate", *whole, str(RULES))
    line("mlci's check with a profile", *profiled, str(RULES))
    installed = subprocess.run([sys.executable, RIVALS, "install"], check=False, stderr=subprocess.PIPE, text=True)
    if installed.returncode != 0:
        print(f"the others are not installed: {installed.stderr.strip()}")
        return
    versions = [each.split("==") for each in RIVALS.with_suffix(".in").read_text().splitlines() if "==" in each]
    contract = path.with_name("rules.json")
    contract.write_text(json.dumps(CONTRACT))
    for case, (package, version) in zip(("datacontract", "great_expectations"), versions, strict=True):
        name = f"{package.split('[')[0]} {version}"
        try:
            runs = [run(case, path, str(contract), script=str(RIVALS)) for _ in range(ROUNDS)]
        except subprocess.CalledProcessError:
            print(f"{name} did not run, as said above")
            continue
        left_out = int(runs[0][2])
        used, peak = min(each[0] for each in runs), min(each[1] for each in runs)
        line(name, used, peak, str(RULES - left_out))


def main() -> int:
    """Measure, print, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="compare with the others alone, on so many rows")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.rows:
            only = Path(folder) / "rows.parquet"
            run("make", only, str(arguments.rows))
            compare(only, arguments.rows)
            return 0
        # A file that is a repository's has a folder of its own: Git would hash what else lies there.
        names = ("rows/1m.parquet", "10m.parquet", "t.csv", "own/s.csv")
        small, large, text, tiny = (Path(folder) / name for name in names)
        for path in (small, tiny):
            path.parent.mkdir()
        for path, rows in ((small, MILLION), (large, 10 * MILLION), (text, 3 * MILLION // 2), (tiny, 10_000)):
            run("make", path, str(rows))
        (reading, _), (checking, peak) = measured("read", large), measured("check", large)
        _, little = measured("check", small)
        (typed, _), (types, _) = measured("read_typed", text), measured("types", text)
        whole, room = measured("validate", tiny)
        compare(small, MILLION)
    promises = [
        (f"10 M rows × 20 columns: {checking:.2f} CPU s, reading {reading:.2f}", checking / reading, 3.0, "×"),
        ("10 M rows × 20 columns: memory", peak, 500.0, " MiB"),
        ("`mlci validate` of 10,000 rows of CSV", whole, 1.0, " CPU s"),
        ("`mlci validate` of 10,000 rows of CSV", room, 150.0, " MiB"),
        (f"1.5 M rows of CSV: {types:.2f} CPU s, typed read {typed:.2f}", types / typed, 1.8, "×"),
    ]
    for what, value, promise, unit in promises:
        print(f"{'ok    ' if value <= promise else 'BROKEN'} {what}: {value:.2f}{unit}, promised {promise:g}{unit}")
    print(f"       memory from 1 M to 10 M rows: {little:.0f} to {peak:.0f} MiB")
    return int(any(value > promise for _, value, promise, _ in promises))


if __name__ == "__main__":
    if not set(sys.argv[1:2]) & CASES.keys():
        sys.exit(main())
    answer = CASES[sys.argv[1]](Path(sys.argv[2]))
    used = resource.getrusage(resource.RUSAGE_CHILDREN if sys.argv[1] == "validate" else resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"cpu": cpu, "mib": used.ru_maxrss / 1024, "answer": str(answer)}))
