"""Signatures of events: one file each on the branch, over the bytes of the event.

An event names the hash of the one before it, and a registration the hash of its version's file, which has the hash of
the package: so who signs an event vouches for the package, and for all that led there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.audit import goes_back
from mlci.core.registry.entries import MOVES, event_path, signature_path
from mlci.core.registry.writing import write_event, write_time
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mlci.core.registry.draft import Change
    from mlci.core.registry.entries import Event
    from mlci.core.registry.history import Registry, Signature

NAMESPACE: Final = "mlci"
"""What signatures are for (`ssh-keygen -n`), so that none that was made for Git or for a mail is taken for ours."""

_MARKS: Final = frozenset({"quarantine", "readmit", "deprecate"})

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that should be signed, and its signature, None where it has none."""

    event: Event
    signature: Signature | None


def signed(change: Change, sign: Sign) -> Change:
    """Return the change with a signature of each of its events.

    Raises `UsageError("clock-behind")` where the clock here would make them ones that nobody vouches for.
    """
    if change.before.events:
        _refuse_behind(change.events[0], change.before.events[-1])
    signatures = {signature_path(event.sequence): sign(write_event(event)) for event in change.events}
    return replace(change, files={**change.files, **signatures})


def _refuse_behind(event: Event, last: Event) -> None:
    """Raise where an EVENT says that it is more than a day older than the LAST one of the registry."""
    if not goes_back(event, last):
        return
    raise UsageError(
        "clock-behind",
        f"here it is {write_time(event.time)}, and event {last.sequence} is of {write_time(last.time)}; "
        "nothing was written",
        cause="The clock of this machine, or SOURCE_DATE_EPOCH, is more than a day behind. No signature vouches for an "
        "event that says it is that much older than the one before it.",
        hint="Set the clock, or unset SOURCE_DATE_EPOCH. If the clock was wrong when event "
        f"{last.sequence} was written: SOURCE_DATE_EPOCH={int(last.time.timestamp())} mlci …",
    )


def claims(registry: Registry, since: int) -> tuple[Claim, ...]:
    """Return what must be signed where signatures are demanded from the event SINCE on."""
    return tuple(Claim(event, registry.signatures.get(event.sequence)) for event in registry.events[since - 1 :])


def resting_on(registry: Registry, numbers: Collection[str], stage: str | None) -> tuple[Event, ...]:
    """Return the events that an answer about the versions NUMBERS, or about what is in STAGE, rests on.

    They are what registered these versions, what put each of them into STAGE the last time, the last move of STAGE, and
    all that was ever quarantined, deprecated or readmitted.
    """
    wanted = {event.sequence for event in registry.events if event.type in _MARKS}
    wanted |= {each.sequence for each in registry.events if each.type == "register" and each.version in numbers}
    if stage is not None:
        moves = {
            event.version: event.sequence for event in registry.events if event.type in MOVES and event.stage == stage
        }
        wanted |= {sequence for version, sequence in moves.items() if version in numbers}
        wanted.add(registry.expectation(stage).sequence)
    return tuple(event for event in registry.events if event.sequence in wanted)


def unsigned(event: Event) -> IntegrityError:
    """Return the error of an event without the signature that the rules of base demand."""
    return IntegrityError(
        "event-unsigned",
        f"event {event.sequence} ({event.type}) is not signed, and promote.sign demands it",
        where=event_path(event.sequence),
        cause="It was written by hand, by an older mlci, or by somebody without a key.",
        hint=f"mlci registry history; if it is right, say from which event on: sign: {{since: {event.sequence + 1}}}",
    )


def badly_signed(event: Event, why: str) -> IntegrityError:
    """Return the error of an event whose signature proves nothing, with the reason in words."""
    return IntegrityError(
        "signature-invalid",
        f"the signature of event {event.sequence} ({event.type}) does not hold: {one_line(why, 300)}",
        where=signature_path(event.sequence),
        cause="Event or signature were edited, or whoever signed is not among the signers of base.",
        hint="mlci registry history; add the signer to the file that promote.sign names only if you know the key.",
    )


def signers_text(names: Sequence[str]) -> str:
    """Return who signed how many events, as one sentence's end."""
    return ", ".join(f"{names.count(name)} by {one_line(name, 120)}" for name in _unique(names))


def _unique(names: Sequence[str]) -> Iterator[str]:
    yield from dict.fromkeys(names)
