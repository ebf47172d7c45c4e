"""`mlci.compare`: the statistics of the gates on arrays."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, log_loss, mean_pinball_loss, ndcg_score, roc_auc_score
from typing_extensions import override

import mlci
from mlci.core.statistics.delong import auc_difference
from mlci.core.statistics.tango import tango
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.notebook import Comparison
    from tests.conftest import Golden

RANDOM = np.random.default_rng(11)
ROWS = 600
Y = RANDOM.random(ROWS) < 0.4


def _scores(noise: float) -> np.ndarray[Any, Any]:
    return np.asarray(1 / (1 + np.exp(-np.where(Y, 1.5, -1.5) - noise * RANDOM.normal(size=ROWS))))


PRODUCTION, CANDIDATE = _scores(1.5), _scores(1.4)
SITE = np.array(["north", "south", "<b>east</b>"])[np.arange(ROWS) % 3]


def compared(**changed: Any) -> Comparison:  # noqa: ANN401 - any argument
    arguments: dict[str, Any] = {"y": Y, "production": PRODUCTION, "candidate": CANDIDATE}
    result: Comparison = mlci.compare(**arguments | changed)
    return result


def refused(**changed: Any) -> UsageError:  # noqa: ANN401 - any argument
    with pytest.raises(UsageError) as caught:
        compared(**changed)
    return caught.value


def test_compare__has_the_values_of_scikit_learn_and_the_bounds_of_delong() -> None:
    found = compared()["roc_auc"]
    assert found.production == pytest.approx(roc_auc_score(Y, PRODUCTION), abs=1e-12)
    assert found.candidate == pytest.approx(roc_auc_score(Y, CANDIDATE), abs=1e-12)
    expected = auc_difference(Y, CANDIDATE, PRODUCTION, 0.95)
    assert (found.difference, found.lower) == pytest.approx((expected.estimate, expected.lower), abs=1e-12)
    assert found.standard_error == pytest.approx(expected.standard_error, abs=1e-12)
    assert found.upper is not None
    assert found.upper >= expected.upper  # wider where what changed is skewed
    assert found.n == ROWS
    assert compared()["f1"].candidate == pytest.approx(f1_score(Y, CANDIDATE >= 0.5), abs=1e-12)


def test_compare__of_shares_has_the_bounds_of_tango() -> None:
    found = compared(metrics=["accuracy"], confidence=0.9)["accuracy"]
    before, now = (PRODUCTION >= 0.5) == Y, (CANDIDATE >= 0.5) == Y
    expected = tango(int((now & ~before).sum()), int((before & ~now).sum()), ROWS, 0.9)
    assert (found.difference, found.lower, found.upper) == (expected.estimate, expected.lower, expected.upper)


@pytest.mark.parametrize("form", [list, pd.Series, lambda values: np.asarray(values, dtype=np.float32)])
def test_compare__takes_whatever_holds_a_value_a_row(form: Any) -> None:  # noqa: ANN401 - any constructor
    given = compared(y=form(Y.astype(int)), candidate=form(CANDIDATE), production=form(PRODUCTION))
    assert given["f1"].to_dict() == compared()["f1"].to_dict()


def test_compare__is_a_mapping_of_metrics() -> None:
    result = compared(metrics=["f1", "brier", "f1"])
    assert (list(result), len(result), "f1" in result) == (["f1", "brier"], 2, True)
    with pytest.raises(KeyError, match="roc_auc was not compared; f1, brier were"):
        _ = result["roc_auc"]


def test_compare__the_same_answers_are_not_worse_and_of_no_difference() -> None:
    found = compared(candidate=PRODUCTION, margin=0.01)["roc_auc"]
    assert (found.difference, found.verdict) == (0.0, "pass")


def test_compare__what_is_proven_worse_fails() -> None:
    result = compared(candidate=1 - PRODUCTION)
    assert {each.verdict for each in result.metrics} == {"fail"}
    assert [str(gate.outcome) for gate in result.gates] == ["fail", "fail"]


def test_compare__weights_count_rows() -> None:
    twice = np.where(np.arange(ROWS) % 2, 2.0, 0.0)
    rows = np.flatnonzero(np.arange(ROWS) % 2)
    fewer = compared(y=Y[rows], production=PRODUCTION[rows], candidate=CANDIDATE[rows])
    assert compared(weights=twice)["f1"].candidate == pytest.approx(fewer["f1"].candidate)


def test_compare__groups_make_doubt_wider() -> None:
    alone, together = compared()["f1"], compared(groups=np.arange(ROWS) // 20)["f1"]
    assert together.difference == pytest.approx(alone.difference)
    assert together.standard_error != alone.standard_error


def test_compare__slices_are_masks_and_columns() -> None:
    result = compared(slices={"site": SITE, "late": np.arange(ROWS) > 300, "few": np.arange(ROWS) < 5})
    labels = {each.slice for each in result.slices}
    assert labels == {"site = north", "site = south", "site = <b>east</b>", "late", "few"}
    assert {each.verdict for each in result.slices if each.slice == "few"} == {"too small"}
    assert len(result.slices) == 10


def test_compare__as_a_frame_has_a_row_a_metric_and_slice() -> None:
    frame = compared(slices={"site": SITE}).to_frame()
    assert frame.shape == (8, 11)
    assert frame.loc[0, "metric"] == "roc_auc"


def test_compare__as_json_holds_all_of_it() -> None:
    content = compared(slices={"site": SITE}).to_dict()
    assert json.loads(json.dumps(content)) == content
    assert (content["schema"], content["rows"], len(content["slices"])) == ("mlci/comparison/1", ROWS, 6)


def test_compare__shows_itself(golden: Golden) -> None:
    results = [
        compared(margin=0.01),
        compared(candidate=1 - PRODUCTION, slices={"site": SITE, "few": np.arange(ROWS) < 5}),
        compared(y=Y[:40], production=PRODUCTION[:40], candidate=CANDIDATE[:40]),
    ]
    golden("terminal/notebook.txt", "\n\n\n".join(map(repr, results)) + "\n")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"title", "style", "scope"}


def test_compare__as_html_encodes_names() -> None:
    shown = compared(slices={'"><script>': SITE})._repr_html_()
    parser = _Tags()
    parser.feed(shown)
    assert parser.tags == {"p", "table", "thead", "tbody", "tr", "th", "td", "b"}
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("changed", "code", "part"),
    [
        ({"y": []}, "no-rows", "no rows"),
        ({"y": ["yes"] * ROWS}, "labels-unusable", "positive class"),
        ({"y": np.arange(ROWS)}, "labels-unusable", "positive class"),
        ({"y": np.where(Y, 1.0, np.nan)}, "labels-unusable", "positive class"),
        ({"candidate": CANDIDATE[1:]}, "rows-differ", "(599,)"),
        ({"candidate": np.column_stack([1 - CANDIDATE, CANDIDATE])}, "rows-differ", "(600, 2)"),
        ({"candidate": CANDIDATE * 2}, "probabilities-unusable", "no probabilities"),
        ({"production": np.full(ROWS, np.nan)}, "probabilities-unusable", "600 values"),
        ({"production": ["high"] * ROWS}, "values-unusable", "no numbers"),
        ({"weights": -np.ones(ROWS)}, "weight-unusable", "0 or more"),
        ({"weights": np.zeros(ROWS)}, "weight-unusable", "0 or more"),
        ({"metrics": ["roc_acu"]}, "metric-unknown", "roc_acu"),
        ({"metrics": "roc_auc"}, "metrics-unusable", "list of names"),
        ({"metrics": ["calibration_error"]}, "metric-unusable", "no interval"),
        ({"margin": -0.1}, "margin-unusable", "0 or more"),
        ({"margin": "2%"}, "margin-unusable", "'2%'"),
        ({"margin": 1.5}, "metric-unusable", "1.5% meant"),
        ({"confidence": 0.4}, "confidence-unusable", "above 0.5"),
        ({"threshold": 1.0}, "threshold-unusable", "below 1"),
        ({"slices": {"id": np.arange(ROWS)}}, "slices-too-many", "600 values"),
        ({"slices": {"id": [1]}}, "rows-differ", "slices['id']"),
        ({"groups": [1]}, "rows-differ", "groups"),
    ],
)
def test_compare__refuses_what_does_not_fit(changed: dict[str, Any], code: str, part: str) -> None:
    error = refused(**changed)
    assert (error.code, part in error.problem) == (code, True), error.problem


def test_compare__offers_the_nearest_metric() -> None:
    assert refused(metrics=["roc_acu"]).hint == "Did you mean `roc_auc`?"


@pytest.mark.parametrize("candidate", [np.full(ROWS, 0.5), np.full(ROWS, 0.0), np.ones(ROWS)])
def test_compare__of_constant_predictions_is_an_answer(candidate: np.ndarray[Any, Any]) -> None:
    assert compared(candidate=candidate)["roc_auc"].verdict == "fail"


def test_compare__of_one_class_is_inconclusive() -> None:
    found = compared(y=np.ones(ROWS, np.bool_))["roc_auc"]
    assert (found.verdict, found.difference, found.candidate) == ("inconclusive", None, None)


def test_compare__of_one_row_is_inconclusive() -> None:
    result = compared(y=[1], production=[0.5], candidate=[0.4], metrics=["accuracy"])
    assert result["accuracy"].verdict == "inconclusive"


CLASSES = np.array(["early", "late", "right"])
KIND = CLASSES[RANDOM.integers(0, 3, ROWS)]
OUTCOME = RANDOM.normal(size=ROWS)


def _table(noise: float) -> np.ndarray[Any, Any]:
    scores = np.exp(2.0 * (KIND[:, None] == CLASSES) + noise * RANDOM.normal(size=(ROWS, 3)))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


SEVERAL: dict[str, Any] = {"y": KIND, "production": _table(1.5), "candidate": _table(1.2), "task": "multiclass"}
NUMBERS: dict[str, Any] = {
    "y": OUTCOME,
    "production": OUTCOME + RANDOM.normal(size=ROWS),
    "candidate": OUTCOME + 0.9 * RANDOM.normal(size=ROWS),
    "task": "regression",
}


def test_compare__of_several_classes_has_the_values_of_scikit_learn() -> None:
    result = compared(**SEVERAL, metrics=["accuracy", "f1_macro", "roc_auc_ovr", "log_loss", "recall@late"])
    said = SEVERAL["candidate"]
    decided = CLASSES[said.argmax(axis=1)]
    expected = {
        "accuracy": (decided == KIND).mean(),
        "f1_macro": f1_score(KIND, decided, average="macro"),
        "roc_auc_ovr": roc_auc_score(KIND, said, multi_class="ovr"),
        "log_loss": log_loss(KIND, said),
        "recall@late": (decided == KIND)[KIND == "late"].mean(),
    }
    assert {name: each.candidate for name, each in result.items()} == pytest.approx(expected, abs=1e-12)
    assert result["recall@late"].n == int((KIND == "late").sum())
    assert list(compared(**SEVERAL)) == ["accuracy", "f1_macro", "log_loss"]


def test_compare__of_several_classes_takes_columns_in_any_order_and_classes_that_no_label_has() -> None:
    order = [2, 0, 1]
    wider = {name: np.column_stack([SEVERAL[name][:, order], np.zeros(ROWS)]) for name in ("production", "candidate")}
    result = compared(**SEVERAL | wider, classes=[*CLASSES[order], "never"], metrics=["f1_macro", "brier"])
    expected = compared(**SEVERAL, metrics=["f1_macro", "brier"])
    assert result["brier"].to_dict() == expected["brier"].to_dict()
    assert result["f1_macro"].difference == pytest.approx(expected["f1_macro"].difference, abs=1e-12)


@pytest.mark.parametrize("task", ["regression", "forecast"])
def test_compare__of_numbers_has_the_values_of_scikit_learn(task: str) -> None:
    result = compared(**NUMBERS | {"task": task})
    errors = np.abs(NUMBERS["candidate"] - OUTCOME)
    assert (result["mae"].candidate, result["rmse"].candidate) == pytest.approx(
        (errors.mean(), np.sqrt((errors**2).mean())), abs=1e-12
    )
    gained = np.abs(NUMBERS["production"] - OUTCOME) - errors
    assert result["mae"].difference == pytest.approx(gained.mean(), abs=1e-12)
    assert result["mae"].standard_error == pytest.approx(gained.std(ddof=1) / np.sqrt(ROWS), rel=1e-9)
    assert " positive" not in str(result).splitlines()[0]


def test_compare__of_a_quantile() -> None:
    found = compared(**NUMBERS | {"task": "quantile"}, metrics=["pinball@0.9"])["pinball@0.9"]
    assert found.candidate == pytest.approx(mean_pinball_loss(OUTCOME, NUMBERS["candidate"], alpha=0.9), abs=1e-12)


LEVELS = (0.1, 0.5, 0.9)
SPREAD: dict[str, Any] = {
    "y": OUTCOME,
    "production": NUMBERS["production"][:, None] + np.array([-3.0, 0.0, 3.0]),
    "candidate": NUMBERS["candidate"][:, None] + np.array([-1.0, 0.0, 1.0]),
    "task": "quantile",
    "classes": LEVELS,
}


def test_compare__of_several_quantiles_by_their_crps() -> None:
    result = compared(**SPREAD)
    assert list(result) == ["crps"]
    each = [
        mean_pinball_loss(OUTCOME, SPREAD["candidate"][:, place], alpha=level) for place, level in enumerate(LEVELS)
    ]
    assert result["crps"].candidate == pytest.approx(2 * np.mean(each), abs=1e-12)
    one = compared(**SPREAD, metrics=["pinball@0.9"])["pinball@0.9"]
    assert one.candidate == pytest.approx(each[2], abs=1e-12)


def test_compare__of_lists_is_a_mean_over_queries() -> None:
    lists = {"y": OUTCOME > 0, "production": NUMBERS["production"], "candidate": NUMBERS["candidate"]}
    queries = np.arange(ROWS) // 5
    result = compared(**lists, task="ranking", groups=queries, metrics=["ndcg@3", "mrr"])
    expected = ndcg_score(lists["y"].reshape(-1, 5), NUMBERS["candidate"].reshape(-1, 5), k=3)
    assert result["ndcg@3"].candidate == pytest.approx(expected, abs=1e-12)
    assert result["ndcg@3"].n == ROWS // 5
    assert list(compared(**lists, task="ranking", groups=queries)) == ["ndcg", "mrr"]


def test_compare__along_time_goes_by_stretches_whatever_the_order_of_the_rows() -> None:
    times, shuffled = np.arange(ROWS), RANDOM.permutation(ROWS)
    along = compared(**NUMBERS, times=times)["mae"]
    arrays = {name: NUMBERS[name][shuffled] for name in ("y", "production", "candidate")}
    again = compared(**NUMBERS | arrays, times=times[shuffled])["mae"]
    assert (along.lower, along.upper) == pytest.approx((again.lower, again.upper), abs=1e-12)
    assert along.standard_error != compared(**NUMBERS)["mae"].standard_error


OF_LABELS = np.random.default_rng(8)
TABLE = np.column_stack([each == KIND for each in CLASSES]) | (OF_LABELS.random((ROWS, 3)) < 0.1)
LABELS: dict[str, Any] = {
    "y": TABLE,
    "production": np.clip(0.7 * TABLE + OF_LABELS.uniform(-0.4, 0.4, (ROWS, 3)) + 0.15, 0, 1),
    "candidate": np.clip(0.7 * TABLE + OF_LABELS.uniform(-0.3, 0.3, (ROWS, 3)) + 0.15, 0, 1),
    "task": "multilabel",
}


def test_compare__of_several_labels_has_the_values_of_scikit_learn() -> None:
    result = compared(**LABELS, classes=CLASSES, metrics=["f1_micro", "roc_auc_macro", "f1@late"])
    decided = LABELS["candidate"] >= 0.5
    expected = {
        "f1_micro": f1_score(TABLE, decided, average="micro"),
        "roc_auc_macro": roc_auc_score(TABLE, LABELS["candidate"]),
        "f1@late": f1_score(TABLE, decided, average=None)[list(CLASSES).index("late")],
    }
    assert {name: each.candidate for name, each in result.items()} == pytest.approx(expected, abs=1e-12)
    assert list(compared(**LABELS)) == ["exact_match", "hamming_loss", "f1_micro"]


def test_compare__of_several_labels_takes_their_names_from_a_data_frame() -> None:
    frame = pd.DataFrame(TABLE.astype(int), columns=["a", "b", "c"])
    assert compared(**LABELS | {"y": frame}, metrics=["recall@b"])["recall@b"].n == int(TABLE[:, 1].sum())
    assert compared(**LABELS, metrics=["recall@2"])["recall@2"].n == int(TABLE[:, 2].sum())


NO_CLASS = "y holds 'right', which is none of the classes"
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"task": "multi"}, "task-unknown", "there is no task 'multi'"),
    (SEVERAL | {"metrics": ["mae"]}, "metric-unknown", "a multiclass task has no mae"),
    (SEVERAL | {"metrics": ["f1_makro"]}, "metric-unknown", "there is no metric 'f1_makro'"),
    (SEVERAL | {"metrics": ["recall@layt"]}, "class-unknown", "there is no class 'layt'"),
    (SEVERAL | {"classes": ["early", "late", "odd"]}, "classes-unusable", NO_CLASS),
    (SEVERAL | {"classes": [*CLASSES, "late"]}, "classes-unusable", "a class stands twice"),
    ({"classes": ["a"]}, "classes-unusable", "a binary task has no list of classes"),
    (
        SEVERAL | {"candidate": SEVERAL["candidate"][:, :2]}, "rows-differ",
        "candidate is of shape (600, 2); wanted is (600, 3): a row for each of y, a column a class",
    ),
    (
        SEVERAL | {"production": SEVERAL["production"] * 2}, "probabilities-unusable",
        "production holds 600 rows whose values are no probabilities that sum to one; the first is in row 0",
    ),
    (SEVERAL | {"y": []}, "no-rows", "there are no rows to compare on"),
    (NUMBERS | {"y": []}, "no-rows", "there are no rows to compare on"),
    (
        NUMBERS | {"candidate": np.where(np.arange(ROWS) == 3, np.nan, OUTCOME)}, "values-unusable",
        "candidate holds 1 values that are not finite; the first is in row 3",
    ),
    (
        NUMBERS | {"candidate": np.where(np.arange(ROWS) == 3, 1e200, OUTCOME)}, "values-unusable",
        "candidate holds 1 values beyond 1e+30; the first is in row 3",
    ),
    (NUMBERS | {"y": 1e31 + OUTCOME}, "values-unusable", "y holds 600 values beyond 1e+30; the first is in row 0"),
    (
        NUMBERS | {"weights": np.full(ROWS, 1e308)}, "weight-unusable",
        "a weight is 0 or more, at most 1e+12, and not 0 in every row",
    ),
    (NUMBERS | {"task": "ranking"}, "queries-missing", "which items are of one query?"),
    (
        NUMBERS | {"task": "ranking", "groups": SITE, "y": OUTCOME - OUTCOME.max()}, "relevance-negative",
        "y says how relevant an item is: 0 for irrelevant, more for better",
    ),
    (
        NUMBERS | {"task": "ranking", "groups": SITE, "y": np.abs(OUTCOME), "weights": 1 + np.arange(ROWS)},
        "weight-unusable", "the weight in row 0 is another than that of its query",
    ),
    (LABELS | {"y": KIND}, "labels-unusable",
     "y is of shape (600,); wanted is a row for each row and a column for each of two labels or more"),
    (LABELS | {"y": TABLE[:, :1]}, "labels-unusable",
     "y is of shape (600, 1); wanted is a row for each row and a column for each of two labels or more"),
    (LABELS | {"y": TABLE * 2}, "labels-unusable",
     "y says of each row and label whether the row has it: true or false, or 1 or 0"),
    (LABELS | {"y": TABLE[:0]}, "no-rows", "there are no rows to compare on"),
    (LABELS | {"classes": ["a", "a", "b"]}, "classes-unusable", "a label stands twice"),
    (LABELS | {"classes": ["a"]}, "classes-unusable", "y has 3 columns"),
    (LABELS | {"metrics": ["f1@gossip"]}, "class-unknown", "there is no class 'gossip'"),
    (
        LABELS | {"candidate": LABELS["candidate"][:, 0]}, "rows-differ",
        "candidate is of shape (600,); wanted is (600, 3): a row for each of y, a column a label",
    ),
    (
        LABELS | {"candidate": np.where(np.arange(ROWS * 3).reshape(-1, 3) == 21, np.nan, 0.5)},
        "probabilities-unusable",
        "candidate holds 1 rows with values that are no probabilities; the first is in row 7",
    ),
    (NUMBERS | {"task": "quantile"}, "metrics-unusable", "which quantile do the models predict?"),
    (
        NUMBERS | {"task": "quantile", "metrics": ["crps"]}, "metric-unusable",
        "crps is of several quantiles, and the models answer one",
    ),
    (
        SPREAD | {"metrics": ["pinball@0.8"]}, "metric-unusable",
        "pinball@0.8 is of no quantile that the models answer",
    ),
    (
        SPREAD | {"candidate": np.where(np.arange(ROWS * 3).reshape(-1, 3) == 21, np.nan, 0.5)}, "values-unusable",
        "candidate holds 1 values that are not finite; the first is in row 7",
    ),
    (
        SPREAD | {"classes": None}, "classes-unusable",
        "which quantiles do the columns hold? Levels between 0 and 1 that rise, as numbers",
    ),
    (
        SPREAD | {"classes": (0.1, 0.9)}, "rows-differ",
        "production is of shape (600, 3); wanted is (600, 2): a row for each of y, a column a quantile",
    ),
    (NUMBERS | {"groups": SITE, "times": SITE}, "sampling-unusable", "groups and times exclude each other"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "code", "problem"), WRONG, ids=[f"{code} {problem}" for _, code, problem in WRONG])
def test_compare__refuses_what_does_not_fit_the_task(changed: dict[str, Any], code: str, problem: str) -> None:
    error = refused(**changed)
    assert (error.code, error.problem) == (code, problem)


@pytest.mark.slow
def test_compare__of_ten_million_rows() -> None:
    random, rows = np.random.default_rng(1), 10_000_000
    truth = random.random(rows) < 0.3
    before, now = (
        1 / (1 + np.exp(-(np.where(truth, 1, -1) + noise * random.normal(size=rows)))) for noise in (2.0, 1.99)
    )
    result = mlci.compare(truth, before, now, metrics=["roc_auc", "accuracy", "log_loss"], margin=0.001)
    assert {each.verdict for each in result.values()} == {"pass"}
    assert {each.n for each in result.values()} == {rows}
    assert result["roc_auc"].difference == pytest.approx(0.0008, abs=0.0004)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("score@help", "the mean of scores that are handed in"),
        ("loss@help", "the mean of scores that are handed in"),
        ("higher@profit", "a function that evaluate.metrics names"),
        ("size", "what a model costs"),
        ("latency", "what a model costs"),
    ],
)
def test_compare__a_metric_that_no_answers_have_is_refused(name: str, what: str) -> None:
    said = np.array([0.9, 0.2] * 50)
    with pytest.raises(UsageError) as caught:
        mlci.compare(np.array([1, 0] * 50), said, said, metrics=[name])
    assert caught.value.problem == f"{name} is {what}, and arrays of answers say nothing of it"
