"""What lies on branches of the origin, registries and runs, and the signatures in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from mlci.core.registry import Change, LoadedRegistry, Trail
    from mlci.core.runs import KeptRun


class RegistryBranch(Protocol):
    """The registries of the origin: read as they were fetched, changed by one atomic push."""

    def load(self, model: str) -> LoadedRegistry:
        """Return the registry of a model and the commit that it was read from.

        That it lacks what was seen of it here before is an `IntegrityError`.
        """

    def refreshed(self, model: str) -> LoadedRegistry:
        """Return the registry of a model as the origin has it now."""

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that have a registry."""

    def load_at(self, model: str, commit: str) -> LoadedRegistry:
        """Return the registry as a commit of its branch holds it."""

    def evaluation(self, model: str, digest: str) -> bytes | None:
        """Return the evaluation with this sha256 as it was fetched last, `None` where the branch has none."""

    def trail(self, model: str) -> Trail:
        """Return the commits of the branch and the model's tags as they are now; `load` then gives that state."""

    def version_tags(self) -> frozenset[tuple[str, str]]:
        """Return model and number of every version that a tag at the origin names now, whatever the branches hold."""

    def push(self, model: str, change: Change, parent: str | None) -> str:
        """Write a change on top of `parent` or not at all; return the new commit."""


class RunsBranch(Protocol):
    """The records of runs that the origin holds: read as they were fetched, added one at a time."""

    def runs(self) -> tuple[KeptRun, ...]:
        """Return every run on the branch, by name."""

    def add(self, run: KeptRun, who: str, when: datetime) -> bool:
        """Add the record of a run, and say whether it was not there yet."""


class Signing(Protocol):
    """Signatures of what is written to a registry."""

    @property
    def can_sign(self) -> bool:
        """Whether there is a key."""

    def sign(self, content: bytes) -> bytes:
        """Return a signature; that there is no key is an error."""

    def signer(self, content: bytes, signature: bytes, signers: bytes, at: datetime) -> str:
        """Return who of the allowed signers signed this; a `ValueError` says why nobody of them did."""
