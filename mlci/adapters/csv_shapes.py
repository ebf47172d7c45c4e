"""Shapes of records of CSV: what is left without digits and without what no number has, which is little and repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlci.core.data_format import CsvFormat

_TELLING: Final = b"+-._ \t\v\feExXbB"
"""What DuckDB takes for a part of a number, or reads over beside it, besides digits."""
_MOST_FIELDS: Final = 200_000
"""Columns times shapes that are kept."""


class Shapes:
    """The different shapes of the records of a file, as long as they are few and no value is in quotes."""

    def __init__(self, form: CsvFormat, columns: int, newline: bytes) -> None:
        """Begin with no record of so many COLUMNS, each ended by NEWLINE."""
        quote, self._delimiter = form.quote.encode(), form.delimiter.encode()
        self._columns, self._newline = columns, newline
        self._strange = (quote, b"\r", b"\n")
        self._forgotten = bytes(set(range(256)) - {*_TELLING, *b"\r\n", *self._delimiter, *quote})
        self._kept: set[bytes] | None = set()

    @property
    def are_kept(self) -> bool:
        """Whether there is an answer yet."""
        return self._kept is not None

    def rows(self, block: bytes) -> int:
        """Return how many records BLOCK is, one in each line; 0 where it is something else, and then none is kept."""
        *lines, rest = block.translate(None, self._forgotten).split(self._newline)
        shapes = set(lines) - (self._kept or set())
        # Of an end of two signs, what is forgotten may have stood between them.
        is_ended = len(self._newline) == 1 or block.count(self._newline) == len(lines)
        if rest or not is_ended or not all(map(self._is_plain, shapes)):
            return 0
        self._keep(shapes)
        return len(lines)

    def note(self, record: bytes) -> None:
        """Keep the shape of one record, with or without the end of its line."""
        shape = record.removesuffix(self._newline).translate(None, self._forgotten)
        if self._is_plain(shape):
            self._keep({shape})
        else:
            self._kept = None

    def residues(self) -> list[frozenset[bytes]] | None:
        """Return for each column what is left of its values; None where the shapes are too many to tell."""
        if self._kept is None:
            return None
        fields = (shape.split(self._delimiter) for shape in self._kept)
        return [frozenset(column) for column in zip(*fields, strict=True)] or [frozenset()] * self._columns

    def _is_plain(self, shape: bytes) -> bool:
        """Tell whether a record of this SHAPE has the right form, and no value in quotes."""
        return shape.count(self._delimiter) == self._columns - 1 and not any(each in shape for each in self._strange)

    def _keep(self, shapes: set[bytes]) -> None:
        if self._kept is not None:
            together = self._kept | shapes
            self._kept = together if len(together) * self._columns <= _MOST_FIELDS else None
