"""What every part of a contract shares: strictness, names, how bad a broken rule is, and problems with their place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from mlci.core.expression import LONGEST_CHECK, Check, parse_aggregate, parse_check
from mlci.core.plain_text import is_visible

LONGEST_COLUMN_NAME = 200

Severity = Literal["error", "warn"]
"""error: the data is rejected; warn: it is reported, and nothing else happens."""


class Part(BaseModel):
    """A part of a contract: unknown keys are errors, values are not converted, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def problem(message: str, *path: str | int, **values: str | tuple[str, ...]) -> PydanticCustomError:
    """Return a problem at PATH below the part at hand; the reader of documents finds line and column from it."""
    # pydantic fills {value} in by plain replacement, so braces inside a value stay what they are.
    return PydanticCustomError("contract", message, {"path": path, **values})


def _visible(text: str) -> str:
    if not is_visible(text):
        msg = "a control character, a line break or a hidden character has no place here"
        raise ValueError(msg)
    return text


def _check_tree(value: object) -> Check:
    if isinstance(value, Check):
        return value
    if not isinstance(value, str):
        msg = "a check is text such as worst >= mean"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns a ValueError into a problem with its place
    return parse_check(value)


def _aggregate_tree(value: object) -> Check:
    if isinstance(value, Check):
        return value
    if not isinstance(value, str):
        msg = "a check of aggregates is text such as mean(price) < 20"
        raise ValueError(msg)  # noqa: TRY004 - as above
    return parse_aggregate(value)


ColumnName = Annotated[str, Field(min_length=1, max_length=LONGEST_COLUMN_NAME), AfterValidator(_visible)]
RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Owner = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_visible)]
Unit = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_visible)]
CheckField = Annotated[
    Check,
    BeforeValidator(_check_tree),
    PlainSerializer(lambda check: check.text),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_CHECK}),
]
AggregateField = Annotated[
    Check,
    BeforeValidator(_aggregate_tree),
    PlainSerializer(lambda check: check.text),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_CHECK}),
]
