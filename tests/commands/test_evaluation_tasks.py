"""Scoring tasks with several classes, and with numbers: what base's rows hold, and what children answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.evaluation import evaluate
from mlci.commands.installed import Installed
from mlci.core.canonical import canonical_json
from mlci.core.config import read_config
from mlci.core.gates import Outcome, Verdict
from mlci.core.package import Input, Signature, build_package
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.formats.archive import digest, pack
from mlci.testing import MemoryData, MemoryTree, ScriptedModel, ScriptedPredictor, model_file
from tests.commands.builders import a_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.signature import ModelClass
    from mlci.testing.predictor import Columns

SIZE = Input(name="size", type="number")
STAGES = ("early", "late", "none")
CODES = np.arange(300) % 3


def rows_of(labels: list[str]) -> bytes:
    rows = [f"{row},{row},{label}" for row, label in enumerate(labels)]
    return "\n".join(["id,size,stage", *rows, ""]).encode()


def decides(wrong_every: int, *, columns: tuple[int, ...] = (0, 1, 2)) -> ScriptedModel:
    """Return a model that is wrong in every so many rows; COLUMNS is the order of its classes."""

    def probability(given: Columns) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        row = given["size"].astype(int)
        decided = np.where(row % wrong_every == 0, (row + 1) % 3, row % 3)
        return (np.eye(3) * 0.7 + 0.1)[decided][:, list(columns)]

    return ScriptedModel(("size",), probability, tuple(STAGES[place] for place in columns))


def predicts(error: float) -> ScriptedModel:
    def numbers(given: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        row = given["size"].astype(int)
        return np.asarray(row + error * (0.5 + row % 3 / 2) * np.where(row * 37 % 100 < 50, 1, -1), dtype=np.float64)

    return ScriptedModel(("size",), numbers, None, has_probabilities=False, estimator="Ridge")


@dataclass
class Scoring:
    """An evaluation set, a task, and models that a test may change."""

    place: Path
    task: str
    rows: bytes
    models: dict[str, ScriptedModel]
    gates: tuple[str, ...]
    more: str = ""
    """What `evaluate` says besides."""
    packaged: dict[str, str] = field(default_factory=dict)

    def package(self, name: str, classes: tuple[ModelClass, ...], version: str | None = None) -> Installed:
        signature = Signature(inputs=(SIZE,), classes=classes)
        package = build_package(model_file(name), "Any", signature, {"skops": "0.13.0"}, read_config(self.written()))
        return Installed(package, digest(pack(package.files)), version)

    def written(self) -> bytes:
        return a_configuration(
            *self.gates,
            model=f"{{name: tumour, task: {self.task}}}",
            evaluate="{data: holdout, id: id, label: stage" + self.more + "}",
            data="{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv}}",
        ).encode()

    def verdict(self, candidate: Installed, production: Installed | None = None) -> Verdict:
        rules, _ = effective(None, Side(read_config(self.written()), {}))
        return evaluate(
            rules,
            rows_from=MemoryTree({"data/holdout.csv": self.rows}),
            candidate=candidate,
            production=production,
            data=MemoryData(),
            predictor=ScriptedPredictor(self.models),
            objects=self.place,
        )


@pytest.fixture
def several(tmp_path: Path) -> Scoring:
    models = {"good": decides(20), "bad": decides(3), "reordered": decides(20, columns=(2, 0, 1))}
    gates = (
        "{metric: accuracy, require: not_worse, margin: 0.05}",
        "{metric: recall@late, require: floor, value: 0.8}",
    )
    return Scoring(tmp_path, "multiclass", rows_of([STAGES[code] for code in CODES]), models, gates)


@pytest.fixture
def regression(tmp_path: Path) -> Scoring:
    gates = ("{metric: mae, require: not_worse, margin: 5%}", "{metric: r2, require: floor, value: 0.9}")
    models = {"good": predicts(2.0), "bad": predicts(9.0)}
    return Scoring(tmp_path, "regression", rows_of([str(row) for row in range(300)]), models, gates)


def test_multiclass__both_models_on_the_same_rows(several: Scoring) -> None:
    verdict = several.verdict(several.package("good", STAGES), several.package("bad", STAGES, "v1.0.0"))
    assert verdict.outcome is Outcome.PASS
    assert [(round(each.candidate or 0, 3), round(each.production or 0, 3)) for each in verdict.results] == [
        (0.95, 0.667),
        (0.95, 1.0),
    ]


def test_multiclass__a_worse_candidate_fails(several: Scoring) -> None:
    verdict = several.verdict(several.package("bad", STAGES), several.package("good", STAGES, "v1.0.0"))
    assert [str(each.outcome) for each in verdict.results] == ["fail", "pass"]
    assert verdict.flips is not None
    assert len(verdict.flips.right_to_wrong) == 95


def test_multiclass__the_order_of_a_models_classes_does_not_matter(several: Scoring) -> None:
    other = several.package("reordered", ("none", "early", "late"), "v1.0.0")
    verdict = several.verdict(several.package("good", STAGES), other)
    assert [(each.candidate, each.production) for each in verdict.results] == [(0.95, 0.95), (0.95, 0.95)]


def test_multiclass__a_model_that_lacks_a_class_is_wrong_about_its_rows(several: Scoring) -> None:
    two = ScriptedModel(("size",), lambda given: np.full((len(given["size"]), 2), 0.5), ("early", "late"))
    several.models["two"] = two
    assert several.verdict(several.package("two", ("early", "late"))).results[0].candidate == pytest.approx(1 / 3)


def test_multiclass__numbers_as_classes(several: Scoring) -> None:
    several.rows = rows_of([str(code) for code in CODES])
    several.gates = ("{metric: recall@2, require: floor, value: 0.8}",)
    several.models["counted"] = ScriptedModel(("size",), decides(20).probability, (0, 1, 2))
    assert several.verdict(several.package("counted", (0, 1, 2))).results[0].candidate == 0.95


def test_multiclass__a_signature_that_lies_about_classes(several: Scoring) -> None:
    with pytest.raises(IntegrityError) as caught:
        several.verdict(several.package("good", ("late", "early", "none")))
    assert caught.value.code == "signature-differs"


def test_multiclass__production_that_names_its_classes_otherwise(several: Scoring) -> None:
    verdict = several.verdict(several.package("good", STAGES), several.package("bad", (0, 1, 2), "v1.0.0"))
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert verdict.not_comparable == "production v1.0.0 names its classes as a number, which they no longer are"


def test_task__production_that_solved_another(several: Scoring, regression: Scoring) -> None:
    before = regression.package("bad", (), "v1.0.0")
    verdict = several.verdict(several.package("good", STAGES), before)
    assert verdict.not_comparable == "production v1.0.0 solves a regression task, and the task is multiclass now"


def test_regression__both_models_on_the_same_rows(regression: Scoring) -> None:
    verdict = regression.verdict(regression.package("good", ()), regression.package("bad", (), "v1.0.0"))
    assert (verdict.outcome, verdict.positives, verdict.flips) == (Outcome.PASS, None, None)
    assert (verdict.results[0].candidate, verdict.results[0].production) == (2.0, 9.0)


def test_regression__a_model_that_answers_with_classes(regression: Scoring) -> None:
    regression.models["classes"] = decides(20)
    with pytest.raises(IntegrityError) as caught:
        regression.verdict(regression.package("classes", ()))
    assert (caught.value.code, caught.value.exit_code) == ("signature-differs", 4)


def test_regression__a_label_that_is_no_number(regression: Scoring) -> None:
    regression.rows = rows_of(["many", *map(str, range(1, 300))])
    with pytest.raises(RejectedError) as caught:
        regression.verdict(regression.package("good", ()))
    assert caught.value.code == "data-ill-typed"


def test_regression__a_label_that_is_missing(regression: Scoring) -> None:
    regression.rows = rows_of(["", *map(str, range(1, 300))])
    with pytest.raises(UsageError) as caught:
        regression.verdict(regression.package("good", ()))
    assert caught.value.code == "label-missing"


@pytest.mark.parametrize("label", ["1e31", "-1e200", "inf"])
def test_regression__a_label_of_which_no_loss_can_be_computed(label: str, regression: Scoring) -> None:
    regression.rows = rows_of(["0", label, *map(str, range(2, 300))])
    with pytest.raises(UsageError) as caught:
        regression.verdict(regression.package("good", ()))
    assert (caught.value.code, caught.value.problem) == (
        "label-beyond",
        "`stage` is no finite number, or beyond 1e+30, in row 2 of the evaluation set (1 in all)",
    )


def test_regression__a_prediction_of_which_no_loss_can_be_computed(regression: Scoring) -> None:
    regression.models["diverged"] = predicts(1e200)
    with pytest.raises(IntegrityError) as caught:
        regression.verdict(regression.package("diverged", ()))
    assert caught.value.code == "model-answers-beyond"


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "r2", "wape", "mape"])
def test_regression__predictions_as_large_as_they_may_be_are_judged(metric: str, regression: Scoring) -> None:
    regression.gates = (f"{{metric: {metric}, require: not_worse, margin: 5%}}",)
    regression.models["diverged"] = predicts(6e29)
    worse = regression.package("diverged", ())
    verdict = regression.verdict(worse, regression.package("good", (), "v1.0.0"))
    assert verdict.outcome is not Outcome.PASS
    assert canonical_json(verdict.results[0].to_dict())


def test_regression__a_prediction_that_is_no_number(regression: Scoring) -> None:
    regression.models["broken"] = predicts(float("nan"))
    with pytest.raises(IntegrityError) as caught:
        regression.verdict(regression.package("broken", ()))
    assert caught.value.code == "model-answers-nan"


def lists_of(relevance: list[int], weights: list[int] | None = None) -> bytes:
    """Return items, four of them a query."""
    counted = weights or [1] * len(relevance)
    rows = [
        f"{row},{row},{row // 4},{each},{weight}"
        for row, (each, weight) in enumerate(zip(relevance, counted, strict=True))
    ]
    return "\n".join(["id,size,query,stage,count", *rows, ""]).encode()


def puts_first(place: int) -> ScriptedModel:
    """Return a model that scores one of four items above the others."""

    def scores(given: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        row = given["size"].astype(int)
        return np.asarray((row % 4 == place) * 2.0 - row % 4 / 10, dtype=np.float64)

    return ScriptedModel(("size",), scores, None, has_probabilities=False, estimator="LGBMRanker")


@pytest.fixture
def ranking(tmp_path: Path) -> Scoring:
    gates = ("{metric: mrr, require: not_worse, margin: 0.05}", "{metric: ndcg@2, require: floor, value: 0.5}")
    models = {"good": puts_first(0), "bad": puts_first(3)}
    rows = lists_of([1 if row % 4 == (row // 4 % 10 == 0) else 0 for row in range(400)])
    return Scoring(tmp_path, "ranking", rows, models, gates, ", group: query")


def test_ranking__both_models_on_the_same_queries(ranking: Scoring) -> None:
    verdict = ranking.verdict(ranking.package("good", ()), ranking.package("bad", (), "v1.0.0"))
    assert (verdict.outcome, verdict.positives, verdict.flips, verdict.rows) == (Outcome.PASS, None, None, 400)
    first = verdict.results[0]
    assert (first.rows, first.candidate) == (100, 0.95)
    assert first.production == pytest.approx(0.9 / 2 + 0.1 / 3)


def test_ranking__a_worse_candidate_fails(ranking: Scoring) -> None:
    verdict = ranking.verdict(ranking.package("bad", ()), ranking.package("good", (), "v1.0.0"))
    assert str(verdict.results[0].outcome) == "fail"


def test_ranking__a_relevance_below_0(ranking: Scoring) -> None:
    ranking.rows = lists_of([0, 1, -1, 0] * 100)
    with pytest.raises(UsageError) as caught:
        ranking.verdict(ranking.package("good", ()))
    assert str(caught.value.problem) == "`stage` is negative in row 3 of the evaluation set (100 in all)"
    assert caught.value.code == "relevance-negative"


def test_ranking__items_of_a_query_that_count_differently(ranking: Scoring) -> None:
    ranking.more += ", weight: count"
    ranking.rows = lists_of([0, 1, 0, 0] * 100, [2, 2, 2, 2] * 99 + [1, 1, 3, 1])
    with pytest.raises(UsageError) as caught:
        ranking.verdict(ranking.package("good", ()))
    assert (caught.value.code, caught.value.cause) == (
        "weight-unusable",
        "In a ranking task `count` says how much a query counts.",
    )


def test_ranking__queries_that_count_differently(ranking: Scoring) -> None:
    ranking.more += ", weight: count"
    ranking.rows = lists_of([1, 0, 0, 0] * 50 + [0, 1, 0, 0] * 50, [3] * 200 + [1] * 200)
    result = ranking.verdict(ranking.package("good", ())).results[0]
    assert result.candidate == pytest.approx((3 * 1 + 1 * 0.5) / 4)


def test_task__a_candidate_that_solves_another_than_the_rules_judge(several: Scoring, regression: Scoring) -> None:
    with pytest.raises(UsageError) as caught:
        several.verdict(regression.package("good", ()))
    assert (caught.value.code, caught.value.exit_code) == ("task-differs", 2)
