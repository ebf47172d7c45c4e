"""Golden rows: rows that nobody ever measured, made from a signature, and what the model answers to them.

They tell whether a package still answers as it did when it was made: on another machine, with other libraries, after a
conversion. No row of the data is among them.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.schema_name import read_json, with_schema
from mlci.core.table import Column, Table

if TYPE_CHECKING:
    from mlci.core.prediction import Prediction
    from mlci.core.signature import Input, Signature

GOLDEN_FILE: Final = "golden.json"
SCHEMA: Final = "mlci/golden/1"
ROWS: Final = 16
DIGITS: Final = 9
"""Significant digits of an answer that are kept."""
RELATIVE: Final = 1e-5
ABSOLUTE: Final = 1e-6
"""How far an answer may be off: single precision on another processor, and nothing that could change a decision."""
UNBOUNDED: Final = 10.0
"""How far a number goes from zero, or from its one bound, where the contract sets no other."""
WORDS: Final = ("a", "b", "c")
"""Texts where the contract lists none."""


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Rows and answers: `table` (16 rows), `answers` (16, classes) or (16,); `answers` is None where there are none."""

    table: Table
    answers: np.ndarray[Any, Any] | None

    def to_bytes(self) -> bytes:
        """Return the file."""
        rows = zip(*(column.values.tolist() for column in self.table.columns.values()), strict=True)
        content: dict[str, Any] = {
            "columns": list(self.table.columns),
            "rows": [list(row) for row in rows],
            "answers": None if self.answers is None else _rounded(self.answers).tolist(),
            "tolerance": {"absolute": ABSOLUTE, "relative": RELATIVE},
        }
        text = json.dumps(with_schema(SCHEMA, content), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()


def golden_table(signature: Signature) -> Table:
    """Return rows that the signature allows, always the same: spread evenly over ranges, values and truth."""
    return Table({item.name: Column(_values(item, place)) for place, item in enumerate(signature.inputs)})


def read_answers(data: bytes) -> np.ndarray[Any, Any] | None:
    """Return the answers in a golden file, None where it has none; raises ValueError for what is no such file."""
    answers = read_json(data, SCHEMA, GOLDEN_FILE).get("answers")
    if answers is None:
        return None
    try:
        values = np.array(answers, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("its answers are no numbers") from error
    if values.ndim not in {1, 2} or not np.isfinite(values).all():
        raise ValueError("its answers are no numbers")
    return values


def differing(expected: np.ndarray[Any, Any], found: Prediction) -> tuple[int, ...]:
    """Return the rows, from 1, whose answers differ by more than the tolerance; all where their shape does."""
    if expected.shape != found.values.shape:
        return tuple(range(1, len(expected) + 1))
    is_near = np.isclose(found.values, expected, rtol=RELATIVE, atol=ABSOLUTE).reshape(len(expected), -1).all(axis=1)
    return tuple((np.flatnonzero(~is_near) + 1).tolist())


def _values(item: Input, place: int) -> np.ndarray[Any, Any]:
    """Return the values of one column: one from each sixteenth of its range, in an order of its own."""
    order = sorted(range(ROWS), key=lambda row: hashlib.sha256(f"{place} {row}".encode()).digest())
    share = (np.array(order) + 0.5) / ROWS
    if item.type == "boolean":
        return np.asarray(share >= 0.5)  # noqa: PLR2004 - every other one
    if item.values is not None or item.type == "string":
        listed = list(item.values or WORDS)
        chosen = [listed[int(each * len(listed))] for each in share]
        return np.array(chosen, dtype={"string": "str", "integer": "int64"}.get(item.type, "float64"))
    low, high = _range(item)
    values = low + share * (high - low)
    if item.type == "integer":
        return np.asarray(np.clip(np.round(values), math.ceil(low), math.floor(high)), dtype=np.int64)
    written = np.array([float(f"{value:.6g}") for value in values])
    return np.asarray(np.clip(written, low, high))


def _range(item: Input) -> tuple[float, float]:
    low, high = item.minimum, item.maximum
    if low is None and high is None:
        return -UNBOUNDED, UNBOUNDED
    if low is None:
        low = (high or 0.0) - max(abs(high or 0.0), UNBOUNDED)
    if high is None:
        high = low + max(abs(low), UNBOUNDED)
    # A whole number beyond 2**53 has no neighbour among floating-point numbers.
    return max(low, -(2.0**53)), min(high, 2.0**53)


def _rounded(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    flat = [float(f"{value:.{DIGITS}g}") for value in values.ravel().tolist()]
    return np.array(flat).reshape(values.shape)
