"""Evidence that brings each requirement to each outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.costs import Cost, Costs, Timing
from mlci.core.evidence import Evidence, Slice
from mlci.core.metric_function import Measured

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS: Final = np.arange(400)
LABELS: Final = ROWS % 2 == 0


def a_model(wrong_percent: int, shift: int = 0, *, only_at: int | None = None) -> NDArray[np.float64]:
    """Return probabilities that decide WRONG_PERCENT of the rows wrong; 12 % at other sites than ONLY_AT."""
    percent = np.where((only_at == ROWS // 200) | (only_at is None), wrong_percent, 12)
    return np.where(((ROWS * 37 + shift) % 100 >= percent) == LABELS, 0.8, 0.2)


EVIDENCE: Final = Evidence(
    [str(row) for row in ROWS],
    LABELS,
    a_model(12),
    a_model(12, 4),
    slices=tuple(Slice("site", np.equal(ROWS // 200, site), name, site + 1) for site, name in enumerate("AB")),
)
"""As good as production, with rows that changed sides both ways: nothing is proven."""
SAME: Final = replace(EVIDENCE, production=a_model(12), is_same_model=True)
FIRST: Final = replace(EVIDENCE, production=None)
LOST: Final = replace(FIRST, not_comparable="production reads the column site_code, which the evaluation set lacks")
MUCH_BETTER: Final = replace(EVIDENCE, candidate=a_model(2))
MUCH_WORSE: Final = replace(EVIDENCE, candidate=a_model(40))
WORSE_AT_B: Final = replace(EVIDENCE, candidate=a_model(40, only_at=1), production=a_model(12))
FEW: Final = replace(EVIDENCE, slices=(Slice("site", ROWS < 10, "A", 1), Slice("site", ROWS >= 390, "B", 2)))
SEVERAL: Final = Evidence(
    [str(row) for row in ROWS],
    ROWS % 3,
    np.eye(3)[np.where((ROWS % 3 == 1) & (ROWS % 4 == 1), 2, ROWS % 3)] * 0.7 + 0.1,
    np.eye(3)[np.where(ROWS % 17 == 1, (ROWS + 1) % 3, ROWS % 3)] * 0.7 + 0.1,
    task="multiclass",
    classes=("A", "B", "C"),
)
"""A quarter of the rows of class B are taken for C."""
NUMBERS: Final = Evidence(
    [str(row) for row in ROWS],
    ROWS % 10 * 1.0,
    ROWS % 10 + 1.0 + (ROWS % 7) / 7,
    ROWS % 10 + 0.5 + (ROWS % 5) / 5,
    task="regression",
)
"""Larger errors, nearly everywhere."""


def _profit(predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 5 less the mean error, of all rows and without each of 50 sets."""
    gains, sets = 5 - np.abs(predictions - ROWS % 10), ROWS * 37 % 400 % 50
    return np.array([gains.mean(), *(gains[sets != one].mean() for one in range(50))])


MEASURED: Final = replace(
    NUMBERS, functions={"profit": Measured(_profit(NUMBERS.candidate), _profit(ROWS % 10 + 0.5 + (ROWS % 5) / 5))}
)
"""What a function of one's own came to: half less."""


def timing(*milliseconds: float, megabytes: int = 150, phase: int = 0) -> Timing:
    """Return ten turns that took so many milliseconds, again and again, a little more or less."""
    turns = (milliseconds * 10)[:10]
    return Timing(
        tuple(each * (1 + (place + phase) % 3 / 100) / 1000 for place, each in enumerate(turns)), megabytes * 10**6
    )


PRODUCTION_COST: Final = Cost(20_000_000, 60.0, timing(10, phase=1))
COSTLY: Final = replace(EVIDENCE, costs=Costs(Cost(26_000_000, 90.0, timing(15, megabytes=180)), PRODUCTION_COST, 400))
CHEAP: Final = replace(EVIDENCE, costs=Costs(Cost(15_000_000, 30.0, timing(7, megabytes=120)), PRODUCTION_COST, 400))
UNEVEN: Final = replace(EVIDENCE, costs=Costs(Cost(20_000_000, None, timing(7, 16, 9)), PRODUCTION_COST, 400))
"""Now faster, now slower than production; nobody knows how long it trained."""
