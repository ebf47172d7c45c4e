"""Rules between columns of one row, and rules about all rows together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from mlci.core.contract.part import AggregateField, CheckField, ColumnName, Owner, Part, RuleName, Severity, problem
from mlci.core.contract.share import NONE, Share, ShareField


class Tolerant(Part):
    """What some rows may break."""

    max_share: ShareField = NONE
    """How many of the checked rows may break it."""
    max_count: Annotated[int, Field(ge=0)] | None = None
    """The same as a number of rows."""
    severity: Severity = "error"
    owner: Owner | None = None

    @model_validator(mode="after")
    def _has_one_tolerance(self) -> Self:
        if self.max_count is not None and "max_share" in self.model_fields_set:
            raise problem("max_share and max_count say the same in two ways; leave one of them out", "max_count")
        return self

    @property
    def tolerance(self) -> Share | int:
        """How many rows may break it: a share of those that are checked, or a number; no row at all is 0%."""
        return self.max_count or self.max_share

    def tolerates(self, failing: int, checked: int) -> bool:
        """Tell whether FAILING of CHECKED rows may break it."""
        tolerance = self.tolerance
        return failing <= tolerance if isinstance(tolerance, int) else tolerance.allows(failing, checked)


class CrossRule(Tolerant):
    """What must hold between columns of one row."""

    name: RuleName
    check: CheckField
    when: CheckField | None = None
    """The rule looks only at rows where this is true: neither false nor unknown, and it can be computed."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once, those of `when` last."""
        more = self.when.columns if self.when else ()
        return tuple(dict.fromkeys((*self.check.columns, *more)))


class AggregateRule(Part):
    """What must hold for all rows together, or for those of each group."""

    name: RuleName
    aggregate: AggregateField
    by: ColumnName | None = None
    """The column whose values make the groups; rows without one are in none."""
    severity: Severity = "error"
    owner: Owner | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once, `by` last."""
        return tuple(dict.fromkeys((*self.aggregate.columns, *([self.by] if self.by else []))))


@dataclass(frozen=True, slots=True)
class AggregateDemand:
    """An aggregate rule, and what it means where there is no value to tell from."""

    rule: AggregateRule
    fails_without_values: bool
    """Whether the contract demands rows, so that a data set without values breaks the rule."""
