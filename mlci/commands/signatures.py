"""Signatures that the rules of base demand: refused before a write that nobody could vouch for, checked by `verify`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.audit import goes_back
from mlci.core.registry.signing import badly_signed, claims, resting_on, unsigned
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from mlci.commands.ports import Signing, Tree
    from mlci.core.registry import Event, Registry
    from mlci.core.release_sections import SignSection
    from mlci.errors import IntegrityError

Vouching = Callable[["Registry", Collection[str], str | None], None]
"""Raises where an answer about some versions, or about what is in a stage, rests on what nobody vouches for."""
_PROBE: Final = b"mlci: may this key sign?\n"


@dataclass(frozen=True, slots=True)
class Demand:
    """What base demands: signatures by these signers, from an event on."""

    signers: bytes
    since: int


def demanded(section: SignSection | None, base: Tree) -> Demand | None:
    """Return what the rules demand, None where they demand nothing.

    Raises `UsageError("signers-missing")` where BASE lacks the file of signers.
    """
    if section is None:
        return None
    signers = base.read(section.signers)
    if signers is None:
        raise UsageError(
            "signers-missing",
            f"the file of allowed signers is not there: {section.signers}",
            where=f"promote.sign.signers, {base.label}",
            hint=f'Add a line for each key: ADDRESS namespaces="mlci" ssh-ed25519 AAAA…, and commit {section.signers}',
        )
    return Demand(signers, section.since)


def refuse_unsigned(demand: Demand | None, signing: Signing, now: datetime) -> None:
    """Raise where what is about to be written must be signed, and no signer that base allows could do it here."""
    if demand is None:
        return
    if not signing.can_sign:
        raise UsageError(
            "signing-key",
            "what is written to the registry must be signed, and no key is named here",
            cause="promote.sign of the target branch demands it.",
            hint="export MLCI_SIGNING_KEY=~/.ssh/id_ed25519, or the .pub file of a key that ssh-agent holds",
        )
    try:
        signing.signer(_PROBE, signing.sign(_PROBE), demand.signers, now)
    except ValueError as error:
        raise UsageError(
            "signer-not-allowed",
            f"the key named here is not one of the allowed signers: {one_line(str(error), 200)}",
            cause="The file that promote.sign.signers names, as the target branch has it, does not list it.",
            hint="Add its public half there by a pull request; the rules are those of the branch before the push.",
        ) from error


def refuse_unvouched(
    registry: Registry, numbers: Collection[str], stage: str | None, demand: Demand | None, signing: Signing
) -> None:
    """Raise where an answer about the versions NUMBERS, or what is in STAGE, rests on an event that nobody vouches for.

    Only those events are looked at; `mlci verify` looks at all. Raises `IntegrityError`: "event-unsigned",
    "signature-invalid".
    """
    if demand is None:
        return
    _, problems = check_signatures(registry, demand, signing, resting_on(registry, numbers, stage))
    if problems:
        raise problems[0]


def check_signatures(
    registry: Registry, demand: Demand, signing: Signing, events: Collection[Event] | None = None
) -> tuple[list[str], list[IntegrityError]]:
    """Return who signed, event by event, and what is wrong with those EVENTS (all) that are not signed rightly."""
    signers: list[str] = []
    problems: list[IntegrityError] = []
    only = None if events is None else {event.sequence for event in events}
    for name, event, problem in _checked(registry, demand, signing, only):
        if problem is None:
            signers.append(name)
        else:
            problems.append(unsigned(event) if problem == "" else badly_signed(event, problem))
    return signers, problems


def _checked(
    registry: Registry, demand: Demand, signing: Signing, only: AbstractSet[int] | None
) -> Iterator[tuple[str, Event, str | None]]:
    """Yield the signer, the event, and why it is not signed as it must be (empty: there is no signature)."""
    for claim in claims(registry, demand.since):
        event = claim.event
        if only is not None and event.sequence not in only:
            continue
        if claim.signature is None:
            yield "", event, ""
        elif event.sequence > 1 and goes_back(event, registry.events[event.sequence - 2]):
            # Whether a signer was allowed is asked for the time of the event, which whoever signs may make up.
            yield "", event, "it says that it is more than a day older than the event before it"
        else:
            try:
                name = signing.signer(claim.signature.content, claim.signature.text, demand.signers, event.time)
                yield name, event, None
            except ValueError as error:
                yield "", event, str(error)
