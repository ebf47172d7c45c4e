"""How many rows a sealed set needs for a margin, a reliability and a budget.

Three answers to one question: with how many rows does a candidate that is as good as production pass `not_worse` with
the chance `power`, while one that is worse by the margin passes, over the whole campaign, with a chance of at most
1 - reliability? Hoeffding's needs no knowledge, Bennett's an upper bound of the share of rows on which the models
differ, both hold for any n; the normal one is what the gates' intervals achieve, where enough rows change. With
`power` 0 nothing is promised to the good candidate, and margin is the tolerance of ease.ml/ci (Renggli et al. 2019).
Metrics are means of one number a row in [0, 1]; for another range divide the margin by its width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.core.statistics.interval import check_confidence
from mlci.core.statistics.quantiles import normal_quantile
from mlci.core.statistics.tango import constrained_variance

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.statistics.sealed_budget import SealedBudget

_DIFFERENCE_WIDTH = 2.0
"""A difference of two numbers in [0, 1] lies in [-1, 1]."""


@dataclass(frozen=True, slots=True)
class SealedPlan:
    """Rows that a sealed set needs, by three methods, and at which level it is then looked at."""

    hypotheses: int
    """K of the budget."""
    alpha_per_look: float
    hoeffding: int
    bennett: int | None
    """None where no disagreement was measured, as `normal`."""
    normal: int | None


def plan_sealed_set(
    margin: float, reliability: float, budget: SealedBudget, *, disagreement: float | None = None, power: float = 0.8
) -> SealedPlan:
    """Return the rows that `budget` needs to prove `not_worse` by `margin` with `reliability` over all its looks.

    `disagreement` bounds the share of rows on which candidates differ from production (`largest_share` of what was
    seen). Raises ValueError unless 0 < margin <= 1, 0.5 < reliability < 1, 0 < disagreement <= 1, 0 <= power < 1.
    """
    check_confidence(reliability)
    alpha = (1 - reliability) / budget.hypotheses
    return SealedPlan(
        hypotheses=budget.hypotheses,
        alpha_per_look=alpha,
        hoeffding=rows_by_hoeffding(margin, alpha, power=power),
        bennett=None if disagreement is None else rows_by_bennett(margin, alpha, disagreement, power=power),
        normal=None if disagreement is None else rows_by_normal(margin, alpha, disagreement, power=power),
    )


def rows_by_hoeffding(margin: float, alpha: float, *, power: float = 0.8, width: float = _DIFFERENCE_WIDTH) -> int:
    """Return n = width²·(√ln(1/α) + √ln(1/(1 - power)))² / (2·margin²), rounded up.

    `width` is that of one row's range: 2 for a paired difference, 1 for one model alone. Hoeffding (1963), Journal of
    the American Statistical Association 58, 13-30, theorem 2. Raises ValueError for numbers out of range.

    >>> rows_by_hoeffding(0.05, 0.0001 / 2**32, power=0, width=1)
    6279
    """
    _check(margin, alpha, power)
    if not 0 < width < math.inf:
        raise ValueError(f"a range has a width, not {width}")
    roots = math.sqrt(-math.log(alpha)) + math.sqrt(-math.log1p(-power))
    return math.ceil(width**2 * roots**2 / (2 * margin**2))


def rows_by_bennett(margin: float, alpha: float, disagreement: float, *, power: float = 0.8) -> int:
    """Return the fewest n whose tolerances for α and for 1 - power add up to the margin at most.

    The tolerance ε for a chance δ solves n·d·h(ε/d) = ln(1/δ), h(u) = (1 + u)·ln(1 + u) - u, with d the disagreement,
    which bounds the mean square of a row's difference in [-1, 1]: Bennett (1962), Journal of the American Statistical
    Association 57, 33-45; Boucheron, Lugosi and Massart (2013), Concentration Inequalities, theorem 2.9. Raises
    ValueError for numbers out of range.

    >>> rows_by_bennett(0.01, 0.0001 / 4 / 32, 0.1, power=0)
    29048
    """
    _check(margin, alpha, power)
    _check_disagreement(disagreement)

    def suffices(n: int) -> bool:
        unproven = _tolerance(-math.log(alpha) / n, disagreement)
        return unproven + _tolerance(-math.log1p(-power) / n, disagreement) <= margin

    return _first(suffices)


def rows_by_normal(margin: float, alpha: float, disagreement: float, *, power: float = 0.8) -> int:
    """Return n = ((z₁₋α·σ₀ + z_power·σ₁) / margin)², rounded up: what Tango's interval and t need of many rows.

    For a candidate as good as production the variance of a row's difference is σ₁² = d; σ₀² is what Tango's bound
    takes it to be at the margin, Nam (1997), Biometrics 53, 1422-1430, but at least d. A power below one half counts
    as one half, since such a candidate is above its own mean that often. Raises ValueError for numbers out of range.
    """
    _check(margin, alpha, power)
    _check_disagreement(disagreement)
    z = normal_quantile(1 - alpha) if alpha > math.ulp(1.0) else -normal_quantile(alpha)
    at_margin = max(constrained_variance(disagreement / 2, disagreement / 2, 1, -margin), disagreement)
    needed = z * math.sqrt(at_margin) + normal_quantile(max(power, 0.5)) * math.sqrt(disagreement)
    return math.ceil((needed / margin) ** 2)


def _tolerance(information: float, disagreement: float) -> float:
    """Return ε with d·h(ε/d) = `information`, by halving; no more than 2, the whole range of a difference."""
    low, high = 0.0, _DIFFERENCE_WIDTH
    for _ in range(60):
        middle = (low + high) / 2
        u = middle / disagreement
        if disagreement * ((1 + u) * math.log1p(u) - u) < information:
            low = middle
        else:
            high = middle
    return high


def _first(suffices: Callable[[int], bool]) -> int:
    """Return the least n from which on `suffices` holds."""
    high = 1
    while not suffices(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if suffices(middle):
            high = middle
        else:
            low = middle
    return high


def _check(margin: float, alpha: float, power: float) -> None:
    if not 0 < margin <= 1:
        raise ValueError(f"a margin to plan for lies between 0 and 1, not {margin}")
    if not 0 < alpha < 0.5:  # noqa: PLR2004 -- one half is where a one-sided level ends
        raise ValueError(f"a level lies between 0 and 0.5, not {alpha}")
    if not 0 <= power < 1:
        raise ValueError(f"a power lies between 0 and 1, not {power}")


def _check_disagreement(disagreement: float) -> None:
    if not 0 < disagreement <= 1:
        raise ValueError(f"a share of rows that differ lies between 0 and 1, not {disagreement}")
