"""Who may do what only an owner does: `model.owners` against an actor, as far as anybody can tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.registry.entries import Actor

_LOGIN: Final = re.compile(r"@[^/\s@]+")
_ADDRESS: Final = re.compile(r"[^\s<>@]+@[^\s<>@]+")


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whether an actor may act as an owner, and how far that is known."""

    may: bool
    sentence: str


def ownership(actor: Actor, owners: Sequence[str]) -> Ownership:
    """Return whether ACTOR may act as one of OWNERS: `@login`, an address, or `@organisation/team`.

    The actor of a host is compared with logins, and refused where it is none of them: what a team consists of is not
    known here. Git's own identity is whatever its user typed, so it is compared with addresses only, and let through,
    which is said, where an owner is named in another way.

    >>> from mlci.core.registry.entries import Actor
    >>> ownership(Actor("ana <ana@users.noreply.github.com>", verified=True), ["@ana"]).may
    True
    """
    named = one_line(", ".join(owners), 200)
    who = one_line(actor.name, 120)
    if not owners:
        return Ownership(may=True, sentence="model.owners names nobody, so anybody may do this")
    if actor.verified:
        login = f"@{actor.name.partition(' <')[0]}"
        if any(_LOGIN.fullmatch(owner) and owner.casefold() == login.casefold() for owner in owners):
            return Ownership(may=True, sentence=f"{login} is one of model.owners")
        return Ownership(
            may=False, sentence=f"{login} is not named in model.owners ({named}), and mlci cannot look into a team"
        )
    own = _addresses([actor.name])
    if own & _addresses(owners):
        return Ownership(may=True, sentence=f"{who} is one of model.owners, as Git says; nobody vouches for it")
    if all(_addresses([owner]) for owner in owners):
        return Ownership(may=False, sentence=f"{who} is none of model.owners ({named})")
    return Ownership(
        may=True,
        sentence=f"Git says that this is {who}; nobody vouches for it, or for its being one of model.owners ({named})",
    )


def refuse_strangers(actor: Actor, owners: Sequence[str], act: str) -> str:
    """Return in a sentence as whom the actor acts; raises `RejectedError("not-an-owner")` where it may not."""
    found = ownership(actor, owners)
    if not found.may:
        raise RejectedError(
            "not-an-owner",
            f"only an owner of the model may {act}: {found.sentence}",
            cause="model.owners is read from the branch that sets the rules.",
            hint="Ask an owner; or name the person in model.owners, as @login or by address, and merge that.",
        )
    return found.sentence


def _addresses(texts: Sequence[str]) -> set[str]:
    return {found.casefold() for text in texts for found in _ADDRESS.findall(text)}
