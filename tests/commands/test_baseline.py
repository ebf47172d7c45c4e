from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlci.commands.case import open_case
from mlci.commands.repackaging import repackaged
from mlci.core.baseline import BASELINE_FILE, Listed, Numbers
from mlci.core.package import baseline, read_package, with_file
from mlci.errors import IntegrityError
from tests.commands.builders import CONTRACT, a_model, a_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.train import Trained
    from mlci.core.baseline import Baseline
    from tests.commands.builders import Project


def baseline_in(trained: Trained) -> Baseline | None:
    package = trained.candidate.package
    return baseline(package.files, package.info.signature)


def test_baseline__of_the_training_data_that_are_declared(tmp_path: Path) -> None:
    trained = a_project(tmp_path).train()
    found = baseline_in(trained)
    assert found is not None
    assert (found.rows, found.sampled, list(found.inputs)) == (100, 100, ["radius", "texture"])
    radius, texture = found.inputs["radius"], found.inputs["texture"]
    assert isinstance(radius, Numbers)
    assert isinstance(texture, Numbers)
    assert (sum(radius.counts), texture.edges, texture.counts) == (100, (*map(float, range(11)),), (0, *[10] * 10, 0))
    assert found.label == Listed(missing=0, counts=(50, 50))
    assert found.predictions is not None
    assert found.predictions["decision"] == Listed(missing=0, counts=(50, 50))
    assert trained.remarks == ()


def test_baseline__of_many_rows_looks_at_some_spread_over_all(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(data__cells_csv=some_rows(50_001))
    found = baseline_in(project.train())
    assert found is not None
    assert (found.rows, found.sampled) == (50_001, 16_667)


def test_baseline__several_data_sets_count_together(tmp_path: Path) -> None:
    project = a_project(
        tmp_path, train="{run: python train.py, data: [cells, holdout], params: params.yaml, model: model.skops}"
    )
    found = baseline_in(project.train())
    assert found is not None
    assert (found.rows, found.label) == (300, Listed(missing=0, counts=(150, 150)))


def test_baseline__private_columns_are_left_out(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    marked = CONTRACT.replace("texture: {type: integer}", "texture: {type: integer, pii: true}")
    project.write(cells_yaml=marked.replace("enum: [0, 1]}", "enum: [0, 1], pii: true}"))
    found = baseline_in(project.train())
    assert found is not None
    assert (list(found.inputs), found.label) == (["radius"], None)


def test_baseline__without_answers_where_the_model_gives_none(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    diverging = replace(a_model(), probability=lambda columns: columns["radius"] * np.nan)
    project.predictor.models["present"] = diverging
    found = baseline_in(project.train())
    assert found is not None
    assert (found.rows, found.predictions) == (100, None)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (b"id,radius,malignant\n1,2,0\n", "no baseline.json: cells has no column `texture`, which the model reads"),
        (b"id,radius,texture,malignant\n1,wide,3,0\n", "no baseline.json: cells.csv: `radius` is not all number"),
    ],
)
def test_baseline__none_where_the_data_are_not_what_the_model_reads(rows: bytes, reason: str, tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(data__cells_csv=rows)
    trained = project.train()
    assert (trained.remarks, BASELINE_FILE in trained.candidate.package.files) == ((reason,), False)


def test_baseline__none_where_no_data_are_declared(tmp_path: Path) -> None:
    project = a_project(tmp_path, train="{run: python train.py, params: params.yaml, model: model.skops}")
    trained = project.train()
    assert (trained.remarks, baseline_in(trained)) == ((), None)


def judged_anew(project: Project, trained: Trained) -> Any:  # noqa: ANN401 - a candidate, whose package is looked at
    tree = project.repository.work_tree()
    case = open_case(tree, project.repository.tree(project.base), project.tools)
    return repackaged(trained.candidate, case, project.tools)


def test_baseline__outlives_that_the_package_is_made_anew(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    trained = project.train()
    assert judged_anew(project, trained).sha256 == trained.candidate.sha256


def test_baseline__who_judges_leaves_out_what_base_calls_private(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    marked = CONTRACT.replace("texture: {type: integer}", "texture: {type: integer, pii: true}")
    project.write(cells_yaml=marked)
    project.land("Mark it")
    project.write(cells_yaml=CONTRACT)
    found = json.loads(judged_anew(project, project.train()).package.files[BASELINE_FILE])
    assert list(found["inputs"]) == ["radius"]


def test_baseline__a_forged_one_is_refused(tmp_path: Path) -> None:
    package = a_project(tmp_path).train().candidate.package
    forged = with_file(package, BASELINE_FILE, package.files[BASELINE_FILE].replace(b"radius", b"secret"))
    with pytest.raises(IntegrityError) as caught:
        read_package(forged.files)
    assert (caught.value.code, caught.value.problem) == (
        "package-malformed",
        "the package is not whole: baseline.json: it names a column that the signature does not",
    )


def test_baseline__equal_data_give_equal_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (first, second):
        place.mkdir()
    shas = {a_project(place).train().candidate.sha256 for place in (first, second)}
    assert len(shas) == 1
