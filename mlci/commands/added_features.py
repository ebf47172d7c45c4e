"""Feature columns that lie in another data set than the rows of the evaluation set, and are found by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.core.contract.model import ColumnSpec
from mlci.core.table import Column
from mlci.core.words import code, counted
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mlci.commands.ports import Data
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles


@dataclass(frozen=True, slots=True, eq=False)
class AddedFeatures:
    """Columns of one data set for the rows of an evaluation set; methods raise what `names` and `places` do."""

    files: DataFiles
    id: str
    data: Data
    also: DataFiles | None = None
    """An evaluation set whose rows may stand there, too: that of the branch that brings the columns."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns but for the id; raises "features-unusable" where there is no id."""
        found = self.data.columns(self.files)
        if self.id not in found:
            raise self._unusable(f"there is no column {code(self.id)}", "Features are found by evaluate.id.")
        return tuple(name for name in found if name != self.id)

    def read(self, types: Mapping[str, ColumnType], ids: NDArray[Any]) -> dict[str, Column]:
        """Return columns, typed as TYPES say, of the rows with these IDS, (n_ids,)."""
        places = self.places(ids)
        specs = [ColumnSpec(name, kind) for name, kind in types.items()]
        found = self.data.read_table(self.files, specs).columns if specs else {}
        return {
            name: Column(column.values[places], None if column.missing is None else column.missing[places])
            for name, column in found.items()
        }

    def texts(self, name: str, ids: NDArray[Any]) -> NDArray[np.str_]:
        """Return a column as its values are written, (n_ids,); an empty text where there is none."""
        places = self.places(ids)
        return self.data.read_table(self.files, [ColumnSpec(name, "string", is_name=True)]).columns[name].values[places]

    def places(self, ids: NDArray[Any]) -> NDArray[np.intp]:
        """Return where the rows with these IDS stand, (n_ids,).

        Raises `IntegrityError("features-unusable")` where one stands nowhere or twice, or where there are others.
        """
        _ = self.names  # that there is an id
        found = _ids(self.data, self.files, self.id)
        known = {each: place for place, each in enumerate(found)}
        wanted = ids.tolist()
        if len(known) != len(found):
            raise self._unusable(
                f"{code(self.id)} names some rows twice", "Each row of the evaluation set has its features once."
            )
        lacking = sum(each not in known for each in wanted)
        if lacking:
            raise self._unusable(
                f"{lacking:,} of the {len(wanted):,} rows of the evaluation set are not there",
                "Features are of every row of the target branch's evaluation set; ids are compared as text.",
            )
        foreign = known.keys() - set(wanted)
        if foreign and self.also is not None:
            foreign -= set(_ids(self.data, self.also, self.id))
        if foreign:
            raise self._unusable(
                f"{counted(len(foreign), 'row')} more than the evaluation set has",
                "Features are of its rows alone: those of the target branch, and those that this branch adds.",
            )
        return np.array([known[each] for each in wanted], dtype=np.intp)

    def _unusable(self, problem: str, cause: str) -> IntegrityError:
        return IntegrityError(
            "features-unusable",
            f"the added features cannot be used: {problem}",
            where=self.files.name,
            cause=cause,
            hint="Write a row for each row of the evaluation set, with its id and the new columns.",
        )


def _ids(data: Data, files: DataFiles, name: str) -> list[str]:
    values: list[str] = data.read_table(files, [ColumnSpec(name, "string", is_name=True)]).columns[name].values.tolist()
    return values


def refuse_other_values(name: str, known: NDArray[np.str_], told: NDArray[np.str_], where: str) -> None:
    """Raise `IntegrityError("feature-differs")` where a column that base has is TOLD otherwise, as numbers or texts."""
    differ = known != told
    if differ.any():
        differ[differ] = [not _is_same_number(*pair) for pair in zip(known[differ], told[differ], strict=True)]
    if differ.any():
        raise IntegrityError(
            "feature-differs",
            f"the added features say otherwise what {code(name)} is in {counted(int(differ.sum()), 'row')}",
            where=where,
            cause="The target branch has the column, and its values count.",
            hint=f"Leave {code(name)} out, or call the new column otherwise.",
        )


def refuse_label(name: str, values: Column, labels: Column) -> None:
    """Raise `IntegrityError("label-as-feature")` where a column that was added is the label in every row."""
    are_numbers = values.values.dtype.kind in "biuf" and labels.values.dtype.kind in "biuf"
    kind = "float64" if are_numbers else "str"
    if np.array_equal(values.values.astype(kind), labels.values.astype(kind)):
        raise IntegrityError(
            "label-as-feature",
            f"the added column {code(name)} is the label in every row",
            cause="It was made from the labels, or with them.",
            hint="Make features from what is known before the label is.",
        )


def _is_same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False
