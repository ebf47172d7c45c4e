from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.core.registry import Registry, read
from mlci.core.registry.entries import sha256
from mlci.core.registry.history import Signature
from mlci.core.registry.signing import claims, signed
from mlci.errors import IntegrityError, UsageError
from tests.core.plans import a_history, a_promotion

if TYPE_CHECKING:
    from mlci.core.registry import Change


def sign(content: bytes) -> bytes:
    return f"signed {sha256(content)}\n".encode()


def test_signed__each_event_has_a_file_of_its_own() -> None:
    change = signed(a_promotion(Registry.empty("tumour"), "a"), sign)
    assert sorted(path for path in change.files if path.startswith("signatures/")) == [
        "signatures/000001.sig",
        "signatures/000002.sig",
    ]
    registry = read("tumour", change.files)
    assert [registry.signatures[event.sequence] for event in registry.events] == [
        Signature(change.files[f"events/00000{event.sequence}.json"], f"signed {event.digest}\n".encode())
        for event in registry.events
    ]


def test_read__what_is_signed_is_the_file_as_another_tool_wrote_it() -> None:
    files = dict(a_promotion(Registry.empty("tumour"), "a").files)
    short = json.dumps(json.loads(files["events/000002.json"])).encode()
    stage = json.loads(files["stages/production.json"]) | {"event_sha256": sha256(short)}
    other = {"events/000002.json": short, "stages/production.json": json.dumps(stage).encode()}
    registry = read("tumour", files | other | {"signatures/000002.sig": sign(short)})
    (claim,) = claims(registry, 2)
    assert claim.signature == Signature(short, sign(short))


def test_signed__nothing_else_changes() -> None:
    change = a_promotion(Registry.empty("tumour"), "a")
    made = signed(change, sign)
    assert {path: made.files[path] for path in change.files} == change.files
    assert (made.after, made.tags, made.message) == (change.after, change.tags, change.message)


def later(change: Change, by: timedelta) -> Change:
    """Return a change whose events say that they were written LATER, by that."""
    events = tuple(replace(event, time=event.time + by) for event in change.events)
    return replace(change, events=events)


def test_signed__what_nobody_would_vouch_for_is_not_written() -> None:
    change = a_promotion(a_history("a"), "b")
    assert signed(later(change, timedelta(days=-1)), sign).files
    with pytest.raises(UsageError) as caught:
        signed(later(change, timedelta(days=-1, seconds=-1)), sign)
    assert (caught.value.code, caught.value.problem) == (
        "clock-behind",
        "here it is 2026-01-30T11:59:59Z, and event 2 is of 2026-01-31T12:00:00Z; nothing was written",
    )
    assert "SOURCE_DATE_EPOCH=1769860800 mlci …" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["000003", "000000", "1", "v1.0.0"])
def test_read__a_signature_of_no_event(name: str) -> None:
    change = signed(a_promotion(Registry.empty("tumour"), "a"), sign)
    with pytest.raises(IntegrityError, match="it signs no event"):
        read("tumour", {**change.files, f"signatures/{name}.sig": b""})


def test_claims__from_the_event_on_that_the_rules_name() -> None:
    registry = a_history("a", "b")
    assert [claim.event.sequence for claim in claims(registry, 3)] == [3, 4]
    assert [claim.event.sequence for claim in claims(registry, 1)] == [1, 2, 3, 4]
    assert {claim.signature for claim in claims(registry, 1)} == {None}
    assert claims(registry, 5) == ()
