"""Where data sets stand, as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.core.size import shown_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

LONGEST_PATH = 60
_HEADER = ("data set", "path", "source", "format", "size", "recorded as", "here")


def standings_text(standings: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of STANDINGS, as `mlci.commands.data.Standing.to_dict` has them, one line a file."""
    rows = [_HEADER, *(_row(each) for each in standings)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADER))]
    away = [each for each in standings if each["state"] != "present"]
    lost = [one_line(each["path"], 200) for each in away if (each["source"], each["state"]) == ("Git", "missing")]
    told = [] if away else ["everything is here"]
    if len(lost) < len(away):
        told.append(f"{_files(len(away) - len(lost))} not here as recorded: mlci data pull")
    if lost:
        told.append(f"{_files(len(lost))} missing from the work tree: git checkout HEAD -- {' '.join(lost)}")
    return "\n".join([*(_line(row, widths) for row in rows), "", *told])


def _files(count: int) -> str:
    return "1 file is" if count == 1 else f"{count} files are"


def brought_text(sets: Sequence[Mapping[str, Any]]) -> str:
    """Return what became of data SETS, as `mlci.commands.fetch_data.BroughtSet.to_dict` has them, one line each.

    >>> print(brought_text([{"dataset": "cells", "side": "base", "problem": None}]))
    cells (base): here
    """
    lines = [
        f"{each['dataset']} ({each['side']}): "
        + ("here" if each["problem"] is None else f"not here: {one_line(each['problem'], 300)}")
        for each in sets
    ]
    return "\n".join(lines) or "no data to bring"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(_HEADER, row, widths, strict=True)
    return "  ".join(text.rjust(width) if name == "size" else text.ljust(width) for name, text, width in cells).rstrip()


def _row(standing: Mapping[str, Any]) -> tuple[str, ...]:
    pin = standing["pin"]
    return (
        standing["dataset"],
        one_line(standing["path"], LONGEST_PATH),
        standing["source"],
        standing["format"],
        "–" if standing["bytes"] is None else shown_size(standing["bytes"]),
        "in Git" if pin is None else f"{pin.partition(':')[0]} {pin.partition(':')[2][:12]}",
        standing["state"],
    )
