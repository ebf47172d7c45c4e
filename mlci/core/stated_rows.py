"""What is handed in of each row in place of a model, in the one form of a file.

The file is lines of JSON: what it is and its columns, then each row, by the order of the ids.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from mlci.core.magnitude import LARGEST, is_beyond
from mlci.core.plain_text import is_visible
from mlci.core.section import LONGEST_IDENTIFIER
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LONGEST_ID: Final = 1_000
NOT_OURS: Final = "it is not in the form that mlci writes"


@dataclass(frozen=True, slots=True, eq=False)
class StatedRows:
    """Numbers by id. Raises `ValueError` with what is wrong in words, without an id or a value."""

    SCHEMA: ClassVar[str]
    WORD: ClassVar[str]
    """What the numbers are, in the plural."""

    ids: tuple[str, ...]
    columns: tuple[str, ...]
    values: Floats
    """(n_rows, n_columns)"""

    def __post_init__(self) -> None:
        """Refuse what no metric could be computed from."""
        if self.values.shape != (len(self.ids), len(self.columns)) or not self.columns:
            raise ValueError("rows and columns do not fit each other")
        for place, each in enumerate(self.ids):
            if not 0 < len(each) <= LONGEST_ID:
                raise ValueError(f"row {place + 1} has no id, or one that is very long")
        if any(not 0 < len(each) <= LONGEST_IDENTIFIER or not is_visible(each) for each in self.columns):
            raise ValueError("a column has no name, a very long one, or one with hidden characters")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("a column stands twice")
        last = {each: place for place, each in enumerate(self.ids)}
        if len(last) < len(self.ids):
            again = next(place for place, each in enumerate(self.ids) if last[each] != place)
            raise ValueError(f"the id of row {again + 1} stands in another row, too")
        refuse_rows(~np.isfinite(self.values), "no finite number")
        refuse_rows(is_beyond(self.values), f"a number beyond {LARGEST:g}")

    def of(self, ids: Sequence[str]) -> Floats | None:
        """Return the numbers for IDS, (n_ids, n_columns); None where one has none."""
        places = {each: place for place, each in enumerate(self.ids)}
        try:
            return self.values[[places[each] for each in ids]]
        except KeyError:
            return None

    def lacking(self, ids: Sequence[str]) -> list[str]:
        """Return those of IDS that have no number."""
        known = set(self.ids)
        return [each for each in ids if each not in known]

    def to_bytes(self) -> bytes:
        """Return the file, in its one form."""
        order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        rows = (self.values + 0.0).tolist()  # a zero has no sign
        lines = [_line([self.SCHEMA, *self.columns]), *(_line([self.ids[place], *rows[place]]) for place in order)]
        return "".join(lines).encode()

    @classmethod
    def wrote(cls, data: bytes) -> bool:
        """Return whether a file says that it is one of these; `read` tells whether it is."""
        return data.startswith(f'["{cls.SCHEMA}"'.encode())

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Return what the file of a package states; raises `IntegrityError("WORD-malformed")`.

        The file is hostile: only the very bytes that mlci would write of it are read.
        """
        try:
            return cls._parsed(data)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise cls.malformed(str(error) if type(error) is ValueError else NOT_OURS) from error

    @classmethod
    def malformed(cls, problem: str) -> IntegrityError:
        """Return the error of a package whose file is not what it should be."""
        return IntegrityError(
            f"{cls.WORD}-malformed",
            f"the {cls.WORD} of a package cannot be used: {problem}",
            cause="The package was put together by hand, or for another task.",
            hint="mlci train",
        )

    @classmethod
    def _parsed(cls, data: bytes) -> Self:
        try:
            head, *rows = json.loads(b"[" + data.rstrip(b"\n").replace(b"\n", b",") + b"]")
        except ValueError:
            raise ValueError(NOT_OURS) from None
        values = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), len(head) - 1)
        found = cls(tuple(row[0] for row in rows), tuple(head[1:]), values)
        if found.to_bytes() != data:
            raise ValueError(NOT_OURS)
        return found


def _line(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def refuse_rows(wrong: NDArray[np.bool_], what: str) -> None:
    """Raise `ValueError` where a row is WRONG, (n_rows, n_columns), in words about the first and how many there are."""
    rows = np.flatnonzero(wrong.any(axis=1))
    if rows.size:
        more = f", and so {'has' if rows.size == 2 else 'have'} {rows.size - 1} more" if rows.size > 1 else ""  # noqa: PLR2004 - the grammar of one other
        raise ValueError(f"row {rows[0] + 1} has {what}{more}")
