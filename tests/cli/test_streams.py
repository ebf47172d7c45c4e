from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from mlci.cli.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = "x" * (1 << 20)
"""More than a pipe holds."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Yield both ends of a pipe that does not block its writer."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    yield reading, writing
    os.close(writing)


def test_stream__waits_for_a_full_pipe_that_does_not_block(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    received: list[bytes] = []

    def read() -> None:
        with open(reading, "rb") as source:  # noqa: PTH123 - a descriptor, no path
            received.append(source.read(len(LARGE)))

    reader = threading.Thread(target=read)
    stream = Stream(writing, None, lost=None)
    reader.start()
    stream.write(LARGE)
    stream.flush()
    reader.join()
    assert (received, stream.lost) == ([LARGE.encode()], None)


def test_stream__a_reader_that_goes_away_is_told_once(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    stream = Stream(writing, None, lost=None)
    stream.write(LARGE)
    stream.flush()
    assert isinstance(stream.lost, BrokenPipeError)
