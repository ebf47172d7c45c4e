"""The worst that rows which changed can do: what decides where too few changed for any theory of means.

A candidate that answers nearly every row as production does cannot be much worse, whatever it does on the others. That
needs no spread: only how often the two may differ at most, and how much one row can cost.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlci.core.statistics.interval import check_confidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def largest_share(changed: int, n: int, confidence: float) -> float:
    """Return the exact upper bound of the share of rows that change, when `changed` of `n` did.

    The share at which so few would be seen with a chance of 1 - confidence: Clopper and Pearson (1934), Biometrika 26,
    404-413. Without a change it is 1 - (1 - confidence)^(1/n), about 3/n at 0.95. Rows must be independent: for groups
    count groups. Raises ValueError for impossible counts, or a confidence outside (0.5, 1).

    >>> round(largest_share(0, 100, 0.95), 4)
    0.0295
    """
    check_confidence(confidence)
    if not 0 <= changed <= n or n == 0:
        raise ValueError(f"changed rows are part of the rows, not {changed} of {n}")
    if changed == n:
        return 1.0
    from scipy.special import betaincinv  # noqa: PLC0415 -- scipy takes 0.2 s to import and few verbs need it

    return float(betaincinv(changed + 1, n - changed, confidence))


def rows_without_change(share: float, confidence: float) -> int:
    """Return the rows with which `largest_share` falls below `share` if none of them changes.

    More than ln(1 - confidence) / ln(1 - share). Raises ValueError for a share that is not positive, or a confidence
    outside (0.5, 1).

    >>> rows_without_change(0.03, 0.95), rows_without_change(0.0295, 0.95)
    (99, 101)
    """
    check_confidence(confidence)
    if not share > 0:
        raise ValueError(f"a share that can be shown is positive, unlike {share}")
    if share >= 1:
        return 1
    return math.floor(math.log(1 - confidence) / math.log1p(-share)) + 1


def worst_case(changed: int, n: int, largest_loss: float, confidence: float, *, largest_weight: float = 1.0) -> float:
    """Return the most that the mean of rows can have worsened: `largest_share` times what one row can lose.

    `largest_loss` bounds the loss of a row by changing, in the metric's unit (1 for a paired 0/1; infinite where there
    is no bound). `largest_weight` is the greatest weight of a row, or of a group, over the mean one: rows that weigh
    more may be the ones that change. For a metric of one class, such as recall, `n` counts the rows of that class.
    Raises ValueError for a negative loss, a largest weight below 1, and as `largest_share` does.

    >>> round(worst_case(2, 1000, largest_loss=1.0, confidence=0.95), 4)
    0.0063
    """
    if not (largest_loss >= 0 and largest_weight >= 1):
        raise ValueError(f"a loss is not negative and the largest weight at least the mean, unlike {largest_loss}")
    share = largest_share(changed, n, confidence)
    return share * largest_weight * largest_loss


def range_of_mean(
    values: NDArray[np.float64], shares: NDArray[np.float64], largest: float, confidence: float
) -> tuple[float, float]:
    """Return one-sided bounds of the mean of `values`, shape `(n_rows,)`, that need no spread among them.

    At most a share s of the population lies below the least value that was seen, with s = `largest_share(0, n)`: Wilks
    (1941), Annals of Mathematical Statistics 12, 91-96. Even if all of that were at -`largest`, the mean would be above
    (1 - s)·min - s·largest; from above alike. n counts independent units, such as rows; `shares`, shape `(n_units,)`,
    is what each weighs of the whole, and the heaviest may be those that were not seen. Raises ValueError for a
    `largest` that a value exceeds, and as `largest_share` does.

    >>> import numpy as np
    >>> lower, upper = range_of_mean(np.full(100, 0.5), np.full(100, 0.01), largest=2.0, confidence=0.95)
    >>> round(lower, 4), round(upper, 4)
    (0.4262, 0.5443)
    """
    least, most = float(values.min()), float(values.max())
    if not -largest <= least <= most <= largest:
        raise ValueError(f"no value lies beyond the largest, unlike {least} and {most} beyond {largest}")
    heaviest = float(shares.max() * shares.size / shares.sum())
    unseen = min(1.0, largest_share(0, shares.size, confidence) * heaviest)
    return (1 - unseen) * least - unseen * largest, (1 - unseen) * most + unseen * largest


def passes_worst_case(
    changed: int, n: int, largest_loss: float, margin: float, confidence: float, *, largest_weight: float = 1.0
) -> bool:
    """Return whether even the worst case stays within `margin`: then `not_worse` passes with few changed rows, too.

    Wrong with a chance of at most 1 - confidence. Raises as `worst_case` does.
    """
    return worst_case(changed, n, largest_loss, confidence, largest_weight=largest_weight) <= margin
