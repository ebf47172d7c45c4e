"""The README shows the report of the careless change as mlci renders it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

README = ROOT / "README.md"
REPORT = ROOT / "tests" / "golden" / "comment-careless.md"
BEGIN = "<!-- report: tests/golden/comment-careless.md -->\n"
END = "<!-- end -->"


def quoted(text: str) -> str:
    """Return TEXT as a quotation, which sets it apart from the page around it."""
    return "".join(f"> {line}".rstrip() + "\n" for line in text.splitlines())


@pytest.fixture
def embedded(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Return what stands between the markers of the README; `make golden` puts the report there first."""

    def shown(report: str) -> str:
        before, _, rest = README.read_text().partition(BEGIN)
        inside, _, after = rest.partition(END)
        if request.config.getoption("--golden") == "write":
            README.write_text(f"{before}{BEGIN}{report}{END}{after}")
            return report
        return inside

    return shown


def test_readme__shows_the_report_as_it_looks(embedded: Callable[[str], str]) -> None:
    report = quoted(REPORT.read_text())
    assert embedded(report) == report, "run: make golden (after the golden file itself is right)"
