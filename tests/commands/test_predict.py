from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest

from mlci.adapters.answer_file import AnswerFile
from mlci.commands.installed import Installed
from mlci.commands.predict import Answers, predict, predict_to
from mlci.errors import IntegrityError, MlciError, UsageError
from mlci.testing import Question
from tests.commands.builders import MODELS, Project, a_model, a_project, with_classes

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.testing.predictor import Columns


def candidate_of(project: Project) -> Installed:
    candidate = project.train().candidate
    return Installed(candidate.package, candidate.sha256)


def predicted(project: Project, rows: str, installed: Installed | None = None) -> Answers:
    file = project.place / "rows.csv"
    file.write_text(rows)
    return predict(installed or candidate_of(project), file, data=project.data, predictor=project.predictor)


def refused(project: Project, rows: str, installed: Installed | None = None) -> MlciError:
    with pytest.raises(MlciError) as caught:
        predicted(project, rows, installed)
    return caught.value


def test_predict__one_answer_a_row(tmp_path: Path) -> None:
    answers = predicted(a_project(tmp_path), "radius,texture\n20,5\n10,5\n20,0\n")
    assert (answers.said.tolist(), answers.classes) == ([0.9, 0.1, 0.1], ("1", "0", "0"))


@pytest.mark.parametrize(
    ("classes", "positive", "decided"),
    [
        (("benign", "malignant"), "malignant", ("malignant", "benign")),
        (("benign", "malignant"), "benign", ("malignant", "benign")),
        ((0, 1), "1", ("1", "0")),
    ],
)
def test_predict__decides_for_a_class_as_the_data_write_it(
    tmp_path: Path, classes: tuple[int | str, int | str], positive: str, decided: tuple[str, str]
) -> None:
    project = a_project(tmp_path, evaluate=f"{{data: holdout, id: id, label: malignant, positive: {positive}}}")
    project.predictor.models["present"] = with_classes(MODELS["present"], *classes)
    assert predicted(project, "radius,texture\n20,5\n10,5\n").classes == decided


