"""Two references side by side: what both models score on the same rows, and in what they and their inputs differ."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mlci.core.runs.comparison import mapped
from mlci.core.runs.listing import cell
from mlci.core.words import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.model_comparison import MetricComparison
    from mlci.core.package import Input, PackageInfo
    from mlci.core.runs.comparison import Line, RunComparison

OUTCOMES: Final[Mapping[str, str]] = {"pass": "better", "fail": "worse", "inconclusive": "undecided"}
"""What the second model is beside the first, by what a gate that tolerates nothing comes to."""
SAME: Final = "same model"


@dataclass(frozen=True, slots=True)
class Referred:
    """What a reference stands for; None for what is not known here."""

    reference: str
    version: str | None = None
    package_sha256: str | None = None
    run: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "reference": self.reference,
            "version": self.version,
            "package_sha256": self.package_sha256,
            "run": self.run,
        }


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the files of a commit, or of the work tree, say that a training depends on."""

    params: Mapping[str, object]
    data: Mapping[str, object]
    """The content of each data set, by its name."""
    code: Mapping[str, object]
    """The Git id of each file, by its path."""
    environment: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scored:
    """Both models on the rows of the evaluation set."""

    rows: int
    confidence: float
    """Of each one-sided bound."""
    is_same_model: bool
    metrics: tuple[MetricComparison, ...]
    """Oriented so that + says that the second is better; its `production` is the first, its `candidate` the second."""

    def outcome(self, metric: MetricComparison) -> str:
        """Return what the second model is beside the first: `better`, `worse`, `undecided`, `same model`."""
        return SAME if self.is_same_model else OUTCOMES.get(metric.verdict, metric.verdict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "rows": self.rows,
            "confidence": self.confidence,
            "metrics": [
                {
                    "metric": each.metric,
                    "first": each.production,
                    "second": each.candidate,
                    "difference": each.difference,
                    "standard_error": each.standard_error,
                    "lower": each.lower,
                    "upper": each.upper,
                    "n": each.n,
                    "outcome": self.outcome(each),
                    "sentence": each.sentence,
                }
                for each in self.metrics
            ],
        }


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two references, in what they differ, and what their models score."""

    first: Referred
    second: Referred
    differences: tuple[Line, ...]
    scored: Scored | None
    not_scored: str = ""
    """Why no metric could be computed, in words."""
    not_known: tuple[str, ...] = ()
    """What cannot be compared, each in a sentence."""
    runs: RunComparison | None = field(default=None, compare=False)
    """The runs that made both, where records of both are here."""

    @property
    def logged(self) -> tuple[Line, ...]:
        """The metrics that the trainings logged themselves."""
        return self.runs.metrics if self.runs else ()

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as a JSON object."""
        return {
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "evaluation": self.scored.to_dict() if self.scored else None,
            "not_scored": self.not_scored or None,
            "differences": [line.to_dict() for line in self.differences],
            "not_known": list(self.not_known),
            "logged": [line.to_dict() for line in self.logged],
        }


def package_differences(first: PackageInfo, second: PackageInfo) -> Iterator[Line]:
    """Yield in what two packages differ: what goes in and what comes out, the model, what predicting needs."""
    yield from mapped("signature", _signature(first), _signature(second))
    yield from mapped("model", _model(first), _model(second))
    yield from mapped("requirement", first.requirements, second.requirements)


def input_differences(first: Inputs, second: Inputs) -> Iterator[Line]:
    """Yield in what the files differ that two models were trained from."""
    yield from mapped("parameter", first.params, second.params)
    yield from mapped("data", first.data, second.data)
    yield from mapped("code", first.code, second.code)
    yield from mapped("environment", first.environment, second.environment)


def _signature(info: PackageInfo) -> dict[str, object]:
    signature = info.signature
    classes = ", ".join(written(each) for each in signature.classes) or None
    positive = None if signature.positive is None else written(signature.positive)
    whole = {"task": info.task, "classes": classes, "positive": positive, "threshold": signature.threshold}
    known: dict[str, object] = {name: value for name, value in whole.items() if value is not None}
    return known | {f"input {each.name}": _input(each) for each in signature.inputs}


def _input(item: Input) -> str:
    """Return an input in a few words: `number, µm, 0 to 60`."""
    said = item.model_dump(mode="json", exclude_none=True, exclude={"name", "type"})
    return ", ".join([item.type, *(f"{name} {value}" for name, value in said.items() if value not in ({}, []))])


def _model(info: PackageInfo) -> dict[str, object]:
    return {"estimator": info.estimator, "format": info.format}


def side_by_side_csv(comparison: SideBySide) -> str:
    """Return metrics and differences as CSV, a line each; no spreadsheet takes a cell for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    first, second = comparison.first.reference, comparison.second.reference
    writer.writerow([cell(each) for each in ("kind", "name", first, second, "difference", "lower", "upper", "outcome")])
    if comparison.scored:
        for each in comparison.scored.metrics:
            numbers = (each.production, each.candidate, each.difference, each.lower, each.upper)
            writer.writerow(
                [
                    "evaluation",
                    cell(each.metric),
                    *(cell(number) for number in numbers),
                    comparison.scored.outcome(each),
                ]
            )
    for line in (*comparison.differences, *comparison.logged):
        writer.writerow([*(cell(each) for each in (line.kind, line.name, line.first, line.second)), "", "", "", ""])
    return buffer.getvalue()
