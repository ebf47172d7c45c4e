from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlci.adapters.training_process import LONGEST_LINE, TAIL_LINES, TrainingProcess
from mlci.core.section import TOKEN_VARIABLES
from mlci.core.training import InterruptedTraining

if TYPE_CHECKING:
    from mlci.core.training import Completed

ROOT = Path(__file__).parents[2]
PR_GET_CHILD_SUBREAPER = 37
MOMENT = timedelta(seconds=0.3)
LONG = timedelta(minutes=1)


@dataclass(frozen=True)
class Bench:
    """A folder to run commands in, and what was shown of them."""

    folder: Path
    shown: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "logs" / "run.log"

    def run(
        self,
        command: str,
        *,
        environ: dict[str, str] | None = None,
        variables: dict[str, str] | None = None,
        passed: tuple[str, ...] = (),
        timeout: timedelta = LONG,
        secrets: tuple[str, ...] = (),
    ) -> Completed:
        process = TrainingProcess({"PATH": os.environ["PATH"]} if environ is None else environ, self.shown.append)
        return process.run(
            command,
            folder=self.folder,
            log=self.log,
            variables=variables or {},
            passed=passed,
            timeout=timeout,
            secrets=secrets,
        )

    def python(self, program: str, *, timeout: timedelta = LONG) -> Completed:
        """Run a Python program as the command."""
        (self.folder / "program.py").write_text(textwrap.dedent(program))
        return self.run(f"{shlex.quote(sys.executable)} program.py", timeout=timeout)

    def is_alive(self, name: str) -> bool:
        """Say whether the process lives that wrote its number to a file; a process that ended is not a zombie."""
        return Path(f"/proc/{(self.folder / name).read_text()}").exists()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_environment__has_what_is_named_and_nothing_else(bench: Bench) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": "/home/ada", "AWS_SECRET_ACCESS_KEY": "secret", "SEED": "7"}
    environ |= {"MLCI_TOKEN": "secret", "GITHUB_TOKEN": "secret", "PYTHONPATH": "/elsewhere", "LD_PRELOAD": "x.so"}
    bench.run("env", environ=environ, variables={"MLCI_OUTPUT": "model.skops"}, passed=("SEED", "ABSENT"))
    names = {line.partition("=")[0] for line in bench.shown}
    given = {"PATH", "HOME", "SEED", "MLCI_OUTPUT", "MLCI_RUN", "PYTHONPATH"}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == given
    assert "/elsewhere" not in bench.log.read_text()
    assert "secret" not in bench.log.read_text()


@pytest.mark.parametrize("name", TOKEN_VARIABLES)
def test_environment__has_no_token_even_where_it_is_named(bench: Bench, name: str) -> None:
    # The name, since the value would be masked in the log.
    bench.run("env | cut -d = -f 1", environ={"PATH": os.environ["PATH"], name: "secret"}, passed=(name,))
    assert "PATH" in bench.shown
    assert name not in bench.shown


def test_environment__mlci_names_its_own_variables(bench: Bench) -> None:
    environ = {"MLCI_OUTPUT": "of the caller"}
    bench.run('echo "$MLCI_OUTPUT"', environ=environ, variables={"MLCI_OUTPUT": "ours"}, passed=("MLCI_OUTPUT",))
    assert bench.shown == ["ours"]


@pytest.mark.parametrize(
    ("command", "code"), [("true", 0), ("exit 3", 3), ("no-such-program", 127), ("kill -9 $$", 137)]
)
def test_exit_code__is_that_of_the_shell(bench: Bench, command: str, code: int) -> None:
    assert bench.run(command).exit_code == code


def test_command__means_what_it_means_in_a_shell(bench: Bench) -> None:
    done = bench.run("A=$(echo one) && echo $A | tr a-z A-Z > made.txt; cat made.txt")
    assert (done.exit_code, done.tail, (bench.folder / "made.txt").read_text()) == (0, ("ONE",), "ONE\n")


def test_command__has_nothing_to_read(bench: Bench) -> None:
    assert bench.run("cat").exit_code == 0


def test_output__of_both_streams_goes_to_log_and_echo_as_it_comes(bench: Bench) -> None:
    done = bench.run("echo one; echo two >&2; printf three")
    assert bench.shown == ["one", "two", "three"]
    assert (bench.log.read_text(), done.tail) == ("one\ntwo\nthree", ("one", "two", "three"))


def test_output__the_tail_is_the_end_of_it(bench: Bench) -> None:
    done = bench.run("seq 1 1000")
    assert done.tail == tuple(str(number) for number in range(1001 - TAIL_LINES, 1001))
    assert len(bench.shown) == 1000


