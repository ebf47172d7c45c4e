"""What a contract check found: one finding for each broken constraint, and the report on a data set.

Sentences hold names, bounds and counts, never a value of the data; values stand only in the examples.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlci.core.contract.constraints import Classes, Constraint, ConstraintKind, Origin
from mlci.core.contract.data_set_rule import Conflicts, Freshness, Reference
from mlci.core.contract.formats import format_called
from mlci.core.contract.part import Severity  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.contract.pattern import Pattern
from mlci.core.contract.rule import AggregateDemand, CrossRule, Tolerant
from mlci.core.contract.scalar import TEMPORAL, type_words
from mlci.core.contract.share import Share, tolerated
from mlci.core.duration import write_duration
from mlci.core.plain_text import one_line
from mlci.core.words import code, codes, counted, listed, measured
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence


MOST_EXAMPLES = 5
MASK = "(masked)"
"""What stands in place of a value of a `pii` column."""

LEAST_DISTANCE = 0.05
"""Smaller differences from base are told to nobody who judges a pull request."""

Count = Annotated[int, Field(ge=0)]
CauseCode = Literal[
    "unit-changed", "time-zone", "new-category", "encoding-damage", "decimal-comma", "shifted-columns",
    "duplicated-delivery", "truncated-delivery",
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, value: object) -> Self:
        """Return what `to_dict` gave; raises `IntegrityError("findings-malformed")` on anything else."""
        try:
            return cls.model_validate_json(json.dumps(value))
        except (ValidationError, TypeError, ValueError, RecursionError) as error:
            raise IntegrityError(
                "findings-malformed",
                "the findings of a data check are not in the form that mlci writes",
                cause="The file was changed after mlci wrote it, or another version of mlci wrote it.",
                hint="mlci validate",
            ) from error


class ExampleRow(_Part):
    """One failing row."""

    line: Count
    """The line in which the row begins, counted from 1 (the header); its number, where the format has no lines."""
    file: str | None = None
    """The file, where the data set has several."""
    key: str | None
    """Its value in the contract's unique column, if there is one."""
    value: str | None
    """The value at fault, or `column = value` for each column of a rule; None where the field is empty."""

    @property
    def place(self) -> str:
        """The line, and the file where the data set has several."""
        return str(self.line) if self.file is None else f"{self.line} of {one_line(self.file, 100)}"


class Cause(_Part):
    """What probably happened to the data."""

    code: CauseCode
    sentence: str
    ratio: float | None = None
    """Head's value divided by base's, the same in every failing row; of a changed unit."""
    values: tuple[str, ...] = ()
    """Values of the data that the sentence speaks of, for places that may show them."""


class Finding(_Part):
    """One constraint that does not hold."""

    dataset: str
    key: tuple[str, ...]
    """Where the contract says it, as in `Constraint.key`."""
    kind: ConstraintKind
    columns: tuple[str, ...]
    sentence: str
    """What is wrong, with its extent: "`mean_radius` is above 60 µm in 31 of 569 rows (5.4%)"."""
    failing: Count
    checked: Count
    """Rows that could break it: those with a readable value."""
    examples: tuple[ExampleRow, ...] = ()
    """The first failing rows in the order of the file."""
    measured: tuple[str, ...] = ()
    """What was computed for an aggregate, of the first failing groups: "country = DE: mean(price) = 25.3"."""
    cause: Cause | None = None
    before: Count | None = None
    """How many failed at base, by the same rule; 0: the finding is new; None: nothing was compared."""
    severity: Severity = "error"
    """error: the data is rejected; warn: it is reported, and nothing else happens."""
    owner: str | None = None
    """Who answers for the rule."""
    where: str | None = None
    """`file:line` of the contract that holds the rule, where that is known; `… at base` where head lacks it."""
    origin: Origin

    @property
    def share(self) -> float:
        """The failing part of the checked rows, from 0 to 1."""
        return self.failing / self.checked if self.checked else 0.0

    @property
    def standing(self) -> str | None:
        """How the finding relates to base, for a reader; None where nothing was compared."""
        if self.before is None:
            return None
        if not self.before:
            return "new"
        return "as at base" if self.before == self.failing else f"at base {self.before:,}"

    def bare(self) -> Finding:
        """Return the finding without what was read or computed from rows."""
        cause = self.cause.model_copy(update={"values": ()}) if self.cause else None
        return self.model_copy(update={"examples": (), "measured": (), "cause": cause})


