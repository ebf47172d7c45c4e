"""Rules about a data set as a whole: what it refers to, how it changes, how old it is, how its labels lie."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from mlci.core.contract.part import LONGEST_COLUMN_NAME, ColumnName, Owner, Part, Severity, problem
from mlci.core.contract.rule import Tolerant
from mlci.core.contract.share import ShareField  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.duration import Duration  # noqa: TC001 - as above
from mlci.core.names import NAME
from mlci.core.plain_text import is_visible

_TARGET: Final = rf"({NAME.pattern})\.(.+)"


def _target(text: str) -> str:
    found = re.fullmatch(_TARGET, text)
    if found is None or len(found[2]) > LONGEST_COLUMN_NAME or not is_visible(found[2]):
        msg = "a reference leads to a column of another data set, such as customers.id"
        raise ValueError(msg)
    return text


class Reference(Tolerant):
    """Every value of a column is one of a column of another data set."""

    to: Annotated[str, AfterValidator(_target), WithJsonSchema({"type": "string", "pattern": f"^{_TARGET}$"})]

    @property
    def data_set(self) -> str:
        """The name of the other data set."""
        return self.to.partition(".")[0]

    @property
    def column(self) -> str:
        """The name of its column."""
        return self.to.partition(".")[2]


class Conflicts(Tolerant):
    """Rows with equal features have the same label."""

    ignore: tuple[ColumnName, ...] = Field(default=(), strict=False)
    """Columns that are no features."""


class RowChange(Part):
    """How much the number of rows may differ from base's."""

    within: ShareField
    severity: Severity = "error"
    owner: Owner | None = None


class Freshness(Part):
    """How old the newest row may be."""

    max_age: Duration
    severity: Severity = "error"
    owner: Owner | None = None


class ShareChange(Part):
    """How much a share may differ from base's."""

    within: ShareField
    """In points: from 30% to 25% are 5%."""


class Balance(Part):
    """Which share of the rows each class may have."""

    min: ShareField | None = None
    max: ShareField | None = None
    change: ShareChange | None = None
    severity: Severity = "error"
    owner: Owner | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.min is None and self.max is None and self.change is None:
            raise problem("a balance has min, max or change", "min")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise problem("min is above max, so no share can satisfy both", "min")
        return self


def _short_for(key: str) -> BeforeValidator:
    """Return what reads a text as the section that it is short for."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def _with_text(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = {"anyOf": [{"type": "string"}, schema["additionalProperties"]]}


References = Annotated[
    dict[ColumnName, Annotated[Reference, _short_for("to")]],
    Field(max_length=50, json_schema_extra=_with_text),
]
Freshnesses = Annotated[
    dict[ColumnName, Annotated[Freshness, _short_for("max_age")]],
    Field(max_length=20, json_schema_extra=_with_text),
]
