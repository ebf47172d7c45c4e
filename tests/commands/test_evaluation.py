from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.evaluation import evaluate, fetch
from mlci.commands.installed import Installed
from mlci.core.config import read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from mlci.core.gates import Flips, Outcome, Verdict
from mlci.core.package import Input, Signature, build_package
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError
from mlci.formats.archive import digest, pack
from mlci.testing import MemoryData, MemoryTree, Question, ScriptedPredictor, model_file
from tests.commands.builders import (
    CONTRACT,
    MODELS,
    a_configuration,
    a_model,
    a_released_project,
    some_rows,
    with_classes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
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


def in_production(installed: Installed) -> Installed:
    return replace(installed, version="v1.0.0")


@dataclass
class Scoring:
    """An evaluation set in a commit, and who predicts it."""

    place: Path
    rows: bytes
    predictor: ScriptedPredictor
    evaluate: str = "{data: holdout, id: id, label: malignant, positive: 1}"
    gates: tuple[str, ...] = ("{metric: accuracy, require: not_worse, margin: 0.05}",)
    contract: str = CONTRACT

    def verdict(self, candidate: Installed, production: Installed | None = None) -> Verdict:
        configuration = read_config(a_configuration(*self.gates, evaluate=self.evaluate).encode())
        contract = read_model(self.contract.encode(), Contract, "cells.yaml")
        rules, _ = effective(None, Side(configuration, {"holdout": contract}))
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


def test_evaluate__rows_whose_ids_identify_people_have_no_names(scoring: Scoring) -> None:
    scoring.contract = CONTRACT.replace("unique: true", "unique: true, pii: true")
    flips = scoring.verdict(a_package("careful"), a_package("present")).flips
    assert flips == Flips((), ("…",) * 20, 0, 10, has_private_ids=True)


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
    assert (type(error), error.where) == (UsageError, "memory:mlci.yaml")
    assert error.hint is not None
    assert error.hint.endswith(" name one that it has: id, radius, texture, malignant")


def test_evaluate__a_label_that_is_mistyped(scoring: Scoring) -> None:
    scoring.evaluate = "{data: holdout, id: id, label: malignat, positive: 1}"
    assert scoring.refused(a_package("careful")).hint == "Did you mean `malignant`?"


@pytest.mark.parametrize(
    ("production", "reason"),
    [
        (
            a_package("present", RADIUS, Input(name="area", type="number")),
            "production v1.0.0 reads `area`, which the evaluation set no longer has",
        ),
        (
            a_package("present", *(Input(name=f"area-{place}", type="number") for place in range(7))),
            (
                "production v1.0.0 reads `area-0`, `area-1`, `area-2`, `area-3`, `area-4` and 2 more, which the "
                "evaluation set no longer has"
            ),
        ),
        (
            a_package("present", RADIUS, Input(name="texture", type="boolean")),
            "production v1.0.0 reads `texture` as true or false, which it no longer is in every row",
        ),
        (
            a_package("present", classes=(0, 2), positive=2),
            "production v1.0.0 finds the class `2`, and evaluate.positive is `1` now",
        ),
        (
            a_package("present", classes=(False, True), positive=True),
            "production v1.0.0 finds the class `true`, and evaluate.positive is `1` now",
        ),
    ],
    ids=["column", "columns", "type", "class", "class-of-another-type"],
)
def test_evaluate__a_production_that_the_rows_left_behind_is_not_compared_with(
    scoring: Scoring, production: Installed, reason: str
) -> None:
    scoring.gates = (*scoring.gates, "{metric: recall, require: floor, value: 0.5}")
    verdict = scoring.verdict(a_package("careful"), in_production(production))
    assert (verdict.outcome, verdict.not_comparable, verdict.flips) == (Outcome.NOT_COMPARABLE, reason, None)
    assert [(str(result.outcome), result.candidate) for result in verdict.results] == [
        ("not comparable", 1.0),
        ("pass", 1.0),
    ]
    assert len(scoring.predictor.asked) == 1


def test_evaluate__a_floor_decides_where_nothing_can_be_compared(scoring: Scoring) -> None:
    scoring.gates = (*scoring.gates, "{metric: recall, require: floor, value: 0.9}")
    production = a_package("present", RADIUS, Input(name="area", type="number"))
    assert scoring.verdict(a_package("careless"), production).outcome is Outcome.FAIL


def test_evaluate__production_may_read_a_column_as_another_type(scoring: Scoring) -> None:
    production = a_package("present", RADIUS, Input(name="texture", type="number"))
    verdict = scoring.verdict(a_package("careful"), production)
    assert (verdict.outcome, verdict.results[0].production) == (Outcome.PASS, 0.9)


def test_evaluate__rows_that_cannot_be_read_at_all_are_no_matter_of_comparing(scoring: Scoring) -> None:
    scoring.rows = some_rows(200, {7: "7,20,many,1"})
    error = scoring.refused(a_package("careful"))
    assert (type(error), error.code) == (RejectedError, "data-ill-typed")


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
    ("positive", "labels", "held"),
    [
        ("2", "01", "its values are 0, 1"),
        ("true", ("false", "false"), "its only value is false"),
        ("1", ("benign", "malignant"), "its values are benign, malignant"),
        ("true", ("benign", "malignant"), "its values are benign, malignant"),
        ("bad", ("good", "good"), "its only value is good"),
        ("1", "23456789", "its values are 2, 3, 4, 5, 6 and 3 more"),
    ],
)
def test_evaluate__a_positive_class_that_never_occurs(
    scoring: Scoring, positive: str, labels: tuple[str, ...], held: str
) -> None:
    scoring.rows = some_rows(200, {row: f"{row},20,3,{labels[row % len(labels)]}" for row in range(200)})
    scoring.evaluate = f"{{data: holdout, id: id, label: malignant, positive: {positive}}}"
    error = scoring.refused(a_package("careful"))
    assert (type(error), error.code, error.where) == (UsageError, "positive-absent", "memory:mlci.yaml")
    assert error.problem == f"no row of the evaluation set has `malignant = {positive}`; {held}"
    assert error.hint == ("evaluate: {…, label: malignant, positive: VALUE}, with a value as the column has it")
    assert error.public().problem == f"no row of the evaluation set has `malignant = {positive}`; …"
    assert scoring.predictor.asked == []


