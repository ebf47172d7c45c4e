from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve

from mlci.core.statistics.calibration import Binning, calibration_interval, expected_calibration_error
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.jackknife import jackknife
from mlci.core.statistics.logit import proven_share
from mlci.core.statistics.sampling import Blocks, Clusters, Independent, NotTrusted, Sampling

Labels = NDArray[np.bool_]
Floats = NDArray[np.float64]


def drawn_rows(n: int = 400, seed: int = 2) -> tuple[Labels, Floats]:
    """Rows of a model that is too sure of itself: the truth is half way to a half."""
    random = np.random.default_rng(seed)
    probabilities = random.random(n)
    return random.random(n) < 0.25 + probabilities / 2, probabilities


def error_by_scikit_learn(labels: Labels, probabilities: Floats, bins: int, strategy: str) -> float:
    """The error from the points of scikit-learn's curve, and the sizes of the bins that it leaves out of its answer."""
    shares, means = calibration_curve(labels, probabilities, n_bins=bins, strategy=strategy)
    edges = {
        "uniform": np.linspace(0, 1, bins + 1),
        "quantile": np.percentile(probabilities, np.linspace(0, 1, bins + 1) * 100),
    }[strategy]
    sizes = np.bincount(np.searchsorted(edges[1:-1], probabilities))
    return float(np.average(np.abs(shares - means), weights=sizes[sizes > 0]))


def an_interval(labels: Labels, probabilities: Floats, sampling: Sampling, weights: Floats | None = None) -> Interval:
    interval = calibration_interval(labels, probabilities, weights, sampling, 0.95)
    assert isinstance(interval, Interval)
    return interval


@given(
    labels=hnp.arrays(np.bool_, 30),
    probabilities=hnp.arrays(np.float64, 30, elements=st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0])),
    bins=st.integers(1, 15),
)
def test_equal_width__is_the_error_of_scikit_learns_curve(labels: Labels, probabilities: Floats, bins: int) -> None:
    assert expected_calibration_error(labels, probabilities, bins=bins) == pytest.approx(
        error_by_scikit_learn(labels, probabilities, bins, "uniform"), rel=0, abs=1e-12
    )


@pytest.mark.parametrize("bins", [1, 5, 10, 20])
def test_equal_mass__is_the_error_of_scikit_learns_curve_without_ties(bins: int) -> None:
    labels, probabilities = drawn_rows(400)

    assert expected_calibration_error(labels, probabilities, bins=bins, binning="equal_mass") == pytest.approx(
        error_by_scikit_learn(labels, probabilities, bins, "quantile"), rel=0, abs=1e-12
    )


def test_error__of_an_example_by_hand() -> None:
    labels = np.array([True, False, True, True])
    probabilities = np.array([0.2, 0.4, 0.8, 0.9])

    # Two bins: |1/2 - 0.3| and |1 - 0.85|, half of the rows in each.
    assert expected_calibration_error(labels, probabilities, bins=2) == pytest.approx(0.175, abs=1e-15)
    assert expected_calibration_error(labels, probabilities, bins=2, binning="equal_mass") == pytest.approx(0.175)
    # The third row counts twice, and then: 2/5 · |1/2 - 0.3| + 3/5 · |1 - 2.5/3|.
    weights = np.array([1.0, 1.0, 2.0, 1.0])
    assert expected_calibration_error(labels, probabilities, weights, bins=2) == pytest.approx(0.18, abs=1e-15)


@pytest.mark.parametrize("binning", ["equal_width", "equal_mass"])
@given(
    labels=hnp.arrays(np.bool_, 20),
    probabilities=hnp.arrays(np.float64, 20, elements=st.floats(0, 1)),
    times=hnp.arrays(np.int64, 20, elements=st.integers(0, 3)).filter(np.any),
)
def test_weights__of_whole_numbers_are_repeated_rows(
    binning: Binning, labels: Labels, probabilities: Floats, times: NDArray[np.int64]
) -> None:
    weighted = expected_calibration_error(labels, probabilities, times.astype(np.float64), bins=4, binning=binning)
    repeated = expected_calibration_error(
        np.repeat(labels, times), np.repeat(probabilities, times), bins=4, binning=binning
    )

    assert weighted == pytest.approx(repeated, rel=0, abs=1e-12)


@pytest.mark.parametrize("binning", ["equal_width", "equal_mass"])
def test_equal_probabilities__stay_in_one_bin(binning: Binning) -> None:
    labels = np.arange(90) % 3 == 0

    assert expected_calibration_error(labels, np.full(90, 1 / 3), binning=binning) == pytest.approx(0, abs=1e-12)
    assert expected_calibration_error(labels, np.full(90, 0.5), binning=binning) == pytest.approx(1 / 6)


@given(labels=hnp.arrays(np.bool_, 20), probabilities=hnp.arrays(np.float64, 20, elements=st.floats(0, 1)))
def test_error__lies_between_0_and_1(labels: Labels, probabilities: Floats) -> None:
    error = expected_calibration_error(labels, probabilities)

    assert error is not None
    assert 0 <= error <= 1


def test_error__is_at_its_ends_where_the_model_knows_all_or_is_surely_wrong() -> None:
    labels = np.array([True, False, True])

    assert expected_calibration_error(labels, labels.astype(np.float64)) == 0
    assert expected_calibration_error(labels, (~labels).astype(np.float64)) == 1


@pytest.mark.parametrize("binning", ["equal_width", "equal_mass"])
def test_no_rows__have_no_error(binning: Binning) -> None:
    nothing = np.zeros(0)

    assert expected_calibration_error(nothing.astype(np.bool_), nothing, binning=binning) is None
    assert expected_calibration_error(nothing.astype(np.bool_), nothing, nothing, binning=binning) is None
    assert expected_calibration_error(np.array([True]), np.array([0.5]), np.zeros(1), binning=binning) is None


