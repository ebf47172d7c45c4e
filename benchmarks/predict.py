"""Promises: `mlci predict` answers at least 5 × the rows per second of `mlflow models predict`, in at most 1 GB.

Both are whole processes that read the same CSV file and write a file of answers, for one model: a pipeline that scales
15 columns for a logistic regression, so that what is around the model is measured. MLflow gets the very package that
mlci predicts with, which must come to the same answers; they take turns, and of each the fastest run counts. Beside it
stand the same rows as Parquet, which MLflow does not read, the same estimator as MLflow itself saves it, asked for
probabilities and for classes alone, and a model of gradient boosting, whose own work both have to wait for; and what
the models alone take, asked by a loop over arrays in memory.

    python benchmarks/predict.py               3 M rows, of which starting is a small part; about four minutes
    python benchmarks/predict.py --large       10 M rows in CSV and in Parquet, of mlci alone: its memory
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
RIVALS = Path(__file__).with_name("rivals.py")
LOCK = RIVALS.with_name("mlflow.txt")
COLUMNS = [f"x{place}" for place in range(15)]
MILLION = 1_000_000
BLOCK = 200_000
"""Rows that differ; a file repeats them."""
FASTER = 5.0
MIB = 1024.0
SAMPLE_SECONDS = 0.1
TURNS = 2
"""How often each side is measured for the promise."""
CONFIGURATION = """\
version: 1
model: {name: speed, task: binary}
data: {rows: {path: rows.csv, contract: rows.yaml}}
train: {run: python train.py, data: [rows], model: model.skops}
evaluate: {data: rows, id: id, label: label, positive: 1}
gates: []
promote: {store: {directory: ../models}}
"""
CONTRACT = "columns:\n" + "".join(
    f"  {name}: {{type: {kind}}}\n"
    for name, kind in [("id", "integer"), *((name, "number") for name in COLUMNS), ("label", "integer")]
)
SAVED = """\
import sys, mlflow.sklearn, skops.io
model, folder, asked = sys.argv[1:]
mlflow.sklearn.save_model(skops.io.load(model), folder, serialization_format="cloudpickle", pyfunc_predict_fn=asked)
"""


@dataclass(frozen=True)
class Took:
    """What a command took, with all that it starts."""

    seconds: float
    cpu: float
    mebibytes: float
    """The most memory of all its processes together, files that the kernel may drop left out."""


def main() -> int:
    """Measure, print, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3 * MILLION)
    parser.add_argument("--large", action="store_true", help="10 M rows, of mlci alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return large(place) if arguments.large else beside_mlflow(place, arguments.rows)


def beside_mlflow(place: Path, rows: int) -> int:
    """Print what mlci and MLflow take for so many rows, and return whether the promise is broken."""
    import sklearn.ensemble  # noqa: PLC0415 - the commands that are measured start without it
    import sklearn.linear_model  # noqa: PLC0415
    import sklearn.pipeline  # noqa: PLC0415
    import sklearn.preprocessing  # noqa: PLC0415

    installed = subprocess.run([sys.executable, RIVALS, "install", LOCK.name], check=False, stderr=subprocess.PIPE)
    path = table(place / "rows.csv", rows)
    scaled = sklearn.pipeline.make_pipeline(
        sklearn.preprocessing.StandardScaler(), sklearn.linear_model.LogisticRegression()
    )
    package, model = packaged(place / "logistic", scaled)
    boosting = sklearn.ensemble.HistGradientBoostingClassifier(random_state=0)
    boosted, _ = packaged(place / "boosting", boosting)
    print(f"{f'{rows:,} rows × {len(COLUMNS)} columns':<52}{'s':>7}{'rows/s':>12}{'CPU s':>8}{'MiB':>7}{'×':>6}")
    asked = mlci(package, path, place / "ours.csv")
    if installed.returncode != 0:
        line("mlci predict, CSV", once(asked), rows)
        print(f"MLflow is not installed: {installed.stderr.decode().strip()}")
        return 0
    rival = mlflow(package, path, place / "theirs.json")
    ours, theirs = in_turns(asked, rival)
    line("mlci predict, CSV", ours, rows)
    line("mlflow models predict, the same package", theirs, rows, ours)
    compared(place / "ours.csv", place / "theirs.json")
    line("mlci predict, Parquet", once(mlci(package, table(place / "rows.parquet", rows), place / "o.parquet")), rows)
    for answers, what in (("predict_proba", "probabilities"), ("predict", "classes alone")):
        native = place / answers
        subprocess.run([python_of_mlflow(), "-c", SAVED, model, native, answers], check=True, capture_output=True)
        took = once(mlflow(native, path, place / "native.json"))
        line(f"mlflow models predict, its own format, {what}", took, rows, ours)
    print(f"{'the model alone, in a loop':<52}{alone(scaled, rows):>7.1f}")
    few = table(place / "few.csv", BLOCK)
    ours_few = once(mlci(boosted, few, place / "few.out.csv"))
    line(f"mlci predict, {BLOCK:,} rows, gradient boosting", ours_few, BLOCK)
    line("mlflow models predict, the same", once(mlflow(boosted, few, place / "few.json")), BLOCK, ours_few)
    print(f"{'the model alone':<52}{alone(boosting, BLOCK):>7.1f}")
    ratio = theirs.seconds / ours.seconds
    kept = ratio >= FASTER
    print(f"{'ok    ' if kept else 'BROKEN'} mlci predict: {ratio:.1f} × the rows per second, promised {FASTER:g} ×")
    return int(not kept)


def large(place: Path) -> int:
    """Print what mlci takes for 10 M rows, and return whether it needs more memory than promised."""
    import sklearn.linear_model  # noqa: PLC0415 - as above

    package, _ = packaged(place / "logistic", sklearn.linear_model.LogisticRegression())
    rows = 10 * MILLION
    broken = 0
    print(f"{f'{rows:,} rows × {len(COLUMNS)} columns':<52}{'s':>7}{'rows/s':>12}{'CPU s':>8}{'MiB':>7}")
    for name in ("rows.csv", "rows.parquet"):
        path = table(place / name, rows)
        took = once(mlci(package, path, place / f"answers{path.suffix}"))
        line(f"mlci predict {name}", took, rows)
        broken += took.mebibytes > MIB
        path.unlink()
    print(
        f"{'BROKEN' if broken else 'ok    '} mlci predict: 10 M rows, promised {MIB:g} MiB for all processes together"
    )
    return broken


def packaged(folder: Path, estimator: Any) -> tuple[Path, Path]:  # noqa: ANN401 - estimators have no common type
    """Return the package of an estimator after fitting it, and its file."""
    import pandas as pd  # noqa: PLC0415 - as above
    import skops.io  # noqa: PLC0415

    generator = np.random.default_rng(0)
    features = pd.DataFrame(generator.normal(10, 5, (5_000, len(COLUMNS))), columns=COLUMNS)
    labels = (features["x0"] + generator.normal(0, 5, len(features)) > 12).astype(int)  # noqa: PLR2004 - about a third
    folder.mkdir()
    skops.io.dump(estimator.fit(features, labels), folder / "model.skops")
    (folder / "mlci.yaml").write_text(CONFIGURATION)
    (folder / "rows.yaml").write_text(CONTRACT)
    features.head(100).assign(id=range(100), label=labels.head(100)).to_csv(folder / "rows.csv", index=False)
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "first")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    command = [sys.executable, "-P", "-m", "mlci", "package", "model.skops"]
    done = subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, text=True)
    return folder / done.stdout.splitlines()[-1], folder / "model.skops"


