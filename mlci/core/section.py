"""A section of the configuration: strict, frozen, and each field with its owner."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from mlci.core.command_words import words_of
from mlci.core.contract.scalar import LARGEST_INTEGER, SMALLEST_INTEGER
from mlci.core.names import NAME
from mlci.core.plain_text import is_visible


class Owner(Enum):
    """Whose a field of the configuration is."""

    RULE = "rule"
    """Read from base: it takes part in the verdict."""
    HEAD = "head"
    """Read from head: it describes how the candidate is made."""
    PARTS = "parts"
    """Its parts each have an owner of their own."""


RULE, HEAD, PARTS = Owner.RULE, Owner.HEAD, Owner.PARTS


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values are not converted, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


NAME_PATTERN: Final = f"^{NAME.pattern}$"
VARIABLE_PATTERN: Final = "^[A-Za-z_][A-Za-z0-9_]{0,127}$"
LONGEST_IDENTIFIER: Final = 200
TOKEN_VARIABLES: Final = (
    "MLCI_TOKEN", "MLCI_SIGNING_KEY", "GITHUB_TOKEN", "GH_TOKEN",
    "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)  # fmt: skip
"""The tokens of a job. No training command sees one: it is code of whoever opened the pull request."""


def _name(text: str) -> str:
    if NAME.fullmatch(text) is None:
        msg = "a name begins with a small letter and has at most 63 small letters, digits, `_` and `-`"
        raise ValueError(msg)
    return text


def _visible(text: str) -> str:
    if not is_visible(text):
        msg = "a control character, a line break or a hidden character has no place here"
        raise ValueError(msg)
    return text


def _command(text: str) -> str:
    if any(not each.isprintable() and each != "\n" for each in text):
        msg = "a command is printable text"
        raise ValueError(msg)
    return text


def _direct(text: str) -> str:
    words_of(text)
    return text


def _variable(text: str) -> str:
    if text in TOKEN_VARIABLES:
        msg = f"no training command may see {text}, a token of the job"
        raise ValueError(msg)
    return text


def _class_label(value: object) -> object:
    if isinstance(value, str) and 0 < len(value) <= LONGEST_IDENTIFIER:
        return _visible(value)
    if isinstance(value, int) and SMALLEST_INTEGER <= value <= LARGEST_INTEGER:  # a truth value is one too
        return value
    msg = "a class is text, a whole number, true or false"
    raise ValueError(msg)


Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
Text = Annotated[str, Field(max_length=4_000)]
Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_IDENTIFIER), AfterValidator(_visible)]
DirectCommand = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_command), AfterValidator(_direct)]
"""A command line that no shell sees."""
Command = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_command)]
ClassLabel = Annotated[int | str | bool, BeforeValidator(_class_label)]
Variable = Annotated[
    str,
    Field(pattern=VARIABLE_PATTERN),
    AfterValidator(_variable),
    WithJsonSchema({"type": "string", "pattern": VARIABLE_PATTERN, "not": {"enum": list(TOKEN_VARIABLES)}}),
]
