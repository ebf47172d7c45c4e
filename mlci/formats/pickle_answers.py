"""The program of a package that ships a pickle raw: copied into the package, it loads the pickle and answers rows.

It runs by file, confined, with the interpreter that it is started with, and imports nothing of mlci: what the pickle
names is found in the folders of code beside it, or among that interpreter's libraries. `about.json` says
`{"model": FILE, "folders": […], "task": …, "positive": CLASS}`, and `"columns"` where it answers several quantiles;
rows and answers are lines of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any


def main() -> int:
    """Answer the rows on standard input; return the exit code."""
    here, said = Path(__file__).parent, sys.stdout
    sys.stdout = sys.stderr  # a model may print, and answers are nothing else
    about = json.loads((here / "about.json").read_text(encoding="utf-8"))
    sys.path[:0] = [str(here / folder) for folder in about["folders"]]
    rows = [json.loads(line) for line in sys.stdin]
    os.environ["JOBLIB_MULTIPROCESSING"] = "0"  # it would look for semaphores, which the confinement withholds
    warnings.simplefilter("ignore")  # a model's warnings are its author's business
    try:
        answers = answers_of(load(str(here / about["model"])), rows, about)
    except Exception as error:  # noqa: BLE001 - a pickle may raise anything, of which one line is told
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    for place, answer in enumerate(answers):
        said.write(json.dumps({"row": rows[place]["row"], **answer}) + "\n")
    said.flush()
    return 0


def load(path: str) -> Any:  # noqa: ANN401 - whatever was pickled
    """Return what the file holds, by joblib where that is installed: it reads every form of pickle."""
    try:
        joblib = importlib.import_module("joblib")
    except ImportError:
        with Path(path).open("rb") as file:
            return importlib.import_module("pickle").load(file)
    return joblib.load(path)


def answers_of(model: Any, rows: list[dict[str, Any]], about: dict[str, Any]) -> list[dict[str, float]]:  # noqa: ANN401 - as above
    """Return one answer a row; raises `TypeError` or `ValueError` for a model that has none as the task wants them."""
    known = getattr(model, "feature_names_in_", None)
    names = [name for name in rows[0] if name != "row"] if known is None else [str(name) for name in known]
    features = frame(rows, names)
    if "columns" in about:  # several quantiles
        said = importlib.import_module("numpy").asarray(model.predict(features))  # it may be a data frame
        of_rows, of_levels = len(rows), len(about["columns"])
        if said.shape != (of_rows, of_levels):
            wanted = f"{of_rows} rows of {of_levels} quantiles have ({of_rows}, {of_levels})"
            raise ValueError(f"the model answers in the shape {said.shape}, and {wanted}")
        return [dict(zip(about["columns"], map(float, row), strict=True)) for row in said]
    if about["task"] not in {"binary", "multiclass"}:
        return [{"prediction": float(value)} for value in model.predict(features)]
    if not hasattr(model, "predict_proba"):
        raise TypeError("the model has no predict_proba, which tells how sure it is of each class")
    said = model.predict_proba(features)
    classes = [label.item() if hasattr(label, "item") else label for label in model.classes_]
    if about["task"] == "multiclass":
        return [{f"probability_{label}": float(row[place]) for place, label in enumerate(classes)} for row in said]
    if about["positive"] not in classes:
        raise ValueError(f"the model knows the classes {classes}, and not {about['positive']!r}")
    return [{"probability": float(row[classes.index(about["positive"])])} for row in said]


def frame(rows: list[dict[str, Any]], names: list[str]) -> Any:  # noqa: ANN401 - a data frame, or rows of values
    """Return the columns NAMES of ROWS as a data frame; as plain rows where there is no pandas."""
    lacking = next((name for name in names if name not in rows[0]), None)
    if lacking is not None:
        raise ValueError(f"the model reads {lacking}, which the contract of the evaluation rows does not list")
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        return [[row[name] for name in names] for row in rows]
    return pandas.DataFrame([[row[name] for name in names] for row in rows], columns=names)


if __name__ == "__main__":
    sys.exit(main())