class Difference(_Part):
    """How one column differs from what it is at base."""

    column: str
    distance: float
    """The largest share of rows by which they differ, from 0 to 1; see `mlci.core.profile.distance`."""
    chance: float
    """What samples of one distribution exceed once in a thousand times."""
    sentence: str
    detail: str | None = None
    """What moved, in values of the data."""

    @property
    def is_certain(self) -> bool:
        """Whether it is more than chance, and not small."""
        return self.distance > max(self.chance, LEAST_DISTANCE)

    def bare(self) -> Difference:
        """Return the difference without values."""
        return self.model_copy(update={"detail": None})


class DatasetReport(_Part):
    """What was read of a data set, and what is wrong with it."""

    dataset: str
    path: str
    sha256: str
    rows: Count
    columns: tuple[str, ...]
    findings: tuple[Finding, ...]
    fixed: tuple[Finding, ...] = ()
    """What was wrong at base and is not any more."""
    is_compared: bool = False
    """Whether base has this data set, so that findings are new or continue."""
    not_compared: str | None = None
    """Why base's data set could not be brought, so that nothing tells what is new; None where that was no problem."""
    differences: tuple[Difference, ...] = ()
    """How the columns differ from base, the largest difference first; those that are certain."""
    profile: Annotated[Any, Field(default=None, exclude=True, repr=False)] = None
    """What the columns hold (`mlci.core.profile.Profile`), where that was asked for; it is written nowhere."""

    @property
    def passed(self) -> bool:
        """Whether every constraint holds that rejects data; there may be warnings."""
        return not self.errors

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings that say that the set is no fair test."""
        return tuple(finding for finding in self.findings if finding.kind == "leak")

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which the data is rejected."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are only reported."""
        return tuple(finding for finding in self.findings if finding.severity == "warn")

    def without_examples(self) -> DatasetReport:
        """Return the report as it may stand in a public place: counts and names, no row of the data."""
        findings, fixed = (tuple(each.bare() for each in some) for some in (self.findings, self.fixed))
        differences = tuple(each.bare() for each in self.differences)
        return self.model_copy(update={"findings": findings, "fixed": fixed, "differences": differences})


def holds(constraint: Constraint, failing: int, checked: int) -> bool:
    """Tell whether a row constraint holds, given how many of the checked rows break it."""
    match constraint.value:
        case Tolerant() as rule:
            return rule.tolerates(failing, checked)
        case Share() if constraint.kind == "rows_change":
            return failing == 0
        case Share() as share:
            return share.allows(failing, checked)
        case _:
            return failing == 0


def finding(
    dataset: str,
    constraint: Constraint,
    failing: int,
    checked: int,
    *,
    examples: tuple[ExampleRow, ...] = (),
    cause: Cause | None = None,
    measured: tuple[str, ...] = (),
    names: Sequence[str] = (),
) -> Finding:
    """Return the finding for a broken constraint.

    For bounds on rows FAILING is how many are too few or too many, for `extra` the number of columns that are not
    listed, which are then NAMES, and for an aggregate the number of groups, MEASURED what was computed. For `present`
    NAMES are the columns of the file that may be the one that is missing.
    """
    return Finding(
        dataset=dataset,
        key=constraint.key,
        kind=constraint.kind,
        columns=tuple(column.name for column in constraint.columns) or tuple(names),
        sentence=_sentence(constraint, failing, checked, names),
        failing=failing,
        checked=checked,
        examples=examples,
        measured=measured,
        cause=cause,
        severity=constraint.severity,
        owner=constraint.owner,
        where=constraint.where,
        origin=constraint.origin,
    )


def percent(share: float) -> str:
    """Return a share for a reader: one decimal, and never 0.0% for something that is there.

    >>> percent(0.0544), percent(0.0001), percent(1.0), percent(0.99999)
    ('5.4%', '<0.1%', '100%', '>99.9%')
    """
    if 0 < share < 0.0005:  # noqa: PLR2004 - would be shown as 0.0%
        return "<0.1%"
    if 0.9995 <= share < 1:  # noqa: PLR2004 - would be shown as 100.0%
        return ">99.9%"
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def _sentence(constraint: Constraint, failing: int, checked: int, names: Sequence[str]) -> str:
    match constraint.kind:
        case "present":
            meant = f"; is it called {codes(names)} now?" if names else ""
            return f"the column {code(constraint.columns[0].name)} is missing from the file{meant}"
        case "extra":
            return f"the file has {counted(failing, 'column')} that the contract does not list: {codes(names)}"
        case "rows_min":
            return f"there are {checked:,} rows, at least {constraint.value:,} are demanded"
        case "rows_max":
            return f"there are {checked:,} rows, at most {constraint.value:,} are allowed"
        case "aggregate":
            return _of_aggregate(constraint, failing, checked)
        case "rows_change" | "freshness" | "balance_min" | "balance_max" | "balance_change":
            return _of_the_data_set(constraint, failing, checked)
        case _:
            share = percent(failing / checked if checked else 0.0)
            where, may = _limits(constraint)
            return f"{_fault(constraint)} in {failing:,} of {counted(checked, 'row')}{where} ({share}{may})"


