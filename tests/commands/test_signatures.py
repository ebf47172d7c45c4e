"""Signatures that the rules of base demand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mlci.commands.signatures import Demand, check_signatures, demanded, refuse_unsigned
from mlci.core.config import SignSection
from mlci.core.registry import Registry, read
from mlci.core.registry.signing import signed
from mlci.errors import UsageError
from mlci.testing import MemorySigning, MemoryTree
from tests.core.plans import a_history, a_promotion

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA = MemorySigning("ada")
DEMAND = Demand(b"ada\nbob\n", 1)


def a_signed_history(*names: str) -> Registry:
    """Return a registry whose versions were each promoted by somebody with a key."""
    files: dict[str, bytes] = {}
    registry = Registry.empty("tumour")
    for letter, name in zip("abcdef", names, strict=False):
        files |= signed(a_promotion(registry, letter), MemorySigning(name).sign).files
        registry = read("tumour", files)
    return registry


def test_demanded__nothing() -> None:
    assert demanded(None, MemoryTree({})) is None


def test_demanded__the_signers_of_base() -> None:
    tree = MemoryTree({"signers": b"ada\n"})
    assert demanded(SignSection(signers="signers", since=3), tree) == Demand(b"ada\n", 3)


def test_demanded__a_file_that_is_not_there() -> None:
    with pytest.raises(UsageError) as caught:
        demanded(SignSection(signers="signers"), MemoryTree({}))
    assert (caught.value.code, "namespaces" in (caught.value.hint or "")) == ("signers-missing", True)


@pytest.mark.parametrize(
    ("signing", "code"), [(MemorySigning(), "signing-key"), (MemorySigning("mallory"), "signer-not-allowed")]
)
def test_refuse__before_anything_is_written(signing: MemorySigning, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_unsigned(DEMAND, signing, NOW)
    assert (caught.value.code, bool(caught.value.hint)) == (code, True)


def test_refuse__nobody_who_may_or_where_nothing_is_demanded() -> None:
    refuse_unsigned(DEMAND, ADA, NOW)
    refuse_unsigned(None, MemorySigning(), NOW)


def test_check__says_who_signed() -> None:
    assert check_signatures(a_signed_history("ada", "bob"), DEMAND, ADA) == (["ada", "ada", "bob", "bob"], [])


def test_check__names_events_without_a_signature() -> None:
    signers, problems = check_signatures(a_history("a"), DEMAND, ADA)
    assert (signers, [(each.code, each.where) for each in problems]) == (
        [],
        [("event-unsigned", "events/000001.json"), ("event-unsigned", "events/000002.json")],
    )


def test_check__names_signatures_of_somebody_else_and_edited_ones() -> None:
    registry = a_signed_history("ada", "mallory")
    registry = replace(registry, signatures={**registry.signatures, 2: registry.signatures[1]})
    signers, problems = check_signatures(registry, DEMAND, ADA)
    assert (signers, [(each.code, each.where) for each in problems]) == (
        ["ada"],
        [("signature-invalid", f"signatures/00000{number}.sig") for number in (2, 3, 4)],
    )


def test_check__what_came_before_the_demand_may_be_unsigned() -> None:
    assert check_signatures(a_history("a"), replace(DEMAND, since=3), ADA) == ([], [])
