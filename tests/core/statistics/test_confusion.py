from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn import metrics as reference
from sklearn.exceptions import UndefinedMetricWarning
from statsmodels.stats.inter_rater import cohens_kappa

from mlci.core.statistics.confusion import (
    Confusion,
    accuracy,
    balanced_accuracy,
    f_score,
    kappa,
    lift,
    matthews,
    precision,
    recall,
    specificity,
)
from mlci.core.statistics.estimate import Estimate

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Metric = Callable[[Confusion], Estimate | None]
Reference = Callable[[Codes, Codes, Floats | None], float]

CLASSES = 3
EXAMPLES = 30  # of each of the metrics


@dataclass(frozen=True)
class Rows:
    labels: Codes
    decisions: Codes
    weights: Floats | None

    @property
    def confusion(self) -> Confusion:
        return Confusion.of(self.labels, self.decisions, CLASSES, self.weights)


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    """Up to 40 rows of up to three classes; a class may be missing among the labels, the decisions, or both."""
    n = draw(st.integers(1, 40))
    codes = hnp.arrays(np.int64, n, elements=st.integers(0, draw(st.integers(1, CLASSES)) - 1))
    weights = hnp.arrays(np.float64, n, elements=st.floats(0.01, 100))
    return Rows(draw(codes), draw(codes), draw(st.none() | weights))


def drawn_rows(n: int = 600, seed: int = 5, *, weighted: bool = False) -> Rows:
    random = np.random.default_rng(seed)
    labels = random.choice(CLASSES, size=n, p=[0.5, 0.3, 0.2])
    decisions = np.where(random.random(n) < 0.7, labels, random.integers(0, CLASSES, n))
    return Rows(labels, decisions, random.uniform(0.2, 3.0, n) if weighted else None)


def table(counts: list[list[int]]) -> Confusion:
    """The rows of a published table of counts."""
    cells = np.array(counts)
    label, decision = np.indices(cells.shape)
    return Confusion.of(
        np.repeat(label.ravel(), cells.ravel()), np.repeat(decision.ravel(), cells.ravel()), len(counts)
    )


def value_of(metric: Metric, confusion: Confusion) -> float:
    estimate = metric(confusion)
    return math.nan if estimate is None else estimate.value


def influence_of(metric: Metric, confusion: Confusion) -> Floats:
    estimate = metric(confusion)
    assert estimate is not None
    return estimate.influence


