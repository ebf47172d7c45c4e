"""The program git, called with lists of arguments in an environment that the caller's shell cannot bend."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from mlci.adapters.interruptions import put_off
from mlci.core.plain_text import one_line, without_credentials
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# What makes Git look at another repository, index or work tree (`git rev-parse --local-env-vars`), or run or print
# something else. Variables with configuration (GIT_CONFIG_COUNT …) are the user's wish and stay.
_DROPPED = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_ATTR_SOURCE",
        "GIT_COMMON_DIR",
        "GIT_DIFF_OPTS",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_GLOB_PATHSPECS",
        "GIT_GRAFT_FILE",
        "GIT_ICASE_PATHSPECS",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
_TRACES = ("GIT_TRACE", "GIT_CURL_VERBOSE")  # they print what was sent, into what becomes an error message
_SET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_LITERAL_PATHSPECS": "1",  # a file named `*` or `:(top)` is a file
    "GIT_NO_REPLACE_OBJECTS": "1",  # refs/replace would show another content under the same id
    "GIT_OPTIONAL_LOCKS": "0",  # looking never gets in the way of what the user does at the same time
}
_CONFIGURATION = (
    "-c", "core.quotePath=false",
    "-c", "core.fsmonitor=false",  # the monitor may answer too late; so may the cache of untracked files
    "-c", "core.untrackedCache=false",
    "-c", "core.trustctime=true",  # with these, an edit that keeps size and mtime is still seen
    "-c", "core.checkStat=default",
    "-c", "advice.detachedHead=false",
)  # fmt: skip
_KILL_GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Finished:
    """How a call of git ended; `errors` is what it printed for people, on one line, without credentials."""

    exit_code: int
    output: bytes
    errors: str


@dataclass(frozen=True, slots=True)
class Login:
    """A token, and the host that may see it: `https://github.com`."""

    host: str
    token: str = field(repr=False)


class Git:
    """Runs git; a call either returns, or raises an error of mlci's family. It is killed when we are interrupted."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        login: Login | None = None,
        program: str = "git",
        network_timeout_seconds: float = 300,
    ) -> None:
        """Keep the environment for git: `environ` (normally `os.environ`) without what would lead it elsewhere.

        A call that talks to the network shows LOGIN to its host, and to no other.
        """
        kept = {key: value for key, value in environ.items() if key not in _DROPPED and not key.startswith(_TRACES)}
        self._environ = kept | _SET
        self._network_environ = self._environ if login is None else _with_login(self._environ, login)
        self._program = program
        self._network_timeout_seconds = network_timeout_seconds

    def attempt(self, arguments: Sequence[str], *, folder: Path, stdin: bytes = b"", network: bool = False) -> Finished:
        """Run `git ARGUMENTS` in `folder` and return how it ended, whatever its exit code.

        A call that talks to the network has a time limit. Raises `UsageError("git-missing")`,
        `OutsideError("git-timeout")`.
        """
        with self._started(arguments, folder, subprocess.PIPE, network=network) as process:
            try:
                timeout = self._network_timeout_seconds if network else None
                output, errors = process.communicate(stdin, timeout=timeout)
            except subprocess.TimeoutExpired as error:
                raise OutsideError(
                    "git-timeout",
                    f"git {_verb(arguments)} did not end within {self._network_timeout_seconds:g} seconds",
                    cause="The origin does not answer, or it waits for a password that nobody can type.",
                    hint="Try it by hand: git ls-remote origin",
                ) from error
        shown = one_line(without_credentials(errors.decode(errors="replace")), 2000)
        return Finished(process.returncode, output, shown)

    def run(self, arguments: Sequence[str], *, folder: Path, stdin: bytes = b"", network: bool = False) -> bytes:
        """Run `git ARGUMENTS` and return its output; raises `OutsideError("git-failed")` when it fails."""
        finished = self.attempt(arguments, folder=folder, stdin=stdin, network=network)
        if finished.exit_code != 0:
            raise git_failed(arguments, finished)
        return finished.output

    @contextlib.contextmanager
    def conversation(self, arguments: Sequence[str], *, folder: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Start a git that answers requests; yields its input and output. It is ended with the block."""
        with self._started(arguments, folder, subprocess.DEVNULL) as process:
            if process.stdin is None or process.stdout is None:
                raise AssertionError  # both were asked for
            yield process.stdin, process.stdout

    @contextlib.contextmanager
    def _started(
        self, arguments: Sequence[str], folder: Path, stderr: int, *, network: bool = False
    ) -> Iterator[subprocess.Popen[bytes]]:
        command = [self._program, "--no-pager", "-C", os.fspath(folder), *_CONFIGURATION, *arguments]
        process: subprocess.Popen[bytes] | None = None
        try:
            with put_off():
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env=self._network_environ if network else self._environ,
                    # A session of its own: a transport that Git started dies with it, and cannot ask on the terminal.
                    start_new_session=True,
                )
            yield process
        except FileNotFoundError as error:
            if process is not None:
                raise
            raise UsageError(
                "git-missing",
                "the program git was not found",
                cause="mlci keeps all its state in Git.",
                hint="Install Git 2.30 or newer: https://git-scm.com/downloads",
            ) from error
        finally:
            if process is not None:
                _end(process)


def _with_login(environ: Mapping[str, str], login: Login) -> dict[str, str]:
    """Return the environment with the login as configuration: never an argument, which every user could list."""
    count = int(environ.get("GIT_CONFIG_COUNT", "0"))
    secret = base64.b64encode(f"x-access-token:{login.token}".encode()).decode()
    # The address limits the header to this host; a redirect that leads elsewhere is not followed with it.
    entries = (
        (f"http.{login.host}/.extraHeader", f"Authorization: Basic {secret}"),
        ("http.followRedirects", "initial"),
        ("credential.helper", ""),
    )
    added = {"GIT_CONFIG_COUNT": str(count + len(entries))}
    for place, (key, value) in enumerate(entries, start=count):
        added |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    return dict(environ) | added


def _verb(arguments: Sequence[str]) -> str:
    return arguments[2] if arguments[0] == "-c" else arguments[0]


def git_failed(arguments: Sequence[str], finished: Finished) -> OutsideError:
    """Return the error of a call that failed, in Git's own words."""
    return OutsideError(
        "git-failed",
        f"git {_verb(arguments)} failed (exit code {finished.exit_code}): {finished.errors or 'it says nothing'}",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_KILL_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