def test_output__a_long_line_comes_in_pieces(bench: Bench) -> None:
    done = bench.run(f"head -c {LONGEST_LINE * 2 + 5} /dev/zero | tr '\\0' x")
    assert [len(line) for line in done.tail] == [LONGEST_LINE, LONGEST_LINE, 5]
    assert bench.log.read_text() == "x" * (LONGEST_LINE * 2 + 5)


def test_output__ten_megabytes_without_an_end_of_line_are_kept_in_the_log_only(bench: Bench) -> None:
    done = bench.run("head -c 10000000 /dev/zero")
    assert bench.log.stat().st_size == 10_000_000
    assert sum(map(len, done.tail)) <= TAIL_LINES * LONGEST_LINE


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_output__may_be_any_bytes(bench: Bench, content: bytes) -> None:
    (bench.folder / "content").write_bytes(content)
    done = bench.run("cat content")
    assert (done.exit_code, bench.log.read_bytes()) == (0, content)
    lines = content.decode(errors="replace").removesuffix("\n").split("\n")
    assert len(done.tail) <= max(len(lines), 1)


def test_output__a_command_that_closes_it_is_still_waited_for(bench: Bench) -> None:
    done = bench.run("echo one; exec >&- 2>&-; sleep 0.3; touch made; exit 4")
    assert (done.exit_code, done.tail, (bench.folder / "made").exists()) == (4, ("one",), True)


def test_output__nobody_who_looks_does_not_stop_the_command(tmp_path: Path) -> None:
    def broken(_: str) -> None:
        raise BrokenPipeError

    log = tmp_path / "log"
    process = TrainingProcess({"PATH": os.environ["PATH"]}, broken)
    done = process.run("seq 1 50000", folder=tmp_path, log=log, variables={}, passed=(), timeout=LONG)
    assert (done.exit_code, done.tail[-1], len(log.read_text().splitlines())) == (0, "50000", 50_000)


def test_log__of_an_earlier_run_is_replaced(bench: Bench) -> None:
    bench.run("echo a long first line")
    bench.run("echo short")
    assert bench.log.read_text() == "short\n"


def test_timeout__ends_the_command_and_keeps_what_it_said(bench: Bench) -> None:
    done = bench.run("echo $$ > pid; echo begun; sleep 60; echo never", timeout=MOMENT)
    assert (done.exit_code, done.tail, bench.is_alive("pid")) == (None, ("begun",), False)
    assert 0.3 <= done.seconds < 2


def test_timeout__a_command_that_heeds_the_request_may_clean_up(bench: Bench) -> None:
    done = bench.run("trap 'touch cleaned; exit 0' TERM; touch ready; while :; do sleep 0.05; done", timeout=MOMENT)
    assert (done.exit_code, (bench.folder / "cleaned").exists()) == (None, True)


def test_timeout__a_command_that_heeds_no_request_is_killed(bench: Bench) -> None:
    done = bench.run("trap '' TERM; echo $$ > pid; while :; do sleep 1; done", timeout=MOMENT)
    assert (done.exit_code, bench.is_alive("pid")) == (None, False)


DETACHED = {
    "a child": "hang('child')",
    "a child in its own session": "os.setsid(); hang('child')",
    "a grandchild whose parent has gone": "fork_and_leave(); hang('child')",
    "a daemon": "fork_and_leave(); os.setsid(); fork_and_leave(); hang('child')",
    "a daemon without the output": "fork_and_leave(); os.setsid(); os.closerange(0, 3); hang('child')",
}
HEEDS_NO_REQUEST = f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {DETACHED['a daemon']}"
PROGRAM = """
import os, pathlib, signal, time

def fork_and_leave():
    if os.fork():
        os._exit(0)

def hang(name):
    new = pathlib.Path(name + ".new")
    new.write_text(str(os.getpid()))
    new.rename(name)
    time.sleep(60)

if os.fork() == 0:
    {child}
while not os.path.exists("child"):
    time.sleep(0.01)
print("started", flush=True)
{then}
"""
ENDS = {"ends well": "", "fails": "raise SystemExit(1)", "hangs": "time.sleep(60)"}


@pytest.mark.parametrize("child", DETACHED.values(), ids=DETACHED.keys())
@pytest.mark.parametrize("then", ENDS.values(), ids=ENDS.keys())
def test_children__none_lives_afterwards(bench: Bench, child: str, then: str) -> None:
    done = bench.python(PROGRAM.format(child=child, then=then), timeout=timedelta(seconds=1))
    assert (done.tail[0], bench.is_alive("child")) == ("started", False)


def test_children__one_that_heeds_no_request_is_killed(bench: Bench) -> None:
    done = bench.python(PROGRAM.format(child=HEEDS_NO_REQUEST, then=""))
    assert (done.exit_code, bench.is_alive("child")) == (0, False)


