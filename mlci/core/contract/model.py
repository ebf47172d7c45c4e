"""The contract as a person writes it: strict, frozen, independent of any engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mlci.core.contract.share import NONE, ShareField
from mlci.core.expression import LONGEST_CHECK, Check, ValueType, check_types, parse_check
from mlci.core.plain_text import one_line

ColumnType = Literal["integer", "number", "string", "boolean"]
"""integer: whole, 64 bits, signed; number: double precision, finite; string: text; boolean: true or false."""

LATER = frozenset(
    {
        "aggregates", "allow_extra", "extra", "freshness", "keys", "references", "severity",
        "columns.*.deprecated", "columns.*.format", "columns.*.length", "columns.*.max_null", "columns.*.optional",
        "columns.*.pattern", "rows.change", "rules.max_count", "rules.severity", "rules.when",
    }
)  # fmt: skip
"""Keys of the design that are refused, by name, until they work; for `read_model`."""

NUMERIC: frozenset[ColumnType] = frozenset({"integer", "number"})
LONGEST_COLUMN_NAME = 200
LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = -(2**63)

Integer = Annotated[int, Field(ge=SMALLEST_INTEGER, le=LARGEST_INTEGER)]
Real = Annotated[float, Field(allow_inf_nan=False)]
EnumValue = Integer | Real | bool | Annotated[str, Field(min_length=1, max_length=1_000)]


def is_visible(text: str) -> bool:
    """Tell whether TEXT shows all that it holds: no control character, line break, odd blank or hidden character."""
    return one_line(text, len(text) + 1).replace(" ", "") == text.replace(" ", "")


def _visible(text: str) -> str:
    if not is_visible(text):
        msg = "a control character, a line break or a hidden character has no place here"
        raise ValueError(msg)
    return text


ColumnName = Annotated[str, Field(min_length=1, max_length=LONGEST_COLUMN_NAME), AfterValidator(_visible)]
Unit = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_visible)]
RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]

_VALUE_TYPES: dict[ColumnType, ValueType] = {
    "integer": "number",
    "number": "number",
    "string": "text",
    "boolean": "truth",
}
_PYTHON_TYPES: dict[ColumnType, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column as a reader needs it: which one, and as what."""

    name: str
    type: ColumnType
    unit: str | None = None
    pii: bool = False
    """Whether its values identify people, so that no report shows them."""


class _Part(BaseModel):
    """A part of a contract: unknown keys are errors, values are not converted, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ColumnRule(_Part):
    """What must hold for the values of one column."""

    type: ColumnType
    required: bool = True
    """Whether every row must have a value; an empty field is none."""
    enum: tuple[EnumValue, ...] | None = Field(default=None, strict=False, min_length=1, max_length=10_000)
    min: Integer | Real | None = None
    max: Integer | Real | None = None
    unique: bool = False
    unit: Unit | None = None
    description: Annotated[str, Field(max_length=4_000)] = ""
    pii: bool = False

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        allowed = _PYTHON_TYPES[self.type]
        for value in self.enum or ():
            if not isinstance(value, allowed) or (isinstance(value, bool) and self.type != "boolean"):
                raise _problem(
                    "{value} in enum is no {type}; quote it if it is text", "enum", value=str(value), type=self.type
                )
        if self.enum is not None and len(set(self.enum)) < len(self.enum):
            raise _problem("a value stands in enum twice", "enum")
        for name, bound in (("min", self.min), ("max", self.max)):
            if bound is None:
                continue
            if self.type not in NUMERIC:
                raise _problem("{name} needs type integer or number, this is {type}", name, name=name, type=self.type)
            if not isinstance(bound, allowed):
                raise _problem("{name} of an integer column is a whole number", name, name=name)
        if self.min is not None and self.max is not None and self.min > self.max:
            raise _problem("min is above max, so no value can satisfy both", "min")
        return self


class RowBounds(_Part):
    """How many rows there must be, and may be."""

    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise _problem("min is above max, so no data set can satisfy both", "min")
        return self


def _check_tree(value: object) -> Check:
    if isinstance(value, Check):
        return value
    if not isinstance(value, str):
        msg = "a check is text such as worst >= mean"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns a ValueError into a problem with its place
    return parse_check(value)


CheckField = Annotated[
    Check,
    BeforeValidator(_check_tree),
    PlainSerializer(lambda check: check.text),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_CHECK}),
]


class CrossRule(_Part):
    """What must hold between columns of one row."""

    name: RuleName
    check: CheckField
    max_share: ShareField = NONE
    """How many of the checked rows may break it."""


class Contract(_Part):
    """What a data set must satisfy. A column that is in the data and not named here is not checked."""

    columns: dict[ColumnName, ColumnRule] = Field(min_length=1)
    rows: RowBounds | None = None
    rules: tuple[CrossRule, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        names = [rule.name for rule in self.rules]
        for place, rule in enumerate(self.rules):
            if rule.name in names[:place]:
                raise _problem("the rule {name} stands here again", "rules", place, "name", name=rule.name)
            for column in rule.check.columns:
                if column not in self.columns:
                    message = "the column {column} is not listed under columns:"
                    raise _problem(message, "rules", place, "check", column=column)
            try:
                check_types(rule.check, {name: _VALUE_TYPES[self.columns[name].type] for name in rule.check.columns})
            except ValueError as error:
                raise _problem("{problem}", "rules", place, "check", problem=str(error)) from error
        return self

    @property
    def key(self) -> str | None:
        """The column that names a row: the first with `unique: true`, if any."""
        return next((name for name, rule in self.columns.items() if rule.unique), None)

    def column(self, name: str) -> ColumnSpec:
        """Return how to read the column NAME, which the contract must list."""
        rule = self.columns[name]
        return ColumnSpec(name, rule.type, rule.unit, rule.pii)


def _problem(message: str, *path: str | int, **values: str) -> PydanticCustomError:
    """Return a problem at PATH below the part at hand; the reader of documents finds line and column from it."""
    # pydantic fills {value} in by plain replacement, so braces inside a value stay what they are.
    return PydanticCustomError("contract", message, {"path": path, **values})
