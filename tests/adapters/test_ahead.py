from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.ahead import Ahead

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60.0


def test_taken__the_next_one_comes_while_one_is_in_use() -> None:
    asked = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        asked.set()
        yield 2

    with Ahead() as ahead:
        taken = ahead.taken(items())
        assert next(taken) == 1
        assert asked.wait(SECONDS)
        assert list(taken) == [2]


def test_taken__what_items_raise_comes_after_those_before() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with Ahead() as ahead:
        taken = ahead.taken(items())
        assert next(taken) == 1
        with pytest.raises(ValueError, match="no more"):
            next(taken)


def test_do__goes_on_beside_the_caller_and_is_done_at_the_end() -> None:
    go_on, done = threading.Event(), []

    def act() -> None:
        go_on.wait(SECONDS)
        done.append(1)

    with Ahead() as ahead:
        ahead.do(act)
        assert not done
        go_on.set()
    assert done == [1]


def test_do__one_after_the_other() -> None:
    done: list[int] = []
    with Ahead() as ahead:
        for number in range(5):
            ahead.do(lambda number=number: done.append(number))  # type: ignore[misc]  # a lambda's default has no type
        ahead.done()
        assert done == [0, 1, 2, 3, 4]


def test_do__what_failed_is_told_by_the_next_one() -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    with Ahead() as ahead:
        ahead.do(fail)
        with pytest.raises(OSError, match="No space left"):
            ahead.do(lambda: None)
        ahead.do(fail)
        with pytest.raises(OSError, match="No space left"):
            ahead.done()
