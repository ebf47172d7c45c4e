"""Slices of the evaluation set, as the configuration names them: a column, or a condition with a name."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WrapSerializer, model_validator

from mlci.core.contract.part import CheckField  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.section import RULE, Identifier, Section


class SliceRule(Section):
    """One slice for every value of a column, or the rows where a condition is true."""

    name: Annotated[Identifier | None, RULE] = None
    column: Annotated[Identifier | None, RULE] = None
    where: Annotated[CheckField | None, RULE] = None
    min_rows: Annotated[Annotated[int, Field(ge=2)] | None, RULE] = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.column is None) == (self.where is None):
            message = "a slice is a column, or has where: a check; not both"
            raise ValueError(message)
        if self.where is not None and self.name is None:
            message = "a slice with where: needs a name: for reports and gates"
            raise ValueError(message)
        return self

    @property
    def key(self) -> str:
        """What gates and reports call it: its name, or the column."""
        return self.name or self.column or ""

    @property
    def text(self) -> str:
        """What it is, for a sentence; nothing where its name says all."""
        least = f", at least {self.min_rows} rows" if self.min_rows else ""
        return f"{self.where.text if self.where else f'values of {self.column}'}{least}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return self.where.columns if self.where else (str(self.column),)


def _short(value: object) -> object:
    """Return the name of a column as what it is short for."""
    return {"column": value} if isinstance(value, str) else value


def _as_written(value: SliceRule, serialise: Any) -> Any:  # noqa: ANN401 - what pydantic makes of it
    """Return a slice that is only a column by its short form."""
    return value.column if value.column and value == SliceRule(column=value.column) else serialise(value)


SliceField = Annotated[
    SliceRule, BeforeValidator(_short, json_schema_input_type=Identifier | SliceRule), WrapSerializer(_as_written)
]
"""A slice; the name of a column is short for `{column: NAME}`."""
