from __future__ import annotations

import itertools
import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlci.core.statistics.sealed_budget import Look, SealedBudget, SealedLedger
from mlci.core.statistics.tango import tango
from mlci.errors import IntegrityError, RejectedError


@st.composite
def budgets(draw: st.DrawFn, most: int = 12) -> SealedBudget:
    looks = draw(st.integers(1, most))
    return SealedBudget(looks, draw(st.integers(1, looks)))


# --- budget ---------------------------------------------------------------------------------------------------------


def every_judged_candidate(budget: SealedBudget) -> set[tuple[bool, ...]]:
    """Return each history that a look can follow: its last answer is still open, so the history names the candidate."""
    return {
        history
        for length in range(budget.looks)
        for history in itertools.product((False, True), repeat=length)
        if sum(history) < budget.passes
    }


@pytest.mark.parametrize("looks", range(1, 8))
@pytest.mark.parametrize("share_of_passes", [0.0, 0.3, 0.6, 1.0])
def test_hypotheses__counts_every_candidate_that_could_ever_be_judged(looks: int, share_of_passes: float) -> None:
    budget = SealedBudget(looks, max(1, round(looks * share_of_passes)))

    assert budget.hypotheses == len(every_judged_candidate(budget))


def test_hypotheses__is_linear_with_one_pass_and_exponential_with_all() -> None:
    assert SealedBudget(32, 1).hypotheses == 32
    assert SealedBudget(20, 3).hypotheses == 20 + 190 + 1140
    assert SealedBudget(32, 32).hypotheses == 2**32 - 1


def test_confidence_of_look__shares_the_error_among_all_hypotheses() -> None:
    assert SealedBudget(32, 1).confidence_of_look(0.95) == pytest.approx(1 - 0.05 / 32, abs=1e-15)
    assert SealedBudget(1, 1).confidence_of_look(0.95) == pytest.approx(0.95)


def test_changes_of_look__are_more_the_further_out_its_bound_is() -> None:
    assert SealedBudget(1, 1).changes_of_look(0.95, 10) == 10
    assert SealedBudget(32, 1).changes_of_look(0.95, 10) == 336  # z is 2.955 instead of 1.645
    assert SealedBudget(20, 3).changes_of_look(0.95, 10) == 1955
    assert SealedBudget(32, 1).changes_of_look(0.8, 10) == 123  # z is 2.498
    assert SealedBudget(1, 1).changes_of_look(0.8, 10) == 10


def test_confidence_of_look__refuses_a_budget_that_no_data_can_serve() -> None:
    with pytest.raises(
        ValueError, match=r"100 looks with 50 passes are 6\.8e\+29 hypotheses; .* fewer looks or passes"
    ):
        SealedBudget(100, 50).confidence_of_look(0.95)


@pytest.mark.parametrize(("looks", "passes"), [(0, 0), (5, 0), (5, 6), (1001, 1), (-1, -1)])
def test_budget__refuses_looks_and_passes_that_are_none(looks: int, passes: int) -> None:
    with pytest.raises(ValueError, match=f"not {looks} looks and {passes} passes"):
        SealedBudget(looks, passes)


