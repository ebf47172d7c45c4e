"""Several quantiles of a number: how they are configured, what they are judged by, and how they are called."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest
import scipy.stats
import yaml
from sklearn.metrics import mean_pinball_loss

from mlci.core.answer_columns import answer_columns
from mlci.core.answers import QuantileAnswers, Sample, crossing
from mlci.core.config import Config, json_schema, read_config
from mlci.core.evidence import Evidence
from mlci.core.gates import Outcome
from mlci.core.gates.judge import judge
from mlci.core.gates.undecidable import undecidable
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import names_of
from mlci.core.owned_gates import OwnedGate
from mlci.core.predictions import Predictions, read_predictions
from mlci.core.program import Program, ProgramInfo, read_info
from mlci.core.requirement import Gate
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.core.signature import Input, Signature, change_of_signature
from mlci.core.statistics.row_losses import crps_of_quantiles
from mlci.errors import IntegrityError, UsageError
from tests.core.configurations import TUMOUR, edited

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.gates import GateResult

    Floats = NDArray[np.float64]

QUANTILES = edited(
    TUMOUR,
    ("task: binary", "task: quantile"),
    ("label: malignant, positive: 1", "label: worst_radius, quantiles: [0.1, 0.5, 0.9]"),
    ("roc_auc, require: not_worse", "crps, require: not_worse"),
    ("recall, require: not_worse", "pinball@0.9, require: not_worse"),
    ("recall, require: floor", "pinball@0.5, require: ceiling"),
)
LEVELS = np.array([0.1, 0.5, 0.9])
NAMES = ("0.1", "0.5", "0.9")
ROWS = 600
RANDOM = np.random.default_rng(11)
OUTCOMES = RANDOM.normal(50, 10, ROWS)
EVERY = scipy.stats.norm.ppf(LEVELS)


def spread(scale: float, seed: int) -> Floats:
    """Return quantiles about a guess that is as good for every SEED."""
    guess = OUTCOMES + np.random.default_rng(seed).normal(0, 3, ROWS)
    return np.asarray(guess[:, None] + scale * EVERY, dtype=np.float64)


NOW, BEFORE = spread(3.0, 1), spread(9.0, 2)


def an_evidence(candidate: Floats = NOW, production: Floats | None = BEFORE, **more: Any) -> Evidence:  # noqa: ANN401 - fields of any kind
    ids = [str(row) for row in range(ROWS)]
    return Evidence(ids, OUTCOMES, candidate, production, task="quantile", classes=NAMES, **more)


def a_gate(metric: str, require: str, **more: object) -> OwnedGate:
    return OwnedGate(Gate.model_validate({"metric": metric, "require": require, **more}), "base")


def judged(metric: str, require: str, evidence: Evidence, **more: object) -> GateResult:
    (result,) = judge([a_gate(metric, require, **more)], evidence, StatisticsSection()).results
    return result


def test_quantiles__are_read_written_and_in_the_schema() -> None:
    config = read_config(QUANTILES.encode())
    assert (config.evaluate.quantiles, config.evaluate.answered) == ((0.1, 0.5, 0.9), NAMES)
    assert Config.model_validate(config.model_dump(mode="json", exclude_unset=True)) == config
    validator = jsonschema.Draft202012Validator(json_schema(Config))
    assert list(validator.iter_errors(yaml.safe_load(QUANTILES))) == []


BETWEEN = "`evaluate.quantiles`: a quantile is a number between 0 and 1, of at most 4 places behind the point"
COUNT = "`evaluate.quantiles`: a list has from 2 to 99 quantiles; of a model of one leave it out"


@pytest.mark.parametrize(
    ("old", "new", "problem", "hint"),
    [
        ("[0.1, 0.5, 0.9]", "0.5", "`evaluate.quantiles`: a list of quantiles is wanted, such as [0.1, 0.5, 0.9]",
         None),
        ("[0.1, 0.5, 0.9]", "[0.5]", COUNT, None),
        ("[0.1, 0.5, 0.9]", "[0, 0.5]", BETWEEN, None),
        ("[0.1, 0.5, 0.9]", "[0.5, 1.0]", BETWEEN, None),
        ("[0.1, 0.5, 0.9]", "[0.5, 0.99999]", BETWEEN, None),
        ("[0.1, 0.5, 0.9]", '["0.1", 0.5]', BETWEEN, None),
        ("[0.1, 0.5, 0.9]", "[0.9, 0.5, 0.1]", "`evaluate.quantiles`: quantiles rise, and none stands twice", None),
        ("[0.1, 0.5, 0.9]", "[0.5, 0.5]", "`evaluate.quantiles`: quantiles rise, and none stands twice", None),
        ("task: quantile", "task: regression", "`evaluate.quantiles`: a regression task has no quantiles", None),
        (", quantiles: [0.1, 0.5, 0.9]", "", "`gates[0].metric`: crps needs several quantiles: evaluate: {…,", None),
        ("pinball@0.9", "pinball@0.95",
         "`gates[1].metric`: pinball@0.95 is of no quantile under evaluate.quantiles (listed: 0.1, 0.5, 0.9)",
         "Did you mean `pinball@0.9`?"),
        ("crps", "mae", "`gates[0].metric`: mae is no metric of a quantile task", None),
    ],
)  # fmt: skip
def test_quantiles__that_do_not_fit(old: str, new: str, problem: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        read_config(edited(QUANTILES, (old, new)).encode())
    assert problem in caught.value.problem
    assert hint in {None, caught.value.hint}


def test_quantiles__a_level_may_be_written_longer() -> None:
    config = read_config(edited(QUANTILES, ("pinball@0.9", "pinball@0.90")).encode())
    assert config.gates[1].metric == "pinball@0.90"


def test_quantiles__are_a_rule() -> None:
    base = Side(read_config(QUANTILES.encode()), {})
    head = Side(read_config(edited(QUANTILES, ("[0.1, 0.5, 0.9]", "[0.5, 0.9]")).encode()), {})
    rules, changes = effective(base, head)
    assert rules.config.evaluate.quantiles == (0.1, 0.5, 0.9)
    assert [change.sentence for change in changes] == ["changes `evaluate.quantiles`: 0.1, 0.5, 0.9 → 0.5, 0.9"]


def test_names_of__a_quantile_task() -> None:
    assert names_of("quantile") == ("crps", "pinball@QUANTILE")


def test_crps__of_the_normal_distribution_by_its_closed_form() -> None:
    # Gneiting and Raftery (2007), Journal of the American Statistical Association 102, equation 21: for N(0, 1)
    # y·(2Φ(y) - 1) + 2φ(y) - 1/√π. What 50 middles of even steps say of it differs by the tails alone.
    outcomes, levels = np.linspace(-3, 3, 25), (np.arange(50) + 0.5) / 50
    quantiles = np.repeat(scipy.stats.norm.ppf(levels)[None, :], outcomes.size, axis=0)
    normal = scipy.stats.norm
    exact = outcomes * (2 * normal.cdf(outcomes) - 1) + 2 * normal.pdf(outcomes) - 1 / math.sqrt(math.pi)
    assert crps_of_quantiles(outcomes, quantiles, levels) == pytest.approx(exact, abs=0.004)


def test_crps__of_even_levels_is_the_integral_of_the_steps_by_brute_force() -> None:
    # CRPS = ∫ (F(x) - 1{x ≥ y})² dx, where F steps by 1/5 at each of five quantiles, on a grid of a thousandth.
    levels, quantiles = np.array([0.1, 0.3, 0.5, 0.7, 0.9]), np.array([-1.5, -0.25, 0.5, 0.75, 2.0])
    outcomes = np.array([-3.0, -0.5, 0.625, 0.75, 2.75])
    grid = np.arange(-5, 5, 0.001) + 0.0005
    steps = (quantiles[None, :] <= grid[:, None]).mean(axis=1)
    integrals = [float(np.square(steps - (grid >= outcome)).sum() * 0.001) for outcome in outcomes]
    found = crps_of_quantiles(outcomes, np.repeat(quantiles[None, :], outcomes.size, axis=0), levels)
    assert found == pytest.approx(integrals, abs=1e-9)


def test_metrics__are_those_of_scikit_learn() -> None:
    answers = QuantileAnswers(Sample(OUTCOMES, classes=NAMES), NOW)
    each = [mean_pinball_loss(OUTCOMES, NOW[:, place], alpha=level) for place, level in enumerate(LEVELS)]
    assert [answers.value(f"pinball@{name}") for name in NAMES] == pytest.approx(each, abs=1e-12)
    assert answers.value("crps") == pytest.approx(2 * np.mean(each), abs=1e-12)
    weights = RANDOM.integers(1, 5, ROWS).astype(np.float64)
    weighted = QuantileAnswers(Sample(OUTCOMES, weights, classes=NAMES), NOW).value("pinball@0.9")
    expected = mean_pinball_loss(OUTCOMES, NOW[:, 2], alpha=0.9, sample_weight=weights)
    assert weighted == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", ["crps", "pinball@0.9"])
def test_difference__is_the_paired_t_of_scipy(metric: str) -> None:
    now, before = (QuantileAnswers(Sample(OUTCOMES, classes=NAMES), said).losses(metric) for said in (NOW, BEFORE))
    expected = scipy.stats.ttest_rel(before, now).confidence_interval(0.9)
    result = judged(metric, "better", an_evidence())
    assert result.interval is not None
    assert result.interval.estimate == pytest.approx((before - now).mean(), abs=1e-12)
    assert result.outcome is Outcome.PASS
    # Skewness may only widen the bounds.
    assert result.interval.lower <= expected.low + 1e-12
    assert (result.interval.lower, result.interval.upper) == pytest.approx((expected.low, expected.high), abs=0.02)


def test_judge__a_worse_candidate_and_what_is_undecided() -> None:
    worse = judged("crps", "not_worse", an_evidence(BEFORE, NOW), margin=0.1)
    assert (worse.outcome, worse.flipped) == (Outcome.FAIL, None)
    same = an_evidence(NOW, NOW + 1e-9)
    assert judged("crps", "not_worse", same, margin=0.1).outcome is Outcome.PASS
    few = replace(
        an_evidence(NOW[:20], BEFORE[:20]), labels=OUTCOMES[:20], ids=[str(row) for row in range(20)]
    )  # fmt: skip
    assert judged("crps", "not_worse", few).outcome is Outcome.INCONCLUSIVE


def test_judge__changes_of_other_quantiles_are_no_evidence_about_one() -> None:
    candidate = NOW.copy()
    candidate[:, 2] += 5.0
    result = judged("pinball@0.1", "not_worse", an_evidence(candidate, NOW), margin=0.0001)
    assert (result.outcome, result.candidate) == (Outcome.INCONCLUSIVE, result.production)
    assert result.sentence.startswith("too few rows changed")


def test_undecidable__a_perfect_model_has_no_loss() -> None:
    gates = [a_gate("crps", "ceiling", value=0.5), a_gate("pinball@0.9", "not_worse")]
    assert undecidable(gates, an_evidence(), StatisticsSection()) == ()


def test_crossing__counts_rows() -> None:
    candidate = NOW.copy()
    candidate[:7] = candidate[:7, ::-1]
    assert (crossing(NOW), crossing(candidate)) == (0, 7)


SIZE = Input(name="size", type="number")
SEVERAL = Signature(inputs=(SIZE,), classes=(), quantiles=(0.1, 0.5, 0.9))
ONE = Signature(inputs=(SIZE,), classes=())


def test_signature__names_a_column_for_each_quantile() -> None:
    assert [(each.name, each.type) for each in SEVERAL.outputs] == [(f"quantile_{name}", "number") for name in NAMES]
    columns = answer_columns(SEVERAL, NOW[:4])
    assert (columns.names, columns.decisions) == (tuple(f"quantile_{name}" for name in NAMES), None)
    assert np.column_stack(columns.numbers).tolist() == NOW[:4].tolist()
    assert Signature.model_validate_json(SEVERAL.model_dump_json()) == SEVERAL


def test_signature__of_one_number_is_written_as_ever() -> None:
    assert "quantiles" not in ONE.model_dump(mode="json")
    assert change_of_signature(ONE, SEVERAL) == "major"


def test_signature__quantiles_of_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="quantiles are of numbers"):
        Signature(inputs=(), classes=("a", "b"), quantiles=(0.1, 0.9))


def said(*columns: str) -> Predictions:
    return Predictions(("a", "b"), columns, np.arange(2.0 * len(columns)).reshape(2, -1))


def test_predictions__of_quantiles_go_by_their_levels_whatever_the_order() -> None:
    found = read_predictions(said("quantile_0.9", "quantile_0.1").to_bytes(), "quantile")
    assert (found.quantiles, found.classes) == ((0.9, 0.1), ())
    both = found.of_each(["b", "a"], ["0.1", "0.9"])
    assert both is not None
    assert both.tolist() == [[3.0, 2.0], [1.0, 0.0]]
    assert found.of_each(["c"], ["0.1"]) is None


@pytest.mark.parametrize(
    "columns",
    [
        ("quantile_0.1",),
        ("quantile_0.1", "quantile_0.10"),
        ("quantile_0.1", "quantile_x"),
        ("quantile_0.1", "quantile_2.0"),
        ("quantile_0.1", "quantile_nan"),
        ("quantile_0.1", "prediction"),
    ],
)
def test_predictions__columns_that_are_no_quantiles(columns: tuple[str, ...]) -> None:
    data = f'["mlci/predictions/1",{",".join(f"{each!r}" for each in columns)}]\n'.replace("'", '"').encode()
    with pytest.raises(IntegrityError) as caught:
        read_predictions(data, "quantile")
    assert caught.value.code == "predictions-malformed"


def test_predictions__of_quantiles_are_of_no_other_task() -> None:
    with pytest.raises(IntegrityError, match="its columns are none of a regression task"):
        read_predictions(said("quantile_0.1", "quantile_0.9").to_bytes(), "regression")


def test_program__answers_quantiles_in_the_order_of_their_levels() -> None:
    info = ProgramInfo(
        command=("./score",), rows="jsonl", timeout_seconds=60, inputs=("size",), quantiles=(0.1, 0.9)
    )  # fmt: skip
    assert read_info(info.to_bytes()) == info
    assert b"quantiles" not in info.model_copy(update={"quantiles": ()}).to_bytes()
    found = Program(info, {}).prediction(said("quantile_0.9", "quantile_0.1"))
    assert (found.kind, found.classes, found.values.tolist()) == ("numbers", None, [[1.0, 0.0], [3.0, 2.0]])
