"""Loading a skops file that nobody vouches for, and asking the model; runs in the child only.

skops audits the types that a file names. What may pass is this module's list on top of skops' own (its estimators,
numbers and containers), never a list that came with the file.
"""

from __future__ import annotations

import importlib
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .description import Class, ModelDescription
from .refusal import RefusalError
from .tree_bounds import check_estimators, check_tree, guard_boosting
from .zip_members import READ_ERRORS, MalformedZipError, ZipLimits, check_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIBRARIES: Final = ("pandas", "joblib", "sklearn", "skops.io")
"""What the child imports before it confines itself."""

UNUSED: Final = ("matplotlib", "pytest")
"""What those libraries would import as well if it were there, and predicting does not need."""

LATER: Final[tuple[str, ...]] = ()
"""What it imports afterwards."""

PACKAGES: Final = frozenset({"builtins", "collections", "functools", "numpy", "scipy", "sklearn"})

_OBJECT: Final = "ObjectNode"
_SPARSE: Final = "SparseMatrixNode"

_WRAPPED: Final = 10
"""Pipelines and searches within each other; a file may let them contain themselves."""

TRUSTED: Final[Mapping[str, str]] = {
    "functools.partial": "PartialNode",  # of check_array only, see _is_forbidden
    "numpy.dtype": "DTypeNode",
    "scipy.sparse._csc.csc_array": _SPARSE,
    "scipy.sparse._csc.csc_matrix": _SPARSE,
    "scipy.sparse._csr.csr_array": _SPARSE,
    "scipy.sparse._csr.csr_matrix": _SPARSE,
    "sklearn.calibration._CalibratedClassifier": _OBJECT,
    "sklearn.calibration._SigmoidCalibration": _OBJECT,
    "sklearn.calibration._TemperatureScaling": _OBJECT,
    "sklearn.compose._column_transformer._RemainderColsList": _OBJECT,
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": _OBJECT,  # bounds: guard_boosting
    "sklearn.gaussian_process.kernels.ConstantKernel": _OBJECT,
    "sklearn.gaussian_process.kernels.DotProduct": _OBJECT,
    "sklearn.gaussian_process.kernels.Matern": _OBJECT,
    "sklearn.gaussian_process.kernels.Product": _OBJECT,
    "sklearn.gaussian_process.kernels.RBF": _OBJECT,
    "sklearn.gaussian_process.kernels.RationalQuadratic": _OBJECT,
    "sklearn.gaussian_process.kernels.Sum": _OBJECT,
    "sklearn.gaussian_process.kernels.WhiteKernel": _OBJECT,
    "sklearn.metrics._scorer._PassthroughScorer": _OBJECT,
    "sklearn.model_selection._split.GroupKFold": _OBJECT,
    "sklearn.model_selection._split.KFold": _OBJECT,
    "sklearn.model_selection._split.RepeatedKFold": _OBJECT,
    "sklearn.model_selection._split.RepeatedStratifiedKFold": _OBJECT,
    "sklearn.model_selection._split.ShuffleSplit": _OBJECT,
    "sklearn.model_selection._split.StratifiedKFold": _OBJECT,
    "sklearn.model_selection._split.StratifiedShuffleSplit": _OBJECT,
    "sklearn.model_selection._split.TimeSeriesSplit": _OBJECT,
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer": _OBJECT,
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer": _OBJECT,
    "sklearn.tree._tree.Tree": "TreeNode",  # bounds: check_tree
    "sklearn.utils._bunch.Bunch": "DictNode",
    "sklearn.utils.validation.check_array": "FunctionNode",
}
"""Types beyond those that skops trusts, each with the only way in which a file may bring it."""