@pytest.mark.parametrize("n", [500, 2000])
def test_campaign__of_candidates_exactly_a_margin_worse_passes_in_at_most_6_percent(n: int) -> None:
    # The hardest case, every change a loss; 32 candidates that err independently, the first pass ends the campaign.
    margin, confidence = 0.02, SealedBudget(32, 1).confidence_of_look(0.95)
    losses = np.arange(n + 1)

    passed = [count for count in range(n // 10) if tango(0, count, n, confidence).lower > -margin]
    one_look = stats.binom.pmf(losses, n, margin)[passed].sum()

    assert 1 - (1 - one_look) ** 32 <= 0.06


def test_campaign__at_the_plain_level_would_pass_in_half_of_all_cases() -> None:
    n, margin = 2000, 0.02

    passed = [count for count in range(n // 10) if tango(0, count, n, 0.95).lower > -margin]
    one_look = stats.binom.pmf(np.arange(n + 1), n, margin)[passed].sum()

    assert 1 - (1 - one_look) ** 32 > 0.5


# --- ledger ---------------------------------------------------------------------------------------------------------


def test_ledger__spends_a_look_per_model_and_none_for_asking_again() -> None:
    ledger = SealedLedger(SealedBudget(3, 2)).after("a", passed=False).after("b", passed=True)

    again = ledger.after("a", passed=False).after("b", passed=True)

    assert again is ledger
    assert ledger.looks == (Look("a", passed=False), Look("b", passed=True))
    assert (ledger.looks_left, ledger.passes_left, ledger.is_spent) == (1, 1, False)
    assert [ledger.answer(digest) for digest in "abc"] == [False, True, None]


def test_ledger__retires_with_its_last_pass_though_looks_are_left() -> None:
    ledger = SealedLedger(SealedBudget(20, 1)).after("a", passed=True)

    assert (ledger.looks_left, ledger.passes_left, ledger.is_spent) == (0, 0, True)
    with pytest.raises(RejectedError) as refused:
        ledger.check_look("b")
    assert refused.value.to_dict() == {
        "code": "sealed-set-spent",
        "problem": "the sealed set has no look left: all of its 1 passes are used",
        "where": None,
        "cause": "Every answer tells a little about its rows; beyond the budget a pass would prove nothing.",
        "hint": "Collect new rows under `sealed:` and use these ones up as an ordinary evaluation set; "
        "`mlci sealed plan` computes how many rows a budget needs.",
        "exit_code": 1,
    }


def test_ledger__refuses_a_new_model_when_all_looks_are_used_and_answers_old_ones() -> None:
    ledger = SealedLedger(SealedBudget(2, 2)).after("a", passed=False).after("b", passed=False)

    ledger.check_look("a")
    assert ledger.after("b", passed=False) is ledger
    with pytest.raises(RejectedError, match="all of its 2 looks are used"):
        ledger.after("c", passed=True)


def test_ledger__refuses_a_second_answer_for_the_same_model() -> None:
    ledger = SealedLedger(SealedBudget(2, 2)).after("a", passed=False)

    with pytest.raises(IntegrityError, match="another answer now"):
        ledger.after("a", passed=True)


@pytest.mark.parametrize(
    ("looks", "problem"),
    [
        ((Look("a", passed=False), Look("a", passed=False)), "a model has two looks"),
        (tuple(Look(digest, passed=False) for digest in "abcd"), "more was looked at"),
        ((Look("a", passed=True), Look("b", passed=False)), "more was looked at"),
    ],
)
def test_ledger__refuses_looks_that_do_not_add_up(looks: tuple[Look, ...], problem: str) -> None:
    with pytest.raises(IntegrityError, match=problem) as refused:
        SealedLedger(SealedBudget(3, 1), looks)
    assert refused.value.code == "sealed-ledger-broken"


@given(budget=budgets(), asked=st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.booleans()), max_size=40))
def test_ledger__never_grants_more_than_its_budget(budget: SealedBudget, asked: list[tuple[str, bool]]) -> None:
    # Every model has one answer, whoever asks; the ledger is asked before the set is opened.
    answers = dict(reversed(asked))
    ledger = SealedLedger(budget)
    for digest, _ in asked:
        with suppress(RejectedError):
            ledger = ledger.after(digest, passed=answers[digest])

    assert len(ledger.looks) <= budget.looks
    assert sum(look.passed for look in ledger.looks) <= budget.passes
    # Whoever has no answer was refused, and only a spent set refuses.
    assert ledger.is_spent or {look.digest for look in ledger.looks} == set(answers)
    assert ledger.looks_left == (budget.looks - len(ledger.looks)) * (ledger.passes_left > 0)


@given(budget=budgets())
def test_hypotheses__are_no_more_than_all_histories(budget: SealedBudget) -> None:
    assert budget.looks <= budget.hypotheses <= 2**budget.looks - 1
    assert math.isclose(1 - budget.confidence_of_look(0.95), 0.05 / budget.hypotheses, rel_tol=1e-9, abs_tol=1e-15)
