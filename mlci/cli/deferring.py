"""Adapters that are made when they are first used: some verbs often end without them, and they take long to load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Adapter = TypeVar("Adapter")


def deferred(make: Callable[[], Adapter], **known: object) -> Adapter:
    """Return what stands for the adapter that MAKE returns, which is asked at the first use of anything not KNOWN.

    >>> deferred(lambda: 1 / 0, state=7).state
    7
    """
    return cast("Adapter", _Deferred(make, known))


class _Deferred:
    def __init__(self, make: Callable[[], object], known: dict[str, object]) -> None:
        self._make = make
        self._made: object = None
        self.__dict__.update(known)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the adapter has
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)
