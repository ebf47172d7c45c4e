"""Which data sets must not know of each other, as `mlci.yaml` says it, and whose word that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from mlci.core.contract.share import NONE, ShareField
from mlci.core.section import RULE, Identifier, Name, Section
from mlci.core.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.contract.constraints import Origin

MOST_SETS: Final = 10


class LeakRule(Section):
    """Data sets that must not know of each other."""

    sets: Annotated[tuple[Name, ...], RULE] = Field(strict=False, min_length=1, max_length=MOST_SETS)
    ignore: Annotated[tuple[Identifier, ...], RULE] = Field(default=(), strict=False)
    group: Annotated[Identifier | None, RULE] = None
    time: Annotated[Identifier | None, RULE] = None
    label: Annotated[Identifier | None, RULE] = None
    max_share: Annotated[ShareField, RULE] = NONE

    @model_validator(mode="after")
    def _compares_something(self) -> Self:
        if len(set(self.sets)) < len(self.sets):
            message = "a data set stands here twice"
            raise ValueError(message)
        if len(self.sets) == 1 and self.label is None:
            message = "one data set alone needs a label: that no column gives away"
            raise ValueError(message)
        return self

    @property
    def text(self) -> str:
        """The rule as a person would say it."""
        if len(self.sets) == 1:
            return f"from columns of `{self.sets[0]}` to its label"
        return f"between {' and '.join(code(name) for name in self.sets)}"

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """Each two of the sets, the earlier one first."""
        return ((one, other) for place, one in enumerate(self.sets) for other in self.sets[place + 1 :])


@dataclass(frozen=True, slots=True)
class OwnedLeakRule:
    """A leak rule, and whose it is."""

    rule: LeakRule
    origin: Origin


def merged_leaks(
    base: tuple[LeakRule, ...], head: tuple[LeakRule, ...]
) -> tuple[tuple[OwnedLeakRule, ...], tuple[tuple[Literal["looser", "tighter"], str], ...]]:
    """Return what is looked for, base's rules and in addition head's own, and in words what head changes.

    A rule that differs in anything is another one, so who edits one removes it and adds one.
    """
    owned = [OwnedLeakRule(rule, "base") for rule in base]
    owned += [OwnedLeakRule(rule, "head") for rule in head if rule not in base]
    changes: list[tuple[Literal["looser", "tighter"], str]] = []
    changes += [("looser", f"removes the search for leaks {rule.text}") for rule in base if rule not in head]
    changes += [("tighter", f"adds a search for leaks {rule.text}") for rule in head if rule not in base]
    return tuple(owned), tuple(changes)
