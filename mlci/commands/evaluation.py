"""Scoring: both models predict base's rows in confined children, and the gates decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.validate import named_as
from mlci.core.contract import ColumnSpec
from mlci.core.gates import Evidence, Verdict, judge
from mlci.core.package import positive_index, read_package
from mlci.errors import IntegrityError, UsageError
from mlci.formats.archive import unpack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.commands.ports import Data, Predictor, Store, Tree
    from mlci.core.config import EvaluateSection
    from mlci.core.contract import ColumnType
    from mlci.core.package import Package
    from mlci.core.registry import Version
    from mlci.core.rules import Rules
    from mlci.core.table import Column, Table


@dataclass(frozen=True, slots=True)
class Installed:
    """A package with its digest, and its version where it has one."""

    package: Package
    sha256: str
    version: str | None = None


def fetch(version: Version, store: Store) -> Installed:
    """Return the package of VERSION from the store, verified."""
    archive = store.fetch(version.package_sha256).read_bytes()
    return Installed(read_package(unpack(archive)), version.package_sha256, version.number)


def answers_by_signature(package: Package, predictor: Predictor) -> bool:
    """Return whether the model loads in a child, with the classes that its signature promises."""
    return predictor.describe(package.model, "skops").classes == package.info.signature.classes


def evaluate(
    rules: Rules,
    *,
    rows_from: Tree,
    candidate: Installed,
    production: Installed | None,
    data: Data,
    predictor: Predictor,
    objects: Path,
) -> Verdict:
    """Return the verdict on CANDIDATE, scored on the evaluation set of ROWS_FROM (base, or head without a base)."""
    section = rules.config.evaluate
    file = rows_from.materialise(rules.evaluation_path, objects)
    with named_as(file, rules.evaluation_path):
        table = _evaluation_table(file, rules, [candidate, *([production] if production else [])], data)
    labels = _labels(table, section, rules.evaluation_path)
    # A model never sees the label or the id.
    features = {name: column for name, column in table.columns.items() if name not in {section.id, section.label}}

    def score(installed: Installed) -> NDArray[np.float64]:
        return probabilities(installed, features, predictor)

    evidence = Evidence(
        ids=[str(value) for value in table.columns[section.id].values],
        labels=labels,
        candidate=score(candidate),
        production=score(production) if production else None,
        threshold=section.threshold,
        is_same_model=production is not None and _is_same(candidate.package, production.package),
    )
    return judge(rules.gates, evidence, rules.config.statistics)


def _is_same(one: Package, other: Package) -> bool:
    """Return whether two packages decide alike: the same model, asked for the same class."""
    return one.model == other.model and one.info.signature.positive == other.info.signature.positive


def probabilities(installed: Installed, columns: Mapping[str, Column], predictor: Predictor) -> NDArray[np.float64]:
    """Return the probability of the positive class, (n_rows,); the model sees what its signature names of COLUMNS.

    Raises `IntegrityError("signature-differs")` where it does not answer as its signature says.
    """
    signature = installed.package.info.signature
    given = {item.name: columns[item.name] for item in signature.inputs}
    prediction = predictor.predict(installed.sha256, installed.package.model, "skops", given)
    if prediction.kind != "probabilities" or prediction.classes != signature.classes:
        raise IntegrityError(
            "signature-differs",
            "the model does not answer as its signature says",
            cause="The package was made by something else than mlci, or the model has no predict_proba.",
            hint="Use an estimator with predict_proba, such as LogisticRegression.",
        )
    return np.asarray(prediction.values[:, positive_index(signature)], dtype=np.float64)


def _evaluation_table(file: Path, rules: Rules, installed: list[Installed], data: Data) -> Table:
    """Read id, label and every column that one of the models needs."""
    section = rules.config.evaluate
    wanted = {item.name: item.type for one in installed for item in one.package.info.signature.inputs}
    for own in (section.id, section.label):
        if own in wanted:
            raise IntegrityError(
                "label-as-feature",
                f"a package wants to read `{own}`, which no model may see",
                cause="Its signature was written by hand.",
                hint="mlci train",
            )
    names = data.columns(file)
    for name in (section.id, section.label, *wanted):
        if name not in names:
            raise UsageError(
                "column-missing",
                f"the evaluation set has no column `{name}`",
                where=rules.evaluation_path,
                cause="evaluate.id or evaluate.label names another column."
                if name in {section.id, section.label}
                else "The model reads a column that base's evaluation set does not have yet.",
                hint="Merge the new column into the evaluation set first; then train on it.",
            )
    types: dict[str, ColumnType] = {section.id: "string", section.label: _label_type(section), **wanted}
    return data.read_table(file, [ColumnSpec(name, kind) for name, kind in types.items()])


def _label_type(section: EvaluateSection) -> ColumnType:
    """Return the type that labels are read with, so that they compare with `positive` as it is written."""
    if isinstance(section.positive, bool):
        return "boolean"
    return "number" if isinstance(section.positive, int) else "string"


def _labels(table: Table, section: EvaluateSection, path: str) -> NDArray[np.bool_]:
    """Return whether each row is of the positive class; raises where ids or labels cannot be used."""
    ids, labels = table.columns[section.id], table.columns[section.label]
    for name, column in ((section.id, ids), (section.label, labels)):
        if column.missing is not None and column.missing.any():
            row = int(np.flatnonzero(column.missing)[0])
            raise UsageError(
                "label-missing" if name == section.label else "id-missing",
                f"`{name}` is empty in row {row + 1} of the evaluation set ({int(column.missing.sum())} in all)",
                where=path,
                hint="Take rows without it out of the evaluation set.",
            )
    if len(set(ids.values.tolist())) != table.rows:
        raise UsageError(
            "id-not-unique",
            f"`{section.id}` names some rows of the evaluation set twice",
            where=path,
            hint=f"Declare it in the contract, and find them: {section.id}: {{unique: true}}",
        )
    if table.rows == 0:
        raise UsageError("no-rows", "the evaluation set has no rows", where=path)
    return np.asarray(labels.values == section.positive, dtype=np.bool_)
