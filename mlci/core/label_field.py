"""The label as `evaluate` names it: a column, or of a multilabel task a list of columns of 0 and 1."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

from mlci.core.plain_text import is_visible
from mlci.core.section import LONGEST_IDENTIFIER

MOST_LABELS: Final = 1_000
FEWEST_LABELS: Final = 2


def _column(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_IDENTIFIER:
        msg = "a column is wanted, or of a multilabel task a list of columns"
        raise ValueError(msg)
    if not is_visible(value):
        msg = "a control character, a line break or a hidden character has no place here"
        raise ValueError(msg)
    return value


def _label(value: object) -> str | tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return _column(value)
    columns = tuple(_column(each) for each in value)
    if not FEWEST_LABELS <= len(columns) <= MOST_LABELS:
        msg = (
            f"a list has from {FEWEST_LABELS} to {MOST_LABELS:,} labels; of one label the task is binary: label: COLUMN"
        )
        raise ValueError(msg)
    again = next((each for place, each in enumerate(columns) if each in columns[:place]), None)
    if again is not None:
        msg = f"the label {again} stands twice"
        raise ValueError(msg)
    return columns


_ONE: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_IDENTIFIER}
LabelField = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_label),
    WithJsonSchema(
        {"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": FEWEST_LABELS, "maxItems": MOST_LABELS}]}
    ),
]
"""One column, or several."""
