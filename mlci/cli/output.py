"""What every verb shares: its common options, and how a result is shown."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.report import Report

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Base = Annotated[str | None, typer.Option("--base", metavar="BRANCH", help="The branch of origin that sets the rules.")]
NoFetch = Annotated[bool, typer.Option("--no-fetch", help="Use what an earlier `mlci fetch` brought.")]
CACHE_BYTES: Final = 10 << 30
"""What packages of remote stores may take of the disk; those that were not asked for the longest go first."""
PROGRESS_BYTES: Final = 64 << 20
"""How much of a package is sent between two lines that say how far an upload is."""


def show(text: str) -> None:
    """Write a result; that it could not be written is told at the end (see `streams`)."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show_json(schema: str, content: dict[str, Any]) -> None:
    """Write a result as JSON."""
    show(json_text(schema, content))


def json_text(schema: str, content: dict[str, Any]) -> str:
    """Return a result as JSON that names its SCHEMA."""
    return json.dumps({"schema": f"mlci/{schema}/1", **content}, indent=2, sort_keys=True, ensure_ascii=False)


def tell(text: str) -> None:
    """Say what is being done, beside the result."""
    sys.stderr.write(f"· {text}\n")


def progress(say: Callable[[str], None] = tell) -> Callable[[int], None]:
    """Return what hears how many bytes of a package were sent, and says so each time that much more is."""
    said = 0

    def heard(sent: int) -> None:
        nonlocal said
        if sent // PROGRESS_BYTES < said // PROGRESS_BYTES:
            said = 0  # another archive, or the same once more
        if sent // PROGRESS_BYTES > said // PROGRESS_BYTES:
            said = sent
            say(f"sent {sent >> 20:,} MiB of the package")

    return heard


def show_report(report: Report, *, as_json: bool, rows: bool) -> None:
    """Write a report; without ROWS no line, key, id or value of the data, for places that everybody reads."""
    if as_json:
        show(
            json.dumps(
                (report if rows else report.without_values()).to_dict(), indent=2, sort_keys=True, ensure_ascii=False
            )
        )
        return
    from mlci.render.terminal import report_text

    show(report_text(report, rows=rows))