def by_reference(metric: Reference, given_rows: Rows) -> float:
    """What scikit-learn answers, or NaN where it warns that the metric has no value."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        value = float(metric(given_rows.labels, given_rows.decisions, given_rows.weights))
    ill_defined = [warning for warning in told if issubclass(warning.category, UndefinedMetricWarning)]
    return math.nan if ill_defined else value


def reference_accuracy(labels: Codes, decisions: Codes, weights: Floats | None) -> float:
    return float(reference.accuracy_score(labels, decisions, sample_weight=weights))


def reference_matthews(labels: Codes, decisions: Codes, weights: Floats | None) -> float:
    """Matthews by scikit-learn, which calls it 0, without a warning, where a side knows one class only."""
    one_class = min(np.unique(labels).size, np.unique(decisions).size) == 1
    return math.nan if one_class else float(reference.matthews_corrcoef(labels, decisions, sample_weight=weights))


def reference_specificity(labels: Codes, decisions: Codes, weights: Floats | None) -> float:
    return float(reference.recall_score(labels != 0, decisions != 0, sample_weight=weights))


def reference_balanced(labels: Codes, decisions: Codes, weights: Floats | None) -> float:
    """Balanced accuracy by its definition, the plain mean of the recalls of the classes that have rows."""
    present = np.unique(labels)
    recalls = reference.recall_score(labels, decisions, labels=present, average=None, sample_weight=weights)
    return float(np.mean(recalls))


def reference_kappa(disagreement: str | None) -> Reference:
    return lambda labels, decisions, weights: reference.cohen_kappa_score(
        labels, decisions, labels=range(CLASSES), weights=disagreement, sample_weight=weights
    )


def reference_lift(labels: Codes, decisions: Codes, weights: Floats | None) -> float:
    """Lift by its definition: precision over the share of the class, which needs a row that is labelled so."""
    if not (labels == 0).any():
        return math.nan
    return reference_class(reference.precision_score)(labels, decisions, weights) / float(
        np.average(labels == 0, weights=weights)
    )


def reference_class(score: Callable[..., Floats], **options: object) -> Reference:
    return lambda labels, decisions, weights: float(
        score(labels, decisions, labels=[0], average=None, sample_weight=weights, **options)[0]
    )


def reference_average(score: Callable[..., float], average: str, **options: object) -> Reference:
    return lambda labels, decisions, weights: score(
        labels, decisions, average=average, sample_weight=weights, **options
    )


METRICS: dict[str, tuple[Metric, Reference]] = {
    "accuracy": (accuracy, reference_accuracy),
    "recall": (partial(recall, of=0), reference_class(reference.recall_score)),
    "recall macro": (partial(recall, of="macro"), reference_average(reference.recall_score, "macro")),
    "precision": (partial(precision, of=0), reference_class(reference.precision_score)),
    "precision macro": (partial(precision, of="macro"), reference_average(reference.precision_score, "macro")),
    "precision micro": (partial(precision, of="micro"), reference_average(reference.precision_score, "micro")),
    "precision weighted": (partial(precision, of="weighted"), reference_average(reference.precision_score, "weighted")),
    "f1": (partial(f_score, of=0), reference_class(reference.f1_score)),
    "f2": (partial(f_score, of=0, beta=2.0), reference_class(reference.fbeta_score, beta=2.0)),
    "f1 macro": (partial(f_score, of="macro"), reference_average(reference.f1_score, "macro")),
    "f1 micro": (partial(f_score, of="micro"), reference_average(reference.f1_score, "micro")),
    "f1 weighted": (partial(f_score, of="weighted"), reference_average(reference.f1_score, "weighted")),
    "f0.5 macro": (partial(f_score, of="macro", beta=0.5), reference_average(reference.fbeta_score, "macro", beta=0.5)),
    "specificity": (partial(specificity, of=0), reference_specificity),
    "lift": (partial(lift, of=0), reference_lift),
    "balanced accuracy": (balanced_accuracy, reference_balanced),
    "matthews": (matthews, reference_matthews),
    "kappa": (kappa, reference_kappa(None)),
    "kappa linear": (partial(kappa, disagreement="linear"), reference_kappa("linear")),
    "kappa quadratic": (partial(kappa, disagreement="quadratic"), reference_kappa("quadratic")),
}  # fmt: skip
NAMES = list(METRICS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(given_rows=rows())
def test_value__is_that_of_scikit_learn_or_none_where_it_warns(name: str, given_rows: Rows) -> None:
    metric, expected = METRICS[name]

    np.testing.assert_allclose(
        value_of(metric, given_rows.confusion), by_reference(expected, given_rows), rtol=0, atol=1e-12, equal_nan=True
    )


@given(given_rows=rows())
def test_balanced_accuracy__is_that_of_scikit_learn(given_rows: Rows) -> None:
    # Of what scikit-learn warns: a decided class that no row has, and a single class.
    assume(set(given_rows.decisions) <= set(given_rows.labels) and len(set(given_rows.labels)) > 1)
    expected = reference.balanced_accuracy_score(
        given_rows.labels, given_rows.decisions, sample_weight=given_rows.weights
    )

    assert value_of(balanced_accuracy, given_rows.confusion) == pytest.approx(expected, rel=0, abs=1e-12)


@given(given_rows=rows())
def test_weighted_recall__is_the_accuracy(given_rows: Rows) -> None:
    weighted = recall(given_rows.confusion, "weighted")

    assert weighted is not None
    assert weighted.value == pytest.approx(value_of(accuracy, given_rows.confusion), abs=1e-12)
    np.testing.assert_allclose(weighted.influence, influence_of(accuracy, given_rows.confusion), atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_influence__is_the_derivative_in_the_weight_of_a_row(name: str, weighted: bool) -> None:  # noqa: FBT001 -- a case of the test, not a switch
    metric, _ = METRICS[name]
    given_rows = drawn_rows(40, weighted=weighted)
    weights = np.ones(40) if given_rows.weights is None else given_rows.weights
    step = 1e-5

    def moved(row: int, by: float) -> float:
        changed = weights.copy()
        changed[row] += by
        return value_of(metric, Rows(given_rows.labels, given_rows.decisions, changed).confusion)

    slopes = [(moved(row, step) - moved(row, -step)) / (2 * step) for row in range(40)]
    np.testing.assert_allclose(
        influence_of(metric, given_rows.confusion), np.array(slopes) * weights.sum(), rtol=0, atol=1e-7
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(given_rows=rows())
def test_influence__has_mean_zero(name: str, given_rows: Rows) -> None:
    metric, _ = METRICS[name]
    estimate = metric(given_rows.confusion)
    assume(estimate is not None)
    assert estimate is not None

    assert estimate.influence.shape == given_rows.labels.shape
    scale = 1 + np.abs(estimate.influence).max()
    assert np.average(estimate.influence, weights=given_rows.weights) == pytest.approx(0, abs=1e-12 * scale)


@pytest.mark.parametrize("name", NAMES)
def test_standard_error__is_that_of_the_brute_force_jackknife(name: str) -> None:
    metric, _ = METRICS[name]
    given_rows = drawn_rows(400)
    n = given_rows.labels.size

    left_out = [
        value_of(metric, given_rows.confusion.subset(np.arange(n) != row)) for row in range(n)
    ]  # Quenouille and Tukey's: one row left out at a time
    expected = math.sqrt((n - 1) / n * float(np.square(np.array(left_out) - np.mean(left_out)).sum()))

    standard_error = influence_of(metric, given_rows.confusion).std() / math.sqrt(n)
    assert standard_error == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(given_rows=rows(), data=st.data())
def test_weights__of_whole_numbers_are_repeated_rows(name: str, given_rows: Rows, data: st.DataObject) -> None:
    metric, _ = METRICS[name]
    times = data.draw(hnp.arrays(np.int64, given_rows.labels.size, elements=st.integers(0, 4)))
    weighted = Rows(given_rows.labels, given_rows.decisions, times.astype(np.float64))
    repeated = Rows(np.repeat(given_rows.labels, times), np.repeat(given_rows.decisions, times), None)

    np.testing.assert_allclose(
        value_of(metric, weighted.confusion), value_of(metric, repeated.confusion), rtol=0, atol=1e-15, equal_nan=True
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(given_rows=rows(), data=st.data())
def test_subset__is_the_metric_of_those_rows(name: str, given_rows: Rows, data: st.DataObject) -> None:
    metric, _ = METRICS[name]
    mask = data.draw(hnp.arrays(np.bool_, given_rows.labels.size))
    weights = None if given_rows.weights is None else given_rows.weights[mask]
    alone = metric(Rows(given_rows.labels[mask], given_rows.decisions[mask], weights).confusion)
    subset = metric(given_rows.confusion.subset(mask))

    assert (subset is None) == (alone is None)
    np.testing.assert_array_equal(parts(subset), parts(alone))


def parts(estimate: Estimate | None) -> Floats:
    return np.zeros(0) if estimate is None else np.append(estimate.influence, estimate.value)


def test_kappa__of_fleiss_cohen_and_everitt() -> None:
    # Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72, 323-327: two raters, 200 patients.
    estimate = kappa(table([[106, 10, 4], [22, 28, 10], [2, 12, 6]]))

    assert estimate is not None
    assert estimate.value == pytest.approx(0.429, abs=5e-4)
    assert estimate.influence.var() / 200 == pytest.approx(0.002885, abs=5e-7)


@pytest.mark.parametrize(
    "counts", [[[106, 10, 4], [22, 28, 10], [2, 12, 6]], [[0, 4, 1], [0, 8, 0], [0, 1, 5]], [[45, 15], [25, 15]]]
)
@pytest.mark.parametrize(
    ("disagreement", "theirs"), [("equal", None), ("linear", "linear"), ("quadratic", "quadratic")]
)
def test_kappa__has_the_standard_error_of_statsmodels(
    counts: list[list[int]], disagreement: str, theirs: str | None
) -> None:
    confusion = table(counts)
    expected = cohens_kappa(np.array(counts), wt=theirs)

    estimate = kappa(confusion, disagreement)  # type: ignore[arg-type]  # the parameters are literals of it

    assert estimate is not None
    assert estimate.value == pytest.approx(expected.kappa, abs=1e-12)
    assert estimate.influence.std() / math.sqrt(estimate.influence.size) == pytest.approx(expected.std_kappa, rel=1e-9)


def test_matthews__of_two_classes_has_the_variance_of_the_phi_coefficient() -> None:
    # Bishop, Fienberg and Holland (1975), Discrete Multivariate Analysis, chapter 11: the asymptotic variance of phi.
    confusion = table([[30, 10], [5, 55]])
    shares = confusion.counts / 100
    labelled, decided = shares.sum(axis=1), shares.sum(axis=0)
    lean = (
        (labelled[0] - labelled[1]) / math.sqrt(labelled.prod()),
        (decided[0] - decided[1]) / math.sqrt(decided.prod()),
    )
    phi = (shares[0, 0] * shares[1, 1] - shares[0, 1] * shares[1, 0]) / math.sqrt(labelled.prod() * decided.prod())
    variance = 1 - phi**2 + phi * (1 + phi**2 / 2) * lean[0] * lean[1] - 0.75 * phi**2 * (lean[0] ** 2 + lean[1] ** 2)

    estimate = matthews(confusion)

    assert estimate is not None
    assert estimate.value == pytest.approx(phi, abs=1e-14)
    assert estimate.influence.var() == pytest.approx(variance, rel=1e-12)


def test_share__has_the_binomial_variance() -> None:
    # 30 of 40 rows of class 0 found among 100 rows: R(1 - R) / 40, as if the number of rows of the class were fixed.
    estimate = recall(table([[30, 10], [5, 55]]), of=0)

    assert estimate is not None
    assert estimate.value == 0.75
    assert estimate.influence.var() / 100 == pytest.approx(0.75 * 0.25 / 40, rel=1e-12)
    np.testing.assert_allclose(np.unique(estimate.influence), [-1.875, 0.0, 0.625], atol=1e-15)


def test_perfect__is_one_without_influence() -> None:
    confusion = table([[3, 0, 0], [0, 4, 0], [0, 0, 5]])

    for metric in (of for name, (of, _) in METRICS.items() if name != "lift"):  # whose best value varies with the rows
        estimate = metric(confusion)
        assert estimate is not None
        assert estimate.value == 1.0
        np.testing.assert_allclose(estimate.influence, np.zeros(12), atol=1e-15)


def test_lift__of_perfect_decisions_is_as_unsure_as_the_share_of_the_class() -> None:
    # 1/π by the delta method: the variance is that of a share, π(1 - π)/n, over π⁴.
    estimate = lift(table([[20, 0], [0, 80]]), of=0)

    assert estimate is not None
    assert estimate.value == pytest.approx(5.0, abs=1e-14)
    assert estimate.influence.var() == pytest.approx(0.2 * 0.8 / 0.2**4, rel=1e-12)


def test_matthews__keeps_its_digits_where_one_row_in_a_million_differs() -> None:
    labels = np.zeros(1_000_000, dtype=np.int64)
    labels[:2] = 1
    decisions = np.zeros(1_000_000, dtype=np.int64)
    decisions[0] = 1

    estimate = matthews(Confusion.of(labels, decisions, 2))

    assert estimate is not None
    # TP 1, FN 1, FP 0, TN 999,998, so MCC² = 999998² / (1 · 2 · 999998 · 999999).
    assert estimate.value == pytest.approx(math.sqrt(999_998 / (2 * 999_999)), rel=1e-15)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_weights__far_from_one_leave_matthews_and_kappa_as_they_are(scale: float) -> None:
    given_rows = drawn_rows(50)
    scaled = Rows(given_rows.labels, given_rows.decisions, np.full(50, scale))

    assert value_of(matthews, scaled.confusion) == pytest.approx(value_of(matthews, given_rows.confusion), rel=1e-12)
    assert value_of(kappa, scaled.confusion) == pytest.approx(value_of(kappa, given_rows.confusion), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weights", [None, []])
def test_no_rows__have_no_value(name: str, weights: list[float] | None) -> None:
    metric, _ = METRICS[name]
    nothing = np.zeros(0, dtype=np.int64)

    assert metric(Confusion.of(nothing, nothing, CLASSES, None if weights is None else np.array(weights))) is None


@pytest.mark.parametrize("name", NAMES)
def test_rows_without_weight__have_no_value(name: str) -> None:
    metric, _ = METRICS[name]
    given_rows = drawn_rows(9)

    assert metric(Rows(given_rows.labels, given_rows.decisions, np.zeros(9)).confusion) is None


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        pytest.param(partial(precision, of=1), "class 1 was never decided", id="precision"),
        pytest.param(partial(precision, of="macro"), "one of its classes has none", id="macro precision"),
        pytest.param(partial(precision, of="weighted"), "one of its classes has none", id="weighted precision"),
        pytest.param(partial(recall, of=2), "class 2 has no row", id="recall"),
        pytest.param(matthews, "the decisions do not vary", id="matthews"),
    ],
)
def test_zero_over_zero__has_no_value(metric: Metric, why: str) -> None:
    always_zero = Confusion.of(np.array([0, 0, 1]), np.array([0, 0, 0]), CLASSES)

    assert metric(always_zero) is None, why


def test_one_class_only__has_no_kappa() -> None:
    same = np.zeros(5, dtype=np.int64)

    assert kappa(Confusion.of(same, same, 2)) is None
    assert specificity(Confusion.of(same, same, 2), of=0) is None


def test_f_score__is_zero_where_nothing_was_found() -> None:
    estimate = f_score(Confusion.of(np.array([0, 0, 1]), np.array([0, 0, 0]), 2), of=1)

    assert estimate is not None
    assert estimate.value == 0.0
    np.testing.assert_array_equal(estimate.influence, np.zeros(3))


def test_booleans__are_codes() -> None:
    confusion = Confusion.of(np.array([True, False, True]), np.array([True, True, False]), 2)

    np.testing.assert_array_equal(confusion.counts, [[0, 1], [1, 1]])


def codes(*values: float, kind: type[np.generic] = np.int64) -> NDArray[np.generic]:
    return np.array(values, dtype=kind)


@pytest.mark.parametrize(
    ("labels", "decisions", "weights", "sentence"),
    [
        pytest.param(codes(0, 1), codes(0), None, "as many decisions as labels, not 1 and 2", id="lengths"),
        pytest.param(codes(0, 2), codes(0, 1), None, "labels are codes from 0 to 1, not from 0 to 2", id="too large"),
        pytest.param(codes(0, 1), codes(-1, 1), None, "decisions are codes from 0 to 1, not from -1", id="negative"),
        pytest.param(codes(0, 1, kind=np.float64), codes(0, 1), None, "labels are one whole code", id="not whole"),
        pytest.param(codes(0, 1).reshape(2, 1), codes(0, 1), None, "labels are one whole code", id="two dimensions"),
        pytest.param(codes(0, 1), codes(0, 1), np.array([1.0]), "weights are one for each of 2 rows", id="weights"),
        pytest.param(codes(0, 1), codes(0, 1), np.array([1.0, -1.0]), "weights are not negative", id="minus weight"),
        pytest.param(codes(0, 1), codes(0, 1), np.array([1.0, math.nan]), "weights are not negative", id="NaN weight"),
    ],
)  # fmt: skip
def test_confusion__refuses_malformed_rows(labels: Codes, decisions: Codes, weights: Floats, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Confusion.of(labels, decisions, 2, weights)


@pytest.mark.parametrize("of", [-1, CLASSES])
@pytest.mark.parametrize("metric", [recall, precision, f_score, specificity])
def test_class__outside_the_codes_is_refused(metric: Callable[[Confusion, int], Estimate | None], of: int) -> None:
    with pytest.raises(ValueError, match=f"a class is a code from 0 to 2, not {of}"):
        metric(drawn_rows(9).confusion, of)


@pytest.mark.parametrize("beta", [0.0, -1.0, math.inf, math.nan])
def test_f_score__refuses_a_beta_that_weighs_nothing(beta: float) -> None:
    with pytest.raises(ValueError, match="beta is positive and finite"):
        f_score(drawn_rows(9).confusion, of=0, beta=beta)
