"""Counting the training data for `baseline.json`: columns in, how they are spread out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.answer_columns import answer_columns, class_text
from mlci.core.baseline import (
    MOST_COLUMNS,
    MOST_VALUES,
    SMALLEST,
    Baseline,
    Listed,
    Numbers,
    Unlisted,
    shape_of,
    shape_of_label,
)
from mlci.core.table import Column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from mlci.core.baseline import Spread
    from mlci.core.signature import Input, ModelClass, Signature
    from mlci.core.table import Table

PARTS: Final = 20
"""Parts, at least a third as many, of the range that 98 % of the values lie in."""
TAIL: Final = 0.01
DIGITS: Final = 6
"""Digits of a part's width to which a number is held against a bound: rounding elsewhere moves it to no other part."""
PROBABILITIES: Final = tuple(float(f"{part / PARTS:.12g}") for part in range(PARTS + 1))


def baseline_of(
    signature: Signature,
    table: Table,
    rows: int,
    label: Column | None,
    said: NDArray[Any] | None,
    *,
    private: AbstractSet[str],
) -> Baseline:
    """Return what rows are like: the inputs in TABLE without PRIVATE ones, the LABEL, what the model SAID of them.

    TABLE is a sample of ROWS rows. SAID is (n_rows,) or (n_rows, n_classes), as `all_said` returns it.
    """
    named = [item for item in signature.inputs if item.name not in private][:MOST_COLUMNS]
    return Baseline(
        rows=rows,
        sampled=table.rows,
        inputs={item.name: spread_of(item, table.columns[item.name]) for item in named},
        label=None if label is None else _spread_of_label(signature, label),
        predictions=None if said is None else _predictions(signature, said),
    )


def spread_of(item: Input, column: Column) -> Spread:
    """Return how the values of an input are spread."""
    kind, _ = shape_of(item)
    if kind == "numbers":
        return numbers(column)
    if kind == "unlisted":
        return Unlisted(missing=_missing(column))
    return listed(column, item.values if item.values is not None else (False, True))


def listed(column: Column, values: Sequence[ModelClass]) -> Listed:
    """Return how often each of VALUES occurs in a column, where it is not too rare to be told."""
    here = column.values if column.missing is None else column.values[~column.missing]
    found, counts = np.unique(here, return_counts=True)
    known = dict(zip(map(class_text, found.tolist()), counts.tolist(), strict=True))
    each = [known.get(class_text(value), 0) for value in values[:MOST_VALUES]]
    return Listed(missing=_missing(column), counts=tuple(count if count >= SMALLEST else None for count in each))


def numbers(column: Column, edges: tuple[float, ...] | None = None) -> Numbers:
    """Return how numbers are spread over parts between EDGES; by default over parts with round bounds."""
    values = column.values.astype(np.float64)
    is_here = np.isfinite(values) if column.missing is None else np.isfinite(values) & ~column.missing
    here = values[is_here]
    edges = edges or round_edges(here, is_whole=column.values.dtype.kind in "iu")
    width = edges[1] - edges[0] if len(edges) > 1 else 0.0
    with np.errstate(over="ignore"):
        parts = np.searchsorted(np.array(edges), here + width * 10.0**-DIGITS / 2, side="right")
    counts = np.bincount(parts, minlength=len(edges) + 1)
    return Numbers(missing=len(values) - len(here), edges=edges, counts=tuple(counts.tolist()))


def round_edges(values: NDArray[np.float64], *, is_whole: bool = False) -> tuple[float, ...]:
    """Return bounds that part VALUES evenly: multiples of 1, 2 or 5 times a power of ten, so that none is a value.

    >>> round_edges(np.array([0.0, 1.3, 3.9]))
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.4, 3.6, 3.8, 4.0)
    """
    if not len(values):
        return (0.0,)
    low, high = np.quantile(values, [TAIL, 1 - TAIL], method="inverted_cdf").tolist()
    span = min(high - low, np.finfo(np.float64).max) or abs(high) or 1.0
    width = _round_width(span / PARTS)
    width = max(width, 1.0) if is_whole else width
    first, last = (math.floor(round(bound / width, DIGITS)) for bound in (low, high))
    multiples = (float(f"{place * width:.15g}") for place in range(first, last + 2))
    return tuple(dict.fromkeys(edge for edge in multiples if math.isfinite(edge))) or (0.0,)


def _round_width(width: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below WIDTH, to six digits."""
    wanted = float(f"{max(width, 1e-300):.{DIGITS}g}")
    exponent = math.floor(math.log10(wanted))
    steps = (float(f"{digit}e{power}") for power in (exponent - 1, exponent, exponent + 1) for digit in (1, 2, 5))
    return next(step for step in steps if step >= wanted)


def _spread_of_label(signature: Signature, label: Column) -> Spread:
    return numbers(label) if shape_of_label(signature)[0] == "numbers" else listed(label, signature.classes)


def _predictions(signature: Signature, said: NDArray[Any]) -> dict[str, Spread]:
    answers = answer_columns(signature, said)
    edges = PROBABILITIES if signature.classes else None
    found: dict[str, Spread] = {
        name: numbers(Column(values), edges)
        for name, values in zip(answers.names[:MOST_COLUMNS], answers.numbers, strict=False)
    }
    if answers.decisions is not None:
        decided = [class_text(each) for each in answers.decisions]
        found["decision"] = listed(Column(np.array(decided)), signature.classes)
    return found


def _missing(column: Column) -> int:
    return 0 if column.missing is None else int(column.missing.sum())
