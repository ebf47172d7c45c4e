from __future__ import annotations

from dataclasses import replace

import pytest

from mlci.core.registry import Actor, Registry, read
from mlci.core.registry.looks import LookOutcome, looks, plan_look, refuse_beyond
from mlci.errors import UsageError
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.core.plans import ANA, UUIDS, a_history

SEALED, OTHER = "5" * 64, "6" * 64
BOB = Actor("Bob")


def looked(registry: Registry, *outcomes: LookOutcome, sealed: str = SEALED, actor: Actor = ANA) -> Registry:
    """Return the registry after these words about a sealed set."""
    for outcome in outcomes:
        facts = {"actor": actor, "now": FixedClock().now(), "uuids": UUIDS, "page": registry_page}
        registry = plan_look(registry, sealed, outcome, **facts).after  # type: ignore[arg-type]  # each is what it says
    return registry


def outcomes(registry: Registry, sealed: str = SEALED) -> list[LookOutcome]:
    return [look.outcome for look in looks(registry, sealed)]


def test_looks__are_counted_by_sealed_set() -> None:
    registry = looked(looked(a_history("a"), "opened", "pass"), "opened", "fail", sealed=OTHER)
    registry = looked(registry, "opened", "inconclusive")
    assert outcomes(registry) == ["pass", "inconclusive"]
    assert outcomes(registry, OTHER) == ["fail"]


def test_looks__an_opening_without_an_outcome_is_one() -> None:
    assert outcomes(looked(a_history("a"), "opened", "opened", "pass")) == ["opened", "pass"]


def test_looks__somebody_elses_outcome_ends_no_look() -> None:
    registry = looked(looked(a_history("a"), "opened"), "pass", actor=BOB)
    assert outcomes(registry) == ["opened", "pass"]


def test_look__moves_nothing_and_is_read_back() -> None:
    before = a_history("a")
    change = plan_look(before, SEALED, "opened", actor=ANA, now=FixedClock().now(), uuids=UUIDS, page=registry_page)
    assert (change.stage, change.version, change.tags) == (None, None, ())
    assert sorted(change.files) == ["README.md", "events/000003.json"]
    assert change.after == replace(before, events=change.after.events)


def test_look__before_there_is_any_version() -> None:
    change = plan_look(
        Registry.empty("tumour"), SEALED, "opened", actor=ANA, now=FixedClock().now(), uuids=UUIDS, page=registry_page
    )
    assert outcomes(read("tumour", change.files)) == ["opened"]


def test_refuse__when_the_budget_is_spent() -> None:
    registry = looked(a_history("a"), "opened", "pass", "opened")
    refuse_beyond(registry, SEALED, 3)
    refuse_beyond(registry, OTHER, 1)
    with pytest.raises(UsageError) as caught:
        refuse_beyond(registry, SEALED, 2)
    assert (caught.value.code, caught.value.problem) == (
        "looks-spent",
        "the sealed set was looked at 2 times, of 2 allowed",
    )
