"""What a model answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

Class = str | int | float | bool
"""A class as JSON can say it."""

Kind = Literal["probabilities", "labels"]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The answers of a model, one row each, as float64.

    `kind` is `probabilities`: `values` (n_rows, n_classes), finite, in [0, 1], rows sum to one, columns in the order
    of `classes`. `kind` is `labels`: `values` (n_rows,), finite; without `classes` they are the answers themselves
    (a regression), with `classes` the position of each row's class in `classes` (a classifier without probabilities).
    """

    values: np.ndarray[Any, Any]
    classes: tuple[Class, ...] | None
    kind: Kind
