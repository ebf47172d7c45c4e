"""Two runs beside each other: in what they differ, from parameters to metrics."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.core.runs.listing import cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.runs.record import KeptRun, RunDetails
    from mlci.core.runs.tracked import Number

_SURROUNDINGS: Final = ("python", "platform", "cpu")
_FACTS: Final = ("command", "commit", "seed", "outcome", *_SURROUNDINGS)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that differs, or one metric: how it is called, and its value in either run; None where it has none."""

    kind: str
    name: str
    first: object
    second: object

    def to_dict(self) -> dict[str, Any]:
        """Return the line as a JSON object."""
        return {"kind": self.kind, "name": self.name, "first": self.first, "second": self.second}


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs, what differs between them, and every metric of both."""

    first: KeptRun
    second: KeptRun
    differences: tuple[Line, ...]
    metrics: tuple[Line, ...]
    histories: Mapping[str, tuple[tuple[tuple[int, Number], ...], tuple[tuple[int, Number], ...]]]
    """Step and value of each metric in both runs."""

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as a JSON object."""
        return {
            "first": self.first.id,
            "second": self.second.id,
            "differences": [line.to_dict() for line in self.differences],
            "metrics": [line.to_dict() for line in self.metrics],
        }


def compared(first: KeptRun, second: KeptRun, details: tuple[RunDetails | None, RunDetails | None]) -> RunComparison:
    """Return FIRST and SECOND beside each other; without DETAILS of both, code and packages cannot be told apart."""
    names = sorted({*first.record.metrics, *second.record.metrics})
    histories = tuple(each.history if each else {} for each in details)
    return RunComparison(
        first,
        second,
        tuple(_differences(first, second, details)),
        tuple(Line("metric", name, first.record.metrics.get(name), second.record.metrics.get(name)) for name in names),
        {name: (histories[0].get(name, ()), histories[1].get(name, ())) for name in names},
    )


def curves_dict(comparison: RunComparison) -> dict[str, Any]:
    """Return every value of every metric in both runs as a JSON object: lists of step and value."""
    return {
        "first": comparison.first.id,
        "second": comparison.second.id,
        "curves": {
            name: {"first": _points(first), "second": _points(second)}
            for name, (first, second) in comparison.histories.items()
        },
    }


def curves_csv(comparison: RunComparison) -> str:
    """Return every value of every metric in both runs as CSV, a line each; a run with itself stands once."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["metric", "run", "step", "value"])
    for name, histories in comparison.histories.items():
        runs = {run.id: history for run, history in zip((comparison.first, comparison.second), histories, strict=True)}
        writer.writerows([cell(name), run, step, value] for run, history in runs.items() for step, value in history)
    return buffer.getvalue()


def _points(history: tuple[tuple[int, Number], ...]) -> list[list[Number]]:
    return [[step, value] for step, value in history]


def _differences(
    first: KeptRun, second: KeptRun, details: tuple[RunDetails | None, RunDetails | None]
) -> Iterator[Line]:
    one, other = first.record, second.record
    yield from mapped("parameter", one.params, other.params)
    yield from mapped("data", _contents(first), _contents(second))
    if details[0] and details[1]:
        yield from mapped("code", details[0].code, details[1].code)
    elif one.inputs.get("code") != other.inputs.get("code"):
        yield Line("code", "all files together", one.inputs.get("code"), other.inputs.get("code"))
    for name in _FACTS:
        if getattr(one, name) != getattr(other, name):
            kind = "environment" if name in _SURROUNDINGS else "run"
            yield Line(kind, name, getattr(one, name), getattr(other, name))
    if one.dirty != other.dirty:
        yield Line("run", "changes without a commit", one.dirty, other.dirty)
    yield from mapped("variable", one.variables, other.variables)
    if details[0] and details[1]:
        yield from mapped("package", details[0].packages, details[1].packages)


def _contents(run: KeptRun) -> dict[str, str]:
    """Return each data set of a run with its path, its rows and the beginning of its hash."""
    return {
        name: f"{file.path} {file.sha256[:12]}" + ("" if file.rows is None else f" ({file.rows:,} rows)")
        for name, file in run.record.data.items()
    }


def mapped(kind: str, first: Mapping[str, object], second: Mapping[str, object]) -> Iterator[Line]:
    """Yield a line for each name whose values differ, or that one side lacks."""
    missing = object()
    for name in sorted({*first, *second}):
        one, other = first.get(name, missing), second.get(name, missing)
        if one != other or type(one) is not type(other):
            yield Line(kind, name, None if one is missing else one, None if other is missing else other)
