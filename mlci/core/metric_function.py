"""A metric of one's own: where its function stands, and what it came to on rows and without sets of them."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from mlci.core.paths import LONGEST_PATH, relative_path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_FUNCTIONS: Final = 20
"""Functions of one evaluation."""
LONGEST_FUNCTION: Final = 100


def file_and_function(text: str) -> tuple[str, str]:
    """Return the file and the function that TEXT names.

    >>> file_and_function("metrics.py:profit")
    ('metrics.py', 'profit')
    """
    file, _, function = text.rpartition(":")
    return file, function


def _function(text: str) -> str:
    file, function = file_and_function(text)
    is_name = function.isidentifier() and function.isascii() and not keyword.iskeyword(function)
    if not file.endswith(".py") or not is_name or len(function) > LONGEST_FUNCTION:
        msg = "a function is named by its file and its name, such as metrics.py:profit"
        raise ValueError(msg)
    return f"{relative_path(file)}:{function}"


FunctionField = Annotated[
    str,
    Field(max_length=LONGEST_PATH),
    AfterValidator(_function),
    WithJsonSchema({"type": "string", "pattern": "^.+[.]py:[A-Za-z_][A-Za-z0-9_]*$", "maxLength": LONGEST_PATH}),
]
"""A function as `evaluate.metrics` names it."""


@dataclass(frozen=True, slots=True)
class MetricFunction:
    """A function with the code that it stands in."""

    name: str
    """As gates have it behind `higher@` and `lower@`."""
    file: str
    function: str
    code: bytes
    is_changed: bool = False
    """Whether head brings other code of it, or names other code, which counts after the merge."""
    is_missing: bool = False
    """Whether the file is not there, so that there is no code."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredRows:
    """What functions are given: labels, and what each model says of the same rows."""

    labels: NDArray[Any]
    """(n_rows,) whether the row is of the positive class, the name of its class, or a number; of several labels
    (n_rows, n_labels), whether it has each."""
    candidate: Floats
    """(n_rows,) the probability of the positive class or the number; (n_rows, n_classes) of several classes, labels or
    quantiles."""
    production: Floats | None
    weights: Floats | None
    """(n_rows,) None where all rows count alike."""
    sets: NDArray[np.intp] | None
    """(n_rows,) the number of the set of the jackknife that a row is in, from 0; None where there is no jackknife."""
    classes: tuple[str, ...] = ()
    """The classes, labels, or levels of quantiles that the columns of predictions are of."""
    parts: NDArray[np.integer[Any]] | None = None
    """(n_slices, n_rows) the number of the set of a row within each slice, -1 where it is not in it; None without."""

    @property
    def values(self) -> int:
        """How many values a function has for each model: of all rows, and without each set."""
        return 1 if self.sets is None else 2 + int(self.sets.max())

    @property
    def values_of_parts(self) -> tuple[int, ...]:
        """How many values it has in each slice: of its rows, and without each set of them."""
        return () if self.parts is None else tuple(2 + int(each.max()) for each in self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a function came to: the value of all rows first, which is finite, then those without each set."""

    candidate: Floats
    """(1 + n_sets,) NaN where there is no value without a set."""
    production: Floats | None
    slices: tuple[Measured, ...] = ()
    """The same in each slice that was asked for; there the value of all its rows may be NaN, too."""
