"""The entries of a registry branch, versions, stages and events, and the path of the file that each lies in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

EventType = Literal[
    "register", "assign", "unassign", "rollback", "quarantine", "readmit", "deprecate", "note", "look", "deploy"
]
MOVES: Final[frozenset[str]] = frozenset({"assign", "unassign", "rollback"})
"""The types that move a stage; each says what it expected to find there."""
PASSED: Final = "pass"
NOT_PASSED: Final = "not passed"
"""The only two words that are ever told of a look at a sealed set: they are the reason of its event."""

VERSION_SCHEMA: Final = "mlci/version/1"
STAGE_SCHEMA: Final = "mlci/stage/1"
EVENT_SCHEMA: Final = "mlci/event/1"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: a name as Git writes it, and whether a host vouches for it (Git itself does not)."""

    name: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was found in a stage when a decision was made: the version, and the sequence of the event that set it."""

    version: str | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable numbered package: what it is made of, where its bytes lie, and who registered it, when and why."""

    model: str
    number: str
    package_sha256: str
    package_size: int
    locations: tuple[str, ...]
    run: str
    commit: str
    evaluation: str | None
    signature: str
    actor: Actor
    time: datetime
    number_reason: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A named pointer to a version (or to none), and the event that set it: its sequence and its file's sha256."""

    model: str
    name: str
    version: str | None
    sequence: int
    event_sha256: str


@dataclass(frozen=True, slots=True)
class Event:
    """One append-only entry. `digest` is the sha256 of its file, which the next event names as `previous`.

    `version_sha256` binds the file of a registered version into the chain; `evaluation` is the digest of what a
    promotion was decided on, of a look that of the sealed set; `target` is where a version was deployed to; `judged`
    is, of a look, the digest of what was judged; `approvals` are the logins of those who approved the pull request that
    a promotion came from. An event that has none of the last two leaves the key out.
    """

    model: str
    sequence: int
    uuid: UUID
    previous: str | None
    type: EventType
    actor: Actor
    time: datetime
    reason: str
    version: str | None = None
    stage: str | None = None
    expected: Expectation | None = None
    version_sha256: str | None = None
    evaluation: str | None = None
    target: str | None = None
    judged: str | None = None
    approvals: tuple[str, ...] = ()
    digest: str = ""


def version_path(number: str) -> str:
    """Return where the version lies on the branch."""
    return f"versions/{number}.json"


def stage_path(name: str) -> str:
    """Return where the stage lies on the branch."""
    return f"stages/{name}.json"


def event_path(sequence: int) -> str:
    """Return where the event lies on the branch: six digits or more."""
    return f"events/{sequence:06d}.json"


def signature_path(sequence: int) -> str:
    """Return where the signature of an event lies on the branch."""
    return f"signatures/{sequence:06d}.sig"


def evaluation_path(digest: str) -> str:
    """Return where the evaluation with this sha256 lies on the branch."""
    return f"evaluations/{digest}.json"


def sha256(data: bytes) -> str:
    """Return the sha256 of `data` in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def broken(path: str, problem: str) -> IntegrityError:
    """Return the error of a registry whose content does not hold, naming the file."""
    shown = one_line(path, 120)
    return IntegrityError(
        "registry-broken",
        f"the registry is broken at {shown}: {problem}",
        where=shown,
        cause="Somebody edited or rewrote the registry branch by hand; mlci only ever adds to it.",
        hint=f"mlci registry repair shows how it comes back; who it was: git log -p --all -- {quote(shown)}",
    )
