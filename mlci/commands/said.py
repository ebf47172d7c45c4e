"""What a model says of rows, asked in a confined child and held against its signature, by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.commands.fitting import fitting_package
from mlci.core.package import positive_index
from mlci.core.words import written
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.commands.installed import Installed
    from mlci.commands.ports import Predictor
    from mlci.core.package import Package
    from mlci.core.prediction import AnswerEach, Prediction
    from mlci.core.signature import ModelClass
    from mlci.core.table import Column, Table


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a multiclass task: those that labels have, then those that only models know."""

    names: tuple[str, ...]
    codes: NDArray[np.intp]
    """(n_rows,) which of the names each label is."""


def classes_of(labels: NDArray[Any], *known: Sequence[ModelClass]) -> Classes:
    """Return the classes of LABELS, in their order, and what else models KNOW.

    >>> classes_of(np.array(["late", "early", "late"]), ("early", "odd")).names
    ('early', 'late', 'odd')
    """
    found, codes = np.unique(labels, return_inverse=True)
    names = dict.fromkeys(class_name(value) for value in found.tolist())
    names |= dict.fromkeys(class_name(value) for each in known for value in each)
    return Classes(tuple(names), np.asarray(codes, dtype=np.intp))


def class_name(value: ModelClass) -> str:
    """Return a class as gates and reports name it: text whole, numbers without a needless `.0`.

    >>> class_name(2.0), class_name(True), class_name("late")
    ('2', 'true', 'late')
    """
    return value if isinstance(value, str) else written(value)


def probabilities(installed: Installed, columns: Mapping[str, Column], predictor: Predictor) -> NDArray[np.float64]:
    """Return the probability of the positive class, (n_rows,); the model sees what its signature names of COLUMNS.

    Raises `IntegrityError("signature-differs")` where it does not answer as its signature says.
    """
    return _positive(installed, _asked(installed, columns, predictor))


def probabilities_of(
    names: Sequence[str], installed: Installed, columns: Mapping[str, Column], predictor: Predictor
) -> NDArray[np.float64]:
    """Return the probability of each of the classes NAMES, (n_rows, n_classes); 0 of those that the model lacks."""
    said = _with_probabilities(installed, _asked(installed, columns, predictor))
    found = np.zeros((len(said.values), len(names)))
    for place, value in enumerate(said.classes or ()):
        found[:, list(names).index(class_name(value))] = said.values[:, place]
    return found


def each_of(
    names: Sequence[str], installed: Installed, columns: Mapping[str, Column], predictor: Predictor
) -> NDArray[np.float64]:
    """Return the probability of each of the labels NAMES, or each of these quantiles, which the model answers.

    (n_rows, n_names). Raises `IntegrityError("signature-differs")` where it does not answer as its signature says.
    """
    known = installed.package.info.signature.answered
    return all_said(installed, columns, predictor)[:, [known.index(name) for name in names]]


def all_said(installed: Installed, columns: Mapping[str, Column], predictor: Predictor) -> NDArray[np.float64]:
    """Return all that a model says of rows, whatever its task: (n_rows,) or, by class, label or quantile, a table."""
    return _said(installed, _asked(installed, columns, predictor))


def each_said(installed: Installed, tables: Iterable[Table], answer_each: AnswerEach) -> Iterator[NDArray[np.float64]]:
    """Yield what `all_said` returns of each of TABLES, which ANSWER_EACH is asked."""
    return (_said(installed, found) for found in answer_each(_given(installed, table.columns) for table in tables))


def numbers(installed: Installed, columns: Mapping[str, Column], predictor: Predictor) -> NDArray[np.float64]:
    """Return the number that a regression predicts, (n_rows,)."""
    return _numbers(_asked(installed, columns, predictor))


def _said(installed: Installed, said: Prediction) -> NDArray[np.float64]:
    signature = installed.package.info.signature
    if signature.is_multilabel:
        return _of_labels(installed, said)
    if signature.quantiles:
        return _quantiles(said, len(signature.quantiles))
    if signature.positive is not None:
        return _positive(installed, said)
    if signature.classes:
        return np.asarray(_with_probabilities(installed, said).values, dtype=np.float64)
    return _numbers(said)


def _numbers(said: Prediction) -> NDArray[np.float64]:
    if said.kind != "labels" or said.classes is not None:
        raise _differs("Use an estimator that predicts one number for each row, such as Ridge.")
    return np.asarray(said.values, dtype=np.float64)


def _quantiles(said: Prediction, count: int) -> NDArray[np.float64]:
    if said.kind != "numbers" or said.values.shape[1] != count:
        raise _differs("Let the model answer one number a row for each of evaluate.quantiles.")
    return np.asarray(said.values, dtype=np.float64)


def _of_labels(installed: Installed, said: Prediction) -> NDArray[np.float64]:
    signature = installed.package.info.signature
    if not signature.is_answered_by(said.classes, said.labels):
        raise _differs("Fit an estimator on a table of labels, such as MultiOutputClassifier, and save that.")
    return np.asarray(said.values, dtype=np.float64)


def _positive(installed: Installed, said: Prediction) -> NDArray[np.float64]:
    values = _with_probabilities(installed, said).values
    return np.asarray(values[:, positive_index(installed.package.info.signature)], dtype=np.float64)


def _with_probabilities(installed: Installed, said: Prediction) -> Prediction:
    if said.kind != "probabilities" or said.classes != installed.package.info.signature.classes:
        raise _differs("Use an estimator with predict_proba, such as LogisticRegression.")
    return said


def _asked(installed: Installed, columns: Mapping[str, Column], predictor: Predictor) -> Prediction:
    package = installed.package
    refuse_without_model(package)
    asked = fitting_package(package, predictor)
    return asked.predict(installed.sha256, package.model, package.info.format, _given(installed, columns))


def _given(installed: Installed, columns: Mapping[str, Column]) -> dict[str, Column]:
    return {item.name: columns[item.name] for item in installed.package.info.signature.inputs}


def refuse_without_model(package: Package) -> None:
    """Raise `UsageError("no-model-inside")` where PACKAGE holds answers in place of the model."""
    if not package.can_answer:
        raise UsageError(
            "no-model-inside",
            f"the package of {package.info.name} holds {package.level}, not the model itself",
            cause=f"train.{package.level} names what training hands in, so the model never comes here.",
            hint="train: {…, model: model.skops}, where the model can be handed in",
        )


def _differs(hint: str) -> IntegrityError:
    return IntegrityError(
        "signature-differs",
        "the model does not answer as its signature says",
        cause="The package was made by something else than mlci, or the model has no predict_proba.",
        hint=hint,
    )
