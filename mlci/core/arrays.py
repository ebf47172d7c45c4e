"""Arrays as a notebook holds them, checked and brought into the form that evidence has, by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.answer_names import OF_SEVERAL
from mlci.core.evidence import Slice
from mlci.core.magnitude import LARGEST, LARGEST_WEIGHT, is_beyond
from mlci.core.quantile_levels import level_names, levels_or_none
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from mlci.core.metrics import Task

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

MOST_SLICES: Final = 200
"""Values of a column that make slices."""
SUMS_TO_ONE: Final = 1e-3
"""How far the probabilities of a row may be from one together: what float32 and rounding do."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is true of the rows, and what both models say, in the form of the task."""

    labels: NDArray[Any]
    production: Floats
    candidate: Floats
    classes: tuple[str, ...] = ()


def said(
    task: Task, y: ArrayLike, production: ArrayLike, candidate: ArrayLike, classes: Sequence[object] | None
) -> Said:
    """Return Y and what both models say of it in the form of TASK; raises `UsageError` where they do not fit it."""
    models = (("production", production), ("candidate", candidate))
    if classes is not None and task not in OF_SEVERAL:
        raise UsageError("classes-unusable", f"a {task} task has no list of classes", hint='task="multiclass"')
    match task:
        case "binary":
            labels = truth(y)
            before, now = (probabilities(name, given, labels.size) for name, given in models)
            return Said(labels, before, now)
        case "multiclass":
            return _of_classes(y, models, classes)
        case "multilabel":
            return of_labels(y, models, classes)
        case "ranking":
            relevance = finite("y", y, None)
            if (relevance < 0).any():
                raise UsageError(
                    "relevance-negative",
                    "y says how relevant an item is: 0 for irrelevant, more for better",
                    hint='y − y.min(), or task="regression"',
                )
            before, now = (finite(name, given, relevance.size) for name, given in models)
            return Said(relevance, before, now)
        case "quantile" if np.asarray(candidate).ndim == 2 or classes is not None:  # noqa: PLR2004 - a table
            return _of_quantiles(y, models, classes)
        case "regression" | "quantile" | "forecast":
            outcomes = finite("y", y, None)
            before, now = (finite(name, given, outcomes.size) for name, given in models)
            return Said(outcomes, before, now)


def _of_classes(y: ArrayLike, models: Sequence[tuple[str, ArrayLike]], classes: Sequence[object] | None) -> Said:
    """Return the form of a multiclass task: the classes that labels have come first, then those that models know."""
    labels = column("y", y, None)
    if labels.size == 0:
        raise _no_rows()
    seen, found = np.unique(labels, return_inverse=True)
    columns = [str(each) for each in (seen.tolist() if classes is None else classes)]
    seen_names = [str(each) for each in seen.tolist()]
    unknown = [name for name in seen_names if name not in columns]
    if unknown or len(set(columns)) < len(columns):
        raise UsageError(
            "classes-unusable",
            f"y holds {unknown[0]!r}, which is none of the classes" if unknown else "a class stands twice",
            hint="classes=model.classes_ names the columns of predict_proba, in their order.",
        )
    names = [*seen_names, *(name for name in columns if name not in seen_names)]
    order = [columns.index(name) for name in names]
    before, now = (_table(name, given, labels.size, len(columns))[:, order] for name, given in models)
    return Said(np.asarray(found, dtype=np.intp), before, now, tuple(names))


def _table(name: str, given: ArrayLike, rows: int, columns: int) -> Floats:
    """Return the probability of each class, (n_rows, n_classes)."""
    values = np.asarray(given)
    if values.shape != (rows, columns):
        raise UsageError(
            "rows-differ",
            f"{name} is of shape {values.shape}; wanted is {(rows, columns)}: a row for each of y, a column a class",
            cause="A class that y does not hold, a decision instead of probabilities, or other rows.",
            hint="classes=model.classes_ names the columns of predict_proba, in their order.",
        )
    try:
        table = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError("values-unusable", f"{name} holds values that are no numbers: {error}") from error
    wrong = np.flatnonzero(~((table >= 0) & (table <= 1)).all(axis=1) | ~(np.abs(table.sum(axis=1) - 1) <= SUMS_TO_ONE))
    if wrong.size:
        raise _no_probabilities(name, wrong, "rows whose values are no probabilities that sum to one")
    return table


