"""What a process says on both its pipes until it closes them, within a time and a size."""

from __future__ import annotations

import os
import selectors
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

CHUNK: Final = 2**16
LONGEST_TAIL_BYTES: Final = 4_000


@dataclass(frozen=True, slots=True)
class Heard:
    """The output of a process and the end of its errors; of one that went beyond a limit no output."""

    output: bytes
    tail: bytes
    beyond: Literal["time", "size"] | None = None


def hear(
    process: subprocess.Popen[bytes],
    deadline: float,
    longest: int,
    length: Callable[[bytes], int | None] | None = None,
    heard: bytes = b"",
) -> Heard:
    """Read what PROCESS says to its end, until DEADLINE on the monotonic clock, and no more than LONGEST bytes.

    Where LENGTH is given, it is asked with the beginning how long the whole is, until it knows, and nothing is awaited
    after that. HEARD was read before. The process is neither awaited nor ended.
    """
    output, errors = process.stdout, process.stderr
    if output is None or errors is None:
        raise AssertionError("the process was started without pipes")
    parts = [heard]
    received, tail, whole = len(heard), b"", None
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        selector.register(errors, selectors.EVENT_READ)
        while selector.get_map():
            if length is not None and whole is None:
                whole = length(b"".join(parts))
            if whole is not None and received >= whole:
                break
            left = deadline - time.monotonic()
            for selected, _ in selector.select(max(left, 0)):
                chunk = os.read(selected.fd, CHUNK)
                if not chunk:
                    selector.unregister(selected.fileobj)
                elif selected.fileobj is output:
                    parts.append(chunk)
                    received += len(chunk)
                else:
                    tail = (tail + chunk)[-LONGEST_TAIL_BYTES:]
            if left <= 0:
                return Heard(b"", tail, "time")
            if received > longest:
                return Heard(b"", tail, "size")
    return Heard(b"".join(parts), tail)
