"""Labels of a task of numbers: what none of them may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.core.magnitude import LARGEST, is_beyond
from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def refuse_negative(relevance: NDArray[Any], name: str, where: str) -> None:
    """Raise `UsageError("relevance-negative")` where an item is less than irrelevant, which no gain knows.

    RELEVANCE, (n_rows,), is the column called NAME of the file called WHERE.
    """
    wrong = np.flatnonzero(~(relevance >= 0))
    if wrong.size:
        raise UsageError(
            "relevance-negative",
            f"{code(name)} is negative in row {wrong[0] + 1} of the evaluation set ({wrong.size} in all)",
            where=where,
            cause="The label of a ranking task is how relevant an item is: 0 for irrelevant, more for better.",
            hint="Raise all of them so that the least is 0, or set model.task: regression.",
        )


def refuse_beyond(labels: NDArray[Any], name: str, where: str) -> None:
    """Raise `UsageError("label-beyond")` where a label is so large that no loss of it could be computed.

    LABELS, (n_rows,), are the column called NAME of the file called WHERE.
    """
    wrong = np.flatnonzero(is_beyond(labels))
    if wrong.size:
        raise UsageError(
            "label-beyond",
            f"{code(name)} is no finite number, or beyond {LARGEST:g}, in row {wrong[0] + 1} of the evaluation set "
            f"({wrong.size} in all)",
            where=where,
            cause="A value that stands for a missing one, or a wrong unit.",
            hint="Take such rows out of the evaluation set, or mend them where the data come from.",
        )