def test_interval__is_the_jackknife_of_the_error() -> None:
    labels, probabilities = drawn_rows()

    def error_of(rows: NDArray[np.intp]) -> float:
        error = expected_calibration_error(labels[rows], probabilities[rows])
        assert error is not None
        return error

    found = jackknife(error_of, 400, Independent())
    assert not isinstance(found, NotTrusted)
    expected = found.interval(0.95)

    interval = an_interval(labels, probabilities, Independent())

    assert interval.estimate == pytest.approx(expected.estimate, abs=1e-12)
    assert interval.lower == pytest.approx(expected.lower, abs=1e-12)
    assert interval.upper == pytest.approx(expected.upper, abs=1e-12)
    assert interval.standard_error == pytest.approx(expected.standard_error, abs=1e-12)


@pytest.mark.parametrize("binning", ["equal_width", "equal_mass"])
def test_interval__has_the_spread_that_repeated_draws_show(binning: Binning) -> None:
    # Far from calibrated in every bin, where the error has no kink and the jackknife's theory holds.
    draws = [drawn_rows(2000, seed) for seed in range(200)]
    confident = [(labels, np.where(probabilities < 0.5, 0.01, 0.99)) for labels, probabilities in draws]
    errors = [expected_calibration_error(*rows, bins=4, binning=binning) for rows in confident]
    spreads = []
    for rows in confident[:20]:
        interval = calibration_interval(*rows, None, Independent(), 0.95, bins=4, binning=binning)
        assert isinstance(interval, Interval)
        spreads.append(interval.standard_error)

    assert np.mean(np.array(spreads, dtype=np.float64)) == pytest.approx(np.std(np.array(errors)), rel=0.15)


def test_interval__takes_clusters_and_blocks() -> None:
    labels, probabilities = drawn_rows(600)
    doubled = np.repeat(labels, 2), np.repeat(probabilities, 2)

    rows = an_interval(labels, probabilities, Independent())
    clusters = an_interval(*doubled, Clusters(np.repeat(np.arange(600), 2)))
    blocks = an_interval(labels, probabilities, Blocks(np.arange(600)))

    # Every row twice tells nothing new, and the clusters know.
    assert clusters.standard_error == pytest.approx(rows.standard_error, rel=1e-9)
    assert blocks.standard_error == pytest.approx(rows.standard_error, rel=0.5)


def test_interval__without_an_error_has_a_width() -> None:
    labels = np.arange(200) % 2 == 0
    certain = labels.astype(np.float64)

    interval = an_interval(labels, certain, Independent())

    assert (interval.estimate, interval.lower, interval.standard_error) == (0, 0, 0)
    assert interval.upper == 1 - proven_share(200, 0.95)
    # Half of the weight nowhere, or rows that come in pairs: half as much is proven.
    half = an_interval(labels, certain, Independent(), np.repeat([1.0, 0.0], 100))
    pairs = an_interval(labels, certain, Clusters(np.arange(200) // 2))
    assert half.upper == pytest.approx(1 - proven_share(100, 0.95))
    assert pairs.upper == pytest.approx(1 - proven_share(100, 0.95))


def test_interval__stays_between_0_and_1() -> None:
    labels = np.arange(200) % 2 == 0
    wrong = an_interval(labels, (~labels).astype(np.float64), Independent())
    nearly = an_interval(labels, np.full(200, 0.51), Independent())

    assert (wrong.estimate, wrong.upper) == (1, 1)
    assert nearly.lower == 0


@pytest.mark.parametrize(
    ("n", "weights", "reason"), [(99, None, "few rows"), (0, None, "undefined"), (200, np.zeros(200), "undefined")]
)
@pytest.mark.parametrize("binning", ["equal_width", "equal_mass"])
def test_interval__says_why_it_is_not_to_be_trusted(
    binning: Binning, n: int, weights: Floats | None, reason: str
) -> None:
    labels, probabilities = drawn_rows(n)

    answer = calibration_interval(labels, probabilities, weights, Independent(), 0.95, binning=binning)

    assert isinstance(answer, NotTrusted)
    assert answer.reason == reason


@pytest.mark.parametrize(
    ("labels", "probabilities", "weights", "bins", "sentence"),
    [
        pytest.param([1, 0], [0.5, 0.5], None, 15, "boolean labels and as many probabilities", id="whole labels"),
        pytest.param([True], [0.5, 0.5], None, 15, "boolean labels and as many probabilities", id="lengths"),
        pytest.param([True], [1.01], None, 15, "between 0 and 1", id="above 1"),
        pytest.param([True], [-0.01], None, 15, "between 0 and 1", id="below 0"),
        pytest.param([True], [math.nan], None, 15, "between 0 and 1", id="NaN"),
        pytest.param([True], [0.5], None, 0, "at least one bin, not 0", id="no bin"),
        pytest.param([True], [0.5], [-1.0], 15, "weights are not negative", id="weights"),
    ],
)
def test_error__refuses_malformed_rows(
    labels: list[bool], probabilities: list[float], weights: list[float] | None, bins: int, sentence: str
) -> None:
    row_weights = None if weights is None else np.array(weights)

    with pytest.raises(ValueError, match=sentence):
        expected_calibration_error(np.array(labels), np.array(probabilities), row_weights, bins=bins)
    with pytest.raises(ValueError, match=sentence):
        calibration_interval(np.array(labels), np.array(probabilities), row_weights, Independent(), 0.95, bins=bins)


def test_interval__refuses_a_two_sided_level() -> None:
    with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
        calibration_interval(*drawn_rows(), None, Independent(), 0.05)
