"""Scoring: both models predict base's rows in confined children, and the gates decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.archives import archive_of
from mlci.commands.evaluation_set import set_of, specs
from mlci.commands.evaluation_slices import slices_of
from mlci.core.contract.constraints import TYPE_WORDS, code, written
from mlci.core.gates import Evidence, Verdict, judge
from mlci.core.package import positive_index, read_package
from mlci.errors import IntegrityError, RejectedError
from mlci.formats.archive import unpack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.commands.evaluation_set import EvaluationSet
    from mlci.commands.ports import Data, Predictor, Store, Tree
    from mlci.core.config import EvaluateSection
    from mlci.core.contract import ColumnType
    from mlci.core.package import Package
    from mlci.core.registry import Version
    from mlci.core.rules import Rules
    from mlci.core.table import Column

MOST_NAMED = 5
"""Columns that a sentence names."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A package with its digest, and its version where it has one."""

    package: Package
    sha256: str
    version: str | None = None


def fetch(version: Version, store: Store) -> Installed:
    """Return the package of VERSION from the store, verified."""
    return Installed(read_package(unpack(archive_of(version, store))), version.package_sha256, version.number)


def answers_by_signature(package: Package, predictor: Predictor) -> bool:
    """Return whether the model loads in a child, with the classes that its signature promises."""
    return predictor.describe(package.model, package.info.format).classes == package.info.signature.classes


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
    _refuse_label_as_feature(section, candidate, *([production] if production else []))
    rows = set_of(rules, rows_from, data=data, objects=objects)
    table = rows.read(_types(candidate))
    labels, weights, sampling = rows.labels(table), rows.weights(), rows.sampling()
    slices = slices_of(rows, rules)
    # A model never sees the label or the id.
    features = {name: column for name, column in table.columns.items() if name not in {section.id, section.label}}
    known = _known_to(production, candidate, rows, features) if production else None
    evidence = Evidence(
        ids=[str(value) for value in table.columns[section.id].values],
        labels=labels,
        candidate=probabilities(candidate, features, predictor),
        production=probabilities(production, known, predictor) if production and isinstance(known, dict) else None,
        threshold=section.threshold,
        is_same_model=production is not None and _is_same(candidate.package, production.package),
        not_comparable=known if isinstance(known, str) else None,
        has_private_ids=rows.has_private_ids,
        weights=weights,
        sampling=sampling,
        slices=slices,
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
    prediction = predictor.predict(installed.sha256, installed.package.model, installed.package.info.format, given)
    if prediction.kind != "probabilities" or prediction.classes != signature.classes:
        raise IntegrityError(
            "signature-differs",
            "the model does not answer as its signature says",
            cause="The package was made by something else than mlci, or the model has no predict_proba.",
            hint="Use an estimator with predict_proba, such as LogisticRegression.",
        )
    return np.asarray(prediction.values[:, positive_index(signature)], dtype=np.float64)


def _known_to(
    production: Installed, candidate: Installed, rows: EvaluationSet, features: Mapping[str, Column]
) -> dict[str, Column] | str:
    """Return the columns that PRODUCTION reads: of FEATURES what the CANDIDATE reads alike, the others of ROWS.

    Returns in words why there are none, where the evaluation set or its label moved on since production was packaged.
    """
    name = f"production {production.version}" if production.version else "production"
    found, asked = production.package.info.signature.positive, rows.section.positive
    if type(found) is not type(asked) or found != asked:
        return f"{name} finds the class {code(written(found))}, and evaluate.positive is {code(written(asked))} now"
    wanted, names = _types(production), rows.data.columns(rows.files)
    absent = [code(column) for column in wanted if column not in names]
    if absent:
        more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
        return f"{name} reads {', '.join(absent[:MOST_NAMED])}{more}, which the evaluation set no longer has"
    known = _types(candidate)
    others = {column: kind for column, kind in wanted.items() if known.get(column) != kind}
    try:
        own = rows.data.read_table(rows.files, specs(others)).columns
    except RejectedError as error:
        if error.code != "data-ill-typed":
            raise
        column = next(column for column, kind in others.items() if not _can_read(rows, column, kind))
        return f"{name} reads {code(column)} as {TYPE_WORDS[others[column]]}, which it no longer is in every row"
    return {column: own[column] if column in own else features[column] for column in wanted}


def _can_read(rows: EvaluationSet, column: str, kind: ColumnType) -> bool:
    try:
        rows.data.read_table(rows.files, specs({column: kind}))
    except RejectedError:
        return False
    return True


def _refuse_label_as_feature(section: EvaluateSection, *installed: Installed) -> None:
    """Raise where a package wants to read what no model may see."""
    wanted = {name for one in installed for name in _types(one)}
    for own in (section.id, section.label):
        if own in wanted:
            raise IntegrityError(
                "label-as-feature",
                f"a package wants to read `{own}`, which no model may see",
                cause="Its signature was written by hand.",
                hint="mlci train",
            )


def _types(installed: Installed) -> dict[str, ColumnType]:
    """Return the columns that a package reads, with their types."""
    return {item.name: item.type for item in installed.package.info.signature.inputs}
