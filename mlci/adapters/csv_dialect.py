"""The dialect of a CSV file that nothing is said of yet: for drafting a configuration, never for reading by one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, get_args

from mlci.core.data_format import CsvFormat, compression_of, format_of

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_HEADER: Final = 1 << 20
"""Bytes; what does not end by then is refused by who reads the file."""
_QUOTED: Final = re.compile(rb'"[^"]*+"?')
_SIGNS: Final = get_args(CsvFormat.model_fields["delimiter"].annotation)


def dialect_of(path: Path) -> CsvFormat | None:
    """Return how the file at PATH parts its values; None where its name says it, or as CSV files do, with commas.

    It is another sign only where the header has no comma outside of quotes, and that sign: the one that stands there
    most often. Compressed files are taken at their word.
    """
    plain = CsvFormat()
    if format_of(path.name) not in {None, plain} or compression_of(path.name, plain) != "none":
        return None
    try:
        with path.open("rb") as file:
            header = re.split(rb"[\r\n]", _QUOTED.sub(b"", file.read(_LONGEST_HEADER)), maxsplit=1)[0]
    except OSError:  # who reads the rows tells it better
        return None
    counts = {sign: header.count(sign.encode()) for sign in _SIGNS}
    sign = max(_SIGNS, key=lambda each: counts[each])
    return None if counts[","] or not counts[sign] else CsvFormat(delimiter=sign)
