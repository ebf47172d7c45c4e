"""How large a number may be that is scored.

Bounds are made of fourth powers of squared losses, and all of them must stay floats: a model that answers 1e200 in one
row would otherwise leave no number to judge it by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST: Final = 1e30
"""Of labels, answers and scores; far beyond every quantity that is measured, and within single precision."""
LARGEST_WEIGHT: Final = 1e12


def is_beyond(values: NDArray[np.float64], largest: float = LARGEST) -> NDArray[np.bool_]:
    """Return which of VALUES, of any shape, are larger than LARGEST in either direction, or no finite number."""
    compared: Any = abs(values) <= largest
    beyond: NDArray[np.bool_] = ~compared  # NaN is not within anything
    return beyond
