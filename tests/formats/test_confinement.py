from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mlci.formats
from mlci.formats.confinement import Confinement, ConfinementError, available, confine

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = Path(mlci.formats.__file__).parent
PROGRAM = Path(__file__).parent / "attempts.py"


def attempt(name: str, argument: object = "", *readable: Path, confined: bool = True) -> str:
    arguments = ["confined" if confined else "free", name, str(argument), *(str(path) for path in readable)]
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(PROGRAM), str(FORMATS), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip() or f"exit code {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"


@pytest.fixture(scope="module")
def other_process() -> Iterator[int]:
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process.pid
        process.kill()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, other_process: int) -> Iterator[dict[str, str]]:
    """What attempts aim at, by name."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "secret.txt").write_text("labels", encoding="utf-8")
    tcp, unix = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    unix.bind(str(folder / "socket"))
    unix.listen()
    with tcp, unix:
        yield {
            "folder": str(folder),
            "secret": str(folder / "secret.txt"),
            "new": str(folder / "new"),
            "port": str(tcp.getsockname()[1]),
            "socket": str(folder / "socket"),
            "process": str(other_process),
            "environ": f"/proc/{other_process}/environ",
            "passwd": "/etc/passwd",
            "home": str(Path.home()),
            "own status": "/proc/self/status",
            "much memory": str(600 * 1024**2),
            "many": "1000",
            "nothing": "",
        }


REFUSALS = [
    ("read", "secret", "EACCES"),
    ("read", "passwd", "EACCES"),
    ("read", "environ", "EACCES"),
    ("read", "own status", "EACCES"),
    ("list", "home", "EACCES"),
    ("list", "folder", "EACCES"),
    ("write", "new", "EACCES"),
    ("write", "secret", "EACCES"),
    ("truncate", "secret", "EACCES"),
    ("make folder", "new", "EACCES"),
    ("remove", "secret", "EACCES"),
    ("rename", "secret", "EACCES"),
    ("link", "new", "EACCES"),
    ("change mode", "secret", "EPERM"),
    ("change times", "secret", "EPERM"),
    ("connect tcp", "port", "EPERM"),
    ("connect udp", "port", "EPERM"),
    ("connect unix", "socket", "EPERM"),
    ("pair of sockets", "nothing", "EPERM"),
    ("execute", "nothing", "EPERM"),
    ("spawn", "nothing", "EPERM"),
    ("fork", "nothing", "EPERM"),
    ("signal", "process", "EPERM"),
    ("trace", "process", "EPERM"),
    ("lower limits of", "process", "EPERM"),
    ("io_uring", "nothing", "EPERM"),
    ("memory file", "nothing", "EPERM"),
    ("allocate", "much memory", "MemoryError"),
    ("raise limit", "nothing", "ValueError"),
    ("open many", "many", "EMFILE"),
]


@pytest.mark.parametrize(("name", "place", "answer"), REFUSALS)
def test_confine__refuses(name: str, place: str, answer: str, places: dict[str, str]) -> None:
    assert attempt(name, places[place]) == answer


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("read", "secret"),
        ("read", "passwd"),
        ("read", "environ"),
        ("list", "home"),
        ("change times", "secret"),
        ("connect tcp", "port"),
        ("connect udp", "port"),
        ("connect unix", "socket"),
        ("pair of sockets", "nothing"),
        ("execute", "nothing"),
        ("spawn", "nothing"),
        ("fork", "nothing"),
        ("signal", "process"),
        ("memory file", "nothing"),
        ("allocate", "much memory"),
    ],
)
def test_attempt__succeeds_without_confinement(name: str, place: str, places: dict[str, str]) -> None:
    assert attempt(name, places[place], confined=False) == "allowed"


def test_confine__nothing_was_changed_by_the_attempts(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("labels", encoding="utf-8")
    for name in ("write", "truncate", "remove", "rename"):
        attempt(name, secret)
    assert secret.read_text(encoding="utf-8") == "labels"


def test_confine__reads_what_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("1", encoding="utf-8")
    assert attempt("read", tmp_path / "rows", tmp_path) == "allowed"


def test_confine__does_not_write_what_it_was_given(tmp_path: Path) -> None:
    assert attempt("write", tmp_path / "rows", tmp_path) == "EACCES"


def test_confine__reads_one_file_of_a_folder(tmp_path: Path) -> None:
    for name in ("mine", "other"):
        (tmp_path / name).write_text("1", encoding="utf-8")
    given = tmp_path / "mine"
    assert (attempt("read", given, given), attempt("read", tmp_path / "other", given)) == ("allowed", "EACCES")


def test_confine__follows_no_link_out_of_what_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert attempt("read", tmp_path / "link", tmp_path) == "EACCES"


@pytest.mark.parametrize("module", ["sqlite3", "numpy", "zoneinfo"])
def test_confine__imports_later(module: str) -> None:
    assert attempt("import", module) == "allowed"


def test_confine__does_not_read_an_editable_installation() -> None:
    assert attempt("read", FORMATS / "child.py") == "EACCES"


def test_confine__starts_threads() -> None:
    assert attempt("thread") == "allowed"


def test_confine__ends_what_computes_too_long() -> None:
    assert attempt("burn").startswith("exit code -24")


def test_confine__wants_its_paths_to_exist(tmp_path: Path) -> None:
    assert "cannot allow reading" in attempt("thread", "", tmp_path / "nowhere")


def test_confine__refuses_to_bind_only_one_of_several_threads() -> None:
    # Limits come first, and a process that has lowered them cannot raise them again: hence in a process of its own.
    code = (
        "import sys, threading; sys.path.insert(0, sys.argv[1])\n"
        "from formats.confinement import confine\n"
        "stop = threading.Event(); threading.Thread(target=stop.wait).start()\n"
        "try: confine([], memory_bytes=2**31, cpu_seconds=9)\n"
        "except OSError as error: print(error)\n"
        "finally: stop.set()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code, str(FORMATS.parent)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "2 threads run already; a confinement would not bind them all"


def test_confinement_error__is_an_error_of_the_system() -> None:
    assert issubclass(ConfinementError, OSError)
    assert callable(confine)


def test_available__asks_only() -> None:
    before = (threading.active_count(), Path("/proc/self/status").read_text(encoding="utf-8").count("NoNewPrivs:\t0"))
    offered = available()
    after = (threading.active_count(), Path("/proc/self/status").read_text(encoding="utf-8").count("NoNewPrivs:\t0"))
    assert (before, os.access("/etc/passwd", os.R_OK)) == (after, True)
    assert offered == available()


def test_available__is_complete_here() -> None:
    # The tests of this file need a kernel with Landlock and seccomp; without them the promise cannot be tested.
    assert available().is_complete


@pytest.mark.parametrize(
    ("confinement", "sentence"),
    [
        (Confinement(7, seccomp=True), "confined: Landlock 7, seccomp"),
        (Confinement(4, seccomp=False), "partly confined: Landlock 4, no seccomp"),
        (Confinement(0, seccomp=True), "not confined: this kernel lacks Landlock"),
        (Confinement(0, seccomp=False), "not confined: this kernel lacks Landlock"),
    ],
)
def test_sentence__says_how_far(confinement: Confinement, sentence: str) -> None:
    assert confinement.sentence == sentence
