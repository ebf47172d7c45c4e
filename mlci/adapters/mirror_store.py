"""Two stores as one: each package lies in both, and is read from either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from mlci.core.names import checked_sha256
from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_Answer = TypeVar("_Answer")


class _Store(Protocol):
    def put(self, archive: bytes | Path, sha256: str) -> str: ...
    def fetch(self, sha256: str) -> Path: ...
    def has(self, sha256: str) -> bool: ...


class MirrorStore:
    """Writes to both stores, reads from the first and, where that does not help, from the second, and says so."""

    def __init__(self, first: _Store, second: _Store, *, tell: Callable[[str], None]) -> None:
        """Ask `first` before `second`; `tell` hears in one sentence why the second was asked."""
        self._first = first
        self._second = second
        self._tell = tell

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive in both and return both locations, with a space between them.

        Raises what a store raises: a version is registered only when both have its bytes. What one of them has by
        then stays there, and the next attempt skips it.
        """
        return " ".join(store.put(archive, sha256) for store in (self._first, self._second))

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, verified by the store that it comes from.

        Raises the problem of the first store when neither has a right one, its cause being the second's.
        """
        return self._either(sha256, lambda store: store.fetch(sha256))

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is in one of them."""
        return self._either(sha256, lambda store: store.has(sha256) or self._second.has(sha256))

    def _either(self, sha256: str, ask: Callable[[_Store], _Answer]) -> _Answer:
        checked_sha256(sha256)
        try:
            return ask(self._first)
        except MlciError as error:
            self._tell(f"the first store did not help ({error.problem}); asking its mirror")
            try:
                return ask(self._second)
            except MlciError as other:
                both = type(error)(
                    error.code,
                    error.problem,
                    where=error.where,
                    cause=f"Its mirror did not help either: {other.problem}.",
                    hint=error.hint,
                )
                raise both from other
