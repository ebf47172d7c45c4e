"""Programs of packages, started for real: what they may do, and what becomes of those that do something else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mlci.adapters.confined_program import ConfinedPrograms
from mlci.adapters.prediction import ChildPredictor
from mlci.core.program import Program, ProgramInfo
from mlci.core.table import Column, Table
from mlci.errors import MlciError
from mlci.formats.program_archive import write_program

ROWS = Table({"radius": Column(np.array([1.0, 2.0, 4.0]))})
AWK = rb"""
BEGIN { getline scale < "weights.txt" }
{
  match($0, /"row": [0-9]+/); row = substr($0, RSTART + 7, RLENGTH - 7)
  match($0, /"radius": [0-9.]+/); radius = substr($0, RSTART + 10, RLENGTH - 10)
  printf "{\"row\": %d, \"probability\": %.9f}\n", row, radius / scale
}
"""
ANSWERS = "cat >/dev/null; for row in 1 2 3; do echo '{\"row\": '$row', \"probability\": 0.5}'; done\n"
PROGRAMS = ConfinedPrograms(f"{Path(sys.executable).parent}:{os.defpath}")


def a_program(*command: str, seconds: int = 60, **files: bytes) -> bytes:
    info = ProgramInfo(
        command=command, rows="jsonl", timeout_seconds=seconds, inputs=("radius",), classes=(0, 1), positive=1
    )
    return write_program(Program(info, {name.replace("_", "."): content for name, content in files.items()}))


def shell(script: str, seconds: int = 60) -> bytes:
    """Return a program that runs SCRIPT, and answers each row with 0.5 where that ends well."""
    return a_program("sh", "score.sh", seconds=seconds, score_sh=f"set -e\n{script}\n{ANSWERS}".encode())


def refused(content: bytes, programs: ConfinedPrograms = PROGRAMS) -> MlciError:
    with pytest.raises(MlciError) as caught:
        programs.ask(content, ROWS)
    return caught.value


def test_program__of_another_language_answers_from_its_own_files() -> None:
    content = a_program("awk", "-f", "score.awk", score_awk=AWK, weights_txt=b"8\n")
    assert PROGRAMS.ask(content, ROWS).values.tolist() == [[0.125], [0.25], [0.5]]


def test_program__may_be_a_file_of_its_own_and_use_programs_of_the_system_and_a_folder() -> None:
    script = '#!/bin/sh\nsort -r > "$TMPDIR/sorted"; cut -c1-9 "$TMPDIR/sorted" | sed \'s/$/, "probability": 0.5}/\'\n'
    found = PROGRAMS.ask(a_program("./score.sh", score_sh=script.encode()), ROWS)
    assert found.values.tolist() == [[0.5], [0.5], [0.5]]


def test_program__is_looked_for_on_another_path_on_request() -> None:
    assert refused(shell(""), PROGRAMS.on_path("/nowhere")).code == "program-missing"
    assert PROGRAMS.on_path(os.defpath).ask(shell(""), ROWS).values.tolist() == [[0.5], [0.5], [0.5]]
    asked = ChildPredictor(programs=PROGRAMS).on_path("/nowhere")
    with pytest.raises(MlciError) as caught:
        asked.run_program(shell(""), ROWS.columns)
    assert caught.value.code == "program-missing"
    assert ChildPredictor().on_path(os.defpath).starts_programs is False


def test_program__in_python_has_the_modules_of_its_interpreter() -> None:
    script = b"import sys, json, yaml\nfor line in sys.stdin:\n    row = json.loads(line)\n"
    script += b"    print(json.dumps({'row': row['row'], 'probability': row['radius'] / 4}))\n"
    found = PROGRAMS.ask(a_program("python", "score.py", score_py=script), ROWS)
    assert found.values.tolist() == [[0.25], [0.5], [1.0]]


def test_program__sees_no_environment_but_what_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCI_TOKEN", "s3cret-canary")
    error = refused(shell("env >&2; exit 3"))
    assert "TMPDIR" in error.problem
    assert "s3cret-canary" not in error.problem
    assert "MLCI_TOKEN" not in error.problem


@pytest.mark.parametrize(
    "attempt",
    [
        "cat {secret}",
        "cat /etc/passwd",
        "ls {home}",
        "ls /proc/{process}",
        "cat /proc/{process}/environ",
        "echo x > {secret}",
        "echo x > here",
        "rm score.sh",
        "mkdir {folder}/new",
        "ln -s {secret} $TMPDIR/link; cat $TMPDIR/link",
        "mkfifo $TMPDIR/pipe",
        "kill -0 {process}",
        "setsid true",
        "unshare -r true",
    ],
)
def test_program__may_do_no_harm(attempt: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("labels")
    places = {"secret": secret, "folder": tmp_path, "home": Path.home(), "process": os.getpid()}
    error = refused(shell(attempt.format(**places)))
    assert "not found" not in error.problem
    assert error.code == "program-failed"
    assert secret.read_text() == "labels"
    assert not (tmp_path / "new").exists()


def python(script: str) -> bytes:
    """Return a program that runs SCRIPT, and answers each row with 0.5 where that ends well."""
    answers = "for row in (1, 2, 3):\n    print(json.dumps({'row': row, 'probability': 0.5}))\n"
    return a_program("python", "score.py", score_py=f"import json, os, socket\n{script}\n{answers}".encode())


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', {port}))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socketpair()",
        "os.setpgid(0, 0)",
        "os.setsid()",
        "os.kill({process}, 0)",
        "os.chmod('score.py', 0o777)",
    ],
)
def test_program__may_ask_the_system_for_no_harm(attempt: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        error = refused(python(attempt.format(port=server.getsockname()[1], process=os.getpid())))
    assert error.problem.rpartition("\n")[2] == "PermissionError: [Errno 1] Operation not permitted" + (
        ": 'score.py'" if "chmod" in attempt else ""
    )


@pytest.mark.parametrize("harmless", [shell("true"), python("open(os.environ['TMPDIR'] + '/new', 'w').close()")])
def test_program__without_such_an_attempt_answers(harmless: bytes) -> None:
    assert len(PROGRAMS.ask(harmless, ROWS).ids) == 3


def test_program__leaves_nothing_running() -> None:
    mark = f"{time.time_ns()}"
    PROGRAMS.ask(shell(f"sh -c 'exec sleep 3{mark[-7:]}' >/dev/null 2>&1 &"), ROWS)
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"sleep 3{mark[-7:]}" not in shown


def test_program__that_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    error = refused(shell("sleep 300", seconds=1))
    assert (error.code, error.problem) == ("program-timeout", "`sh score.sh` was ended after 1 s")
    assert time.monotonic() - began < 60


def test_program__that_fails_is_told_with_its_last_words_which_stay_private() -> None:
    error = refused(shell("echo 'no such \x1b[31mcolumn' >&2; exit 4"))
    assert error.problem == "`sh score.sh` ended with exit code 4\nno such [31mcolumn"
    assert "column" not in error.public().problem


def test_program__that_a_signal_ends_is_told() -> None:
    assert refused(shell("kill -9 $$")).problem.startswith("`sh score.sh` ended with signal 9")


def test_program__that_writes_without_end_is_ended() -> None:
    error = refused(shell("yes"))
    assert (error.code, error.problem.partition("\n")[2]) == (
        "program-failed",
        "it wrote more than any answers could take",
    )


def test_program__half_of_whose_answers_come_is_refused() -> None:
    half = a_program("sh", "score.sh", score_sh=b'echo \'{"row": 1, "probability": 0.5}\'\n')
    assert refused(half).problem.endswith("it answered 1 of 3 rows; the first without an answer is row 2")


@pytest.mark.parametrize("name", ["no-such-program", "/bin/sh", "../sh", "sub/none"])
def test_program__that_is_not_here_is_named(name: str) -> None:
    error = refused(a_program(name, score_sh=b""))
    assert (error.code, error.problem) == (
        "program-missing",
        f"`{name}` is not on this machine, and the package answers with `{name}`",
    )


def test_program__that_needs_more_memory_than_it_may_have() -> None:
    small = ConfinedPrograms(PROGRAMS._search_path, memory_bytes=256 * 1024**2)  # noqa: SLF001 - the same place to look
    error = refused(python("bytearray(10**9)"), small)
    assert "MemoryError" in error.problem


def test_program__that_fills_the_disk_is_stopped() -> None:
    small = ConfinedPrograms(PROGRAMS._search_path, file_bytes=1024**2)  # noqa: SLF001 - the same place to look
    assert refused(shell('head -c 2000000 /dev/zero > "$TMPDIR/much"'), small).code == "program-failed"
