"""Standard output and standard error that never raise: a verb runs to its end, and what was lost is told once."""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

from mlci.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import ReadableBuffer

_NUMBERS = (0, 1, 2)
"""Standard input, output and error."""


class Stream(io.TextIOWrapper):
    """A standard stream that takes every text, whether it can be written or not."""

    def __init__(self, number: int, like: io.TextIOWrapper | None, *, lost: OSError | None) -> None:
        """Write to the descriptor NUMBER, in the encoding of LIKE; what is LOST from the start is not tried."""
        self._outlet = _Outlet(number, lost)
        self.stop: Callable[[], None] | None = None
        """Called once when something could not be written: ends a verb that does nothing but tell."""
        encoding = like.encoding if like else "utf-8"
        # A sign that the terminal's encoding has not (a dash, a tick) is written as an escape, and stops nobody.
        super().__init__(
            io.BufferedWriter(self._outlet),
            encoding=encoding,
            errors="backslashreplace",
            # What was not to be kept back (PYTHONUNBUFFERED) is written line by line.
            line_buffering=like.line_buffering or like.write_through if like else False,
        )

    @override
    def flush(self) -> None:
        """Write what was kept back."""
        super().flush()
        if self.lost and self.stop:
            stop, self.stop = self.stop, None
            stop()

    @property
    def lost(self) -> OSError | None:
        """Why something could not be written, None where all was."""
        return self._outlet.lost


class _Outlet(io.FileIO):
    """A descriptor that is written to until that fails; everything after that goes nowhere."""

    def __init__(self, number: int, lost: OSError | None) -> None:
        super().__init__(number, "w", closefd=False)
        self.lost = lost

    @override
    def write(self, data: ReadableBuffer, /) -> int:
        while self.lost is None:
            try:
                written: int | None = super().write(data)
            except OSError as error:
                self.lost = error
            else:
                if written is not None:
                    return written
                # A pipe that does not block, and is full: somebody made it so who shares it with us.
                select.select([], [self], [])
        return memoryview(data).nbytes


@contextmanager
def guarded() -> Iterator[Stream | None]:
    """Put streams that never raise in the place of the standard ones, and return the one for output.

    None where somebody else has replaced them already and so looks after them.
    """
    before = sys.stdout, sys.stderr
    if sys.stdout is not sys.__stdout__ or sys.stderr is not sys.__stderr__:
        yield None
        return
    closed = _opened()
    out = Stream(1, _text(sys.stdout), lost=closed.get(1))
    sys.stdout, sys.stderr = out, Stream(2, _text(sys.stderr), lost=closed.get(2))
    try:
        yield out
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def output_failed(lost: OSError) -> OutsideError | None:
    """Return the error for a result that could not be written; None where its reader had seen enough (`| head`)."""
    if isinstance(lost, BrokenPipeError):
        return None
    return OutsideError(
        "output-failed",
        f"the result could not be written: {lost.strerror}",
        where="standard output",
        cause="What it is sent to is full or closed; what the verb has done stands.",
        hint="Make room there, or send it elsewhere.",
    )


def _opened() -> dict[int, OSError]:
    """Open the null device for each standard descriptor that is closed, so that no file of ours takes its number."""
    closed: dict[int, OSError] = {}
    for number in _NUMBERS:
        try:
            os.fstat(number)
        except OSError as error:
            closed[number] = error
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
    return closed


def _text(stream: object) -> io.TextIOWrapper | None:
    return stream if isinstance(stream, io.TextIOWrapper) else None
