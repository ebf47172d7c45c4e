"""Changes of a registry for tests, as a command would plan them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

from mlci.core.registry import Actor, Change, NewVersion, Registry, plan_promotion, plan_rollback
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.registry import Part

ANA = Actor("Ana Müller <ana@example.com>")
UUIDS = (UUID(int=number) for number in count(1))


def a_package(letter: str, part: Part = "minor") -> NewVersion:
    """Return a candidate whose package's sha256 consists of one letter (a to f, or a digit)."""
    return NewVersion(
        package_sha256=letter * 64,
        package_size=1000,
        locations=(f"directory:{letter * 2}/{letter * 64}.tar",),
        run="e" * 64,
        commit="c" * 40,
        evaluation="d" * 64,
        signature="f" * 64,
        part=part,
        number_reason="parameters changed",
    )


def a_promotion(
    registry: Registry,
    letter: str,
    reason: str = "a better model",
    part: Part = "minor",
    uuids: Iterator[UUID] = UUIDS,
) -> Change:
    """Return the change that puts a package into production, decided against what is there."""
    return plan_promotion(
        registry,
        a_package(letter, part),
        "production",
        registry.expectation("production"),
        actor=ANA,
        now=FixedClock().now(),
        uuids=uuids,
        reason=reason,
        page=registry_page,
    )


def a_rollback(registry: Registry, to_version: str | None = None, reason: str = "misses tumours") -> Change:
    """Return the change that takes production back."""
    return plan_rollback(
        registry,
        "production",
        to_version,
        actor=ANA,
        now=FixedClock().now(),
        uuids=UUIDS,
        reason=reason,
        page=registry_page,
    )


def a_history(*letters: str, reason: str = "a better model") -> Registry:
    """Return a registry into whose production these packages were put, one after the other."""
    registry = Registry.empty("tumour")
    for letter in letters:
        registry = a_promotion(registry, letter, reason).after
    return registry
