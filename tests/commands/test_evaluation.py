from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.evaluation import Installed, evaluate, fetch
from mlci.core.config import read_config
from mlci.core.gates import Outcome, Verdict
from mlci.core.package import Input, Signature, build_package
from mlci.core.rules import Side, effective
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError
from mlci.formats.archive import digest, pack
from mlci.testing import MemoryData, MemoryTree, Question, ScriptedPredictor, model_file
from tests.commands.builders import MODELS, a_configuration, a_model, a_released_project, some_rows, with_classes

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.signature import ModelClass

RADIUS, TEXTURE = Input(name="radius", type="number"), Input(name="texture", type="integer")


def a_package(
    name: str,
    *inputs: Input,
    classes: tuple[ModelClass, ...] = (0, 1),
    positive: ModelClass = 1,
    threshold: float = 0.5,
) -> Installed:
    """Return the package of a model, with a signature that somebody may have written by hand."""
    signature = Signature(inputs=inputs or (RADIUS, TEXTURE), classes=classes, positive=positive, threshold=threshold)
    package = build_package(
        model_file(name), "LogisticRegression", signature, {"skops": "0.13.0"}, read_config(a_configuration().encode())
    )
    return Installed(package, digest(pack(package.files)))


@dataclass
class Scoring:
    """An evaluation set in a commit, and who predicts it."""

    place: Path
    rows: bytes
    predictor: ScriptedPredictor
    evaluate: str = "{data: holdout, id: id, label: malignant, positive: 1}"
    gates: tuple[str, ...] = ("{metric: accuracy, require: not_worse, margin: 0.05}",)

    def verdict(self, candidate: Installed, production: Installed | None = None) -> Verdict:
        configuration = read_config(a_configuration(*self.gates, evaluate=self.evaluate).encode())
        rules, _ = effective(None, Side(configuration, {}))
        return evaluate(
            rules,
            rows_from=MemoryTree({"data/holdout.csv": self.rows}),
            candidate=candidate,
            production=production,
            data=MemoryData(),
            predictor=self.predictor,
            objects=self.place,
        )

    def refused(self, candidate: Installed) -> MlciError:
        with pytest.raises(MlciError) as caught:
            self.verdict(candidate)
        return caught.value


@pytest.fixture
def scoring(tmp_path: Path) -> Scoring:
    return Scoring(tmp_path, some_rows(), ScriptedPredictor(MODELS))


def test_evaluate__both_models_on_the_same_rows(scoring: Scoring) -> None:
    verdict = scoring.verdict(a_package("careful"), a_package("present"))
    assert (verdict.outcome, verdict.rows, verdict.positives) == (Outcome.PASS, 200, 100)
    assert [(result.candidate, result.production) for result in verdict.results] == [(1.0, 0.9)]


def test_evaluate__without_production(scoring: Scoring) -> None:
    verdict = scoring.verdict(a_package("careful"))
    assert (verdict.outcome, verdict.flips) == (Outcome.FIRST, None)


