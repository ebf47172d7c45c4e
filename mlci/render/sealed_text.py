"""A sealed set in the terminal: a plan, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.margin import written_number
from mlci.core.words import counted
from mlci.render.lines import filled, table

if TYPE_CHECKING:
    from mlci.core.sealed import Planned, SealedStatus


MOST_WRITTEN: Final = 10**9
"""From here on a number of histories is told by its size alone."""


def plan_text(planned: Planned) -> str:
    """Return the rows that a sealed set needs by each method, with what each takes for granted."""
    budget, found = planned.budget, planned.plan
    head = (
        f"A sealed set for {counted(budget.looks, 'look')} and {counted(budget.passes, 'pass')}: a candidate that is "
        f"worse by {written_number(planned.margin)} passes in at most {_percent(1 - planned.reliability)} of all "
        f"campaigns, one as good as production in {_percent(planned.power)} of its looks."
    )
    rows = [["Hoeffding", f"{found.hoeffding:,}", "nothing"]]
    if found.bennett is not None and found.normal is not None:
        rows += [
            ["Bennett", f"{found.bennett:,}", _disagreement(planned)],
            ["normal", f"{found.normal:,}", "the same, and that enough rows change: what the gates' intervals need"],
        ]
    histories = f"{found.hypotheses:,}" if found.hypotheses < MOST_WRITTEN else f"{found.hypotheses:.2g}"
    lines = [
        filled(head),
        "",
        table(["method", "rows", "takes for granted"], rows, frozenset({1})),
        "",
        f"each look is held to α = {found.alpha_per_look:.2g}, for K = {histories} possible histories",
    ]
    if found.bennett is None:
        lines.append("after `mlci check` against production, or with --disagreement 10%, fewer rows may do")
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{written_number(round(share * 100, 6))}%"


def _disagreement(planned: Planned) -> str:
    share = f"models that differ on at most {planned.disagreement:.1%} of the rows"
    measured = planned.measured
    return f"{share} ({measured.changed:,} of {measured.rows:,} in the last report)" if measured else share


def status_text(status: SealedStatus) -> str:
    """Return what is left of a sealed set."""
    ledger = status.ledger
    if status.sealed_sha256 is None:
        head = f"{status.data}: never opened"
    else:
        head = f"{status.data}: opened {counted(len(ledger.looks), 'time')}, rows {status.sealed_sha256[:12]}"
    rows = [
        ["looks", f"{ledger.looks_left:,}", f"{ledger.budget.looks:,}"],
        ["passes", f"{ledger.passes_left:,}", f"{ledger.budget.passes:,}"],
    ]
    lines = [head, table(["", "left", "of"], rows, frozenset({1, 2}))]
    if ledger.is_spent:
        lines.append("it is retired: seal new rows, and use these as an ordinary evaluation set")
    else:
        lines.append(
            f"each look wants {status.changes:,} effectively changed rows; not of shares of rows, such as accuracy"
        )
    return "\n".join(lines)
