"""Gates on functions of one's own: how they are written, whose word counts, and what decides them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from mlci.core.answers import NumberAnswers, Sample
from mlci.core.config import read_config
from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import Outcome
from mlci.core.gates.judge import judge
from mlci.core.gates.undecidable import undecidable
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metric_function import Measured, MeasuredRows
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.core.statistics.jackknife import jackknife_difference, sets_of
from mlci.core.statistics.sampling import Blocks, Clusters, Independent, NotTrusted, Sampling
from mlci.core.statistics.skewness import skewness, widened_for_skewness
from mlci.errors import UsageError
from tests.core.configurations import TUMOUR, a_config, a_contract, edited

if TYPE_CHECKING:
    from mlci.core.gates.result import GateResult

LISTED = ("positive: 1}", 'positive: 1, metrics: {profit: "metrics.py:profit"}}')
RECALL = "metric: recall, require: floor, value: 0.70"
NOT_WORSE = {"metric": "higher@profit", "require": "not_worse", "margin": 0.2}
ROWS = 1_000
DRAWN = np.random.default_rng(5)
LABELS = DRAWN.normal(size=ROWS)
CANDIDATE = LABELS + DRAWN.normal(size=ROWS)
PRODUCTION = LABELS + DRAWN.normal(size=ROWS)


def measured(values: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Return the mean of VALUES on all rows, and without each set."""
    sets = sets_of(values.size, sampling)
    assert not isinstance(sets, NotTrusted)
    return np.array([values.mean(), *(values[sets != one].mean() for one in range(sets.max() + 1))])


def evidence(sampling: Sampling | None = None, shift: float = 0.0, *, first: bool = False) -> Evidence:
    """Return models whose profit is the mean of what they say, the candidate's raised by SHIFT."""
    drawn = sampling or Independent()
    now, before = CANDIDATE + shift, None if first else PRODUCTION
    of_before = None if before is None else measured(before, drawn)
    return Evidence(
        [str(row) for row in range(ROWS)],
        LABELS,
        now,
        before,
        task="regression",
        sampling=drawn,
        functions={"profit": Measured(measured(now, drawn), of_before)},
    )


def result(gate: dict[str, object], found: Evidence) -> GateResult:
    return judge([OwnedGate(Gate.model_validate(gate), "base")], found, StatisticsSection()).results[0]


def test_difference__is_the_paired_jackknife() -> None:
    found = result(NOT_WORSE, evidence()).interval
    expected = jackknife_difference(
        lambda rows: float(CANDIDATE[rows].mean()), lambda rows: float(PRODUCTION[rows].mean()), ROWS, Independent()
    )
    assert not isinstance(expected, NotTrusted)
    assert found == widened_for_skewness(expected.interval(0.95), skewness(expected.gains), 0.95)
    paired = stats.sem(CANDIDATE - PRODUCTION)
    unpaired = np.hypot(stats.sem(CANDIDATE), stats.sem(PRODUCTION))
    assert found.standard_error == pytest.approx(paired, rel=0.2)
    assert paired < 0.8 * unpaired


