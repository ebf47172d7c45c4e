"""Signatures that the rules of base demand: refused before a write that nobody could vouch for, checked by `verify`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.signing import badly_signed, claims, unsigned
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mlci.commands.ports import Signing, Tree
    from mlci.core.config import SignSection
    from mlci.core.registry import Event, Registry
    from mlci.errors import IntegrityError

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


def check_signatures(registry: Registry, demand: Demand, signing: Signing) -> tuple[list[str], list[IntegrityError]]:
    """Return who signed, event by event, and what is wrong with the events that are not signed as they must be."""
    signers: list[str] = []
    problems: list[IntegrityError] = []
    for name, event, problem in _checked(registry, demand, signing):
        if problem is None:
            signers.append(name)
        else:
            problems.append(unsigned(event) if problem == "" else badly_signed(event, problem))
    return signers, problems


def _checked(registry: Registry, demand: Demand, signing: Signing) -> Iterator[tuple[str, Event, str | None]]:
    """Yield the signer, the event, and why it is not signed as it must be (empty: there is no signature)."""
    for claim in claims(registry, demand.since):
        if claim.signature is None:
            yield "", claim.event, ""
            continue
        try:
            name = signing.signer(claim.content, claim.signature, demand.signers, claim.event.time)
            yield name, claim.event, None
        except ValueError as error:
            yield "", claim.event, str(error)
