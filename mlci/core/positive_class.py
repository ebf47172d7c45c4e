"""The positive class of a label: which of its two values counts, by what the user says or what the values mean."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.documents import plain_scalar
from mlci.core.plain_text import is_visible, one_line, printable
from mlci.core.section import LONGEST_IDENTIFIER
from mlci.core.words import code, written
from mlci.core.yaml_text import quoted
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.core.contract.scalar import ColumnType

MOST_LABEL_VALUES: Final = 5
"""Values of a label that an error lists; a binary task has two."""

_LONGEST_SHOWN: Final = 60
"""Characters of a value that an error shows."""

_CLASSES: Final = 2
_YES: Final = frozenset({"1", "true", "t", "yes", "y", "positive", "pos"})
"""Texts that say yes, in small letters."""

_LARGEST_EXACT: Final = 2**53
"""Labels that are numbers are read in double precision, where greater ones are not told apart."""

LabelValue = int | float | str | bool


@dataclass(frozen=True, slots=True)
class LabelProfile:
    """What was seen in the label column of one file."""

    type: ColumnType
    """That of the column in all files together."""
    distinct: int
    values: tuple[LabelValue, ...]
    """The smallest of its different values, at most `MOST_LABEL_VALUES`."""
    counts: tuple[int, ...] = ()
    """How many rows have each of `values`, where these are all; else nothing."""


def positive_class(label: str, seen: Mapping[str, LabelProfile], wished: str | None, command: str) -> int | str | bool:
    """Return the positive class of LABEL as `evaluate.positive` says it, so that it equals the labels when scored.

    SEEN is what each file (by its name) holds in that column; WISHED is what the user typed, None where nothing was,
    and then 1, true or a text that says yes is taken if the other class is none of them. COMMAND is what the user
    would type again, without the class.

    Raises `UsageError`: "not-binary", "one-class", "classes-differ", "positive-unknown", "positive-unusable".
    """
    for file, profile in seen.items():
        _check_two(label, file, profile)
    first, *more = seen.items()
    for file, profile in more:
        if profile.values != first[1].values:
            raise UsageError(
                "classes-differ",
                f"{code(label)} is {_either(first[1].values)} in {first[0]}, and {_either(profile.values)} in {file}",
                cause="The classes are spelled differently; together they are more than two.",
                hint="Spell the classes alike in both files.",
            )
    values = first[1].values
    fitting = [value for value in values if _is_meant(value, wished, values)]
    usable = [configured for value in fitting or values if (configured := _configured(value)) is not None]
    if not usable:
        raise UsageError(
            "positive-unusable",
            f"no configuration can say that the positive class of {code(label)} is {_either(fitting or values)}",
            cause="There a class is a whole number, true, false, or text of at most 200 visible characters.",
            hint="Rename the class in the data, for example to 1.",
        )
    if len(fitting) == 1:
        return usable[0]
    typed = "which of them is positive does not show" if wished is None else f"{one_line(wished, 80)!r} is none of them"
    raise UsageError(
        "positive-unknown",
        f"{code(label)} is {_either(values)}, and {typed}",
        hint=" or: ".join(
            f"{command} --positive {shlex.quote(value if isinstance(value, str) else written(value))}"
            for value in usable[::-1]
        ),
    )


def _check_two(label: str, file: str, profile: LabelProfile) -> None:
    """Raise unless FILE holds two classes."""
    if profile.distinct > _CLASSES:
        shown = ", ".join(map(_shown, profile.values))
        dots = ", …" if profile.distinct > len(profile.values) else ""
        raise UsageError(
            "not-binary",
            f"{code(label)} has {profile.distinct:,} different values in {file}: {shown}{dots}",
            cause="A binary task, which --positive speaks of, too, has a label with two values.",
            hint="Leave --positive and --task out, or name a column with two values: --label COLUMN",
        )
    if profile.distinct < _CLASSES:
        told = f"is {_shown(profile.values[0])}" if profile.values else "is empty"
        raise UsageError(
            "one-class",
            f"{code(label)} {told} in every row of {file}",
            cause="On rows of one class no model can be trained, and none be judged.",
            hint=f"Put rows of both classes into {file}.",
        )


def _is_meant(value: LabelValue, wished: str | None, values: Sequence[LabelValue]) -> bool:
    """Tell whether VALUE, one of VALUES, is what the user WISHED, or by convention the positive one."""
    if wished is None:
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            return value.lower() in _YES
        return value == 1 and set(values) <= {0, 1, -1}  # of 1 and 2, either may be the positive one
    if isinstance(value, bool):
        return wished.lower() == str(value).lower()
    if isinstance(value, str):
        return wished == value
    number = plain_scalar(wished)
    return isinstance(number, int | float) and not isinstance(number, bool) and number == value


def _configured(value: LabelValue) -> int | str | bool | None:
    """Return VALUE as a configuration says it, None where it cannot; labels that are numbers compare as numbers."""
    if isinstance(value, str):
        return value if is_visible(value) and len(value) <= LONGEST_IDENTIFIER else None
    if isinstance(value, float) and not value.is_integer():
        return None
    return value if isinstance(value, bool) else int(value) if abs(value) <= _LARGEST_EXACT else None


def _either(values: Sequence[LabelValue]) -> str:
    return " or ".join(map(_shown, values))


def _shown(value: LabelValue) -> str:
    """Return VALUE so that blanks at its ends are seen."""
    return printable(quoted(value), _LONGEST_SHOWN) if isinstance(value, str) else written(value)