def _of_aggregate(constraint: Constraint, failing: int, checked: int) -> str:
    if not isinstance(constraint.value, AggregateDemand):
        msg = "no aggregate rule"
        raise TypeError(msg)
    rule = constraint.value.rule
    told = code(rule.aggregate.text)
    if rule.by is not None:
        return f"{told} does not hold in {failing:,} of {counted(checked, 'group')} of {code(rule.by)}"
    return f"{told} does not hold" if checked else f"{told} cannot be told, since no row has a value"


def _of_the_data_set(constraint: Constraint, failing: int, checked: int) -> str:
    """Return what is wrong with the number of rows, their age or their classes."""
    match constraint.kind, constraint.value:
        case "rows_change", Share() as within:
            off = f"there are {counted(failing, 'row')} more or fewer than at base, which has {checked:,}"
            return f"{off}; at most {within.text} are allowed"
        case "freshness", Freshness() as rule:
            name, limit = code(constraint.columns[0].name), write_duration(rule.max_age)
            if not checked:
                return f"{name} has no value in any row, so nothing tells how old the data is"
            return f"the newest {name} is not of the last {limit}"
        case kind, Classes(share, _):
            classes = f"{failing:,} of {counted(checked, 'class')} of {code(constraint.columns[0].name)}"
            has = "has" if failing == 1 else "have"
            match kind:
                case "balance_min":
                    return f"{classes} {has} less than {share.text} of the rows"
                case "balance_max":
                    return f"{classes} {has} more than {share.text} of the rows"
                case _:
                    points = share.text.removesuffix("%")
                    return f"{classes} {has} a share that differs from base's by more than {points} points"
        case kind, _:
            msg = f"{kind} is told of rows one by one"
            raise TypeError(msg)


def _limits(constraint: Constraint) -> tuple[str, str]:
    """Return where a constraint looks at, and what it tolerates."""
    match constraint.value:
        case CrossRule() as rule:
            where = f" where {code(rule.when.text)}" if rule.when else ""
            tolerance: Share | int = rule.tolerance
        case Share() as share:
            where, tolerance = "", share
        case Reference() | Conflicts() as rule:
            where, tolerance = "", rule.tolerance
        case _:
            return "", ""
    may = tolerance.text if isinstance(tolerance, Share) else f"{tolerance:,}"
    return where, f"; at most {may} may" if tolerated(tolerance) else ""


def _fault(constraint: Constraint) -> str:
    names = [column.name for column in constraint.columns]
    match constraint.kind, constraint.value:
        case _, CrossRule(check=check):
            return f"{code(check.text)} does not hold"
        case _, Reference(to=target):
            return f"{code(names[0])} is none of {code(target)}"
        case "conflicts", _:
            return f"{code(names[0])} contradicts a row with equal features"
        case "key", _:
            return f"{codes(names)} together repeat an earlier row"
        case _:
            return _fault_of_column(constraint)


def _fault_of_column(constraint: Constraint) -> str:
    column = constraint.columns[0]
    match constraint.kind, constraint.value:
        case "type", _:
            fault = f"is not {type_words(column.type, column.digits)}"
        case "required", _:
            fault = "has no value"
        case "enum", tuple() as allowed:
            fault = f"is none of {listed(allowed)}"
        case "min", bound:
            fault = f"is {'before' if column.type in TEMPORAL else 'below'} {measured(bound, column.unit)}"
        case "max", bound:
            fault = f"is {'after' if column.type in TEMPORAL else 'above'} {measured(bound, column.unit)}"
        case "unique", _:
            fault = "repeats an earlier value"
        case _:
            fault = _fault_of_text(constraint)
    return f"{code(column.name)} {fault}"


def _fault_of_text(constraint: Constraint) -> str:
    match constraint.kind, constraint.value:
        case "length_min", int(least):
            return f"has fewer than {counted(least, 'character')}"
        case "length_max", int(most):
            return f"has more than {counted(most, 'character')}"
        case "pattern", Pattern() as pattern:
            return f"does not match {code(pattern.text)}"
        case "format", name:
            return f"is not {format_called(name).words}"
        case kind, _:
            msg = f"{kind} is no constraint on the values of a column"
            raise TypeError(msg)