def test_difference__of_50_groups_is_student_s_of_their_means() -> None:
    codes = np.repeat(np.arange(50), ROWS // 50)
    found = result(NOT_WORSE, evidence(Clusters(codes))).interval
    sums = (CANDIDATE - PRODUCTION).reshape(50, -1).mean(axis=1)
    assert found is not None
    assert found.standard_error == pytest.approx(stats.sem(sums), rel=1e-9)
    wider = widened_for_skewness(replace(found, upper=np.inf), skewness(sums - sums.mean()), 0.95)
    lower = sums.mean() - stats.t.ppf(0.95, 49) * stats.sem(sums)
    assert found.lower == pytest.approx(lower, abs=0.1 * stats.sem(sums))
    assert wider.lower <= found.lower


SITES = np.repeat(["a", "b", "c"], [600, 360, 40])


def in_sites(shift: np.ndarray | float) -> Evidence:
    """Return EVIDENCE with three sites, of which the last is too small for a jackknife; SHIFT raises the candidate."""
    masks = [np.asarray(site == SITES, dtype=np.bool_) for site in "abc"]
    slices = tuple(
        Slice("site", mask, site, place) for place, (site, mask) in enumerate(zip("abc", masks, strict=True), 1)
    )
    now, drawn = CANDIDATE + shift, Independent()
    of_sites = tuple(Measured(measured(now[each], drawn), measured(PRODUCTION[each], drawn)) for each in masks[:2])
    whole = Measured(measured(now, Independent()), measured(PRODUCTION, Independent()), of_sites)
    return replace(
        evidence(), candidate=now, functions={"profit": whole}, slices=slices, measured_slices=slices[:2]
    )  # fmt: skip


UNPROVEN: dict[str, object] = {"metric": "higher@profit", "require": "no_proven_regression", "slices": ["site"]}


def test_slices__of_a_function_are_judged_by_a_jackknife_of_their_own() -> None:
    found = result(UNPROVEN, in_sites(np.where(SITES == "b", -0.5, 0.0)))
    assert (found.outcome, [(each.value, each.outcome) for each in found.slices]) == (
        Outcome.FAIL,
        [("b", Outcome.FAIL), ("a", Outcome.PASS), ("c", "too small")],
    )
    rows = np.flatnonzero(SITES == "b")
    now, before = (CANDIDATE - 0.5)[rows], PRODUCTION[rows]
    expected = jackknife_difference(
        lambda kept: float(now[kept].mean()), lambda kept: float(before[kept].mean()), rows.size, Independent()
    )
    worst = found.slices[0].interval
    assert not isinstance(expected, NotTrusted)
    assert worst is not None
    assert (worst.estimate, worst.standard_error) == (expected.value, expected.standard_error)
    assert found.slices[0].candidate == pytest.approx(now.mean(), abs=1e-12)


def test_slices__without_a_change_prove_nothing() -> None:
    assert result(UNPROVEN, in_sites(0.0)).outcome is Outcome.PASS


@pytest.mark.parametrize(("site", "outcome"), [("a", Outcome.FAIL), ("c", Outcome.INCONCLUSIVE)])
def test_slices__each_must_keep_a_floor(site: str, outcome: Outcome) -> None:
    gate: dict[str, object] = {"metric": "higher@profit", "require": "floor", "value": 1.0, "slices": True}
    found = result(gate, in_sites(np.where(site == SITES, -5.0, 5.0)))
    worst = found.slices[0]
    assert (found.outcome, worst.value, worst.outcome) == (outcome, site if site == "a" else "c", outcome)
    small = next(each for each in found.slices if each.value == "c")
    assert small.sentence == "a jackknife needs at least 100 rows, there are 40"


def test_slices__a_value_that_is_none_in_a_slice_is_open() -> None:
    found = in_sites(0.0)
    found.functions["profit"].slices[0].candidate[0] = np.nan
    gate = NOT_WORSE | {"slices": ["site"]}
    judged = {each.value: each for each in result(gate, found).slices}
    assert (judged["a"].outcome, judged["a"].candidate) == (Outcome.INCONCLUSIVE, None)
    assert judged["b"].outcome is Outcome.PASS


def test_slices__a_value_that_the_candidate_alone_takes_away_is_not_too_small_to_say() -> None:
    found, worse = in_sites(0.0), in_sites(np.where(SITES == "b", -0.5, 0.0))
    found.functions["profit"].slices[0].candidate[0] = np.nan
    judged = result(UNPROVEN, found)
    assert (judged.outcome, [(each.value, each.outcome) for each in judged.slices]) == (
        Outcome.INCONCLUSIVE,
        [("a", Outcome.INCONCLUSIVE), ("b", Outcome.PASS), ("c", "too small")],
    )
    assert judged.sentence == (
        "undecided in 1 of 2 slices; first: the function has a value of what production answers here, and none of what "
        "the candidate answers; 1 slice too small to say"
    )
    # It is no comparison either that a proof elsewhere would have to allow for.
    alone = result(UNPROVEN, replace(worse, slices=worse.slices[1:])).slices[0]
    worse.functions["profit"].slices[0].candidate[0] = np.nan
    assert (alone.value, alone.outcome) == ("b", Outcome.FAIL)
    assert result(UNPROVEN, worse).slices[0] == alone
    # What has no value of either model says nothing of the candidate.
    before = found.functions["profit"].slices[0].production
    assert before is not None
    before[0] = np.nan
    assert [each.outcome for each in result(UNPROVEN, found).slices] == [Outcome.PASS, "too small", "too small"]


def test_no_proven_regression__of_a_function_on_all_rows() -> None:
    gate: dict[str, object] = {"metric": "higher@profit", "require": "no_proven_regression"}
    assert result(gate, evidence(shift=-0.5)).outcome is Outcome.FAIL
    assert result(gate, evidence()).outcome is Outcome.PASS


def test_difference__of_a_time_series_has_its_20_stretches() -> None:
    found = result(NOT_WORSE, evidence(Blocks(np.arange(ROWS)))).interval
    sums = (CANDIDATE - PRODUCTION).reshape(20, -1).mean(axis=1)
    assert found is not None
    assert found.standard_error == pytest.approx(stats.sem(sums), rel=1e-9)


@pytest.mark.parametrize(
    ("gate", "shift", "outcome"),
    [
        (NOT_WORSE, 0.0, Outcome.PASS),
        (NOT_WORSE, -0.5, Outcome.FAIL),
        (NOT_WORSE | {"margin": 0.001}, 0.0, Outcome.INCONCLUSIVE),
        (NOT_WORSE | {"metric": "lower@profit"}, 0.5, Outcome.FAIL),
        (NOT_WORSE | {"metric": "lower@profit"}, -0.5, Outcome.PASS),
        ({"metric": "higher@profit", "require": "better"}, 0.5, Outcome.PASS),
        ({"metric": "lower@profit", "require": "better"}, 0.5, Outcome.FAIL),
        ({"metric": "higher@profit", "require": "floor", "value": 0.1}, 0.5, Outcome.PASS),
        ({"metric": "higher@profit", "require": "floor", "value": 0.1}, -0.5, Outcome.FAIL),
        ({"metric": "lower@profit", "require": "ceiling", "value": 0.3}, 0.5, Outcome.FAIL),
        ({"metric": "lower@profit", "require": "ceiling", "value": 0.3}, -0.5, Outcome.PASS),
        ({"metric": "higher@profit", "require": "n - o > -0.2"}, 0.0, Outcome.PASS),
    ],
)
def test_judge__higher_and_lower_say_which_way_is_better(
    gate: dict[str, object], shift: float, outcome: Outcome
) -> None:
    found = result(gate, evidence(shift=shift))
    assert found.outcome is outcome
    assert found.candidate == pytest.approx((CANDIDATE + shift).mean())


def test_judge__alone_is_the_jackknife_with_49_degrees() -> None:
    found = result({"metric": "higher@profit", "require": "floor", "value": 0.0}, evidence(first=True)).interval
    values = measured(CANDIDATE, Independent())
    error = np.sqrt(49 / 50 * np.square(values[1:] - values[0]).sum())
    assert found is not None
    assert found.lower == pytest.approx(values[0] - stats.t.ppf(0.95, 49) * error)
    assert error == pytest.approx(stats.sem(CANDIDATE), rel=0.25)


def test_judge__the_value_without_a_set_that_is_none_is_open() -> None:
    found = evidence()
    values = found.functions["profit"]
    values.candidate[7] = np.nan
    assert result(NOT_WORSE, found).sentence == "the metric has no value on some part of the rows"


def test_judge__few_rows_that_changed_decide_nothing() -> None:
    found = evidence(shift=1.0)
    candidate = np.where(np.arange(ROWS) < 9, CANDIDATE, PRODUCTION)
    found = replace(found, candidate=candidate, functions={"profit": _of(candidate)})
    assert result(NOT_WORSE, found).sentence == "too few rows changed for an interval to be trusted (9, 10 wanted)"


def test_judge__few_sets_that_carry_the_spread_decide_nothing() -> None:
    candidate = PRODUCTION + np.where(np.arange(ROWS) < 3, -30.0, 1e-6 * LABELS)
    found = replace(evidence(), candidate=candidate, functions={"profit": _of(candidate)})
    sentence = result(NOT_WORSE, found).sentence
    assert sentence.startswith("too few sets of rows changed for an interval to be trusted (")
    assert sentence.endswith(" effectively of 50, 10 wanted)")


def _of(candidate: np.ndarray) -> Measured:
    return Measured(measured(candidate, Independent()), measured(PRODUCTION, Independent()))


def test_judge__under_100_rows_there_is_no_jackknife() -> None:
    few = evidence()
    few = replace(
        few,
        ids=few.ids[:99],
        labels=LABELS[:99],
        candidate=CANDIDATE[:99],
        production=PRODUCTION[:99],
        functions={"profit": Measured(np.array([0.1]), np.array([0.2]))},
    )
    found = result(NOT_WORSE, few)
    assert (found.outcome, found.candidate) == (Outcome.INCONCLUSIVE, 0.1)
    assert found.sentence == "a jackknife needs at least 100 rows, there are 99"


def test_judge__without_the_code_on_the_target_branch_nothing_is_judged() -> None:
    found = result(NOT_WORSE, replace(evidence(), functions={}))
    told = "the code of the function is not on the target branch yet"
    assert (found.outcome, found.sentence, found.candidate) == ("not applicable", told, None)


def test_judge__without_production_only_floors() -> None:
    assert result(NOT_WORSE, evidence(first=True)).sentence == "no production yet to compare with"


def test_undecidable__says_nothing_of_functions() -> None:
    gate = Gate.model_validate({"metric": "higher@profit", "require": "floor", "value": 1e6})
    assert undecidable([OwnedGate(gate, "base")], evidence(), StatisticsSection()) == ()


def test_answers__on_which_a_function_was_computed_are_those_of_the_model() -> None:
    found = evidence().view.on("higher@profit").candidate
    plain = NumberAnswers(Sample(LABELS), CANDIDATE)
    assert (found.decisions == plain.decisions).all()
    assert (found.right == plain.right).all()
    assert (found.said == plain.said).all()
    assert (found.smooth("higher@profit"), found.estimate("higher@profit")) == (None, None)


@pytest.mark.parametrize("asked", [lambda each: each.cut(LABELS > 0), lambda each: each.losses("higher@profit")])
def test_answers__on_which_a_function_was_computed_have_no_part(asked: object) -> None:
    assert callable(asked)
    with pytest.raises(ValueError, match=r"all rows|no mean"):
        asked(evidence().view.on("higher@profit").candidate)


def test_rows__have_a_value_for_all_and_one_without_each_set() -> None:
    rows = MeasuredRows(LABELS, CANDIDATE, None, None, np.arange(ROWS) % 50)
    assert (rows.values, replace(rows, sets=None).values, rows.values_of_parts) == (51, 1, ())
    parts = np.stack([np.arange(ROWS) % 20, np.where(np.arange(ROWS) < 500, -1, np.arange(ROWS) % 4)])
    assert replace(rows, parts=parts).values_of_parts == (21, 5)


def problem(*edits: tuple[str, str]) -> str:
    with pytest.raises(UsageError) as caught:
        read_config(edited(TUMOUR, *edits).encode())
    return caught.value.problem


@pytest.mark.parametrize("written", ["metrics.py:profit", "./lib/metrics.py:net_profit", "a b.py:_x"])
def test_function__is_a_file_and_a_name(written: str) -> None:
    config = a_config(("positive: 1}", f'positive: 1, metrics: {{profit: "{written}"}}}}'))
    assert config.evaluate.metrics == {"profit": written.removeprefix("./")}


@pytest.mark.parametrize(
    "written", ["metrics.py", "metrics:profit", "profit", "metrics.py:", "metrics.py:a.b", "metrics.py:a b", "m.py:def"]
)
def test_function__that_is_named_otherwise(written: str) -> None:
    found = problem(("positive: 1}", f'positive: 1, metrics: {{profit: "{written}"}}}}'))
    assert "a function is named by its file and its name, such as metrics.py:profit" in found


@pytest.mark.parametrize("path", ["../metrics.py", "/etc/metrics.py", ".git/metrics.py", ".mlci/metrics.py"])
def test_function__whose_file_lies_elsewhere(path: str) -> None:
    assert "`evaluate.metrics.profit`" in problem(
        ("positive: 1}", f'positive: 1, metrics: {{profit: "{path}:profit"}}}}')
    )


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        (
            "metric: higher@profits, require: not_worse",
            "there is no function profits under evaluate.metrics (listed: profit)",
        ),
        ("metric: higher@, require: not_worse", "there is no metric higher@"),
        (
            "metric: profit, require: not_worse",
            "profit is a function of evaluate.metrics: say which way is better, higher@profit or lower@profit",
        ),
        (
            "metric: higher@profit, require: gap_not_wider, slices: [site]",
            "higher@profit is a function of your own, whose gaps between groups nobody has derived; judge it in slices",
        ),
        ("metric: lower@profit, require: floor, value: 1", "lower@profit is better when it is lower"),
        ("metric: higher@profit, require: ceiling, value: 1", "higher@profit is better when it is higher"),
    ],
)
def test_gate__on_a_function_that_says_nothing(gate: str, told: str) -> None:
    assert told in problem(LISTED, (RECALL, gate))


