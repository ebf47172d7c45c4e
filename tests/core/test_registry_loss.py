"""What a registry held once and holds no more."""

from __future__ import annotations

import pytest

from mlci.core.registry import Registry
from mlci.core.registry.loss import taken_off
from tests.core.plans import a_history

ONE = a_history("a")
TWO = a_history("a", "b")
OTHER = a_history("c")


@pytest.mark.parametrize("now", [ONE, a_history("d")])
def test_taken_off__nothing_where_all_is_held(now: Registry) -> None:
    assert taken_off(now, now) == ()
    assert taken_off(Registry.empty("tumour"), now) == ()


def test_taken_off__nothing_where_something_was_added() -> None:
    before = ONE
    after = Registry(before.model, {}, {}, (*before.events, *TWO.events[2:]), frozenset())
    assert taken_off(before, after) == ()


def test_taken_off__the_end() -> None:
    cut = Registry(TWO.model, {}, {}, TWO.events[:3], frozenset())
    assert taken_off(TWO, cut) == TWO.events[3:]
    assert taken_off(TWO, Registry.empty("tumour")) == TWO.events


def test_taken_off__all_from_the_first_that_differs_on() -> None:
    assert taken_off(ONE, OTHER) == ONE.events
