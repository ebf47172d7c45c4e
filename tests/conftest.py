"""What every test can use: golden files, and the list of what could not be run."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import settings

from mlci.formats.confinement import available

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
GO_TOOLS = Path(__file__).parents[1] / ".bootstrap" / "bin"

# The same examples in every run: a red test is red for everybody. HYPOTHESIS=random looks for new ones.
# No deadline: how long an example takes is the machine's affair.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("random", database=None, deadline=None)
settings.load_profile("random" if os.environ.get("HYPOTHESIS") == "random" else "same")

# A shell in the background starts us with Ctrl-C ignored, nohup with SIGHUP; what we start inherits that, and the tests
# send both.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

NEEDS: dict[str, Callable[[], bool]] = {
    "landlock": lambda: sys.platform != "linux" or available().is_complete,
    "act": (GO_TOOLS / "act").is_file,
    "actionlint": (GO_TOOLS / "actionlint").is_file,
}
"""What a test may need of a machine, and how to tell whether it is there."""


class Golden(Protocol):
    """Compares a whole text with a file of `tests/golden`."""

    def __call__(self, name: str, text: str) -> None:
        """Assert that TEXT is the golden file NAME; `make golden` writes it anew."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", choices=["check", "write"], default="check", help="compare golden files or write them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    writes = request.config.getoption("--golden") == "write"

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if writes:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert text == (path.read_text() if path.exists() else "(no golden file yet: make golden)")

    return compare


def _not_run() -> list[str]:
    return [name for name, is_there in NEEDS.items() if not is_there()]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): runs only where the machine has it; see NEEDS in conftest.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = set(_not_run())
    left_out = [item for item in items if missing & {str(mark.args[0]) for mark in item.iter_markers("needs")}]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"not run: {', '.join(_not_run()) or 'nothing'}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # On a developer's machine a gap is told; in CI it is a failure.
    if os.environ.get("CI") and _not_run() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
