r"""Requirements in the spelling of ease.ml/ci: `n - o > -0.01`, `d < 0.1`, `n > 0.8`.

`n` is the metric of the new model, `o` of the old one, `d` the share of rows on which they differ (Renggli et al. 2019,
"Continuous integration of machine learning models with ease.ml/ci", MLSys 322-333, section 2). Of that language we
read one comparison; its tolerance (`+/- 0.01`) is what our intervals compute, and what it joins by `/\` are two gates.
In full:

    requirement = ( "n" | "n" "-" "o" | "d" ) ( ">" | "<" ) [ "-" ] number
    number      = 12 | 0.5 | .5 | 1e-3
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

LONGEST_REQUIREMENT: Final = 100

Subject = Literal["n", "n - o", "d"]
Relation = Literal[">", "<"]


@dataclass(frozen=True, slots=True)
class WrittenRequirement:
    """What a requirement in the spelling of ease.ml/ci says."""

    subject: Subject
    """`n` the candidate's value, `n - o` candidate minus production as the metric is, `d` the churn."""
    relation: Relation
    limit: float

    @property
    def text(self) -> str:
        """The requirement as a person writes it; `parse_requirement` reads it as an equal value."""
        return f"{self.subject} {self.relation} {self.limit!r}"

    def gate(self, *, higher_is_better: bool) -> tuple[Literal["not_worse", "better", "floor", "ceiling"], float]:
        """Return the requirement and its margin or value, in our words, for a metric with that direction.

        A difference that may fall to one below 0 is `not_worse`, one that must exceed 0 or more is `better`. Churn is
        a metric of its own, of which less is better. Raises ValueError for a difference that asks for the worse side.

        >>> parse_requirement("n - o > -0.01").gate(higher_is_better=True)
        ('not_worse', 0.01)
        """
        if self.subject != "n - o":
            return ("floor" if self.relation == ">" else "ceiling"), self.limit
        if (self.relation == ">") != higher_is_better:
            better, right = ("higher", ">") if higher_is_better else ("lower", "<")
            raise ValueError(f"of this metric {better} is better: `n - o {right} …` is meant, not `{self.text}`")
        gain = self.limit if higher_is_better else -self.limit
        return ("better", gain + 0.0) if gain >= 0 else ("not_worse", -gain)


def parse_requirement(text: str) -> WrittenRequirement:
    """Return what TEXT requires; raises `ValueError` with the character's place when it is no requirement.

    >>> parse_requirement("d<.1")
    WrittenRequirement(subject='d', relation='<', limit=0.1)
    """
    if len(text) > LONGEST_REQUIREMENT:
        raise ValueError(f"a requirement has at most {LONGEST_REQUIREMENT} characters, this one has {len(text):,}")
    subject, place = _subject(text)
    relation = _match(_RELATION, text, place, "`>` or `<` is")
    number = _match(_NUMBER, text, relation.end(), "a number such as 0.01 is")
    _check_end(text, number.end())
    limit = float(number[1].replace(" ", ""))
    at = number.start(1) + 1
    if not math.isfinite(limit):
        raise ValueError(f"character {at}: the number is too large")
    if subject == "d" and relation[1] == ">":
        raise ValueError(f"character {relation.start(1) + 1}: models may differ at most so much: write `d < …`")
    if subject == "d" and not 0 < limit <= 1:
        raise ValueError(f"character {at}: `d` is a share of rows, above 0 and at most 1")
    return WrittenRequirement(subject, ">" if relation[1] == ">" else "<", limit)


_SPACE = r"[ ]*+"
_NAME = re.compile(_SPACE + r"([A-Za-z_]++)")
_MINUS_OLD = re.compile(_SPACE + r"-" + _SPACE + r"o(?![A-Za-z_0-9])")
_RELATION = re.compile(_SPACE + r"([<>])(?!=)")
_NUMBER = re.compile(_SPACE + r"(-?[ ]*+(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)(?![A-Za-z_])")


def _subject(text: str) -> tuple[Subject, int]:
    name = _match(_NAME, text, 0, "`n`, `n - o` or `d` is")
    match name[1]:
        case "d":
            return "d", name.end()
        case "n":
            old = _MINUS_OLD.match(text, name.end())
            return ("n - o", old.end()) if old else ("n", name.end())
        case _:
            raise _expected(text, name.start(1), "`n`, `n - o` or `d` is")


def _match(pattern: re.Pattern[str], text: str, place: int, what: str) -> re.Match[str]:
    found = pattern.match(text, place)
    if found is None:
        raise _expected(text, place, what)
    return found


def _check_end(text: str, place: int) -> None:
    rest = text[place:].lstrip(" ")
    at = len(text) - len(rest) + 1
    if rest.startswith("+/-"):
        raise ValueError(f"character {at}: leave out `+/- …`: the tolerance is computed from the rows, as an interval")
    if rest.startswith("/\\"):
        raise ValueError(f"character {at}: leave out `/\\`: write two gates, both must pass")
    if rest:
        raise _expected(text, place, "the end is")


def _expected(text: str, place: int, what: str) -> ValueError:
    rest = text[place:].lstrip(" ")
    found = f"{rest[0]!r} stands there" if rest else "the requirement ends"
    return ValueError(f"character {len(text) - len(rest) + 1}: {what} expected, {found}")
