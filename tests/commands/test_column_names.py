"""Names of columns that are no identifiers, from training data to the answers of a package; and those used twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pandas as pd
import pytest

from mlci.adapters.answer_file import AnswerFile
from mlci.adapters.duckdb import DuckdbData
from mlci.adapters.package_shelf import PackageShelf
from mlci.adapters.prediction import ChildPredictor
from mlci.commands.installed import Installed
from mlci.commands.package import package
from mlci.commands.package_path import read_path
from mlci.commands.predict import predict_to
from mlci.commands.verify import verify_package
from mlci.errors import UsageError
from tests.adapters.test_format_traps import a_parquet
from tests.commands.builders import Project, a_project
from tests.formats.native_models import library

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Predictor

NAMES: Final = ("größe, cm", '"Name" | `x`', "半径", " a  b ", "💥'; --", "~/[0]", "é" * 200)
GENERATOR = np.random.default_rng(0)
FEATURES = pd.DataFrame({name: GENERATOR.uniform(0, 30, 200).round(3) for name in NAMES})
LABELS = (FEATURES[NAMES[0]] > FEATURES[NAMES[2]]).astype(int)
CELLS = pd.DataFrame({"id": range(200)}).join(FEATURES).assign(malignant=LABELS)


def a_named_project(place: Path) -> Project:
    """A project whose rows have these columns."""
    columns = {
        "id": {"type": "integer", "unique": True},
        **{name: {"type": "number", "min": 0, "max": 30} for name in NAMES},
        "malignant": {"type": "integer", "enum": [0, 1]},
    }
    rows = CELLS.to_csv(index=False)
    project = a_project(place)
    contract = json.dumps({"columns": columns}, ensure_ascii=False)
    project.write(cells_yaml=contract, data__cells_csv=rows, data__holdout_csv=rows)
    return project


def in_each_format(place: Path) -> tuple[Path, ...]:
    """The rows as CSV, JSON Lines and Parquet."""
    csv, lines, parquet = (place / f"rows.{form}" for form in ("csv", "jsonl", "parquet"))
    CELLS.to_csv(csv, index=False)
    lines.write_text("\n".join(json.dumps(row) for row in CELLS.to_dict("records")))
    with duckdb.connect() as connection:
        connection.register("cells", CELLS)
        connection.execute(f"COPY cells TO '{parquet}' (FORMAT parquet)")
    return csv, lines, parquet


def answers(rows: Path, out: Path, installed: Installed, predictor: Predictor) -> bytes:
    """What a package answers to the rows of a file."""
    with AnswerFile(out) as file:
        predict_to(file, installed, rows, data=DuckdbData(), predictor=predictor, progress=lambda _, __: None)
    return out.read_bytes()


@pytest.mark.slow
def test_names__that_are_no_identifiers_go_through_the_whole_chain(tmp_path: Path) -> None:
    project, predictor, data = a_named_project(tmp_path), ChildPredictor(), DuckdbData()
    fitted = library("sklearn.linear_model").LogisticRegression().fit(FEATURES, LABELS)
    model = tmp_path / "model.skops"
    model.write_bytes(library("skops.io").dumps(fitted))
    made = package(
        model, repository=project.repository, predictor=predictor, data=data, objects=project.work.objects,
        shelf=PackageShelf(tmp_path / "packages"),
    )  # fmt: skip
    installed = read_path(made.path)

    assert tuple(each.name for each in installed.package.info.signature.inputs) == NAMES
    told = json.loads(json.loads((made.path / "MLmodel").read_text())["signature"]["inputs"])
    assert [each["name"] for each in told] == list(NAMES)
    assert set(json.loads((made.path / "baseline.json").read_text())["inputs"]) == set(NAMES)
    card = (made.path / "README.md").read_text()
    shown = ("größe, cm", "\"Name\" \\| 'x'", "半径", "a b", "💥'; --", "~/[0]", "é" * 200)
    assert [name for name in shown if f"\n| `{name}` | number |  | 0 … 30 |\n" not in card] == []
    assert [each.error for each in verify_package(installed, "here", predictor)] == [None, None]
    csv, lines, parquet = (
        answers(rows, tmp_path / f"{rows.suffix[1:]}.csv", installed, predictor) for rows in in_each_format(tmp_path)
    )
    assert csv == lines == parquet
    found = np.loadtxt(tmp_path / "csv.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(found[:, 1], fitted.predict_proba(FEATURES)[:, 1], rtol=1e-9)


def twice(place: Path, form: str) -> Path:
    """Rows with two columns of one name."""
    path = place / f"rows.{form}"
    if form == "parquet":
        return a_parquet(path, "20 AS radius, 5 AS texture, 5 AS texturf", texturf="texture")
    path.write_text(
        {"csv": "radius,texture,texture\n20,5,5\n", "jsonl": '{"texture": 5, "radius": 20, "texture": 5}\n'}[form]
    )
    return path


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ("csv", "rows.csv: column 3 is named as column 2: `texture`"),
        ("jsonl", "rows.jsonl: row 1 has the key `texture` twice"),
        ("parquet", "rows.parquet: two columns are called `texture`"),
    ],
)
def test_predict__of_two_columns_of_one_name_names_it(form: str, problem: str, tmp_path: Path) -> None:
    project = a_project(tmp_path)
    candidate = project.train().candidate
    installed = Installed(candidate.package, candidate.sha256)
    with pytest.raises(UsageError) as caught:
        answers(twice(tmp_path, form), tmp_path / "answers.csv", installed, project.predictor)
    assert (caught.value.code, caught.value.problem, caught.value.hint) == (
        "data-unreadable", problem, "Rename one of them.",
    )  # fmt: skip