def finite(name: str, given: ArrayLike, rows: int | None) -> Floats:
    """Return one finite number a row, (n_rows,); raises `UsageError("values-unusable")` for NaN and infinity."""
    values = numbers(name, given, rows)
    if values.size == 0:
        raise _no_rows()
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        raise UsageError(
            "values-unusable",
            f"{name} holds {wrong.size:,} values that are not finite; the first is in row {wrong[0]}",
            hint="Leave rows without an outcome out; a model must answer every row.",
        )
    beyond = np.flatnonzero(is_beyond(values))
    if beyond.size:
        raise UsageError(
            "values-unusable",
            f"{name} holds {beyond.size:,} values beyond {LARGEST:g}; the first is in row {beyond[0]}",
            cause="A training that diverged, or a wrong unit.",
            hint="No loss could be computed of such numbers; divide all of them by the same one.",
        )
    return values


def _no_rows() -> UsageError:
    hint = "Compare on rows that neither model was trained on: mlci.compare(y_test, …)"
    return UsageError("no-rows", "there are no rows to compare on", hint=hint)


def _no_probabilities(name: str, wrong: NDArray[np.intp], what: str) -> UsageError:
    return UsageError(
        "probabilities-unusable",
        f"{name} holds {wrong.size:,} {what}; the first is in row {wrong[0]}",
        cause="A score of a decision function, a class instead of its probability, or NaN.",
        hint="predict_proba(X) gives the probability of each class.",
    )


def truth(y: ArrayLike) -> Booleans:
    """Return whether each row is of the positive class, (n_rows,); raises `UsageError` for what says something else."""
    values = column("y", y, None)
    if values.size == 0:
        raise _no_rows()
    if values.dtype == np.bool_:
        return values
    found = np.unique(values).tolist() if values.dtype.kind in "iuf" else []
    if not found or not set(found) <= {0, 1}:
        raise UsageError(
            "labels-unusable",
            "y says of each row whether it is of the positive class: true or false, or 1 or 0",
            cause=f"y holds {values.dtype} values.",
            hint='Name the positive class: mlci.compare(y == "malignant", …)',
        )
    return np.asarray(values == 1, dtype=np.bool_)


def probabilities(name: str, given: ArrayLike, rows: int) -> Floats:
    """Return one probability a row, (n_rows,); raises `UsageError`: "probabilities-unusable", "rows-differ"."""
    values = numbers(name, given, rows)
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if wrong.size:
        raise UsageError(
            "probabilities-unusable",
            f"{name} holds {wrong.size:,} values that are no probabilities; the first is in row {wrong[0]}",
            cause="A score of a decision function, a class instead of its probability, or NaN.",
            hint="predict_proba(X)[:, 1] gives the probability of the positive class.",
        )
    return values


def weights_of(given: ArrayLike, rows: int) -> Floats:
    """Return how much each row counts, (n_rows,); raises `UsageError("weight-unusable")`."""
    values = numbers("weights", given, rows)
    if is_beyond(values, LARGEST_WEIGHT).any() or (values < 0).any() or not values.any():
        raise UsageError(
            "weight-unusable",
            f"a weight is 0 or more, at most {LARGEST_WEIGHT:g}, and not 0 in every row",
            hint="A weight counts rows: 2 is as good as the row twice.",
        )
    return values


def numbers(name: str, given: ArrayLike, rows: int | None) -> Floats:
    """Return one number a row, (n_rows,); raises `UsageError`: "values-unusable", "rows-differ"."""
    try:
        return column(name, given, rows).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError("values-unusable", f"{name} holds values that are no numbers: {error}") from error


def codes(name: str, given: ArrayLike, rows: int) -> NDArray[np.intp]:
    """Return which of the values each row has, (n_rows,), as a number from 0 on."""
    return np.unique(texts(name, given, rows), return_inverse=True)[1].astype(np.intp)


def slices_of(named: Mapping[str, ArrayLike], rows: int) -> Iterator[Slice]:
    """Yield the slices that NAMED masks and columns make; raises `UsageError("slices-too-many")`."""
    for name, given in named.items():
        values = column(f"slices[{name!r}]", given, rows)
        if values.dtype == np.bool_:
            yield Slice(str(name), values)
            continue
        written = texts(f"slices[{name!r}]", given, rows)
        found = np.unique(written)
        if found.size > MOST_SLICES:
            raise UsageError(
                "slices-too-many",
                f"slices[{name!r}] has {found.size:,} values; {MOST_SLICES} slices of a column are the most",
                hint="Cut it into bands, or give masks: slices={'old': age > 60}",
            )
        for place, value in enumerate(found.tolist(), start=1):
            yield Slice(str(name), written == value, value, place)


def texts(name: str, given: ArrayLike, rows: int) -> NDArray[np.str_]:
    """Return each value as text, (n_rows,)."""
    return column(name, given, rows).astype(np.str_)