def table(path: Path, rows: int) -> Path:
    """Return a file of so many rows, four digits after the point as measurements have them."""
    import duckdb  # noqa: PLC0415 - as above

    values = ", ".join(f"round((hash(i * 16 + {place}) % 200000) / 10000.0, 4) AS {name}"
                       for place, name in enumerate(COLUMNS))  # fmt: skip
    query = f"SELECT {values} FROM (SELECT range % {BLOCK} AS i FROM range({rows}))"  # noqa: S608 - our own words
    form = "FORMAT parquet" if path.suffix == ".parquet" else "FORMAT csv, HEADER true"
    duckdb.execute(f"COPY ({query}) TO '{path}' ({form})")
    return path


def mlci(package: Path, rows: Path, out: Path) -> list[str]:
    """Return the command of mlci."""
    return [sys.executable, "-P", "-m", "mlci", "predict", str(package), str(rows), "--out", str(out)]


def python_of_mlflow() -> Path:
    """Return the interpreter of MLflow's environment."""
    return ROOT / ".bootstrap" / LOCK.stem / "bin" / "python"


def mlflow(folder: Path, rows: Path, out: Path) -> list[str]:
    """Return the command of MLflow."""
    command = [str(python_of_mlflow().with_name("mlflow")), "models", "predict", "--env-manager", "local"]
    return [*command, "-m", str(folder), "-i", str(rows), "-t", "csv", "-o", str(out)]


