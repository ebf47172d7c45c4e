from __future__ import annotations

import pytest
from typing_extensions import override

from mlci.commands.look import record_look
from mlci.core.registry import LoadedRegistry, Registry
from mlci.core.registry.looks import looks
from mlci.errors import UsageError
from mlci.testing import FakeOrigin, FakeRegistryBranch, FixedClock
from tests.core.plans import ANA

SEALED = "5" * 64


def look(registry: FakeRegistryBranch, limit: int | None = None) -> None:
    record_look("tumour", SEALED, "opened", limit=limit, actor=ANA, registry=registry, clock=FixedClock())


def count(registry: FakeRegistryBranch) -> int:
    return len(looks(registry.load("tumour").registry, SEALED))


def test_look__is_on_the_branch_and_counted_by_everybody() -> None:
    origin = FakeOrigin()
    look(FakeRegistryBranch(origin))
    look(FakeRegistryBranch(origin))
    assert count(FakeRegistryBranch(origin)) == 2


def test_look__beyond_the_limit_is_refused_and_not_recorded() -> None:
    registry = FakeRegistryBranch()
    look(registry, limit=1)
    with pytest.raises(UsageError, match="looked at once"):
        look(registry, limit=1)
    assert count(registry) == 1


class Overtaken(FakeRegistryBranch):
    """A client that is always behind by one look when it pushes first."""

    @override
    def load(self, model: str) -> LoadedRegistry:
        loaded = super().load(model)
        if not self.origin.steps:
            look(FakeRegistryBranch(self.origin))
        return loaded


def test_look__that_was_overtaken_is_planned_on_what_is_there_now() -> None:
    registry = Overtaken()
    look(registry)
    assert count(registry) == 2


def test_look__that_was_overtaken_keeps_to_the_limit() -> None:
    registry = Overtaken()
    with pytest.raises(UsageError, match="looked at once"):
        look(registry, limit=1)
    assert count(registry) == 1
    assert registry.load("tumour").registry != Registry.empty("tumour")
