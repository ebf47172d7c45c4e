"""The column that an evaluation set should have and has not, and who asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlci.core.judging_sections import EvaluateSection

MOST_COLUMNS: Final = 12
"""Columns of a file that an error lists."""


def absent_column(
    section: EvaluateSection, names: Sequence[str], wanted: Iterable[str], *, file: str, configured: str
) -> UsageError | None:
    """Return the error "column-missing" of an evaluation set whose FILE has the columns NAMES, None if all are there.

    Asked for are those that SECTION, which stands where CONFIGURED says, names, and those that a model WANTED.
    """
    key, named = _absent_key(section, names)
    if named is not None:
        listed = ", ".join(names[:MOST_COLUMNS]) + (" …" if len(names) > MOST_COLUMNS else "")
        return UsageError(
            "column-missing",
            f"the evaluation set has no column {code(named)}",
            where=configured,
            cause=f"evaluate.{key} names a column that {file} does not have.",
            hint=did_you_mean(named, names, f"Let evaluate.{key} name one that it has: {one_line(listed)}"),
        )
    absent = next((name for name in wanted if name not in names), None)
    if absent is None:
        return None
    return UsageError(
        "column-missing",
        f"the evaluation set has no column {code(absent)}",
        where=file,
        cause="The model reads a column that base's evaluation set does not have yet.",
        hint="evaluate: {…, features: NAME} brings it for them; or merge it into the evaluation set first.",
    )


def _absent_key(section: EvaluateSection, names: Sequence[str]) -> tuple[str, str | None]:
    """Return the key of SECTION whose column is not among NAMES, and the column; None where all are there."""
    named = [("id", section.id), *(("label", label) for label in section.label_columns)]
    named += [(key, getattr(section, key)) for key in ("weight", "group", "time")]
    return next(((key, name) for key, name in named if name and name not in names), ("", None))