def test_evaluate__labels_that_identify_people_stand_in_no_error(scoring: Scoring) -> None:
    scoring.contract = CONTRACT.replace("enum: [0, 1]", "pii: true")
    scoring.evaluate = "{data: holdout, id: id, label: malignant, positive: 2}"
    assert scoring.refused(a_package("careful")).problem == (
        "no row of the evaluation set has `malignant = 2`; its values (2) are masked"
    )


def test_evaluate__only_the_positive_class_leaves_ranks_undecided(scoring: Scoring) -> None:
    scoring.rows = some_rows(200, {row: f"{row},20,{row // 2 % 10},1" for row in range(200)})
    scoring.gates = ("{metric: roc_auc, require: not_worse, margin: 0.05}", "{metric: recall, require: better}")
    verdict = scoring.verdict(a_package("careful"), a_package("present"))
    assert [(str(result.outcome), result.sentence) for result in verdict.results] == [
        ("inconclusive", "roc_auc needs rows of both classes; there is only one"),
        ("pass", "at least +0.070, wanted more than 0"),
    ]


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


def with_column(name: str, values: Sequence[object]) -> bytes:
    """Return the cells with one more column."""
    header, *rows = some_rows().decode().splitlines()
    more = [f"{row},{value}" for row, value in zip(rows, values, strict=True)]
    return "\n".join([f"{header},{name}", *more, ""]).encode()


SECTION = "{{data: holdout, id: id, label: malignant, positive: 1, {}: more}}"


def test_evaluate__rows_count_as_much_as_their_weight(scoring: Scoring) -> None:
    # The present model is wrong where the texture is 0: rows 0, 1, 20, 21, …
    scoring.rows = with_column("more", [8 if row // 2 % 10 == 0 else 2 for row in range(200)])
    scoring.evaluate = SECTION.format("weight")
    verdict = scoring.verdict(a_package("careful"), a_package("present"))
    (result,) = verdict.results
    assert result.candidate == 1.0
    assert result.production == pytest.approx(18 / 26)


def test_evaluate__rows_that_were_drawn_in_groups(scoring: Scoring) -> None:
    scoring.rows = with_column("more", [f"patient {row % 10}" for row in range(200)])
    scoring.evaluate = SECTION.format("group")
    verdict = scoring.verdict(a_package("tied"), a_package("present"))
    assert [result.sentence for result in verdict.results] == ["at least 20 groups are needed, there are 10"]
    scoring.rows = with_column("more", [f"patient {row % 99}" for row in range(200)])
    assert scoring.verdict(a_package("tied"), a_package("present")).results[0].interval is not None


@pytest.mark.parametrize("moments", [[f"2024-{1 + row // 28:02}-{1 + row % 28:02}" for row in range(200)], range(200)])
def test_evaluate__rows_along_time(scoring: Scoring, moments: Sequence[object]) -> None:
    scoring.rows = with_column("more", moments)
    scoring.evaluate = SECTION.format("time")
    verdict = scoring.verdict(a_package("tied"), a_package("present"))
    assert [result.sentence for result in verdict.results] == ["a time series needs at least 500 rows, there are 200"]


@pytest.mark.parametrize(
    ("key", "value", "code", "problem"),
    [
        ("weight", "-1", "weight-unusable", "the weight in row 3 of the evaluation set is negative"),
        ("weight", "1e13", "weight-unusable", "the weight in row 3 of the evaluation set is beyond 1e+12"),
        ("weight", "inf", "weight-unusable", "the weight in row 3 of the evaluation set is beyond 1e+12"),
        ("weight", "", "value-missing", "`more` is empty in row 3 of the evaluation set (1 in all)"),
        ("group", "", "value-missing", "`more` is empty in row 3 of the evaluation set (1 in all)"),
        ("time", "", "value-missing", "`more` is empty in row 3 of the evaluation set (1 in all)"),
    ],
)
def test_evaluate__a_row_that_nobody_can_count(scoring: Scoring, key: str, value: str, code: str, problem: str) -> None:
    scoring.rows = with_column("more", [value if row == 2 else "1" for row in range(200)])
    scoring.evaluate = SECTION.format(key)
    error = scoring.refused(a_package("careful"))
    assert (type(error), error.code, error.problem) == (UsageError, code, problem)


def test_evaluate__weights_that_are_all_0(scoring: Scoring) -> None:
    scoring.rows = with_column("more", [0] * 200)
    scoring.evaluate = SECTION.format("weight")
    assert scoring.refused(a_package("careful")).problem == "every row of the evaluation set has the weight 0"


@pytest.mark.parametrize("key", ["weight", "group", "time"])
def test_evaluate__a_column_of_the_section_that_is_not_there(scoring: Scoring, key: str) -> None:
    scoring.evaluate = SECTION.format(key)
    error = scoring.refused(a_package("careful"))
    assert (error.code, error.cause) == (
        "column-missing",
        f"evaluate.{key} names a column that data/holdout.csv does not have.",
    )


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
