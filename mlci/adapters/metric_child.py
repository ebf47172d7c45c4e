"""Metrics of one's own, computed in a confined child: it is given arrays and the code, and answers with numbers."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.adapters.model_refusals import killed, refusal, said, sanitised
from mlci.core.metric_function import Measured
from mlci.errors import MlciError, UsageError
from mlci.formats.measuring import write_question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.adapters.child import Child, ChildLimits
    from mlci.core.metric_function import MeasuredRows, MetricFunction

BYTES_OF_A_VALUE: Final = 64
HINTS: Final[Mapping[str, str]] = {
    "metric-failed": "def profit(labels, predictions): …, with numpy and one file alone; try it on a few rows",
    "metric-missing": "def profit(labels, predictions): … in that file, or mend evaluate.metrics",
    "metric-no-number": "return one number, such as float(gains.mean())",
    "metric-not-finite": "say in the function what it is where nothing can be divided",
    "metric-ignores-weights": "def profit(labels, predictions, weights): …, or leave out evaluate.weight",
    "metric-differs": "draw no random numbers, or from numpy.random.default_rng(0) made inside the function",
    "metric-is-a-total": "return a mean or a ratio: divide by len(labels), or by the sum of weights",
    "metric-killed": "make it faster: it is called about 53 times a model, and 51 a slice; or evaluate on fewer rows",
}
"""What mends each thing that can be wrong with a function."""


def measured(
    functions: Sequence[MetricFunction], rows: MeasuredRows, *, child: Child, limits: ChildLimits, python: Path
) -> dict[str, Measured]:
    """Return what FUNCTIONS come to on ROWS, by their names; one CHILD computes all of it.

    Raises UsageError with a code of `HINTS`, and OutsideError where no child can be run or confined.
    """
    with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
        place = Path(folder) / "rows"
        write_question(place, [(each.name, each.file, each.function, each.code) for each in functions], rows)
        request = {
            "operation": "measure",
            "model": None,
            "rows": str(place),
            "limits": {"memory_bytes": limits.memory_bytes, "cpu_seconds": limits.cpu_seconds},
        }
        longest = 2**16 + 2 * BYTES_OF_A_VALUE * (rows.values + sum(rows.values_of_parts)) * len(functions)
        outcome = child.run(json.dumps(request).encode() + b"\n", Path(folder), longest)
    tail = sanitised(outcome.tail)
    if outcome.ended_for is not None or outcome.status < 0:
        found = killed(outcome, "").problem.partition(": ")[2]
        raise _refused("metric-killed", found, functions, python)
    try:
        answer = json.loads(outcome.output)
        if "error" in answer:
            message = sanitised(str(answer["message"]).encode())
            raise _refused(str(answer["error"]), message, functions, python)
        return {each.name: _measured(answer["values"][each.name], rows) for each in functions}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _refused("metric-failed", tail or f"exit code {outcome.status}", functions, python) from None


def _measured(found: Mapping[str, Any], rows: MeasuredRows) -> Measured:
    """Return what one function came to; raises ValueError where that is not what was asked for."""
    slices = tuple(
        _of_rows(each, rows, count) for each, count in zip(found.get("slices", ()), rows.values_of_parts, strict=True)
    )
    whole = _of_rows(found, rows, rows.values)
    if not all(np.isfinite(each[0]) for each in (whole.candidate, whole.production) if each is not None):
        raise ValueError("no number of all rows")
    return replace(whole, slices=slices)


def _of_rows(found: Mapping[str, Any], rows: MeasuredRows, count: int) -> Measured:
    production = None if rows.production is None else _values(found["production"], count)
    return Measured(_values(found["candidate"], count), production)


def _values(found: object, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    values = np.array(found, dtype=np.float64)  # None is NaN
    if values.shape != (count,):
        raise ValueError("other values than were asked for")
    return values


def _refused(code: str, message: str, functions: Sequence[MetricFunction], python: Path) -> MlciError:
    """Return the error for what a child answers; its words may hold values of the rows."""
    if code == "not-confined":
        return refusal(code, message, python)
    if code not in HINTS:
        code = "metric-killed" if code == "model-killed" else "metric-failed"
    error = UsageError(
        code,
        f"a metric of evaluate.metrics cannot be computed: {message}",
        where=", ".join(dict.fromkeys(each.file for each in functions)),
        cause="The function is that of the target branch, and is given labels and predictions of the evaluation set.",
        hint=HINTS[code],
    )
    return said(error, message, may_hold_data=True)