def test_gate__on_a_function_needs_answers() -> None:
    found = problem(
        LISTED, ("model: model.skops", "metrics: metrics.json"), (RECALL, "metric: higher@profit, require: better")
    )
    assert "higher@profit is computed from answers, and train.metrics hands in numbers" in found


def test_gate__on_a_function_without_any() -> None:
    assert "there is no function profit under evaluate.metrics (listed: none)" in problem(
        (RECALL, "metric: higher@profit, require: better")
    )


def changes(base: tuple[tuple[str, str], ...], head: tuple[tuple[str, str], ...]) -> tuple[list[str], list[str]]:
    contracts = {"cells": a_contract(), "holdout": a_contract()}
    rules, found = effective(Side(a_config(*base), contracts), Side(a_config(*head), contracts))
    return [f"{each.direction}: {each.sentence}" for each in found], [owned.gate.metric for owned in rules.gates]


OWN_GATE = (RECALL, RECALL + "}\n  - {metric: higher@profit, require: not_worse, margin: 1")


def test_effective__another_function_takes_effect_after_the_merge() -> None:
    other = ("positive: 1}", 'positive: 1, metrics: {profit: "metrics.py:generous"}}')
    found, gates = changes((LISTED, OWN_GATE), (other, OWN_GATE))
    assert found == ["other: changes `evaluate.metrics`: profit: metrics.py:profit → profit: metrics.py:generous"]
    assert gates[-1] == "higher@profit"


def test_effective__a_gate_on_a_function_of_head_s_own_is_not_judged() -> None:
    found, gates = changes((), (LISTED, OWN_GATE))
    assert found == [
        "other: adds the gate `higher@profit` not_worse margin 1, a function that the target branch does not have",
        "other: changes `evaluate.metrics`: none → profit: metrics.py:profit",
    ]
    assert "higher@profit" not in gates


def test_effective__a_gate_on_base_s_function_is_judged_in_addition() -> None:
    found, gates = changes((LISTED,), (LISTED, OWN_GATE))
    assert found == ["tighter: adds the gate `higher@profit` not_worse margin 1"]
    assert gates[-1] == "higher@profit"


def test_effective__the_other_direction_is_another_gate() -> None:
    other = (RECALL, RECALL + "}\n  - {metric: lower@profit, require: not_worse, margin: 1")
    found, gates = changes((LISTED, OWN_GATE), (LISTED, other))
    assert found[0] == "looser: removes the gate `higher@profit` not_worse margin 1"
    assert gates[-2:] == ["higher@profit", "lower@profit"]
