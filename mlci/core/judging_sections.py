"""What a model is for, and how it is judged: `model`, `evaluate`, `statistics` and `on_inconclusive`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mlci.core.label_field import LabelField  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.metric_function import MOST_FUNCTIONS, FunctionField
from mlci.core.metrics import Task  # noqa: TC001 - as above
from mlci.core.quantile_levels import LevelsField, level_names
from mlci.core.requirement import MOST_CHOSEN
from mlci.core.section import HEAD, RULE, ClassLabel, Identifier, Name, Section, Text
from mlci.core.slicing import SliceField  # noqa: TC001 - as above


class ModelSection(Section):
    """What the model is for and who answers for it."""

    name: Annotated[Name, RULE]
    task: Annotated[Task, RULE]
    objective: Annotated[Text, HEAD] = ""
    description: Annotated[Text, HEAD] = ""
    owners: Annotated[tuple[Identifier, ...], RULE] = Field(default=(), strict=False)


class EvaluateSection(Section):
    """Which labelled rows both models are scored on."""

    data: Annotated[Name, RULE]
    id: Annotated[Identifier, RULE]
    label: Annotated[LabelField, RULE] = ""
    labels: Annotated[Name | None, RULE] = None
    positive: Annotated[ClassLabel | None, RULE] = None
    threshold: Annotated[float, RULE] = Field(default=0.5, gt=0, lt=1)
    quantiles: Annotated[LevelsField, RULE] = ()
    weight: Annotated[Identifier | None, RULE] = None
    group: Annotated[Identifier | None, RULE] = None
    time: Annotated[Identifier | None, RULE] = None
    slices: Annotated[Annotated[tuple[SliceField, ...], Field(max_length=MOST_CHOSEN)], RULE] = Field(
        default=(), strict=False
    )
    metrics: Annotated[Annotated[dict[Name, FunctionField], Field(max_length=MOST_FUNCTIONS)], RULE] = Field(
        default_factory=dict
    )

    features: Annotated[Name | None, HEAD] = None
    prediction: Annotated[Identifier | None, HEAD] = None

    @property
    def label_columns(self) -> tuple[str, ...]:
        """The columns that hold labels: one, several in a multilabel task, none where no label is needed."""
        if isinstance(self.label, tuple):
            return self.label
        return (self.label,) if self.label else ()

    @property
    def answered(self) -> tuple[str, ...]:
        """What each answer of a row is called, where there are several and models need not say: labels, or levels."""
        return self.label if isinstance(self.label, tuple) else level_names(self.quantiles)

    @model_validator(mode="after")
    def _draws_rows_one_way(self) -> Self:
        if self.group is not None and self.time is not None:
            message = "rows are drawn in groups or along time, not both: keep group: or time:"
            raise ValueError(message)
        return self


class StatisticsSection(Section):
    """How sure a verdict must be."""

    confidence: Annotated[float, RULE] = Field(default=0.95, ge=0.8, le=0.999)
    min_rows: Annotated[int, RULE] = Field(default=30, ge=2)
    min_changed: Annotated[int, RULE] = Field(default=10, ge=2)
    multiplicity: Annotated[Literal["holm", "none"], RULE] = "holm"


class InconclusiveSection(Section):
    """What an inconclusive verdict means."""

    pull_request: Annotated[Literal["warn", "block"], RULE] = "warn"
    promotion: Annotated[Literal["warn", "block"], RULE] = "block"