INTERRUPTED = """
import os, pathlib, signal, sys
from datetime import timedelta
from mlci.adapters.training_process import TrainingProcess

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGTERM, interrupt)
try:
    TrainingProcess(os.environ, print).run(
        "exec " + sys.argv[1], folder=pathlib.Path.cwd(), log=pathlib.Path("log"), variables={}, passed=(),
        timeout=timedelta(minutes=1),
    )
except KeyboardInterrupt:
    raise SystemExit(130) from None
"""


def started(bench: Bench, child: str) -> subprocess.Popen[bytes]:
    """Start a caller of a command with a child that lives on, and wait until the child is there."""
    (bench.folder / "program.py").write_text(PROGRAM.format(child=child, then="time.sleep(60)"))
    (bench.folder / "caller.py").write_text(INTERRUPTED)
    caller = subprocess.Popen(
        [sys.executable, "caller.py", f"{shlex.quote(sys.executable)} program.py"],
        cwd=bench.folder, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not (bench.folder / "child").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return caller


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("child", DETACHED.values(), ids=DETACHED.keys())
def test_interruption__leaves_no_child(bench: Bench, child: str, number: signal.Signals) -> None:
    caller = started(bench, child)
    caller.send_signal(number)
    assert caller.wait(30) == 130
    assert not bench.is_alive("child")


def test_interruption__a_second_one_kills_at_once(bench: Bench) -> None:
    caller = started(bench, HEEDS_NO_REQUEST)
    began = time.monotonic()
    caller.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        caller.wait(0.5)
    caller.send_signal(signal.SIGINT)
    assert caller.wait(30) == 130
    assert time.monotonic() - began < 2.5
    assert not bench.is_alive("child")


def test_children__of_the_caller_are_left_alone(bench: Bench) -> None:
    with subprocess.Popen(["sleep", "60"]) as own:
        bench.run("sleep 60", timeout=MOMENT)
        assert own.poll() is None
        own.kill()


def is_subreaper() -> bool:
    found = ctypes.c_int()
    ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0)
    return bool(found.value)


def test_orphans__come_to_the_caller_only_meanwhile(bench: Bench) -> None:
    bench.run("true")
    assert not is_subreaper()


def test_log__that_cannot_be_written_starts_nothing(bench: Bench) -> None:
    (bench.folder / "logs").write_text("a file")
    with pytest.raises(FileExistsError):
        bench.run("touch made")
    assert not (bench.folder / "made").exists()


def test_secrets__are_in_no_output_and_no_record(bench: Bench) -> None:
    token, key = "ghp_" + "a1B2c3D4e5" * 3, "-----BEGIN KEY-----\nline-of-the-key\n"
    environ = {"PATH": os.environ["PATH"], "DB_PASSWORD": "hunter22", "NOTE": f"with {token}", "SSH_KEY": key, "N": "7"}
    done = bench.run(
        'env; echo "$DB_PASSWORD"; echo of-command; echo "$SSH_KEY"',
        environ=environ,
        passed=("DB_PASSWORD", "NOTE", "SSH_KEY", "N"),
        secrets=("of-command",),
    )
    shown = f"{done}{bench.shown}{bench.log.read_text()}"
    assert [each for each in ("hunter22", token, "of-command", "line-of-the-key") if each in shown] == []
    assert done.secrets == ("hunter22", f"with {token}", key)
    assert done.variables == {
        "DB_PASSWORD": "(withheld)", "NOTE": "with (withheld)", "SSH_KEY": "(withheld)", "N": "7",
    }  # fmt: skip


@pytest.mark.parametrize("before", [LONGEST_LINE - 5, 2 * LONGEST_LINE - 1, 3 * LONGEST_LINE])
def test_secrets__are_found_where_a_long_line_is_cut(bench: Bench, before: int) -> None:
    bench.run(f"head -c {before} /dev/zero | tr '\\0' x; printf 'of-command|end'", secrets=("of-command",))
    assert bench.log.read_text() == "x" * before + "(withheld)|end"


def test_variables__of_the_configuration_alone_are_recorded(bench: Bench) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": "/home/ada", "SEED": "7"}
    done = bench.run("true", environ=environ, variables={"MLCI_SEED": "0"}, passed=("SEED", "MLCI_SEED", "ABSENT"))
    assert done.variables == {"SEED": "7"}


def test_usage__is_that_of_all_processes(bench: Bench) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    hold = "x = bytearray(300_000_000)\nimport time; time.sleep(0.3)\n"
    (bench.folder / "burn.py").write_text(burn)
    (bench.folder / "hold.py").write_text(hold)
    python = shlex.quote(sys.executable)
    done = bench.run(f"{python} burn.py & {python} burn.py & {python} hold.py & {python} hold.py & wait")
    assert done.cpu_seconds is not None
    assert done.peak_bytes is not None
    assert 0.6 <= done.cpu_seconds < 10
    assert 600_000_000 <= done.peak_bytes < 1_000_000_000


