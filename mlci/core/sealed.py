"""The sealed set as people ask about it: how many rows it needs, and what is left of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mlci.core.data_path import named
from mlci.core.registry.looks import ledger_of, newest_sealed_set
from mlci.core.report import SCHEMA
from mlci.core.schema_name import read_json
from mlci.core.statistics.sealed_budget import SealedBudget, SealedLedger
from mlci.core.statistics.sealed_plan import plan_sealed_set
from mlci.core.statistics.worst_case import largest_share
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.judging_sections import StatisticsSection
    from mlci.core.registry import Registry
    from mlci.core.rules import Rules
    from mlci.core.sealed_section import SealedSection
    from mlci.core.statistics.sealed_plan import SealedPlan


@dataclass(frozen=True, slots=True)
class Measured:
    """How often the last candidate decided otherwise than production."""

    changed: int
    rows: int

    def at_most(self, reliability: float) -> float:
        """Return the upper bound of the share of rows on which two such models differ."""
        return largest_share(self.changed, self.rows, reliability)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made for."""

    margin: float
    reliability: float
    power: float
    budget: SealedBudget
    disagreement: float | None
    measured: Measured | None
    """Where the disagreement comes from; None where it was stated, or is not known."""
    plan: SealedPlan

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        return {
            "margin": self.margin,
            "reliability": self.reliability,
            "power": self.power,
            "looks": self.budget.looks,
            "passes": self.budget.passes,
            "hypotheses": self.plan.hypotheses,
            "alpha_per_look": self.plan.alpha_per_look,
            "disagreement": self.disagreement,
            "measured": asdict(self.measured) if self.measured else None,
            "rows": {
                "hoeffding": self.plan.hoeffding,
                "bennett": self.plan.bennett,
                "normal": self.plan.normal,
            },
        }


def plan(
    margin: float,
    reliability: float,
    power: float,
    looks: int,
    passes: int,
    *,
    disagreement: float | None,
    last_report: bytes | None,
) -> Planned:
    """Return the rows that a sealed set needs; without a DISAGREEMENT, the one that LAST_REPORT measured.

    Raises `UsageError("sealed-plan-impossible")` for numbers that no set can be planned for.
    """
    measured = None if disagreement is not None else _measured(last_report)
    try:
        share = measured.at_most(reliability) if measured else disagreement
        budget = SealedBudget(looks, passes)
        found = plan_sealed_set(margin, reliability, budget, disagreement=share, power=power)
    except ValueError as error:
        raise UsageError(
            "sealed-plan-impossible",
            f"no sealed set can be planned for these numbers: {error}",
            hint="mlci sealed plan --margin 0.02 --looks 20 --passes 3",
        ) from error
    return Planned(margin, reliability, power, budget, share, measured, found)


def _measured(report: bytes | None) -> Measured | None:
    """Return what the last report says of both models; None where it compared none."""
    if report is None:
        return None
    try:
        content = read_json(report, SCHEMA, ".mlci/report.json")
        changed = content["flips"]["right_to_wrong"] + content["flips"]["wrong_to_right"]
        return Measured(int(changed), int(content["rows"]))
    except (KeyError, TypeError, ValueError):
        return None  # no model was compared, or the file is not ours: nothing is measured then


def refuse_readable(rules: Rules, ids: Mapping[str, str]) -> None:
    """Raise `UsageError("sealed-set-readable")` where Git has the sealed set, so that a pull request can read it."""
    section = rules.sealed_data
    if section is None:
        return
    found = named(section.path, ids)
    if found:
        raise UsageError(
            "sealed-set-readable",
            "the sealed set is in Git, where every pull request can read it",
            where=found[0],
            cause="It is sealed by being out of reach: only the job that promotes may see it.",
            hint=f"git rm --cached {found[0]}, list it in .gitignore, and begin anew with other rows",
        )


@dataclass(frozen=True, slots=True)
class SealedStatus:
    """What is left of a sealed set."""

    data: str
    ledger: SealedLedger
    sealed_sha256: str | None
    """Of the set that was looked at last; None where none ever was."""
    changes: int
    """Rows that must effectively have changed for a look to pass by a metric that is no share of rows."""

    def to_dict(self) -> dict[str, Any]:
        """Return the status as a JSON object."""
        ledger = self.ledger
        return {
            "data": self.data,
            "set": self.sealed_sha256,
            "looks": ledger.budget.looks,
            "looks_left": ledger.looks_left,
            "passes": ledger.budget.passes,
            "passes_left": ledger.passes_left,
            "retired": ledger.is_spent,
            "changes_wanted": self.changes,
        }


def status_of(section: SealedSection, statistics: StatisticsSection, registry: Registry) -> SealedStatus:
    """Return what is left of the set that was looked at last; of new rows it is the whole budget."""
    newest = newest_sealed_set(registry)
    ledger = SealedLedger(section.budget) if newest is None else ledger_of(registry, newest, section.budget)
    changes = section.budget.changes_of_look(statistics.confidence, statistics.min_changed)
    return SealedStatus(section.data, ledger, newest, changes)
