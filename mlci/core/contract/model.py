"""The contract as a person writes it: strict, frozen, independent of any engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from mlci.core.contract.data_set_rule import (  # noqa: TC001 - pydantic reads annotations at run time
    Balance,
    Conflicts,
    Freshnesses,
    References,
    RowChange,
)
from mlci.core.contract.formats import FormatName  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.contract.part import (
    ColumnName,
    Owner,
    Part,
    Severity,
    Unit,
    problem,
)
from mlci.core.contract.pattern import PatternField  # noqa: TC001 - as FormatName
from mlci.core.contract.rule import AggregateRule, CrossRule  # noqa: TC001 - as FormatName
from mlci.core.contract.scalar import (
    LARGEST_INTEGER,
    NESTED,
    ORDERED,
    SMALLEST_INTEGER,
    TEMPORAL,
    ColumnType,
    Scalar,
    bound,
)
from mlci.core.contract.share import NONE, Share, ShareField, parse_share
from mlci.core.digits import MOST_DIGITS, Digits
from mlci.core.expression import Kind, ValueType, check_types
from mlci.core.names import NAME
from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import PydanticCustomError

    from mlci.core.expression import Check

LATER: frozenset[str] = frozenset()
"""Keys of the design that are refused, by name, until they work; for `read_model`."""

Integer = Annotated[int, Field(ge=SMALLEST_INTEGER, le=LARGEST_INTEGER)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Moment = Annotated[str, Field(min_length=1, max_length=80)]
"""A day or a time as it is written, or a decimal in quotes."""
EnumValue = Integer | Real | bool | Annotated[str, Field(min_length=1, max_length=1_000)]
Characters = Annotated[int, Field(ge=1, le=1_000_000)]

WHOLE = parse_share("100%")
Key = Annotated[tuple[ColumnName, ...], Field(strict=False, min_length=2, max_length=16)]
"""Columns whose values together name a row."""


def _keys(value: object) -> object:
    """Return the keys of a contract; raises a problem where a single key stands in their place."""
    columns = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
    if isinstance(value, list) and columns and len(columns) == len(value):
        names = ", ".join(name if NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in columns)
        hint = f"keys: [[{names}]]" if len(columns) > 1 else f"unique: true, at the column {names}"
        raise problem("each key is a list of columns, so keys are a list of lists", hint=one_line(hint, 200))
    return value


_VALUE_TYPES: dict[ColumnType, ValueType] = {
    "integer": "integer",
    "number": "number",
    "string": "text",
    "boolean": "truth",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamp_with_zone": "timestamp_with_zone",
}


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column as a reader needs it: which one, and as what."""

    name: str
    type: ColumnType
    unit: str | None = None
    pii: bool = False
    """Whether its values identify people, so that no report shows them."""
    digits: Digits | None = None
    """Of a decimal, and of nothing else."""
    is_name: bool = False
    """Whether its values only name something, such as a row or a class: a string is then any value as it is written."""


def value_type(column: ColumnSpec) -> Kind:
    """Return what a column is to a check; raises `ValueError` where no check can read it."""
    if column.digits is not None:
        return column.digits
    if column.type not in _VALUE_TYPES:
        msg = f"a check cannot read a column of type {column.type}"
        raise ValueError(msg)
    return _VALUE_TYPES[column.type]


class Length(Part):
    """How many characters a text has: code points, whatever they look like together."""

    min: Characters | None = None
    max: Characters | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.min is None and self.max is None:
            raise problem("a length has min, max or both", "min")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise problem("min is above max, so no text can satisfy both", "min")
        return self


def _length(value: object) -> object:
    """Return a single number as what it is short for."""
    return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _with_number(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"type": "integer", "minimum": 1, "maximum": 1_000_000}, *schema["anyOf"]]