def test_predict__other_columns_and_their_order_make_no_difference(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    installed = candidate_of(project)
    assert predicted(project, "malignant,texture,radius\n1,5,20\n", installed).classes == ("1",)
    assert project.predictor.asked[-1:] == [Question(installed.sha256, ("radius", "texture"), 1)]


def test_predict__decides_by_the_threshold_of_the_package(tmp_path: Path) -> None:
    project = a_project(tmp_path, evaluate="{data: holdout, id: id, label: malignant, positive: 1, threshold: 0.9}")
    assert predicted(project, "radius,texture\n20,5\n").classes == ("1",)
    project.predictor.models["present"] = replace(
        MODELS["present"], probability=lambda columns: MODELS["present"].probability(columns) - 0.01
    )
    assert predicted(project, "radius,texture\n20,5\n").classes == ("0",)


def test_predict__a_column_that_is_missing(tmp_path: Path) -> None:
    error = refused(a_project(tmp_path), "radius\n20\n")
    assert (type(error), error.code) == (UsageError, "column-missing")
    assert (error.problem, error.where) == ("the rows have no column `texture`", "rows.csv")


def test_predict__many_columns_that_are_missing(tmp_path: Path) -> None:
    names = tuple(f"m{number}" for number in range(7))
    contract = "columns: {id: {type: integer, unique: true}, radius: {type: number}, malignant: {type: integer}"
    project = a_project(tmp_path)
    project.predictor.models["present"] = a_model(features=("radius", *names))
    project.write(cells_yaml=contract + "".join(f", {name}: {{type: number}}" for name in names) + "}\n")
    error = refused(project, "radius\n20\n")
    assert error.problem == "the rows have no columns `m0`, `m1`, `m2`, `m3`, `m4` and 2 more"


def test_predict__no_rows(tmp_path: Path) -> None:
    error = refused(a_project(tmp_path), "radius,texture\n")
    assert (type(error), error.code) == (UsageError, "no-rows")
    assert error.problem == "rows.csv has no rows, only the line that names the columns"


def test_predict__a_value_of_another_type_is_wrong_usage(tmp_path: Path) -> None:
    error = refused(a_project(tmp_path), "radius,texture\n20,five\n")
    assert (type(error), error.code, error.hint) == (UsageError, "data-ill-typed", "Correct the value.")
    assert error.cause == "This is the type that the model's signature names."


def refusing(project: Project) -> Installed:
    """Return an installed model that refuses every row."""
    installed = candidate_of(project)
    project.predictor.models["present"] = replace(MODELS["present"], features=("texture", "radius"))
    return installed


def test_predict__a_gap_that_the_model_does_not_take_is_named(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    error = refused(project, "radius,texture\n20,5\n10,\n", refusing(project))
    assert (type(error), error.code) == (UsageError, "rows-incomplete")
    assert error.problem == "`texture` is empty in row 2, and the model answers no row with a gap"


def test_predict__whole_rows_that_the_model_refuses_are_told_in_its_words(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    error = refused(project, "radius,texture\n20,5\n", refusing(project))
    assert (type(error), error.code) == (UsageError, "rows-refused")
    assert error.problem == "the model reads ('texture', 'radius'), not ('radius', 'texture')"


def test_predict__the_words_of_a_model_about_a_row_stay_private(tmp_path: Path) -> None:
    def quotes(_: Columns) -> NoReturn:
        error = IntegrityError("model-cannot-predict", "could not convert string to float: 'Ada'")
        error.private = "could not convert string to float: 'Ada'"
        raise error

    project = a_project(tmp_path)
    installed = candidate_of(project)
    project.predictor.models["present"] = replace(MODELS["present"], probability=quotes)
    error = refused(project, "radius,texture\n20,5\n", installed)
    assert (error.code, "Ada" in error.problem, error.public().problem) == ("rows-refused", True, "…")


def test_predict__a_model_that_answers_without_probabilities(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    installed = candidate_of(project)
    project.predictor.models["present"] = replace(MODELS["present"], has_probabilities=False)
    error = refused(project, "radius,texture\n20,5\n", installed)
    assert (type(error), error.code) == (IntegrityError, "signature-differs")


def test_predict__a_model_that_answers_with_other_classes(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    installed = candidate_of(project)
    project.predictor.models["present"] = with_classes(MODELS["present"], 1, 0)
    assert refused(project, "radius,texture\n20,5\n", installed).code == "signature-differs"


def some_answers(project: Project, installed: Installed, name: str = "answers.csv") -> tuple[bytes, list[int]]:
    """Answer seven rows, three at a time; return the file, and how many rows were answered when progress was told."""
    rows = project.place / "rows.csv"
    rows.write_text("radius,texture\n" + "20,5\n10,5\n20,0\n" * 2 + "20,3\n")
    told: list[int] = []
    with AnswerFile(project.place / name) as out:
        answered = predict_to(
            out,
            installed,
            rows,
            data=project.data,
            predictor=project.predictor,
            progress=lambda done, of: told.append(done * (of == 7)),
            batch_rows=3,
        )
    assert answered == 7
    return (project.place / name).read_bytes(), told


def test_predict_to__answers_batch_by_batch(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    installed = candidate_of(project)
    before = len(project.predictor.asked)
    content, told = some_answers(project, installed)
    assert content.decode().splitlines()[:4] == ["row,probability,decision", "1,0.9,1", "2,0.1,0", "3,0.1,0"]
    assert content.decode().splitlines()[-1] == "7,0.9,1"
    assert ([each.rows for each in project.predictor.asked[before:]], told) == ([3, 3, 1], [3, 6, 7])


def test_predict_to__goes_on_where_it_was_ended(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    installed = candidate_of(project)
    whole, _ = some_answers(project, installed, "whole.csv")
    present = project.predictor.models["present"]
    asked: list[int] = []

    def ends_at_the_second(columns: Columns) -> np.ndarray[Any, Any]:
        asked.append(len(columns["radius"]))
        if len(asked) > 1:
            raise KeyboardInterrupt
        return present.probability(columns)

    project.predictor.models["present"] = replace(present, probability=ends_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        some_answers(project, installed)
    assert not (project.place / "answers.csv").exists()
    project.predictor.models["present"] = present
    before = len(project.predictor.asked)
    content, told = some_answers(project, installed)
    assert content == whole
    assert ([each.rows for each in project.predictor.asked[before:]], told) == ([3, 1], [3, 6, 7])


def test_predict_to__a_gap_is_told_with_its_row_in_the_file(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    installed = refusing(project)
    project.predictor.models["present"] = MODELS["present"]
    rows = project.place / "rows.csv"
    rows.write_text("radius,texture\n20,5\n10,\n")
    with AnswerFile(project.place / "answers.csv") as out:
        project.predictor.models["present"] = replace(MODELS["present"], probability=refuses_gaps)
        with pytest.raises(UsageError, match="empty in row 2") as caught:
            predict_to(
                out,
                installed,
                rows,
                data=project.data,
                predictor=project.predictor,
                progress=lambda *_: None,
                batch_rows=1,
            )
    assert caught.value.code == "rows-incomplete"


def refuses_gaps(columns: Columns) -> np.ndarray[Any, Any]:
    if np.isnan(columns["texture"]).any():
        raise IntegrityError("model-cannot-predict", "Input contains NaN")
    return MODELS["present"].probability(columns)
