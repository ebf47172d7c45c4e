"""What goes on while something else does: a thread takes what comes next, or does what nobody waits for yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from types import TracebackType

_Item = TypeVar("_Item")


class Ahead:
    """One thread beside the caller's: a context manager, at whose end nothing of it goes on any more."""

    def __init__(self) -> None:
        """Begin with nothing to do; the thread starts with the first thing."""
        self._pool = ThreadPoolExecutor(1, "mlci-ahead")
        self._doing: Future[None] | None = None

    def taken(self, items: Iterator[_Item]) -> Iterator[_Item]:
        """Yield ITEMS in their order; the next one is taken while the caller is busy with one. Raises what they raise.

        >>> with Ahead() as ahead:
        ...     print(list(ahead.taken(iter("ab"))))
        ['a', 'b']
        """
        following = self._pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = self._pool.submit(next, items, None)
            yield item

    def do(self, action: Callable[[], None]) -> None:
        """Do this, once what was begun before is done; raises what that raised."""
        self.done()
        self._doing = self._pool.submit(action)

    def done(self) -> None:
        """Return when nothing is being done any more; raises what the last action raised."""
        doing, self._doing = self._doing, None
        if doing is not None:
            doing.result()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what goes on, whose result nobody wants any more."""
        self._pool.shutdown(cancel_futures=True)
