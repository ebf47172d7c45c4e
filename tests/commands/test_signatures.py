"""Signatures that the rules of base demand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mlci.commands.signatures import Demand, check_signatures, demanded, refuse_unsigned, refuse_unvouched
from mlci.core.registry import Registry, plan_quarantine, read
from mlci.core.registry.history import Signature
from mlci.core.registry.signing import signed
from mlci.core.registry.writing import sealed, write_event
from mlci.core.release_sections import SignSection
from mlci.errors import IntegrityError, UsageError
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock, MemorySigning, MemoryTree
from tests.core.plans import ANA, UUIDS, a_history, a_promotion

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
    swapped = replace(registry.signatures[2], text=registry.signatures[1].text)
    registry = replace(registry, signatures={**registry.signatures, 2: swapped})
    signers, problems = check_signatures(registry, DEMAND, ADA)
    assert (signers, [(each.code, each.where) for each in problems]) == (
        ["ada"],
        [("signature-invalid", f"signatures/00000{number}.sig") for number in (2, 3, 4)],
    )


def test_check__what_came_before_the_demand_may_be_unsigned() -> None:
    assert check_signatures(a_history("a"), replace(DEMAND, since=3), ADA) == ([], [])


def without(registry: Registry, *sequences: int) -> Registry:
    """Return a registry some of whose events nobody signed."""
    kept = {number: each for number, each in registry.signatures.items() if number not in sequences}
    return replace(registry, signatures=kept)


@pytest.mark.parametrize("sequence", [3, 4])
def test_unvouched__what_registered_a_version_and_what_put_it_into_the_stage(sequence: int) -> None:
    registry = without(a_signed_history("ada", "bob"), sequence)
    with pytest.raises(IntegrityError) as caught:
        refuse_unvouched(registry, ["v1.1.0"], "production", DEMAND, ADA)
    assert (caught.value.code, caught.value.where) == ("event-unsigned", f"events/00000{sequence}.json")


def test_unvouched__what_another_version_rests_on_is_not_asked_for() -> None:
    refuse_unvouched(without(a_signed_history("ada", "bob"), 1, 2), ["v1.1.0"], "production", DEMAND, ADA)
    refuse_unvouched(without(a_signed_history("ada", "bob"), 2, 3, 4), ["v1.0.0"], None, DEMAND, ADA)


def test_unvouched__a_stage_is_asked_for_its_last_move_whatever_the_version() -> None:
    with pytest.raises(IntegrityError, match=r"event 4 \(assign\) is not signed"):
        refuse_unvouched(without(a_signed_history("ada", "bob"), 4), ["v1.0.0"], "production", DEMAND, ADA)


def test_unvouched__a_quarantine_or_its_end_by_nobody() -> None:
    registry = a_signed_history("ada", "bob")
    change = plan_quarantine(
        registry, "v1.0.0", actor=ANA, now=FixedClock().now(), uuids=UUIDS, reason="leaked", page=registry_page
    )
    assert change
    with pytest.raises(IntegrityError, match=r"event 5 \(quarantine\) is not signed"):
        refuse_unvouched(replace(change.after, signatures=registry.signatures), ["v1.1.0"], None, DEMAND, ADA)


def test_unvouched__where_nothing_is_demanded_or_only_from_a_later_event_on() -> None:
    refuse_unvouched(a_history("a"), ["v1.0.0"], "production", None, ADA)
    refuse_unvouched(a_history("a"), ["v1.0.0"], "production", replace(DEMAND, since=3), ADA)


def test_check__an_event_that_makes_itself_older_than_the_one_before_is_vouched_for_by_nobody() -> None:
    registry = a_signed_history("ada")
    first, second = registry.events
    late = sealed(replace(second, time=first.time - timedelta(hours=25)))
    content = write_event(late)
    files = {1: registry.signatures[1], 2: Signature(content, ADA.sign(content))}
    _, (problem,) = check_signatures(replace(registry, events=(first, late), signatures=files), DEMAND, ADA)
    assert (problem.code, "more than a day older than the event before it" in problem.problem) == (
        "signature-invalid",
        True,
    )
