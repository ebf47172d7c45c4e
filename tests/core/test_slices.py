"""Gates in slices, held against known counts and against the bounds and p-values of other modules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import GateResult, Outcome
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.holm import holm
from mlci.core.statistics.p_values import p_value_tango
from mlci.core.statistics.sampling import Clusters
from mlci.core.statistics.tango import tango
from mlci.core.statistics.wilson import wilson
from mlci.core.statistics.worst_case import worst_case

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

STATISTICS = StatisticsSection()
GROUP = 100
"""Rows of each value of `site`."""


def some_sites(
    *changes: tuple[int, int], wrong: int = 20, sites: int | None = None, rows: int = GROUP, private: bool = False
) -> Evidence:
    """Return models on sites of as many rows each; production has WRONG of each wrong.

    CHANGES are, site by site, how many of the wrong rows the candidate gets right, and how many of the others wrong.
    """
    count = sites or len(changes)
    labels = np.tile(np.arange(rows) % 2 == 0, count)
    before = np.tile(np.arange(rows) >= wrong, count)
    now = before.copy()
    for site, (gains, losses) in enumerate(changes):
        now[site * rows : site * rows + gains] = True
        now[site * rows + wrong : site * rows + wrong + losses] = False
    site_of = np.repeat(np.arange(count), rows)
    slices = tuple(
        Slice("site", site_of == site, None if private else f"{chr(65 + site)}", site + 1) for site in range(count)
    )
    return an_evidence(labels, decided(labels, now), decided(labels, before), slices)


def an_evidence(
    labels: NDArray[np.bool_],
    candidate: NDArray[np.float64],
    production: NDArray[np.float64],
    slices: tuple[Slice, ...] = (),
) -> Evidence:
    return Evidence([str(row) for row in range(len(labels))], labels, candidate, production, 0.5, slices=slices)


def decided(labels: NDArray[np.bool_], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(labels == right, 0.9, 0.1)


def a_gate(
    require: str,
    number: float = 0.0,
    *,
    metric: str = "accuracy",
    origin: Literal["base", "head"] = "base",
    **more: object,
) -> OwnedGate:
    key = "value" if require in {"floor", "ceiling"} else "margin"
    fields = {"metric": metric, "require": require, key: number, "slices": True, **more}
    return OwnedGate(Gate.model_validate(fields), origin)


def judged(gate: OwnedGate, evidence: Evidence, **statistics: object) -> GateResult:
    return judge([gate], evidence, STATISTICS.model_copy(update=statistics)).results[0]


def outcomes(result: GateResult) -> dict[str, str]:
    return {each.label: str(each.outcome) for each in result.slices}


def test_floor__every_slice_must_be_above_it() -> None:
    result = judged(a_gate("floor", 0.6), some_sites((0, 0), (10, 0), (0, 40)))
    assert (result.outcome, result.sentence) == (
        Outcome.FAIL,
        "fails in 1 of 3 slices, allowing for 3 comparisons; worst: at most 0.506, the floor is 0.6",
    )
    assert outcomes(result) == {"site = C": "fail", "site = A": "pass", "site = B": "pass"}
    assert (result.candidate, result.rows) == (0.4, 100)


def test_floor__the_bound_of_a_failure_is_that_of_the_family() -> None:
    result = judged(a_gate("floor", 0.6), some_sites((0, 0), (10, 0), (0, 40)))
    assert result.interval == wilson(40, 100, 1 - 0.05 / 3)
    assert [each.interval for each in result.slices[1:]] == [wilson(80, 100, 0.95), wilson(90, 100, 0.95)]


def test_floor__where_every_slice_is_above_it() -> None:
    result = judged(a_gate("floor", 0.6), some_sites((0, 0), (10, 0)))
    assert (result.outcome, result.sentence) == (Outcome.PASS, "holds in 2 slices")


def test_not_worse__a_slice_that_looks_worse_among_many_is_undecided() -> None:
    alone, among = some_sites((0, 4)), some_sites((0, 4), *[(1, 1)] * 9)
    gate = a_gate("not_worse", 0.01)
    assert judged(gate, alone).outcome is Outcome.FAIL
    found = judged(gate, among)
    assert (found.outcome, found.slices[0].label) == (Outcome.INCONCLUSIVE, "site = A")
    assert (
        found.slices[0].sentence
        == "fails by its own bound, but not allowing for 10 comparisons, of which some fail by chance"
    )


def test_judge__gates_whose_failures_all_stand_leave_those_that_need_another_round_alone() -> None:
    evidence = some_sites((0, 0), (5, 0), (0, 40), (0, 29))
    gates = [a_gate("floor", 0.99), a_gate("floor", 0.6)]
    together = judge(gates, evidence, STATISTICS).results
    assert together == tuple(judged(gate, evidence) for gate in gates)
    assert [result.sentence for result in together] == [
        "fails in 4 of 4 slices, allowing for 4 comparisons; worst: at most 0.512, the floor is 0.99",
        "fails in 1 of 4 slices, allowing for 4 comparisons; worst: at most 0.512, the floor is 0.6",
    ]


def test_not_worse__without_adjustment_the_own_bound_decides() -> None:
    among = some_sites((0, 4), *[(1, 1)] * 9)
    assert judged(a_gate("not_worse", 0.01), among, multiplicity="none").outcome is Outcome.FAIL


def test_not_worse__passes_by_the_bound_of_each_slice() -> None:
    evidence = some_sites((2, 1), (0, 0))
    result = judged(a_gate("not_worse", 0.1), evidence)
    assert result.outcome is Outcome.PASS
    unseen = worst_case(0, 100, 1.0, 0.95)
    assert [(each.label, each.interval) for each in result.slices] == [
        ("site = B", replace(tango(0, 0, 100, 0.95), lower=-unseen, upper=unseen)),
        ("site = A", tango(2, 1, 100, 0.95)),
    ]


def test_not_worse__a_slice_with_few_rows_is_undecided() -> None:
    result = judged(a_gate("not_worse", 0.1), some_sites((0, 0), (0, 0), rows=25))
    assert (result.outcome, result.sentence) == (
        Outcome.INCONCLUSIVE,
        "undecided in 2 of 2 slices; first: 25 rows are fewer than statistics.min_rows (30)",
    )
    assert result.rows_needed == 30


def test_min_rows__of_a_slice_stands_for_the_general_one() -> None:
    evidence = some_sites((0, 0), rows=25, wrong=2)
    smaller = replace(evidence, slices=tuple(replace_min_rows(each, 20) for each in evidence.slices))
    assert judged(a_gate("floor", 0.5), smaller).outcome is Outcome.PASS
    larger = replace(evidence, slices=tuple(replace_min_rows(each, 40) for each in evidence.slices))
    assert judged(a_gate("floor", 0.5), larger).slices[0].sentence == "25 rows are fewer than the slice's min_rows (40)"


def replace_min_rows(each: Slice, min_rows: int) -> Slice:
    return Slice(each.name, each.rows, each.value, each.place, min_rows)


def test_regression__holm_by_bounds_is_holm_by_p_values() -> None:
    changes = [(0, 14), (0, 8), (1, 9), (2, 2), (3, 12), (0, 5), (5, 1), (4, 12), (1, 6)]
    result = judged(a_gate("no_proven_regression"), some_sites(*changes))
    proven = holm([p_value_tango(gains, losses, GROUP, 0.0) for gains, losses in changes], 0.975)
    expected = {f"site = {chr(65 + place)}" for place, each in enumerate(proven) if each.is_proven}
    assert 1 < len(expected) < 6
    assert {label for label, outcome in outcomes(result).items() if outcome == "fail"} == expected


def test_regression__passes_where_nothing_is_proven_beyond_the_margin() -> None:
    changes = [(0, 14), (2, 2)]
    assert judged(a_gate("no_proven_regression"), some_sites(*changes)).outcome is Outcome.FAIL
    tolerant = judged(a_gate("no_proven_regression", 0.1), some_sites(*changes))
    assert (tolerant.outcome, tolerant.sentence) == (Outcome.PASS, "holds in 2 slices")


def test_regression__slices_that_are_too_small_are_listed_and_take_no_part() -> None:
    large, small = some_sites((0, 5)), np.arange(GROUP) < 20
    evidence = replace(large, slices=(*large.slices, Slice("small", small)))
    result = judged(a_gate("no_proven_regression"), evidence)
    assert outcomes(result) == {"site = A": "fail", "small": "too small"}
    assert result.interval == replace(tango(0, 5, GROUP, 0.975), lower=-worst_case(5, GROUP, 1.0, 0.975))
    assert result.sentence.endswith("; 1 slice too small to say")
    assert result.slices[1].sentence == "20 rows, 30 are wanted"


def test_regression__is_never_undecided() -> None:
    result = judged(a_gate("no_proven_regression", metric="roc_auc"), some_sites((1, 1), (1, 1), rows=60))
    assert (result.outcome, result.sentence) == (
        Outcome.PASS,
        "no slice is large enough to say anything",
    )


def test_regression__all_gates_of_base_are_one_family() -> None:
    evidence = some_sites((0, 4))
    alone = judge([a_gate("no_proven_regression")], evidence, STATISTICS)
    others = [a_gate("no_proven_regression", metric=name) for name in ("recall", "specificity", "f1", "precision")]
    together = judge([a_gate("no_proven_regression"), *others], evidence, STATISTICS)
    assert (alone.results[0].outcome, together.results[0].outcome) == (Outcome.FAIL, Outcome.PASS)


@pytest.mark.parametrize("change", [{"origin": "head"}, {"severity": "warn"}])
def test_regression__what_head_adds_or_only_warns_makes_no_proof_of_base_harder(change: dict[str, Any]) -> None:
    evidence = some_sites((0, 4))
    names = ("recall", "specificity", "f1", "precision")
    others = [a_gate("no_proven_regression", metric=name, **change) for name in names]
    verdict = judge([a_gate("no_proven_regression"), *others], evidence, STATISTICS)
    assert verdict.results[0].outcome is Outcome.FAIL


def test_regression__of_all_rows_is_one_comparison() -> None:
    gate = a_gate("no_proven_regression", slices=False)
    result = judged(gate, some_sites((0, 4)))
    assert (result.outcome, result.slices, result.scope) == (Outcome.FAIL, (), "")
    assert result.interval == replace(tango(0, 4, GROUP, 0.95), lower=-worst_case(4, GROUP, 1.0, 0.95))


def test_slices__a_gate_looks_at_those_that_it_names() -> None:
    evidence = some_sites((0, 40), (0, 0))
    second = replace(evidence, slices=(*evidence.slices, Slice("late", np.arange(2 * GROUP) >= GROUP)))
    result = judged(a_gate("floor", 0.6, slices=["late"]), second)
    assert (outcomes(result), result.scope) == ({"late": "pass"}, "in late")


def test_slices__base_gates_look_at_base_slices_and_head_ones_at_theirs() -> None:
    evidence = some_sites((0, 40), (0, 0))
    sliced = replace(evidence, slices=(*evidence.slices, Slice("late", np.arange(2 * GROUP) >= GROUP)))
    owned = OwnedGate(a_gate("floor", 0.6).gate, "head", ("late",))
    assert outcomes(judged(owned, sliced)) == {"late": "pass"}


def test_slices__ranks_of_a_slice_are_those_of_its_rows() -> None:
    generator = np.random.default_rng(7)
    labels = generator.random(800) < 0.4
    candidate, production = (np.clip(labels * 0.3 + generator.random(800) * 0.7, 0, 1) for _ in range(2))
    half = np.arange(800) % 2 == 0
    evidence = an_evidence(labels, candidate, production, (Slice("half", half),))
    alone = an_evidence(labels[half], candidate[half], production[half])
    for metric in ("roc_auc", "average_precision", "log_loss", "f1"):
        sliced = judged(a_gate("not_worse", 0.02, metric=metric, slices=["half"]), evidence)
        plain = judged(a_gate("not_worse", 0.02, metric=metric, slices=False), alone)
        assert sliced.interval == plain.interval
        assert (sliced.candidate, sliced.production, sliced.rows) == (plain.candidate, plain.production, plain.rows)


def test_slices__without_production_or_with_the_same_model() -> None:
    evidence = some_sites((0, 0))
    first = replace(evidence, production=None)
    assert judged(a_gate("no_proven_regression"), first).outcome == "not applicable"
    assert judged(a_gate("gap_not_wider"), replace(evidence, is_same_model=True)).outcome is Outcome.PASS
    moved = replace(first, not_comparable="production reads `area`")
    assert judged(a_gate("not_worse"), moved).outcome is Outcome.NOT_COMPARABLE


def test_slices__values_that_identify_people_have_a_place_instead() -> None:
    result = judged(a_gate("floor", 0.6), some_sites((0, 0), (0, 0), private=True))
    assert [each.label for each in result.slices] == ["site, value 1", "site, value 2"]


def test_slices__in_a_public_place_no_value_is_shown() -> None:
    verdict = judge([a_gate("floor", 0.6)], some_sites((0, 0)), STATISTICS).without_values()
    assert [each["value"] for each in verdict.results[0].to_dict()["slices"]] == [None]


def test_churn__is_the_share_of_rows_that_are_decided_otherwise() -> None:
    evidence = some_sites((5, 3), (0, 0))
    gate = OwnedGate(Gate.model_validate({"require": "d < 0.1"}), "base")
    result = judged(gate, evidence)
    assert (result.outcome, result.candidate, result.interval) == (Outcome.PASS, 0.04, wilson(8, 200, 0.95))
    assert judged(gate, replace(evidence, production=None)).outcome == "not applicable"


def test_churn__of_groups_goes_by_groups() -> None:
    evidence = replace(some_sites((5, 3), (0, 0)), sampling=Clusters(np.arange(200) // 8))
    result = judged(OwnedGate(Gate.model_validate({"require": "d < 0.1"}), "base"), evidence)
    assert result.interval is not None
    assert result.interval.upper > wilson(8, 200, 0.95).upper


def a_gap(margin: float, metric: str = "accuracy") -> OwnedGate:
    return a_gate("gap_not_wider", margin, metric=metric, slices=["site"])


def test_gap__that_grows_beyond_the_margin() -> None:
    result = judged(a_gap(0.02), some_sites((5, 0), (0, 30)))
    assert (result.outcome, result.production) == (Outcome.FAIL, 0.0)
    assert result.candidate == pytest.approx(0.35)
    assert result.sentence == "the gap grows by at least 0.121, the margin is 0.02"


def test_gap__that_narrows() -> None:
    wide = some_sites((0, 30), (0, 0))
    narrower = replace(wide, candidate=wide.whole.compared.said, production=wide.candidate)
    result = judged(a_gap(0.01), narrower)
    assert (result.outcome, result.candidate) == (Outcome.PASS, 0.0)
    assert result.interval is not None
    assert result.interval.estimate == pytest.approx(0.3)


def test_gap__where_both_groups_change_alike() -> None:
    result = judged(a_gap(0.01), some_sites((0, 15), (0, 15)))
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.sentence == "the gap could grow by 0.108, the margin is 0.01; it could also narrow by 0.244"
    assert (result.rows_needed, round(result.smallest_visible or 0.0, 4)) == (45203, 0.1503)


def test_gap__so_few_changes_that_it_cannot_have_grown() -> None:
    few = some_sites((0, 0), (0, 0), rows=1000)
    assert judged(a_gap(0.01), few).sentence == (
        "so few rows changed that the gap grows by 0.007 at worst, the margin is 0.01"
    )
    assert judged(a_gap(0.001), few).outcome is Outcome.INCONCLUSIVE


def test_gap__with_one_group_that_can_be_judged() -> None:
    evidence = some_sites((0, 0))
    result = judged(
        a_gap(0.01), replace(evidence, slices=(*evidence.slices, Slice("site", np.arange(GROUP) < 9, "Z", 2)))
    )
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.sentence == "a gap needs two groups with enough rows; there are 2 groups, of which 1 can be judged"


@pytest.mark.parametrize("metric", ["recall", "false_positive_rate", "selection_rate", "roc_auc"])
def test_gap__of_any_metric(metric: str) -> None:
    evidence = some_sites((0, 0), (0, 60), rows=400)
    result = judged(a_gap(0.01, metric), evidence)
    values = [evidence.view.cut(each.rows).on(metric).candidate.value(metric) or 0.0 for each in evidence.slices]
    assert result.candidate == pytest.approx(max(values) - min(values))


def test_gap__keeps_its_level_where_the_gap_grows_by_exactly_the_margin() -> None:
    generator = np.random.default_rng(11)
    passed = 0
    for _ in range(400):
        right = generator.random(600) < 0.8
        lost = np.concatenate((generator.random(300) < 0.1, np.zeros(300, dtype=bool))) & right
        labels = np.arange(600) % 2 == 0
        slices = tuple(Slice("site", np.arange(600) // 300 == site, str(site), site + 1) for site in (0, 1))
        evidence = an_evidence(labels, decided(labels, right & ~lost), decided(labels, right), slices)
        passed += judged(a_gap(0.08), evidence).outcome is Outcome.PASS
    assert passed <= 0.05 * 400


def test_gap__its_interval_is_that_of_independent_groups() -> None:
    found = judged(a_gap(0.02), some_sites((5, 0), (0, 30))).interval
    assert found is not None
    changes = [np.repeat([1.0, 0.0], [5, 95]), np.repeat([-1.0, 0.0], [30, 70])]
    error = np.sqrt(sum(each.var(ddof=0) / 100 for each in changes) * 200 / 199)
    assert found.standard_error == pytest.approx(error)
