from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mlci.core.registry import read
from mlci.core.registry.entries import event_path, stage_path, version_path
from mlci.core.registry.looks import ledger_of, looks, newest_sealed_set, plan_look
from mlci.core.registry.reading import read_event
from mlci.core.registry.writing import write_event, write_stage, write_version
from mlci.core.statistics.sealed_budget import Look, SealedBudget
from mlci.errors import IntegrityError, RejectedError
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.core.plans import ANA, UUIDS, a_history

if TYPE_CHECKING:
    from mlci.core.registry import Registry

SEALED, OTHER = "5" * 64, "6" * 64
ONE, TWO, THREE = "a" * 64, "b" * 64, "c" * 64
BUDGET = SealedBudget(looks=3, passes=2)


def looked(
    registry: Registry, judged: str, *, passed: bool, sealed: str = SEALED, budget: SealedBudget = BUDGET
) -> Registry:
    """Return the registry after a look."""
    change = plan_look(
        registry,
        sealed,
        judged,
        budget,
        passed=passed,
        actor=ANA,
        now=FixedClock().now(),
        uuids=UUIDS,
        page=registry_page,
    )
    return registry if change is None else change.after


def test_looks__are_of_one_sealed_set_in_their_order() -> None:
    registry = looked(looked(a_history("a"), ONE, passed=True), ONE, passed=False, sealed=OTHER)
    registry = looked(registry, TWO, passed=False)
    assert looks(registry, SEALED) == (Look(ONE, passed=True), Look(TWO, passed=False))
    assert looks(registry, OTHER) == (Look(ONE, passed=False),)
    assert newest_sealed_set(registry) == SEALED


def test_looks__none_where_nothing_was_opened() -> None:
    registry = a_history("a")
    assert (looks(registry, SEALED), newest_sealed_set(registry)) == ((), None)


def test_plan_look__tells_two_words_and_nothing_else() -> None:
    before = a_history("a")
    after = looked(looked(before, ONE, passed=True), TWO, passed=False)
    assert [event.reason for event in after.events[before.sequence :]] == ["pass", "not passed"]
    assert {(event.version, event.stage) for event in after.events[before.sequence :]} == {(None, None)}


def test_plan_look__of_what_was_judged_before_is_nothing() -> None:
    registry = looked(a_history("a"), ONE, passed=True)
    assert looked(registry, ONE, passed=True) is registry


def test_plan_look__of_what_was_answered_otherwise_before_is_refused() -> None:
    with pytest.raises(IntegrityError, match="another answer"):
        looked(looked(a_history("a"), ONE, passed=True), ONE, passed=False)


def test_plan_look__beyond_the_budget_is_refused_with_advice() -> None:
    registry = looked(looked(a_history("a"), ONE, passed=True), TWO, passed=True)
    assert ledger_of(registry, SEALED, BUDGET).is_spent
    with pytest.raises(RejectedError) as caught:
        looked(registry, THREE, passed=True)
    assert caught.value.code == "sealed-set-spent"


def test_event__of_a_look_is_read_as_it_was_written() -> None:
    event = looked(a_history("a"), ONE, passed=True).events[-1]
    assert event.judged == ONE
    assert read_event(write_event(event), "events/000003.json") == event


def test_event__of_a_look_that_names_nothing_judged_is_broken() -> None:
    registry = looked(a_history("a"), ONE, passed=True)
    bare = replace(registry, events=(*registry.events[:-1], replace(registry.events[-1], judged=None)))
    with pytest.raises(IntegrityError, match="what was judged"):
        looks(bare, SEALED)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"reason": "passed"}, "the reason of a look event is `pass` or `not passed`"),
        ({"judged": None}, "a look event must name the sealed set and what was judged, and no version"),
        ({"evaluation": None}, "a look event must name the sealed set and what was judged, and no version"),
        ({"version": "v1.0.0"}, "a look event must name the sealed set and what was judged, and no version"),
        ({"approvals": ("ada",)}, "`approvals` does not belong into an event of the type look"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_read__a_look_that_mlci_would_not_have_written(change: dict[str, Any], problem: str) -> None:
    registry = looked(a_history("a"), ONE, passed=True)
    files = {version_path(each.number): write_version(each) for each in registry.versions.values()}
    files |= {stage_path(each.name): write_stage(each) for each in registry.stages.values()}
    files |= {event_path(each.sequence): write_event(each) for each in registry.events}
    assert read("tumour", files) == registry
    files["events/000003.json"] = write_event(replace(registry.events[-1], **change))
    with pytest.raises(IntegrityError, match=re.escape(problem)):
        read("tumour", files)
