from __future__ import annotations

from mlci.cli.deferring import deferred


class Adapter:
    made = 0

    def __init__(self) -> None:
        Adapter.made += 1
        self.name = "adapter"


def test_deferred__is_made_once_at_its_first_use() -> None:
    adapter = deferred(Adapter)
    assert Adapter.made == 0
    assert (adapter.name, adapter.name, Adapter.made) == ("adapter", "adapter", 1)


def test_deferred__is_not_made_for_what_is_known() -> None:
    adapter = deferred(Adapter, name="known")
    before = Adapter.made
    assert (adapter.name, Adapter.made) == ("known", before)