def load(path: str, limits: ZipLimits) -> Any:  # noqa: ANN401  # an estimator, which has no common type
    """Return the estimator that the skops file at `path` holds.

    Raises RefusalError `model-forbidden-type`, which names the types that are not allowed, or `model-unreadable` for
    a file that is damaged, too large, of a newer protocol, or whose arrays point outside of themselves.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, limits)
            return _construct(archive, json.loads(archive.read("schema.json")))
    except MalformedZipError as error:
        raise RefusalError("model-unreadable", f"the file is refused: {error}") from error
    except READ_ERRORS as error:
        raise RefusalError("model-unreadable", f"the file is damaged: {error}") from error


def describe(model: Any) -> ModelDescription:  # noqa: ANN401  # an estimator, which has no common type
    """Return what a loaded estimator says about itself; raises RefusalError for several outputs that are no labels."""
    labels = _labels(model)
    names = getattr(model, "feature_names_in_", None)
    n_features = getattr(model, "n_features_in_", None)
    return ModelDescription(
        estimator=type(model).__name__,
        feature_names=None if names is None else tuple(str(name) for name in names),
        n_features=None if n_features is None else int(n_features),
        classes=_classes(model) if labels is None else None,
        has_probabilities=hasattr(model, "predict_proba"),
        labels=labels,
    )


def predict(model: Any, rows: Any) -> tuple[str, np.ndarray[Any, Any]]:  # noqa: ANN401  # an estimator and a data frame
    """Return the kind of answer and the answers as float64, one row each.

    `probabilities`: (n_rows, n_classes). `multilabel`: (n_rows, n_labels), the probability of each label.
    `numbers`: (n_rows, n_numbers), several numbers a row, such as quantiles.
    `labels`: (n_rows,), the answer itself, or its position in the classes if
    the model has classes but no probabilities. Raises RefusalError for text, several outputs and unknown classes.
    """
    # One thread and no processes, whatever `n_jobs` the model brings; the child may start neither programs nor forks.
    with importlib.import_module("joblib").parallel_config(backend="sequential"):
        has_probabilities = hasattr(model, "predict_proba")
        answers = model.predict_proba(rows) if has_probabilities else model.predict(rows)
    labels = _labels(model)
    if labels is not None and has_probabilities:
        return "multilabel", _of_labels(answers, model.classes_, labels)
    if isinstance(answers, list):
        raise RefusalError("model-answers-wrong-shape", "it answers with several outputs a row")
    values = np.asarray(answers)
    classes = _classes(model)
    if has_probabilities:
        return "probabilities", _numbers(values)
    if classes is not None:
        return "labels", _positions(values, classes)
    is_several = values.ndim == 2 and values.shape[1] > 1  # noqa: PLR2004 - a table
    return "numbers" if is_several else "labels", _numbers(values)


def _construct(archive: zipfile.ZipFile, schema: Any) -> Any:  # noqa: ANN401  # JSON in, an estimator out
    audit, protocols, loading = (
        importlib.import_module(f"skops.io.{name}") for name in ("_audit", "_protocol", "_utils")
    )
    protocol = schema.get("protocol") if isinstance(schema, dict) else None
    if not isinstance(protocol, int) or isinstance(protocol, bool) or not 0 <= protocol <= protocols.PROTOCOL:
        raise RefusalError(
            "model-unreadable",
            f"its skops protocol is {protocol!r}; protocols up to {protocols.PROTOCOL} can be read",
        )
    tree = audit.get_tree(schema, loading.LoadContext(src=archive, protocol=protocol), trusted=None)
    nodes = list(_nodes(tree))
    forbidden = {name for name in tree.get_unsafe_set() if name not in TRUSTED}
    forbidden |= {_name(node) for node in nodes if _is_forbidden(node)}
    if forbidden:
        raise RefusalError("model-forbidden-type", ", ".join(sorted(forbidden)))
    for node in nodes:
        kind = type(node).__name__
        if kind == "TreeNode":
            check_tree(node.children["args"].construct(), node.children["attrs"].construct())
        elif kind == _SPARSE:
            node.construct().check_format(full_check=True)
    model = tree.construct()
    check_estimators([node.construct() for node in nodes if type(node).__name__ == _OBJECT])
    if any(_name(node).startswith("sklearn.ensemble.") for node in nodes):
        guard_boosting()
    return model


def _nodes(root: Any) -> Iterator[Any]:  # noqa: ANN401  # nodes of skops, which has no types
    """Yield every node once; a file may let nodes share children, or contain themselves."""
    seen = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        for key, child in node.children.items():
            below = child.values() if isinstance(child, dict) else child if isinstance(child, list) else [child]
            # The constructor of a Tree is set by skops itself, not by the file.
            waiting += [item for item in below if hasattr(item, "children") and key != "constructor"]


def _name(node: Any) -> str:  # noqa: ANN401  # a node of skops, which has no types
    return f"{node.module_name}.{node.class_name}"


def _is_forbidden(node: Any) -> bool:  # noqa: ANN401  # a node of skops, which has no types
    if str(node.module_name).partition(".")[0] not in PACKAGES:
        return True
    kind = type(node).__name__
    if TRUSTED.get(_name(node), kind) != kind:
        return True
    # HistGradientBoosting checks its categories by a partial of check_array; another partial could call anything.
    return kind == "PartialNode" and _name(node.children["func"]) != "sklearn.utils.validation.check_array"


def _classes(model: Any) -> tuple[Class, ...] | None:  # noqa: ANN401  # an estimator, which has no common type
    classes = getattr(model, "classes_", None)
    if classes is None:
        return None
    values = np.asarray(classes).tolist() if not isinstance(classes, list) else classes
    if not all(isinstance(value, str | int | float | bool) for value in values):
        raise RefusalError("model-answers-wrong-shape", "its classes are no list of texts, numbers or truth values")
    return tuple(values)


def _labels(model: Any) -> int | None:  # noqa: ANN401  # an estimator, which has no common type
    """Return how many labels a model answers at once, each by 0 or 1; None where it answers one question.

    Forests, trees, neighbours, MultiOutputClassifier and ClassifierChain have a list of classes for each output;
    OneVsRestClassifier and MLPClassifier number the columns that they were fitted on.
    """
    classes = getattr(model, "classes_", None)
    if classes is None:
        return None
    if isinstance(classes, list) and classes and all(isinstance(each, np.ndarray) for each in classes):
        if not all(set(each.tolist()) <= {0, 1} for each in classes):
            raise RefusalError(
                "model-answers-wrong-shape", "it answers with several outputs a row, and not each is 0 or 1"
            )
        return len(classes)
    last = model
    for _ in range(_WRAPPED):
        steps = getattr(last, "steps", None)
        inner = getattr(last, "best_estimator_", None)
        last = steps[-1][1] if isinstance(steps, list) and steps else inner if inner is not None else last
    is_network = getattr(last, "out_activation_", None) == "logistic" and int(getattr(last, "n_outputs_", 1)) > 1
    return len(classes) if getattr(last, "multilabel_", False) is True or is_network else None


def _of_labels(answers: Any, classes: Any, labels: int) -> np.ndarray[Any, Any]:  # noqa: ANN401  # as scikit-learn has them
    """Return the probability of each label, (n_rows, n_labels), of a list with an array for each, or of one table."""
    if isinstance(answers, list):
        if len(answers) != labels or not isinstance(classes, list):
            raise RefusalError("model-answers-wrong-shape", f"it answers with {len(answers)} outputs a row")
        answers = np.column_stack([_of_one(each, known.tolist()) for each, known in zip(answers, classes, strict=True)])
    return _numbers(np.asarray(answers))


def _of_one(answers: np.ndarray[Any, Any], classes: list[Any]) -> np.ndarray[Any, Any]:
    """Return the probability that a row has a label; 0 where none of the rows that it was fitted on has."""
    return answers[:, classes.index(1)] if 1 in classes else np.zeros(len(answers))


def _numbers(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if values.dtype.kind not in "biuf":
        raise RefusalError("model-answers-text", f"it answers with values of the type {values.dtype}, not with numbers")
    return np.ascontiguousarray(values, dtype="<f8")


def _positions(labels: np.ndarray[Any, Any], classes: tuple[Class, ...]) -> np.ndarray[Any, Any]:
    if labels.ndim != 1:
        raise RefusalError("model-answers-wrong-shape", f"it answers with an array of the shape {labels.shape}")
    places = {label: place for place, label in enumerate(classes)}
    answers = labels.tolist()
    if not set(answers) <= set(places):
        raise RefusalError("model-answers-unknown-class", "it answers with a class that is none of its own")
    return np.array([places[answer] for answer in answers], dtype="<f8")
