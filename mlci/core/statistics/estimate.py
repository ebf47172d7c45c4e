"""An estimate with the influence of each row: what nearly all metrics have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of a metric on some rows, and what each row adds to its error.

    The standard error of the value is sd(influence) / √n, and that of a paired difference of two models the same of
    the difference of their influences, row by row (Hampel, "The influence curve and its role in robust estimation",
    JASA 69, 1974, p. 383; van der Vaart, "Asymptotic Statistics", 1998, section 20.1).
    """

    value: float
    influence: NDArray[np.float64]
    """(n_rows,) φᵢ, with Σ wᵢ φᵢ = 0 over the rows that the metric looks at; 0 for the others."""
    bias: float = field(default=0.0, repr=False)
    """By how much samples of this size are above the truth on average, as far as it is not negligible and known."""