def test_evaluate__the_rows_that_changed_sides_have_their_names(scoring: Scoring) -> None:
    flips = scoring.verdict(a_package("careful"), a_package("present")).flips
    assert flips is not None
    assert flips.wrong_to_right == tuple(str(row) for row in range(200) if row // 2 % 10 == 0)


def test_evaluate__no_model_is_given_label_or_id(scoring: Scoring) -> None:
    candidate, production = a_package("narrow", RADIUS), a_package("present")
    scoring.verdict(candidate, production)
    assert scoring.predictor.asked == [
        Question(candidate.sha256, ("radius",), 200),
        Question(production.sha256, ("radius", "texture"), 200),
    ]


def test_evaluate__models_may_read_different_columns(scoring: Scoring) -> None:
    assert scoring.verdict(a_package("narrow", RADIUS), a_package("present")).outcome is Outcome.PASS


def test_evaluate__the_very_bytes_of_production(scoring: Scoring) -> None:
    verdict = scoring.verdict(a_package("present"), a_package("present"))
    assert [result.sentence for result in verdict.results] == ["the same bytes as production"]


@pytest.mark.parametrize("column", ["malignant", "id"])
def test_evaluate__a_forged_signature_that_names_label_or_id(scoring: Scoring, column: str) -> None:
    scoring.predictor.models["spy"] = a_model(features=("radius", column))
    error = scoring.refused(a_package("spy", RADIUS, Input(name=column, type="integer")))
    assert (type(error), error.code, error.exit_code) == (IntegrityError, "label-as-feature", 4)
    assert scoring.predictor.asked == []


def test_evaluate__a_production_that_names_the_label_is_no_better(scoring: Scoring) -> None:
    scoring.predictor.models["spy"] = a_model(features=("radius", "malignant"))
    with pytest.raises(IntegrityError) as caught:
        scoring.verdict(a_package("careful"), a_package("spy", RADIUS, Input(name="malignant", type="integer")))
    assert (caught.value.code, scoring.predictor.asked) == ("label-as-feature", [])


def test_evaluate__a_column_that_the_rows_do_not_have_yet(scoring: Scoring) -> None:
    error = scoring.refused(a_package("careful", RADIUS, Input(name="area", type="number")))
    assert (type(error), error.code) == (UsageError, "column-missing")
    assert (error.problem, error.where) == ("the evaluation set has no column `area`", "data/holdout.csv")
    assert error.cause == "The model reads a column that base's evaluation set does not have yet."


@pytest.mark.parametrize(
    ("named", "column"),
    [("id: name, label: malignant", "name"), ("id: id, label: diagnosis", "diagnosis")],
)
def test_evaluate__id_or_label_that_the_rows_do_not_have(scoring: Scoring, named: str, column: str) -> None:
    scoring.evaluate = f"{{data: holdout, {named}, positive: 1}}"
    error = scoring.refused(a_package("careful"))
    assert (error.code, error.problem) == ("column-missing", f"the evaluation set has no column `{column}`")
    assert error.cause == "evaluate.id or evaluate.label names another column."


@pytest.mark.parametrize(
    ("row", "code", "problem"),
    [
        ("7,20,3,", "label-missing", "`malignant` is empty in row 8 of the evaluation set (1 in all)"),
        (",20,3,1", "id-missing", "`id` is empty in row 8 of the evaluation set (1 in all)"),
        ("6,20,3,1", "id-not-unique", "`id` names some rows of the evaluation set twice"),
    ],
)
def test_evaluate__a_row_that_cannot_be_scored(scoring: Scoring, row: str, code: str, problem: str) -> None:
    scoring.rows = some_rows(200, {7: row})
    error = scoring.refused(a_package("careful"))
    assert (type(error), error.code, error.problem) == (UsageError, code, problem)
    assert (error.where, scoring.predictor.asked) == ("data/holdout.csv", [])


def test_evaluate__a_label_of_another_type(scoring: Scoring) -> None:
    scoring.rows = some_rows(200, {7: "7,20,3,yes"})
    error = scoring.refused(a_package("careful"))
    assert (type(error), error.code) == (RejectedError, "data-ill-typed")


def test_evaluate__no_rows(scoring: Scoring) -> None:
    scoring.rows = some_rows(0)
    assert scoring.refused(a_package("careful")).code == "no-rows"


@pytest.mark.parametrize(
    ("positive", "written"), [("1", ("0", "1")), ("malignant", ("benign", "malignant")), ("true", ("false", "true"))]
)
def test_evaluate__labels_are_numbers_words_or_truth_values(
    scoring: Scoring, positive: str, written: tuple[str, str]
) -> None:
    rows = {row: f"{row},{20 if row % 2 else 10},{row // 2 % 10},{written[row % 2]}" for row in range(200)}
    scoring.rows = some_rows(200, rows)
    scoring.evaluate = f"{{data: holdout, id: id, label: malignant, positive: {positive}}}"
    verdict = scoring.verdict(a_package("careful"))
    assert (verdict.positives, verdict.results[0].candidate) == (100, 1.0)


def test_evaluate__the_positive_class_may_stand_first(scoring: Scoring) -> None:
    scoring.predictor.models["careful"] = with_classes(MODELS["careful"], "benign", "malignant")
    scoring.evaluate = "{data: holdout, id: id, label: malignant, positive: 0}"
    verdict = scoring.verdict(a_package("careful", classes=("benign", "malignant"), positive="benign"))
    assert verdict.results[0].candidate == 1.0


def test_evaluate__other_classes_than_the_signature_says(scoring: Scoring) -> None:
    scoring.predictor.models["careful"] = with_classes(MODELS["careful"], 1, 0)
    error = scoring.refused(a_package("careful"))
    assert (type(error), error.code) == (IntegrityError, "signature-differs")


def test_evaluate__a_model_without_probabilities(scoring: Scoring) -> None:
    scoring.predictor.models["careful"] = replace(MODELS["careful"], has_probabilities=False)
    error = scoring.refused(a_package("careful"))
    assert (error.code, error.hint) == (
        "signature-differs",
        "Use an estimator with predict_proba, such as LogisticRegression.",
    )


@pytest.mark.parametrize(("threshold", "accuracy"), [(0.5, 1.0), (0.95, 0.5)])
def test_evaluate__the_threshold_is_the_rules_and_not_the_packages(
    scoring: Scoring, threshold: float, accuracy: float
) -> None:
    scoring.evaluate = f"{{data: holdout, id: id, label: malignant, positive: 1, threshold: {threshold}}}"
    verdict = scoring.verdict(a_package("careful", threshold=0.05))
    assert verdict.results[0].candidate == accuracy


def test_fetch__is_the_package_of_the_version(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    installed = fetch(project.production, project.store)
    assert (installed.version, installed.sha256) == ("v1.0.0", project.production.package_sha256)
    assert installed.package.info.name == "tumour"


def test_fetch__bytes_that_are_no_package(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    content = b"no package"
    project.store.put(content, digest(content))
    with pytest.raises(IntegrityError) as caught:
        fetch(replace(project.production, package_sha256=digest(content)), project.store)
    assert caught.value.code == "package-malformed"
