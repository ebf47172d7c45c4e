"""Labels that lie elsewhere than the rows that models see: read by who judges alone, and found by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.core.contract.model import ColumnSpec
from mlci.core.nearest import did_you_mean
from mlci.core.table import Column
from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.commands.ports import Data
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.judging_sections import EvaluateSection


@dataclass(frozen=True, slots=True, eq=False)
class LabelsApart:
    """Labels by the ids of their rows, each of which stands once."""

    files: DataFiles
    columns: dict[str, Column]
    """By the name of each label."""
    places: dict[str, int]
    """By id, where its labels stand in the columns."""

    def of(self, ids: NDArray[Any]) -> dict[str, Column]:
        """Return the labels of the rows with these IDS, (n_ids,) each; labels of other rows are left alone.

        Raises `UsageError("label-missing")` where a row has none.
        """
        places = np.array([self.places.get(each, -1) for each in ids.tolist()], dtype=np.intp)
        return {name: self._found(name, column, places) for name, column in self.columns.items()}

    def _found(self, name: str, column: Column, places: NDArray[np.intp]) -> Column:
        """Return the values of one label at PLACES, −1 where there is none."""
        is_lacking = places < 0
        if column.missing is not None and not is_lacking.all():
            is_lacking |= column.missing[places]
        if is_lacking.any():
            row, count = int(np.flatnonzero(is_lacking)[0]), int(is_lacking.sum())
            raise UsageError(
                "label-missing",
                f"there is no {code(name)} for row {row + 1} of the evaluation set ({count} in all)",
                where=self.files.name,
                cause="evaluate.labels has no row with its id, or the label there is empty; ids are compared as text.",
                hint="Add the labels, or take rows without one out of the evaluation set.",
            )
        return Column(column.values[places])


def labels_apart(
    files: DataFiles, section: EvaluateSection, kind: ColumnType, data: Data, configuration: str
) -> LabelsApart:
    """Return the labels in FILES, read as KIND; SECTION names their columns, and stands in CONFIGURATION.

    Raises `UsageError`: "column-missing", "id-missing", "id-not-unique".
    """
    names = data.columns(files)
    labels = section.label_columns
    for key, name in (("id", section.id), *(("label", label) for label in labels)):
        if name not in names:
            raise UsageError(
                "column-missing",
                f"the labels have no column {code(name)}",
                where=configuration,
                cause=f"evaluate.{key} names a column that {files.name}, where evaluate.labels lie, does not have.",
                hint=did_you_mean(name, names, "Name the column as in the rows: labels are found by id."),
            )
    own = {section.id, *labels}
    types: dict[str, ColumnType] = {section.id: "string", **dict.fromkeys(labels, kind)}
    table = data.read_table(files, [ColumnSpec(name, of, is_name=name in own) for name, of in types.items()])
    ids = table.columns[section.id]
    if ids.missing is not None and ids.missing.any():
        row = int(np.flatnonzero(ids.missing)[0])
        raise UsageError(
            "id-missing",
            f"{code(section.id)} is empty in row {row + 1} of the labels ({int(ids.missing.sum())} in all)",
            where=files.name,
            hint="Take labels without it out of the file.",
        )
    places = {each: place for place, each in enumerate(ids.values.tolist())}
    if len(places) != table.rows:
        raise UsageError(
            "id-not-unique",
            f"{code(section.id)} names some rows of the labels twice",
            where=files.name,
            hint=f"Declare it in a contract of the labels, and find them: {section.id}: {{unique: true}}",
        )
    return LabelsApart(files, {label: table.columns[label] for label in labels}, places)