def line(name: str, took: Took, rows: int, ours: Took | None = None) -> None:
    """Print what a command TOOK beside what OURS did."""
    beside = "" if ours is None else f"{took.seconds / ours.seconds:>6.1f}"
    speed = rows / took.seconds
    print(f"{name:<52}{took.seconds:>7.1f}{speed:>12,.0f}{took.cpu:>8.1f}{took.mebibytes:>7.0f}{beside}", flush=True)


def in_turns(*commands: Sequence[str]) -> list[Took]:
    """Return what each of COMMANDS takes, the fastest of its turns; other work on the machine meets all of them."""
    turns = [[once(command) for command in commands] for _ in range(TURNS)]
    return [min(each, key=lambda took: took.seconds) for each in zip(*turns, strict=True)]


def alone(estimator: Any, rows: int) -> float:  # noqa: ANN401 - estimators have no common type
    """Return the seconds that an estimator itself takes for so many rows, in blocks of a data frame, on one thread."""
    import pandas as pd  # noqa: PLC0415 - the commands that are measured start without it
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types; as above

    frame = pd.DataFrame(np.random.default_rng(1).normal(10, 5, (BLOCK, len(COLUMNS))), columns=COLUMNS)
    with threadpool_limits(1):
        began = time.monotonic()
        for _ in range(max(1, rows // BLOCK)):
            estimator.predict_proba(frame)
        return time.monotonic() - began


def once(command: Sequence[str]) -> Took:
    """Return what a command takes, which must succeed; an answer that is there already is removed first."""
    Path(command[-1]).unlink(missing_ok=True)
    began, before, peak = time.monotonic(), os.times(), 0.0
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment())
        while process.poll() is None:
            peak = max(peak, sum(memory(each) for each in family(process.pid)))
            time.sleep(SAMPLE_SECONDS)
        seconds, after = time.monotonic() - began, os.times()
        if process.returncode != 0:
            said.seek(0)
            sys.exit(said.read().decode())
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(seconds, cpu, peak)


def family(process: int) -> Iterator[int]:
    """Yield a process and all that it started."""
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return
    for child in children.split():
        yield from family(int(child))


def memory(process: int) -> float:
    """Return the mebibytes that are a process's own, what it shares by its part; 0 where it has ended."""
    try:
        listed = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    found = dict(each.split(":") for each in listed if ":" in each.partition(" ")[0])
    return sum(int(found.get(name, "0").split()[0]) for name in ("Pss_Anon", "Pss_Shmem")) / MIB


def compared(ours: Path, theirs: Path) -> None:
    """Exit where MLflow answers the first rows, or the number of rows, otherwise."""
    told = json.loads(theirs.read_text())["predictions"]
    with ours.open(newline="") as file:
        rows = csv.DictReader(file)
        first = list(islice(rows, 1_000))
        count = len(first) + sum(1 for _ in rows)
    mine = [float(each["probability"]) for each in first]
    if count != len(told) or not np.allclose(mine, [each["probability"] for each in told[: len(mine)]], rtol=1e-9):
        sys.exit("MLflow and mlci answer differently")


def environment() -> dict[str, str]:
    """Return the variables of what is measured; mlci is this one."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    sys.exit(main())
