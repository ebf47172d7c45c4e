"""Labels of a multilabel task: a column each, 1 where a row has the label and 0 where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.core.table import Table


def label_sets(table: Table, names: Sequence[str], where: str) -> NDArray[np.bool_]:
    """Return which labels each row of TABLE has, (n_rows, n_labels), in the order of NAMES; each row has a value.

    Raises `UsageError("label-not-binary")` where a value is neither 0 nor 1; the file is called WHERE.
    """
    values = np.column_stack([table.columns[name].values for name in names])
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        place = int(np.flatnonzero(wrong.any(axis=0))[0])
        rows = np.flatnonzero(wrong[:, place])
        raise UsageError(
            "label-not-binary",
            f"{code(names[place])} is neither 0 nor 1 in row {rows[0] + 1} of the evaluation set ({rows.size} in all)",
            where=where,
            cause="Each label of a multilabel task is a column that says of each row whether it has the label.",
            hint="Make a column of 0 and 1 of each value, as pandas.get_dummies does; evaluate.label lists them.",
        )
    return np.asarray(values == 1, dtype=np.bool_)
