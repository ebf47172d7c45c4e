from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

import pytest

from mlci.adapters.interruptions import put_off

# Its own process: what is sent there may end it, and nothing here. `seen` is what happened, in its order.
BEGINNING = """
import json, os, signal, subprocess, sys, threading
from mlci.adapters.interruptions import put_off

seen = []

def handler(number, _):
    seen.append(signal.Signals(number).name)
    if sys.argv[1] == "raises":
        raise KeyboardInterrupt

def send(name):
    # To the process, as a terminal or a runner does; delivered before `kill` returns, as only this thread takes it.
    os.kill(os.getpid(), getattr(signal, name))

for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), handler)
"""
END = """
is_restored = all(signal.getsignal(getattr(signal, name)) is handler for name in ("SIGINT", "SIGTERM", "SIGHUP"))
print(json.dumps({"seen": seen, "is_restored": is_restored}))
"""
SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"]


def happened(body: str, handler: str = "returns") -> dict[str, Any]:
    """Return what happened in a process that runs BODY, whose handlers return or raise."""
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING + body + END, handler], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", SIGNALS)
def test_put_off__the_handler_runs_once_and_after_the_block(name: str) -> None:
    body = f"""
with put_off():
    send({name!r})
    seen.append("end of the block")
seen.append("after")
"""
    assert happened(body) == {"seen": ["end of the block", name, "after"], "is_restored": True}


@pytest.mark.parametrize("name", SIGNALS)
def test_put_off__what_the_handler_raises_comes_out_of_the_block(name: str) -> None:
    body = f"""
try:
    with put_off():
        send({name!r})
        seen.append("end of the block")
    seen.append("not reached")
except KeyboardInterrupt:
    seen.append("interrupted")
"""
    assert happened(body, "raises") == {"seen": ["end of the block", name, "interrupted"], "is_restored": True}


def test_put_off__of_several_signals_the_first_counts() -> None:
    body = """
with put_off():
    for name in ("SIGTERM", "SIGINT", "SIGINT", "SIGHUP"):
        send(name)
"""
    assert happened(body) == {"seen": ["SIGTERM"], "is_restored": True}


def test_put_off__an_error_of_the_block_is_followed_by_the_interruption() -> None:
    body = """
try:
    with put_off():
        send("SIGINT")
        raise OSError("full")
except KeyboardInterrupt as interruption:
    seen.append(repr(interruption.__context__))
"""
    assert happened(body, "raises") == {"seen": ["SIGINT", "OSError('full')"], "is_restored": True}


@pytest.mark.parametrize("ends", ["pass", "raise OSError"])
def test_put_off__without_a_signal_nothing_happens(ends: str) -> None:
    body = f"""
try:
    with put_off():
        {ends}
except OSError:
    seen.append("error")
"""
    found = happened(body)
    assert (found["is_restored"], set(found["seen"]) <= {"error"}) == (True, True)


def test_put_off__a_signal_after_the_block_is_taken_at_once() -> None:
    body = """
with put_off():
    pass
send("SIGTERM")
seen.append("after")
"""
    assert happened(body) == {"seen": ["SIGTERM", "after"], "is_restored": True}


def test_put_off__one_inside_another_waits_for_the_outer_one() -> None:
    body = """
with put_off():
    with put_off():
        send("SIGINT")
    seen.append("end of the outer block")
"""
    assert happened(body) == {"seen": ["end of the outer block", "SIGINT"], "is_restored": True}


def test_put_off__what_is_ignored_or_left_to_the_system_stays_so() -> None:
    body = """
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with put_off():
    send("SIGHUP")
    seen.append(signal.getsignal(signal.SIGHUP).name)
seen.append(signal.getsignal(signal.SIGHUP).name)
signal.signal(signal.SIGHUP, handler)
"""
    assert happened(body) == {"seen": ["SIG_IGN", "SIG_IGN"], "is_restored": True}


def test_put_off__a_process_that_the_block_starts_can_be_ended() -> None:
    body = """
with put_off():
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
child.terminate()
seen.append(signal.Signals(-child.wait()).name)
"""
    assert happened(body) == {"seen": ["SIGTERM"], "is_restored": True}


def test_put_off__in_another_thread_the_main_thread_is_interrupted_as_ever() -> None:
    body = """
inside, sent = threading.Event(), threading.Event()

def other():
    with put_off():
        inside.set()
        sent.wait()
        seen.append("end of the block")

thread = threading.Thread(target=other)
thread.start()
inside.wait()
signal.pthread_kill(threading.get_ident(), signal.SIGINT)
sent.set()
thread.join()
"""
    assert happened(body) == {"seen": ["SIGINT", "end of the block"], "is_restored": True}


def test_put_off__in_another_thread_runs_its_block() -> None:
    ran: list[bool] = []

    def other() -> None:
        with put_off():
            ran.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert ran == [True]
