"""What probably happened to damaged data; a cause is named only when every failing row shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlci.core.contract.constraints import code
from mlci.core.findings import Cause
from mlci.core.units import SAME_RATIO, delivered_unit

FEWEST_ROWS = 3
"""With fewer failing rows a constant ratio may be chance."""


@dataclass(frozen=True, slots=True)
class RatioEvidence:
    """How the failing rows relate to the rows of base with the same key, in one column."""

    failing: int
    """Rows that fail."""
    matched: int
    """Failing rows whose key is in base exactly once, where base's value is a number other than zero."""
    smallest: float | None
    """The smallest ratio head / base among the matched rows."""
    largest: float | None
    passing: int
    """Rows that pass although they changed by the same ratio."""


def unit_change(column: str, unit: str | None, evidence: RatioEvidence) -> Cause | None:
    """Return the cause when all failing rows are one constant times their value in base, else None."""
    smallest, largest = evidence.smallest, evidence.largest
    if evidence.failing < FEWEST_ROWS or evidence.matched != evidence.failing:
        return None
    if smallest is None or largest is None or not 0 < smallest <= largest < math.inf:
        return None
    if not math.isclose(smallest, largest, rel_tol=SAME_RATIO) or math.isclose(smallest, 1.0, rel_tol=SAME_RATIO):
        return None
    ratio = float(f"{smallest:.6g}")
    delivered = delivered_unit(unit, smallest)
    guess = f"delivered in {delivered} instead of {unit}?" if delivered else "delivered in another unit?"
    sentence = f"every failing row has {ratio:.6g} × its value of {code(column)} in base: {guess}"
    if evidence.passing:
        rows = "row" if evidence.passing == 1 else "rows"
        sentence += f" {evidence.passing:,} more {rows} changed by the same ratio and passed."
    return Cause(code="unit-changed", sentence=sentence, ratio=ratio)
