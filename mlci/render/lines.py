"""Text for the terminal: aligned tables, filled lines, errors; nothing of the data or the models is loaded for it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len

from mlci.core.plain_text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.errors import MlciError

WIDTH = 100


def error_text(error: MlciError, *, quotes: bool = True) -> str:
    """Return an error: what happened, where, the usual cause, and what mends it.

    Without QUOTES, only the first line of what happened: for an error whose other lines stand above it already.
    """
    problem = error.problem if quotes else error.problem.partition("\n")[0]
    lines = [f"error[{error.code}]: {plain_lines(problem)}"]
    for name, text in (("where", error.where), ("cause", error.cause), ("mend", error.hint)):
        if text:
            lines.append(f"  {name + ':':<7}{plain_lines(text)}")
    return "\n".join(lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Return an aligned table; the columns in RIGHT are numbers.

    >>> print(table(["name", "rows"], [["a", "10"], ["long", "7"]], frozenset({1})))
      name  rows
      a       10
      long     7
    """
    widths = [max(cell_len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return "\n".join(
        "  "
        + "  ".join(_padded(cell, widths[place], at_right=place in right) for place, cell in enumerate(row)).rstrip()
        for row in (head, *rows)
    )


def plain(text: str) -> str:
    """Return one of our sentences without its code marks, on one line, with nothing hidden in it."""
    return one_line(text.replace("`", ""), 2_000)


def plain_lines(text: str) -> str:
    """Return TEXT with every line made safe to show, later lines indented."""
    return "\n         ".join(printable(line, 500) for line in text.splitlines())


def filled(text: str, first: str = "", later: str = "") -> str:
    """Return TEXT broken into lines of at most WIDTH characters."""
    return "\n".join(
        textwrap.fill(
            line,
            WIDTH,
            initial_indent=first if place == 0 else later,
            subsequent_indent=later,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for place, line in enumerate(text.splitlines())
    )


def _padded(cell: str, width: int, *, at_right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if at_right else cell + space