def test_usage__of_an_orphan_counts(bench: Bench) -> None:
    child = "fork_and_leave()\n    while time.process_time() < 0.3: pass\n    open('child', 'w').close()"
    done = bench.python(PROGRAM.format(child=child, then=""))
    assert done.cpu_seconds is not None
    assert 0.3 <= done.cpu_seconds < 10


def test_usage__of_little_is_not_that_of_the_caller(bench: Bench) -> None:
    held = bytearray(300_000_000)
    done = bench.run("sleep 0.1")
    assert (len(held), (done.peak_bytes or 0) < 50_000_000) == (300_000_000, True)


def test_logged__by_several_processes_comes_together(bench: Bench) -> None:
    done = bench.python("""
        import os
        import mlci
        mlci.log_metric("loss", 0.5, step=0)
        for place in range(3):
            if os.fork() == 0:
                mlci.log_metric(f"of child {place}", place)
                os._exit(0)
        for _ in range(3):
            os.wait()
        mlci.log_metric("loss", 0.25, step=1)
        mlci.log_params({"model": {"C": 1}, "api_key": "abcdefgh"})
        mlci.log_artifact("plot.svg")
    """)
    assert (done.exit_code, done.tail) == (0, ())
    assert done.tracked.last == {"loss": 0.25, "of child 0": 0, "of child 1": 1, "of child 2": 2}
    assert done.tracked.params == {"model.C": 1, "api_key": "(withheld)"}
    assert done.tracked.artifacts == (str(bench.folder / "plot.svg"),)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "time.sleep(60)"])
def test_logged__before_a_bad_end_is_not_lost(bench: Bench, end: str) -> None:
    program = f"import mlci, os, time\nmlci.log_metric('loss', 0.5)\n{end}\n"
    done = bench.python(program, timeout=timedelta(seconds=2))
    assert (done.tracked.last, done.exit_code == 0) == ({"loss": 0.5}, False)


def test_logged__nothing_is_left_of_the_folder(bench: Bench) -> None:
    bench.run('test -d "$MLCI_RUN" && rm -r "$MLCI_RUN" && ln -s /etc "$MLCI_RUN"')
    assert [path.name for path in bench.log.parent.iterdir()] == ["run.log"]
    assert Path("/etc/hostname").exists()


def test_module__of_the_user_comes_first(bench: Bench) -> None:
    own = bench.folder / "own"
    own.mkdir()
    (own / "mlci.py").write_text("print('of the user')\n")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(own)}
    done = bench.run(f"{shlex.quote(sys.executable)} -c 'import mlci'", environ=environ, passed=("PYTHONPATH",))
    assert done.tail == ("of the user",)


def test_interruption__carries_what_is_known(bench: Bench) -> None:
    (bench.folder / "program.py").write_text(
        "import mlci, os, signal, time\nmlci.log_metric('loss', 0.5)\nprint('begun', flush=True)\n"
        "os.kill(os.getppid(), 0)\nos.kill(int(os.environ['CALLER']), signal.SIGINT)\ntime.sleep(60)\n"
    )
    with pytest.raises(InterruptedTraining) as caught:
        bench.run(f"{shlex.quote(sys.executable)} program.py", variables={"CALLER": str(os.getpid())})
    done = caught.value.completed
    assert (done.exit_code, done.tail, done.tracked.last) == (None, ("begun",), {"loss": 0.5})


def test_machine__is_told(bench: Bench) -> None:
    done = bench.python("print('x')")
    assert done.machine.python == f"CPython {platform.python_version()}"
    assert {"pytest", "hypothesis"} <= done.machine.packages.keys()
    assert done.started.tzinfo is not None


def test_silence__is_told_with_the_time_that_has_passed(tmp_path: Path) -> None:
    told: list[str] = []
    process = TrainingProcess({"PATH": os.environ["PATH"]}, lambda _: None, told.append, silence_seconds=0.1)
    process.run("sleep 1", folder=tmp_path, log=tmp_path / "log", variables={}, passed=(), timeout=LONG)
    assert 1 <= len(told) <= 4
    assert told[0].startswith("train: running for 0 s, without a word for ")


def test_silence__a_command_that_talks_is_not_told_of(tmp_path: Path) -> None:
    told: list[str] = []
    process = TrainingProcess({"PATH": os.environ["PATH"]}, lambda _: None, told.append)
    process.run("sleep 0.3", folder=tmp_path, log=tmp_path / "log", variables={}, passed=(), timeout=LONG)
    assert told == []
