"""The evaluation set: labelled rows, read as the configuration of the same commit describes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.commands.added_features import AddedFeatures, refuse_label, refuse_other_values
from mlci.commands.label_numbers import refuse_beyond, refuse_negative
from mlci.commands.label_sets import label_sets
from mlci.commands.labels_apart import labels_apart
from mlci.core.absent_column import absent_column
from mlci.core.answers import differs_within
from mlci.core.contract.model import ColumnSpec
from mlci.core.label_type import type_of_classes, type_of_positive
from mlci.core.magnitude import LARGEST_WEIGHT, is_beyond
from mlci.core.metrics import OF_NUMBERS
from mlci.core.statistics.sampling import Blocks, Clusters, Independent
from mlci.core.table import Table
from mlci.core.words import code, written
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.commands.ports import Data
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.judging_sections import EvaluateSection
    from mlci.core.metric_function import MetricFunction
    from mlci.core.metrics import Task
    from mlci.core.statistics.sampling import Sampling
    from mlci.core.table import Column

MOST_VALUES = 5
"""Values of a label that an error lists."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A file of labelled rows; `read` and `labels` raise `UsageError` where it is not what the section says."""

    files: DataFiles
    configuration: str
    """Where the section stands, for errors."""
    section: EvaluateSection
    data: Data
    has_private_labels: bool
    """Whether the labels identify people, so that no error shows them."""
    has_private_ids: bool
    """Whether the ids do, so that no report shows them."""
    task: Task = "binary"
    apart: DataFiles | None = None
    """Where the labels lie, by id, if not among the rows."""
    known: AddedFeatures | None = None
    """Features that the commit of these rows adds to them."""
    brought: AddedFeatures | None = None
    """Features that head brings, which the candidate alone may read."""
    functions: tuple[MetricFunction, ...] = ()
    """Metrics of one's own, with the code of the commit that the rows are of; none where that is head's."""

    def read(self, wanted: Mapping[str, ColumnType], classes: Sequence[object] = ()) -> Table:
        """Return id, label, and the columns that a model WANTED to read; its CLASSES say how labels are written."""
        section, kind = self.section, self._label_type(classes)
        if self.known is not None or self.brought is not None:
            return self._with_features(wanted, classes)
        labels = section.label_columns
        types: dict[str, ColumnType] = {section.id: "string", **dict.fromkeys(labels, kind), **wanted}
        try:
            return self._table(types, {section.id, *labels}) if self.apart is None else self._joined(wanted, kind)
        except RejectedError as error:
            if error.code == "data-ill-typed" and self.task == "binary" and kind != "string":
                self._refuse_other_words()
            raise

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the commit of these rows has, those that it adds included."""
        return (*self.data.columns(self.files), *(self.known.names if self.known else ()))

    def read_features(self, types: Mapping[str, ColumnType], ids: NDArray[Any]) -> dict[str, Column]:
        """Return columns of these rows, whose IDS they are, that the commit of the rows has."""
        own = {name: kind for name, kind in types.items() if name in self.data.columns(self.files)}
        others = {name: kind for name, kind in types.items() if name not in own}
        found = dict(self.data.read_table(self.files, _specs(own)).columns) if own else {}
        return found | (self.known.read(others, ids) if self.known and others else {})

    def _with_features(self, wanted: Mapping[str, ColumnType], classes: Sequence[object]) -> Table:
        """Return the rows with the columns that were added: base's word first, and head's checked against it."""
        here, own = self.names, self.data.columns(self.files)
        added = (*here, *(self.brought.names if self.brought else ()))
        among = {name: kind for name, kind in wanted.items() if name in own or name not in added}
        others = {name: kind for name, kind in wanted.items() if name not in among}
        table = replace(self, known=None, brought=None).read(among, classes)
        self._check(table, self.section.id)
        ids = table.columns[self.section.id].values
        every = dict(table.columns)
        if self.known:
            every |= self.known.read({name: kind for name, kind in others.items() if name in here}, ids)
        if self.brought:
            self.refuse_changed(self.brought, ids)
            brought = self.brought.read({name: kind for name, kind in others.items() if name not in here}, ids)
            for name, column in brought.items():
                self._refuse_label(name, column, table)
            every |= brought
        return Table({name: every[name] for name in (self.section.id, *self.section.label_columns, *wanted)})

    def _refuse_label(self, name: str, column: Column, table: Table) -> None:
        """Raise where a COLUMN that was added is a label in every row."""
        for label in self.section.label_columns:
            refuse_label(name, column, table.columns[label])

    def refuse_changed(self, added: AddedFeatures, ids: NDArray[Any]) -> None:
        """Raise where ADDED is not of these rows, whose IDS they are, or says otherwise what a column of theirs is."""
        added.places(ids)
        own = self.data.columns(self.files)
        for name in added.names:
            if name in self.names:
                told = added.texts(name, ids)
                known = self.texts(name) if name in own or self.known is None else self.known.texts(name, ids)
                refuse_other_values(name, known, told, added.files.name)

    def _joined(self, wanted: Mapping[str, ColumnType], kind: ColumnType) -> Table:
        """Return the rows with the label that lies apart from them."""
        self.refuse_labels_among_rows()
        section = self.section
        table = self._table({section.id: "string", **wanted}, {section.id})
        self._check(table, section.id)
        labels = labels_apart(self._label_files, section, kind, self.data, self.configuration)
        return Table({**table.columns, **labels.of(table.columns[section.id].values)})

    def refuse_labels_among_rows(self) -> None:
        """Raise where the rows have the label as well, so that whoever sees them has it."""
        columns = self.data.columns(self.files)
        among = next((name for name in self.section.label_columns if name in columns), None)
        if among is not None:
            raise UsageError(
                "label-among-rows",
                f"the evaluation set has a column {code(among)}, and evaluate.labels keeps it elsewhere",
                where=self.files.name,
                cause="Whoever may read the rows could read the labels.",
                hint="Take the column out of the rows, or evaluate.labels out of mlci.yaml.",
            )

    @property
    def _label_files(self) -> DataFiles:
        return self.apart or self.files

    def read_ids(self) -> list[str]:
        """Return the ids alone, each once and none empty, where nothing is computed from labels."""
        table = self._table({self.section.id: "string"}, {self.section.id})
        self._check(table, self.section.id)
        return [str(value) for value in table.columns[self.section.id].values]

    def _label_type(self, classes: Sequence[object]) -> ColumnType:
        match self.task:
            case "binary":
                return type_of_positive(self.section.positive)
            case "regression" | "quantile" | "forecast" | "ranking" | "multilabel":
                return "number"
            case "multiclass":
                return type_of_classes(classes)

    def labels(self, table: Table) -> NDArray[Any]:
        """Return what is true of each row of TABLE, (n_rows,): whether it is positive, its class, or its number.

        Of several labels (n_rows, n_labels), whether the row has each.
        """
        section = self.section
        self._check(table, section.id, *section.label_columns)
        if self.task == "multilabel":
            return label_sets(table, section.label_columns, self._label_files.name)
        labels = table.columns[section.label_columns[0]]
        if self.task in OF_NUMBERS:
            refuse_beyond(labels.values, section.label_columns[0], self._label_files.name)
        if self.task == "ranking":
            refuse_negative(labels.values, section.label_columns[0], self._label_files.name)
        if self.task != "binary":
            return labels.values
        positive = np.asarray(labels.values == section.positive, dtype=np.bool_)
        if not positive.any():
            raise self._positive_absent(np.unique(labels.values).tolist())
        return positive

    def _check(self, table: Table, *needed: str) -> None:
        """Raise where a row is empty in a column that is NEEDED, an id stands twice, or there is no row."""
        section = self.section
        ids = table.columns[section.id]
        for name, column in ((name, table.columns[name]) for name in needed):
            if column.missing is not None and column.missing.any():
                row = int(np.flatnonzero(column.missing)[0])
                is_label = name in section.label_columns
                raise UsageError(
                    "label-missing" if is_label else "id-missing",
                    f"`{name}` is empty in row {row + 1} of the evaluation set ({int(column.missing.sum())} in all)",
                    where=self.files.name,
                    cause="Nobody labelled it yet." if is_label else "What wrote the file did not know its id.",
                    hint="Take rows without it out of the evaluation set.",
                )
        if len(set(ids.values.tolist())) != table.rows:
            raise UsageError(
                "id-not-unique",
                f"`{section.id}` names some rows of the evaluation set twice",
                where=self.files.name,
                cause="Rows were written twice, or evaluate.id is a column that does not name a row.",
                hint=f"Declare it in the contract, and find them: {section.id}: {{unique: true}}",
            )
        if table.rows == 0:
            raise UsageError(
                "no-rows",
                "the evaluation set has no rows",
                where=self.files.name,
                cause="Whatever wrote the file found nothing to write, or evaluate.data names another one.",
                hint="Bring its rows back, or let evaluate.data name a data set that has some.",
            )

    def weights(self) -> NDArray[np.float64] | None:
        """Return how much each row counts, (n_rows,); None where all count alike."""
        name = self.section.weight
        if name is None:
            return None
        weights = self._column(name, "number").values.astype(np.float64)
        wrong = np.flatnonzero(is_beyond(weights, LARGEST_WEIGHT) | (weights < 0))
        if wrong.size or not weights.any():
            which = "negative" if wrong.size and weights[wrong[0]] < 0 else f"beyond {LARGEST_WEIGHT:g}"
            raise UsageError(
                "weight-unusable",
                f"the weight in row {wrong[0] + 1} of the evaluation set is {which}"
                if wrong.size
                else "every row of the evaluation set has the weight 0",
                where=self.files.name,
                cause=f"{code(name)} is what evaluate.weight names.",
                hint="A weight is 0 or more, and counts rows: 2 is as good as the row twice.",
            )
        if self.task == "ranking":
            self._refuse_weights_within_queries(weights)
        return weights

    def _refuse_weights_within_queries(self, weights: NDArray[np.float64]) -> None:
        """Raise where items of one query count differently: the query is what counts."""
        sampling = self.sampling()
        if not isinstance(sampling, Clusters):
            return
        wrong = differs_within(sampling.codes, weights)
        if wrong.size:
            raise UsageError(
                "weight-unusable",
                f"the weight in row {wrong[0] + 1} of the evaluation set is another than that of its query",
                where=self.files.name,
                cause=f"In a ranking task {code(str(self.section.weight))} says how much a query counts.",
                hint="Give all items of a query the same weight.",
            )

    def sampling(self) -> Sampling:
        """Return how the rows were drawn: one by one, in groups, or along time."""
        if self.section.group is not None:
            groups = self._column(self.section.group, "string").values
            return Clusters(np.unique(groups, return_inverse=True)[1].astype(np.intp))
        if self.section.time is not None:
            return Blocks(np.argsort(_in_time(self._column(self.section.time, "string").values), kind="stable"))
        return Independent()

    def texts(self, name: str) -> NDArray[np.str_]:
        """Return a column as its values are written, (n_rows,); an empty text where there is none."""
        if self.apart is not None and name in self.section.label_columns:
            return self.data.read_table(self.apart, _specs({name: "string"}, {name})).columns[name].values
        return self._table({name: "string"}, {name}).columns[name].values

    def _column(self, name: str, kind: ColumnType) -> Column:
        """Return a column in which every row has a value."""
        column = self._table({name: kind}).columns[name]
        if column.missing is not None and column.missing.any():
            row = int(np.flatnonzero(column.missing)[0])
            raise UsageError(
                "value-missing",
                f"{code(name)} is empty in row {row + 1} of the evaluation set ({int(column.missing.sum())} in all)",
                where=self.files.name,
                hint="Take rows without it out of the evaluation set.",
            )
        return column

    def _table(self, types: Mapping[str, ColumnType], names: Collection[str] = ()) -> Table:
        """Return columns of the file, those of NAMES as they are written; it is read once where they are there."""
        try:
            return self.data.read_table(self.files, _specs(types, names))
        except RejectedError as error:
            if error.code == "data-column-missing":
                columns, file = self.data.columns(self.files), self.files.name
                absent = absent_column(self.section, columns, types, file=file, configured=self.configuration)
                if absent:
                    raise absent from error
            raise

    def _refuse_other_words(self) -> None:
        """Raise where the labels are no numbers or truth values, and none of them is the positive class."""
        texts = np.unique(self.texts(self.section.label_columns[0])).tolist()
        if not any(_is_written(text, self.section.positive) for text in texts):
            raise self._positive_absent(texts)

    def _positive_absent(self, values: Iterable[object]) -> UsageError:
        """Return the error for a set without the positive class, whose labels have these VALUES."""
        section, found = self.section, [written(value) for value in values]
        if self.has_private_labels:
            held = f"its values ({len(found)}) are masked"
        elif len(found) == 1:
            held = f"its only value is {found[0]}"
        else:
            more = f" and {len(found) - MOST_VALUES} more" if len(found) > MOST_VALUES else ""
            held = f"its values are {', '.join(found[:MOST_VALUES])}{more}"
        error = UsageError(
            "positive-absent",
            f"no row of the evaluation set has {code(f'{section.label} = {written(section.positive)}')}; {held}",
            where=self.configuration,
            cause=f"evaluate.positive is no class of {self._label_files.name}, or the data write it otherwise.",
            hint=f"evaluate: {{…, label: {section.label}, positive: VALUE}}, with a value as the column has it",
        )
        error.private = held
        return error


def _specs(types: Mapping[str, ColumnType], names: Collection[str] = ()) -> list[ColumnSpec]:
    """Return the columns of TYPES as a reader of tables wants them; those of NAMES only name something."""
    return [ColumnSpec(name, kind, is_name=name in names) for name, kind in types.items()]


def _in_time(moments: NDArray[np.str_]) -> NDArray[np.float64] | NDArray[np.str_]:
    """Return what sorts from the earliest to the latest: numbers as numbers, dates of ISO 8601 as text."""
    try:
        return moments.astype(np.float64)
    except ValueError:
        return moments


def _is_written(text: str, positive: object) -> bool:
    """Tell whether TEXT says POSITIVE, a number or a truth value."""
    if isinstance(positive, bool):
        return text.lower() == str(positive).lower()
    try:
        return float(text) == positive
    except ValueError:
        return False