class ColumnRule(Part):
    """What must hold for the values of one column."""

    type: ColumnType
    precision: Annotated[int, Field(ge=1, le=MOST_DIGITS)] | None = None
    """Of a decimal: how many digits it has."""
    scale: Annotated[int, Field(ge=0, le=MOST_DIGITS)] | None = None
    """Of a decimal: how many of them stand after the point."""
    required: bool = True
    """Whether every row must have a value; an empty field is none."""
    max_null: ShareField | None = None
    """Instead of `required`: the share of rows that may have no value."""
    enum: tuple[EnumValue, ...] | None = Field(default=None, strict=False, min_length=1, max_length=10_000)
    min: Integer | Real | Moment | None = None
    max: Integer | Real | Moment | None = None
    length: Annotated[Length, BeforeValidator(_length)] | None = Field(default=None, json_schema_extra=_with_number)
    """In characters; a single number is both bounds."""
    pattern: PatternField | None = None
    format: FormatName | None = None
    unique: bool = False
    optional: bool = False
    """Whether the column may be absent from the file; where it is, nothing that reads it is checked."""
    deprecated: bool = False
    """Whether readers should turn to something else; says nothing about the data."""
    severity: Severity = "error"
    owner: Owner | None = None
    unit: Unit | None = None
    description: Annotated[str, Field(max_length=4_000)] = ""
    pii: bool = False

    @property
    def tolerated_null(self) -> Share | None:
        """The share of rows that may have no value; None where all may."""
        if self.max_null is not None:
            return self.max_null if self.max_null != WHOLE else None
        return NONE if self.required else None

    @property
    def digits(self) -> Digits | None:
        """Return how many digits a decimal has; None for another type."""
        if self.precision is None or self.scale is None:
            return None
        return Digits(self.precision, self.scale)

    def value(self, written: float | str | bool) -> Scalar:  # noqa: FBT001 - one of the kinds of a value
        """Return a bound or a value of the enumeration as what the column's values are compared with."""
        return bound(written, self.type, self.digits)

    @model_validator(mode="after")
    def _has_digits_where_it_needs_them(self) -> Self:
        for name in ("precision", "scale"):
            if (getattr(self, name) is None) == (self.type == "decimal"):
                message = "a decimal has a precision and a scale, such as precision: 12, scale: 2"
                other = "{name} needs type decimal, this is {type}"
                raise problem(message if self.type == "decimal" else other, "type", name=name, type=self.type)
        if self.digits is not None and self.digits.scale > self.digits.precision:
            raise problem("scale is above precision, so no digit could stand before the point", "scale")
        return self

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> Self:
        if self.max_null is not None and "required" in self.model_fields_set:
            raise problem("max_null stands instead of required; leave one of them out", "max_null")
        if self.pattern is not None and self.format is not None:
            raise problem("format is a pattern with a name; leave one of them out", "pattern")
        return self

    @model_validator(mode="after")
    def _has_rules_of_its_type(self) -> Self:
        for name in ("length", "pattern", "format"):
            if getattr(self, name) is not None and self.type != "string":
                raise problem("{name} needs type string, this is {type}", name, name=name, type=self.type)
        return self

    @model_validator(mode="after")
    def _has_values_of_its_type(self) -> Self:
        allowed = [self._read("enum", value) for value in self.enum or ()]
        if len(set(allowed)) < len(allowed):
            raise problem("a value stands in enum twice", "enum")
        for name in ("min", "max"):
            if getattr(self, name) is not None and self.type not in ORDERED:
                raise problem("{name} needs numbers, dates or times, this is {type}", name, name=name, type=self.type)
        low, high = (None if each is None else self._read(name, each) for name, each in self._bounds())
        if low is not None and high is not None and low > high:  # type: ignore[operator]  # both are of the column's type
            raise problem("min is above max, so no value can satisfy both", "min")
        if self.unit is not None and self.type in TEMPORAL:
            raise problem("a {type} has no unit", "unit", type=self.type)
        return self

    def _bounds(self) -> Iterator[tuple[str, int | float | str | None]]:
        yield "min", self.min
        yield "max", self.max

    def _read(self, name: str, value: float | str | bool) -> Scalar:  # noqa: FBT001 - one of the kinds of a value
        try:
            return self.value(value)
        except ValueError as error:
            message = "{value} in {name} {problem}"
            raise problem(message, name, value=str(value), name=name, problem=str(error)) from None


class RowBounds(Part):
    """How many rows there must be, and may be."""

    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None
    change: RowChange | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise problem("min is above max, so no data set can satisfy both", "min")
        return self


