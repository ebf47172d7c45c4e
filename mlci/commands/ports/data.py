"""Data sets, and files of answers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mlci.core.answer_columns import AnswerColumns
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.data_files import DataFiles, Wanted
    from mlci.core.expression import Check
    from mlci.core.findings import DatasetReport
    from mlci.core.leak_rule import LeakRule
    from mlci.core.leaks import LeakEvidence
    from mlci.core.profile import Profile
    from mlci.core.signature import Output
    from mlci.core.table import Table


class Data(Protocol):
    """Data sets: brought by their hash, checked against constraints, and read as tables."""

    def held(self, wanted: Wanted) -> Path | None:
        """Return a file with these bytes that is here already, to be verified when it is read; None where none is."""

    def fetch(self, wanted: Wanted) -> Path:
        """Return a file with these bytes, after bringing it if it is not here."""

    def columns(self, files: DataFiles) -> tuple[str, ...]:
        """Return the names of the columns."""

    def validate(
        self,
        dataset: str,
        files: DataFiles,
        constraints: Sequence[Constraint],
        *,
        base: DataFiles | None = None,
        key: str | None = None,
        others: Mapping[str, DataFiles] = ...,
        profiled: bool = False,
    ) -> DatasetReport:
        """Return what is wrong with a data set; the data set as it was at base helps to name a cause."""

    def leaks(self, rule: LeakRule, sets: Mapping[str, DataFiles], columns: Mapping[str, ColumnSpec]) -> LeakEvidence:
        """Return what data sets know of each other that they should not, and what gives their label away."""

    def profile(self, dataset: str, files: DataFiles, columns: Sequence[ColumnSpec]) -> Profile:
        """Return what a data set holds; columns that are not listed are read as what all their values are."""

    def read_table(self, files: DataFiles, columns: Sequence[ColumnSpec]) -> Table:
        """Return columns of a data set in the order of its rows."""

    def in_batches(self, files: DataFiles) -> AbstractContextManager[Batches]:
        """Open a data set to read it in batches."""

    def matching(self, files: DataFiles, check: Check, columns: Sequence[ColumnSpec]) -> NDArray[np.bool_]:
        """Return which rows a check is true for, in their order; `columns` are those that it reads."""


class Batches(Protocol):
    """An open data set that is read in batches."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    @property
    def sha256(self) -> str:
        """The sha256 of the bytes."""

    def batches(self, columns: Sequence[ColumnSpec], size: int, skipped: int = 0) -> Iterator[Table]:
        """Yield columns of the rows after the first SKIPPED, SIZE at a time, the last part shorter."""


class AnswerFile(Protocol):
    """A file that answers are written to, part by part; it appears whole, and parts outlive a kill."""

    def begin(self, made_from: str, outputs: Sequence[Output]) -> int:
        """Return how many parts are here already of the answers that are MADE FROM the same, columns for OUTPUTS."""

    def add(self, part: int, answers: AnswerColumns, first: int) -> None:
        """Keep the part with this number, whose rows begin with FIRST."""

    def finish(self) -> None:
        """Let the file appear."""
