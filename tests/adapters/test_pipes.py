from __future__ import annotations

import subprocess
import time

import pytest

from mlci.adapters.pipes import LONGEST_TAIL_BYTES, Heard, hear


def heard(script: str, *, seconds: float = 30, longest: int = 1_000) -> Heard:
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            return hear(process, time.monotonic() + seconds, longest)
        finally:
            process.kill()


def test_hear__both_pipes_to_their_end() -> None:
    assert heard("echo one; echo bad >&2; echo two") == Heard(b"one\ntwo\n", b"bad\n")


def test_hear__the_end_of_the_errors_alone() -> None:
    tail = heard("head -c 20000 /dev/zero >&2; echo last >&2").tail
    assert (len(tail), tail[-5:]) == (LONGEST_TAIL_BYTES, b"last\n")


@pytest.mark.parametrize(
    ("script", "beyond"),
    [("echo why >&2; exec sleep 60", "time"), ("echo why >&2; exec cat /dev/zero", "size")],
)
def test_hear__no_longer_than_the_limit(script: str, beyond: str) -> None:
    found = heard(script, seconds=1.5 if beyond == "time" else 30)
    assert (found.output, found.tail, found.beyond) == (b"", b"why\n", beyond)
