"""The baseline of a package: what its training data were like, counted where the model is made."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.commands.data_sets import files_of
from mlci.commands.installed import Installed
from mlci.commands.said import all_said
from mlci.core.baseline import BASELINE_FILE
from mlci.core.contract.model import ColumnSpec
from mlci.core.histograms import baseline_of
from mlci.core.label_type import type_of_classes
from mlci.core.package import baseline, with_file
from mlci.core.plain_text import one_line
from mlci.core.table import Column, Table
from mlci.core.words import code
from mlci.errors import IntegrityError, OutsideError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mlci.commands.ports import Data, Predictor, Tree
    from mlci.core.data_files import DataFiles
    from mlci.core.package import Package
    from mlci.core.side import Side
    from mlci.core.signature import Signature

ROWS: Final = 20_000
"""The most rows that are counted, spread evenly over all."""
ENDED: Final = "model-killed"
"""The code of the error where a model had too little time or memory, which says nothing about the next time."""


def with_baseline(
    package: Package, side: Side, label: str, tree: Tree, *, data: Data, predictor: Predictor, objects: Path
) -> tuple[Package, str | None]:
    """Return PACKAGE with the baseline of the training data that SIDE declares; what it lacks this time, and why.

    LABEL is the column with what is true. There is none where nothing is declared, no data set has all columns that the
    model reads, or they cannot be read as the signature says: then the model trains on something else than these rows.
    Nor is there one where the model stays elsewhere, since nobody here knows what it reads. One without answers says
    why only where the model was ended, for want of time or memory: it may answer the next time.
    """
    if not package.can_answer:
        return package, None
    signature = package.info.signature
    try:
        sets = {name: files_of(side.config.data[name], tree, data, objects) for name in side.config.train.data}
        used = _with_inputs(sets, signature, data)
        if not used:
            return package, _no_columns(sets, signature, data)
        private = private_columns((side,))
        has_label = label not in private and all(label in data.columns(files) for files in used)
        rows, table = _sample(used, signature, label if has_label else None, data)
    except (UsageError, RejectedError, OutsideError) as error:
        return package, f"no {BASELINE_FILE}: {error.public().problem.partition(chr(10))[0]}"
    features = table.select(item.name for item in signature.inputs)
    digest = hashlib.sha256(package.model).hexdigest()
    unasked = None
    try:
        said = all_said(Installed(package, digest), features.columns, predictor)
    except (IntegrityError, RejectedError) as error:  # judging tells what is wrong with the model, on rows that count
        said = None
        if error.code == ENDED:
            unasked = f"no predictions in {BASELINE_FILE}: {error.public().problem.partition(chr(10))[0]}"
    made = baseline_of(signature, features, rows, table.columns[label] if has_label else None, said, private=private)
    return with_file(package, BASELINE_FILE, made.to_bytes()), unasked


def with_submitted_baseline(package: Package, submitted: Package, sides: Iterable[Side | None]) -> Package:
    """Return PACKAGE with the baseline that came with another one, without columns that any of SIDES calls private.

    Raises `IntegrityError("package-malformed")` where it does not fit the signature of PACKAGE.
    """
    found = baseline(submitted.files, package.info.signature)
    if found is None:
        return package
    return with_file(package, BASELINE_FILE, found.without(private_columns(sides)).to_bytes())


def private_columns(sides: Iterable[Side | None]) -> frozenset[str]:
    """Return the columns that identify people, as any contract says."""
    contracts = [contract for side in sides if side for contract in side.contracts.values()]
    return frozenset(name for contract in contracts for name, column in contract.columns.items() if column.pii)


def _with_inputs(sets: dict[str, DataFiles], signature: Signature, data: Data) -> list[DataFiles]:
    """Return the data sets that have every column that the model reads."""
    wanted = {item.name for item in signature.inputs}
    return [files for files in sets.values() if wanted <= set(data.columns(files))]


def _no_columns(sets: dict[str, DataFiles], signature: Signature, data: Data) -> str | None:
    """Return which column the first data set lacks; None where none is declared."""
    for name, files in sets.items():
        known = data.columns(files)
        lacking = next(item.name for item in signature.inputs if item.name not in known)
        return f"no {BASELINE_FILE}: {name} has no column {code(one_line(lacking, 60))}, which the model reads"
    return None


def _sample(used: list[DataFiles], signature: Signature, label: str | None, data: Data) -> tuple[int, Table]:
    """Return how many rows there are, and inputs and LABEL of at most `ROWS` of them."""
    specs = [ColumnSpec(item.name, item.type) for item in signature.inputs]
    if label is not None:
        specs.append(ColumnSpec(label, type_of_classes(signature.classes) if signature.classes else "number"))
    rows = 0
    for files in used:
        with data.in_batches(files) as opened:
            rows += opened.rows
    step = max(1, -(-rows // ROWS))
    parts = [part for files in used for part in _parts(files, specs, step, data)]
    return rows, Table({spec.name: _joined([part.columns[spec.name] for part in parts]) for spec in specs})


def _parts(files: DataFiles, specs: list[ColumnSpec], step: int, data: Data) -> Iterator[Table]:
    """Yield every STEPth row of FILES."""
    if step == 1:
        yield data.read_table(files, specs)
        return
    with data.in_batches(files) as opened:
        for table in opened.batches(specs, step * ROWS):  # each begins with a row that counts
            yield Table({name: _every(column, step) for name, column in table.columns.items()})


def _every(column: Column, step: int) -> Column:
    return Column(column.values[::step], None if column.missing is None else column.missing[::step])


def _joined(columns: list[Column]) -> Column:
    gaps = [np.zeros(len(each.values), bool) if each.missing is None else each.missing for each in columns]
    missing = np.concatenate(gaps)
    return Column(np.concatenate([each.values for each in columns]), missing if missing.any() else None)
