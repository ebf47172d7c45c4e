"""What a contract check found: one finding for each broken constraint, and the report on a data set.

Sentences hold names, bounds and counts, never a value of the data; values stand only in the examples.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlci.core.contract.constraints import Constraint, ConstraintKind, Origin  # noqa: TC001 - as Severity
from mlci.core.contract.part import Severity  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.contract.rule import Tolerant
from mlci.core.contract.share import Share
from mlci.core.finding_sentence import finding_sentence
from mlci.core.plain_text import one_line
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
        sentence=finding_sentence(constraint, failing, checked, names),
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
