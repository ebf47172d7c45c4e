"""The sealed set, as the configuration names it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from typing_extensions import override

from mlci.core.section import RULE, Name, Section
from mlci.core.statistics.sealed_budget import MOST_LOOKS, SealedBudget


class SealedSection(Section):
    """Labelled rows that only a promotion opens, and how often."""

    data: Annotated[Name, RULE]
    looks: Annotated[int, RULE] = Field(default=20, ge=1, le=MOST_LOOKS)
    passes: Annotated[int, RULE] = Field(default=3, ge=1, le=MOST_LOOKS)

    @property
    def budget(self) -> SealedBudget:
        """How often it may be opened."""
        return SealedBudget(self.looks, self.passes)

    @model_validator(mode="after")
    def _has_a_budget(self) -> Self:
        _ = self.budget
        return self

    @override
    def __str__(self) -> str:
        """Return the section for a sentence."""
        return f"{self.data}, {self.looks} looks, {self.passes} passes"
