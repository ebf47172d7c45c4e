"""The signature of a fitted model: what it reads and answers, held against the configuration and the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from mlci.core.contract.scalar import NUMERIC, TYPE_WORDS
from mlci.core.metrics import OF_NUMBERS
from mlci.core.plain_text import is_visible, one_line
from mlci.core.section import LONGEST_IDENTIFIER
from mlci.core.signature import DECIDED_BY_THRESHOLD, Input, Scalar, Signature, first_problem, is_same_class
from mlci.core.words import MOST_SHOWN, code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlci.core.config import Config
    from mlci.core.contract.model import ColumnRule, Contract
    from mlci.core.contract.scalar import ColumnType

NOT_READABLE: Final = "feature-not-readable"
"""The code of the error of a column whose type no model reads."""
BINARY: Final = 2
"""Classes of a binary task."""
MOST_OF_A_NAME: Final = 80
"""Characters of a name that are shown."""


def build_signature(
    features: Iterable[str] | None,
    count: int | None,
    classes: tuple[Scalar, ...] | None,
    config: Config,
    contract: Contract | None,
    *,
    estimator: str = "model",
    has_probabilities: bool = True,
    labels: int | tuple[str, ...] | None = None,
    quantiles: tuple[float, ...] | None = None,
) -> Signature:
    """Return the signature of a model that reads FEATURES, with types, units and ranges from the contract.

    A model that does not know the names of its features (`features` is None, it was fitted on an array) reads all
    columns of the contract except id and label, in that order; their number must be COUNT, and nothing can check their
    order: `assumption` says so. ESTIMATOR, the name of its class, and HAS_PROBABILITIES serve to tell what a model
    without classes is. LABELS are those of a model of several labels at once, or how many they are, where it does not
    know their names: then they are taken to be those of `evaluate.label`, in that order. QUANTILES are the levels that
    it answers, by default those of `evaluate.quantiles`; whether it answers so many numbers, its answers tell.

    Raises `UsageError`: "not-fitted", "no-classifier", "no-regressor", "one-class", "features-unnamed",
    "label-as-feature",
    "feature-not-in-contract", "not-binary", "positive-unknown", "no-probabilities", "signature-unusable",
    "not-multilabel", "several-labels", "labels-differ".
    """
    task = config.model.task
    if labels is not None or task == "multilabel":
        classes = _labels_as_classes(labels, classes, config, code(one_line(estimator, LONGEST_IDENTIFIER)))
    if (classes is None) != (task in OF_NUMBERS) or (classes is None and features is None and count is None):
        raise _of_another_task(classes, estimator, count, has_probabilities=has_probabilities)
    columns = dict(contract.columns) if contract else {}
    names = _unnamed_features(count, config, columns) if features is None else tuple(features)
    _check_names(names)
    for name in names:
        _check_feature(name, config, columns)
    if classes is not None and task != "multilabel":
        _check_classes(classes, config)
    if classes is not None and not has_probabilities:
        raise UsageError(
            "no-probabilities",
            f"the model, a {code(one_line(estimator, LONGEST_IDENTIFIER))}, has no predict_proba",
            cause="It decides without saying how sure it is, and both models are compared by probabilities.",
            hint="Use LogisticRegression or the like, or fit CalibratedClassifierCV around it.",
        )
    try:
        return Signature(
            inputs=tuple(_input(name, columns.get(name)) for name in names),
            classes=classes or (),
            positive=config.evaluate.positive,
            threshold=config.evaluate.threshold if task in DECIDED_BY_THRESHOLD else None,
            quantiles=config.evaluate.quantiles if quantiles is None else quantiles,
        )
    except ValidationError as error:
        raise UsageError(
            "signature-unusable",
            f"the model's classes cannot be written down: {first_problem(error)}",
            cause="A class is an empty or very long text, one with hidden characters, or no finite number.",
            hint="Rename the class in the training data, and fit the model again.",
        ) from None


def is_readable(type_: ColumnType) -> bool:
    """Tell whether a model reads columns of a type."""
    return type_ in NUMERIC | {"decimal", "string", "boolean"}


def assumption(features: Iterable[str] | None, signature: Signature | None = None) -> str | None:
    """Return what is taken for granted about the columns of a model that knows FEATURES, None if that is nothing.

    Of a model of several labels or quantiles also that they are in the order of its SIGNATURE.
    """
    of_labels = None
    if signature is not None and signature.quantiles:
        of_labels = (
            "The model does not know which quantiles it answers: they are taken to be those of evaluate.quantiles, in "
            "that order; their number fits, their order nothing can check."
        )
    if signature is not None and signature.is_multilabel:
        of_labels = (
            "The model does not know the names of its labels: they are taken to be those of evaluate.label, in that "
            "order; their number fits, their order nothing can check."
        )
    if features is not None:
        return of_labels
    of_features = (
        "The model does not know the names of its columns: it was fitted on an array. They are taken to be the "
        "contract's without id and label, in the contract's order; their number fits, their order nothing can check."
    )
    return " ".join(filter(None, (of_features, of_labels)))


def _labels_as_classes(
    labels: int | tuple[str, ...] | None, classes: tuple[Scalar, ...] | None, config: Config, called: str
) -> tuple[str, ...]:
    """Return the names of the labels that a model answers, which is CALLED so; raises where the task is another."""
    task, wanted = config.model.task, config.evaluate.label_columns
    if labels is None:
        raise UsageError(
            "not-multilabel",
            f"the model, a {called}, answers one question; a multilabel task asks for {len(wanted)} labels at once",
            cause=f"It was fitted on a single column, with {len(classes)} classes." if classes else None,
            hint="Fit it on a table of 0 and 1, a column a label: RandomForestClassifier().fit(X, Y)",
        )
    count = labels if isinstance(labels, int) else len(labels)
    if task != "multilabel":
        raise UsageError(
            "several-labels",
            f"the model, a {called}, answers {count} labels at once; a {task} task asks one question",
            cause="It was fitted on a table of labels, or model.task says another task than the training code solves.",
            hint="model: {…, task: multilabel}, and evaluate: {…, label: [COLUMN, COLUMN, …]}; or fit on one column.",
        )
    if isinstance(labels, tuple):
        return labels
    if labels != len(wanted):
        raise UsageError(
            "labels-differ",
            f"the model answers {labels} labels, and evaluate.label names {len(wanted)}",
            where="mlci.yaml",
            cause="A label was added or left out on one side only; evaluate.label is a rule of the target branch.",
            hint="Fit on the columns that evaluate.label names, in their order; a new label lands in mlci.yaml first.",
        )
    return wanted


def _of_another_task(
    classes: tuple[Scalar, ...] | None, estimator: str, count: int | None, *, has_probabilities: bool
) -> UsageError:
    """Return the error of a model that does not answer what the task asks."""
    if classes is None:
        return _without_classes(estimator, count, has_probabilities=has_probabilities)
    return UsageError(
        "no-regressor",
        f"the model, a {code(one_line(estimator, LONGEST_IDENTIFIER))}, has classes; the task asks for numbers",
        cause="It is a classifier, or model.task says another task than the training code solves.",
        hint="Fit a regressor, or set model.task to binary or multiclass.",
    )


def _without_classes(estimator: str, count: int | None, *, has_probabilities: bool) -> UsageError:
    """Return the error of a model without classes, which reads COUNT columns if it was fitted and knows it."""
    called = code(one_line(estimator, LONGEST_IDENTIFIER))
    if count is None and has_probabilities:
        return UsageError(
            "not-fitted",
            f"the model, a {called}, was not fitted",
            cause="It was saved before `fit`, or another one was fitted than the one that was saved.",
            hint="model.fit(features, labels), and save that model.",
        )
    if count is None:
        return UsageError(
            "no-classifier",
            f"what was saved, a {called}, is no fitted classifier",
            cause="It is something else than a model, or a model that was not fitted.",
            hint="Save the fitted classifier itself: skops.io.dump(model, path)",
        )
    return UsageError(
        "no-classifier",
        f"the model, a {called}, has no classes",
        cause="It predicts numbers, as a regressor does, or transforms its input.",
        hint="Fit a classifier with predict_proba, such as LogisticRegression, and save that.",
    )


def _check_classes(classes: tuple[Scalar, ...], config: Config) -> None:
    """Raise where the classes are not two, one of them the positive one; they are values of the data."""
    evaluate = config.evaluate
    shown = one_line(", ".join(map(repr, classes[:MOST_SHOWN])), LONGEST_IDENTIFIER)
    listed = f"{shown} and {len(classes) - MOST_SHOWN} more" if len(classes) > MOST_SHOWN else shown
    task = config.model.task
    if len(classes) < BINARY:
        error = UsageError(
            "not-binary" if task == "binary" else "one-class",
            f"the model knows {f'one class only, {listed}' if classes else 'no class'}; a {task} task has "
            + ("two" if task == "binary" else "two or more"),
            cause="All rows that it was fitted on have the same label.",
            hint=f"Look at what reaches `fit`: which rows, and whether `{evaluate.label}` is recoded on the way.",
        )
    elif task == "multiclass":
        return
    elif len(classes) > BINARY:
        error = UsageError(
            "not-binary",
            f"the model knows {len(classes)} classes, {listed}; a binary task has two",
            cause="The label has more than two values.",
            hint=f"Set model.task to multiclass, or bring `{evaluate.label}` to two values in the data themselves.",
        )
    elif not any(is_same_class(item, evaluate.positive) for item in classes):
        error = UsageError(
            "positive-unknown",
            f"evaluate.positive is {evaluate.positive!r}, and the model's classes are {listed}",
            where="mlci.yaml",
            cause="The label was recoded in the training code, or `positive` is none of its values.",
            hint="Set evaluate.positive to one of the classes, or fit on the label as the data have it.",
        )
    else:
        return
    error.private = listed
    raise error


def _unnamed_features(count: int | None, config: Config, columns: Mapping[str, ColumnRule]) -> tuple[str, ...]:
    """Return the features of a model that knows only their number: all columns of the contract but id and label."""
    names = tuple(name for name in columns if name not in {config.evaluate.id, *config.evaluate.label_columns})
    if len(names) != count:
        told = "columns" if count is None else f"{count} column{'s' if count != 1 else ''}"
        raise UsageError(
            "features-unnamed",
            f"the model reads {told} without names; the contract lists {len(names)} besides id and label",
            cause="It was fitted on an array instead of a data frame.",
            hint="Fit it on a data frame, so that it keeps the names of its columns.",
        )
    return names


def _check_names(names: tuple[str, ...]) -> None:
    """Raise where a name of a feature cannot be written down, or stands twice."""
    first: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        shown = code(one_line(name, MOST_OF_A_NAME))
        if not name:
            problem = f"column {place} of those that the model reads has no name"
        elif len(name) > LONGEST_IDENTIFIER:
            problem = f"the model reads {shown}, whose name has more than {LONGEST_IDENTIFIER} characters"
        elif not is_visible(name):
            problem = f"the model reads {shown}, whose name holds a line break or a hidden character"
        elif name in first:
            raise UsageError(
                "signature-unusable",
                f"the model reads two columns called {shown}: columns {first[name]} and {place}",
                cause="Rows are given to a model by the names of their columns, which do not tell these two apart.",
                hint="Rename one of them, or leave it out, in the data and before `fit`.",
            )
        else:
            first[name] = place
            continue
        raise UsageError(
            "signature-unusable",
            problem,
            cause="A column of a contract, a file or a report is called by visible text of one line.",
            hint="Rename the column in the data and before `fit`.",
        )


def _check_feature(name: str, config: Config, columns: Mapping[str, ColumnRule]) -> None:
    """Raise where a model reads the id, the label, or what the contract does not know."""
    evaluate = config.evaluate
    if name in {evaluate.id, *evaluate.label_columns}:
        kind = "id" if name == evaluate.id else "label" if evaluate.label == name else "one of the labels"
        dropped = ", ".join(f'"{each}"' for each in (evaluate.id, *evaluate.label_columns))
        raise UsageError(
            "label-as-feature",
            f"the model reads `{name}`, which is {kind if kind.startswith('one') else f'the {kind}'}",
            cause="The training code did not take that column out of the features.",
            hint=f"features = cells.drop(columns=[{dropped}])",
        )
    if columns and name not in columns:
        raise UsageError(
            "feature-not-in-contract",
            f"the model reads {code(one_line(name, LONGEST_IDENTIFIER))}, which the contract does not list",
            cause="The column is made in the training code, or the contract is older than the data.",
            hint="Add the column to the contract of the data set, or make it a step of the model's pipeline.",
        )


def _input(name: str, column: ColumnRule | None) -> Input:
    if column is None:
        return Input(name=name, type="number")
    match column.type:
        case "integer" | "number" | "string" | "boolean" as kind:
            pass
        case "decimal":
            kind = "number"  # a model computes in double precision
        case other:
            raise UsageError(
                NOT_READABLE,
                f"the model reads {code(one_line(name, LONGEST_IDENTIFIER))}, which is {TYPE_WORDS[other]}",
                cause="A model reads numbers, text, true and false; what a date means to it, its code must say.",
                hint="Make a number of it in the data, such as days since a day, and train on that column.",
            )
    low, high = (None if each is None else float(column.value(each)) for each in (column.min, column.max))  # type: ignore[arg-type]  # bounds of numbers
    values = None if column.enum is None or column.type == "decimal" else tuple(column.enum)
    return Input(name=name, type=kind, unit=column.unit, minimum=low, maximum=high, values=values)