class Contract(Part):
    """What a data set must satisfy. A column that is in the data and not named here is not checked."""

    columns: dict[ColumnName, ColumnRule] = Field(min_length=1)
    extra: bool = True
    """Whether there may be columns that are not listed."""
    rows: RowBounds | None = None
    keys: Annotated[tuple[Key, ...], Field(strict=False, max_length=20), BeforeValidator(_keys)] = ()
    rules: tuple[CrossRule, ...] = Field(default=(), strict=False)
    aggregates: tuple[AggregateRule, ...] = Field(default=(), strict=False, max_length=50)
    references: References = Field(default={})
    freshness: Freshnesses = Field(default={})
    balance: dict[ColumnName, Balance] = Field(default={}, max_length=20)
    conflicts: dict[ColumnName, Conflicts] = Field(default={}, max_length=5)

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        self._are_named_once("rules", [rule.name for rule in self.rules])
        for place, rule in enumerate(self.rules):
            self._fit("rules", place, "check", rule.check)
            if rule.when is not None:
                self._fit("rules", place, "when", rule.when)
        self._are_named_once("aggregates", [rule.name for rule in self.aggregates])
        for place, aggregate in enumerate(self.aggregates):
            self._fit("aggregates", place, "aggregate", aggregate.aggregate)
            if aggregate.by is not None and aggregate.by not in self.columns:
                raise self._unlisted(aggregate.by, "aggregates", place, "by")
        return self

    @model_validator(mode="after")
    def _has_sound_rules_of_the_whole(self) -> Self:
        for section in ("references", "freshness", "balance", "conflicts"):
            for name in getattr(self, section):
                if name not in self.columns:
                    raise self._unlisted(name, section, name)
        for name in self.freshness:
            if self.columns[name].type not in TEMPORAL - {"time"}:
                raise problem("{column} is no date and no timestamp, and has no age", "freshness", name, column=name)
        for section in ("references", "balance", "conflicts"):
            for name in getattr(self, section):
                if (type_ := self.columns[name].type) in NESTED:
                    message = "{column} is a {type}, which cannot be compared here"
                    raise problem(message, section, name, column=name, type=type_)
        return self

    @model_validator(mode="after")
    def _has_features_that_can_conflict(self) -> Self:
        for label, rule in self.conflicts.items():
            for place, name in enumerate(rule.ignore):
                if name not in self.columns:
                    raise self._unlisted(name, "conflicts", label, "ignore", place)
            if not self.features(label):
                raise problem("no column is left that could be a feature", "conflicts", label)
        return self

    def features(self, label: str) -> tuple[str, ...]:
        """Return the columns that rows with contradicting labels have in common.

        All but the label, what is ignored, what is different in every row, and what may be absent.
        """
        left_out = {label, *self.conflicts[label].ignore}
        names = (name for name, rule in self.columns.items() if not (rule.unique or rule.optional))
        return tuple(name for name in names if name not in left_out and self.columns[name].type not in NESTED)

    def _are_named_once(self, section: str, names: list[str]) -> None:
        for place, name in enumerate(names):
            if name in names[:place]:
                raise problem("the rule {name} stands here again", section, place, "name", name=name)

    @model_validator(mode="after")
    def _has_sound_keys(self) -> Self:
        for place, key in enumerate(self.keys):
            for part, name in enumerate(key):
                if name not in self.columns:
                    raise self._unlisted(name, "keys", place, part)
                if name in key[:part]:
                    raise problem("the column {name} stands in this key twice", "keys", place, part, name=name)
            if set(key) in map(set, self.keys[:place]):
                raise problem("a key of the same columns stands here again", "keys", place)
        return self

    def _unlisted(self, name: str, *path: str | int) -> PydanticCustomError:
        return problem("the column {name} is not listed under columns:", *path, name=name, near=tuple(self.columns))

    def _fit(self, section: str, place: int, name: str, check: Check) -> None:
        """Raise a problem at the key NAME unless CHECK reads columns that are listed, as what they are."""
        for column in check.columns:
            if column not in self.columns:
                raise self._unlisted(column, section, place, name)
        try:
            check_types(check, {column: value_type(self.column(column)) for column in check.columns})
        except ValueError as error:
            raise problem("{problem}", section, place, name, problem=str(error)) from error

    def column(self, name: str) -> ColumnSpec:
        """Return how to read the column NAME, which the contract must list."""
        rule = self.columns[name]
        return ColumnSpec(name, rule.type, rule.unit, rule.pii, rule.digits)
