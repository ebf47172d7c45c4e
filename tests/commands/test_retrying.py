from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.retrying import record
from mlci.core.registry import plan_quarantine, plan_registration
from mlci.errors import IntegrityError, UsageError
from mlci.render.registry_page import registry_page
from mlci.testing import FakeRegistryBranch, FixedClock
from tests.core.plans import ANA, UUIDS, a_package, a_promotion

if TYPE_CHECKING:
    from mlci.core.registry import Change, Registry

MODEL = "tumour"


def promote(registry: FakeRegistryBranch, letter: str) -> None:
    loaded = registry.load(MODEL)
    registry.push(MODEL, a_promotion(loaded.registry, letter), loaded.commit)


class Overtaken:
    """Plans a registration, while somebody else promotes just before its push, so many times."""

    def __init__(self, registry: FakeRegistryBranch, others: str) -> None:
        self._registry = registry
        self._others = list(others)

    def __call__(self, found: Registry) -> Change | None:
        change = plan_registration(
            found, a_package("a"), actor=ANA, now=FixedClock().now(), uuids=UUIDS, reason="x", page=registry_page
        )
        for letter in self._others[:1]:
            promote(self._registry, letter)
        del self._others[:1]
        return change


@pytest.mark.parametrize("others", ["", "b", "bcd"])
def test_record__is_planned_again_until_it_arrives(others: str) -> None:
    registry = FakeRegistryBranch()
    change = record(MODEL, Overtaken(registry, others), registry)
    assert change is not None
    assert change.version == f"v1.{len(others)}.0"
    assert list(registry.load(MODEL).registry.versions) == [f"v1.{minor}.0" for minor in range(len(others) + 1)]


def test_record__what_is_there_now_may_make_it_refuse() -> None:
    registry = FakeRegistryBranch()
    promote(registry, "a")
    promote(registry, "b")
    times = iter("a")

    def plan(found: Registry) -> Change | None:
        change = plan_quarantine(
            found, "v1.0.0", actor=ANA, now=FixedClock().now(), uuids=UUIDS, reason="x", page=registry_page
        )
        for letter in times:
            promote(registry, letter)
        return change

    with pytest.raises(UsageError) as caught:
        record(MODEL, plan, registry)
    assert caught.value.code == "in-stage"


def test_record__a_branch_that_never_fits_is_not_tried_for_ever() -> None:
    registry = FakeRegistryBranch()
    promote(registry, "a")
    other = a_promotion(FakeRegistryBranch().load(MODEL).registry, "b")
    with pytest.raises(IntegrityError) as caught:
        record(MODEL, lambda _: other, registry)
    assert caught.value.code == "stale-promotion"