def column(name: str, given: ArrayLike, rows: int | None) -> NDArray[Any]:
    """Return one value a row; raises where they are of another shape, or not as many as y has."""
    values = np.asarray(given)
    if values.ndim != 1 or (rows is not None and values.size != rows):
        wanted = "one value a row" if rows is None else f"{rows:,} values, one for each of y"
        hint = "predict_proba(X)[:, 1] is one column of two." if values.ndim == 2 else None  # noqa: PLR2004 - a table
        raise UsageError("rows-differ", f"{name} is of shape {values.shape}; wanted are {wanted}", hint=hint)
    return values


def between(name: str, value: float, least: float, most: float | None) -> float:
    """Return VALUE as a number from LEAST on, and below MOST; raises `UsageError("NAME-unusable")`."""
    if type(value) in {int, float} and value >= least and (most is None or least < value < most):
        return float(value)
    limits = f"above {least:g} and below {most:g}" if most is not None else f"{least:g} or more"
    raise UsageError(f"{name}-unusable", f"{name} is {limits}, not {value!r}")


def _of_quantiles(y: ArrayLike, models: Sequence[tuple[str, ArrayLike]], classes: Sequence[object] | None) -> Said:
    """Return the form of several quantiles: tables with a column for each level of CLASSES."""
    outcomes, found = finite("y", y, None), levels_or_none(classes)
    if not found:
        raise UsageError(
            "classes-unusable",
            "which quantiles do the columns hold? Levels between 0 and 1 that rise, as numbers",
            hint="classes=[0.1, 0.5, 0.9]",
        )
    before, now = (_quantiles(name, given, (outcomes.size, len(found))) for name, given in models)
    return Said(outcomes, before, now, level_names(found))


def _quantiles(name: str, given: ArrayLike, shape: tuple[int, int]) -> Floats:
    values = np.asarray(given)
    if values.shape != shape:
        raise UsageError(
            "rows-differ",
            f"{name} is of shape {values.shape}; wanted is {shape}: a row for each of y, a column a quantile",
            hint="np.column_stack([model.predict(X) for model in models]), one model a quantile",
        )
    table = numbers(name, values.ravel(), None).reshape(shape)
    finite(name, np.abs(table).max(axis=1), None)
    return table


def of_labels(y: ArrayLike, models: Sequence[tuple[str, ArrayLike]], classes: Sequence[object] | None) -> Said:
    """Return the form of a multilabel task: tables with a column for each label.

    Labels are called as CLASSES says, else as the columns of a data frame, else by their numbers from 0.
    """
    truths = np.asarray(y)
    if truths.ndim != 2 or truths.shape[1] < 2:  # noqa: PLR2004 - a table of two labels or more
        raise UsageError(
            "labels-unusable",
            f"y is of shape {truths.shape}; wanted is a row for each row and a column for each of two labels or more",
            hint='task="binary" has one label',
        )
    if not len(truths):
        raise _no_rows()
    if truths.dtype != np.bool_ and (truths.dtype.kind not in "iuf" or not np.isin(truths, (0, 1)).all()):
        raise UsageError(
            "labels-unusable",
            "y says of each row and label whether the row has it: true or false, or 1 or 0",
            cause=f"y holds {truths.dtype} values.",
            hint="sklearn.preprocessing.MultiLabelBinarizer().fit_transform(…) makes such a table.",
        )
    named = getattr(y, "columns", range(truths.shape[1])) if classes is None else classes
    names = tuple(str(each) for each in named)
    if len(names) != truths.shape[1] or len(set(names)) < len(names):
        problem = "a label stands twice" if len(names) == truths.shape[1] else f"y has {truths.shape[1]} columns"
        raise UsageError("classes-unusable", problem, hint="classes=NAMES names the columns of y, in their order.")
    before, now = (_probabilities_of_labels(name, given, truths.shape) for name, given in models)
    return Said(np.asarray(truths == 1, dtype=np.bool_), before, now, names)


def _probabilities_of_labels(name: str, given: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return the probability of each label, (n_rows, n_labels)."""
    values = np.asarray(given)
    if values.shape != shape:
        raise UsageError(
            "rows-differ",
            f"{name} is of shape {values.shape}; wanted is {shape}: a row for each of y, a column a label",
            cause="A forest answers with a list that has a table for each label.",
            hint="np.column_stack([each[:, 1] for each in model.predict_proba(X)])",
        )
    try:
        table = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError("values-unusable", f"{name} holds values that are no numbers: {error}") from error
    wrong = np.flatnonzero(~((table >= 0) & (table <= 1)).all(axis=1))
    if wrong.size:
        raise _no_probabilities(name, wrong, "rows with values that are no probabilities")
    return table
