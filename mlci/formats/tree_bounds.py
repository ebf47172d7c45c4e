"""Bounds of the arrays of trees, checked before native code follows them.

scikit-learn walks a tree by the indices that its nodes hold and checks none of them
(https://github.com/scikit-learn/scikit-learn/pull/34558), so a crafted file could read or write anywhere.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

LEAF: Final = -1
BITSET_WORDS: Final = 8


def check_tree(arguments: object, state: object) -> None:
    """Accept what `sklearn.tree._tree.Tree` is about to be built from: constructor arguments and state.

    Raises RefusalError `model-unreadable` unless all indices lie within the arrays, children come after their parents
    (so every walk ends), and the stated sizes are those of the arrays.
    """
    if not (isinstance(arguments, tuple) and len(arguments) == 3 and isinstance(state, dict)):  # noqa: PLR2004  # features, classes, outputs
        raise _unsound("it is not built as scikit-learn builds it")
    n_features, n_classes, n_outputs = arguments
    nodes, values = state.get("nodes"), state.get("values")
    if not (_is_count(n_features) and _is_count(n_outputs) and isinstance(n_classes, np.ndarray)):
        raise _unsound("its numbers of features, classes and outputs are none")
    if n_classes.shape != (n_outputs,) or n_classes.dtype.kind != "i" or n_classes.min() < 1:
        raise _unsound("its numbers of classes do not fit its outputs")
    if not (isinstance(nodes, np.ndarray) and nodes.ndim == 1 and nodes.size and nodes.dtype.names):
        raise _unsound("it has no nodes")
    if not {"left_child", "right_child", "feature"} <= set(nodes.dtype.names):
        raise _unsound("its nodes lack a field")
    if state.get("node_count") != len(nodes) or not isinstance(values, np.ndarray):
        raise _unsound("its number of nodes is not that of its array")
    if values.shape != (len(nodes), n_outputs, n_classes.max()):
        raise _unsound("its values do not fit its nodes")
    is_leaf = (nodes["left_child"] == LEAF) & (nodes["right_child"] == LEAF)
    _check_children(nodes["left_child"], nodes["right_child"], is_leaf)
    feature = nodes["feature"][~is_leaf]
    if np.any((feature < 0) | (feature >= n_features)):
        raise _unsound("a node asks for a feature that it does not have")


def check_estimators(objects: list[Any]) -> None:
    """Accept loaded objects: a decision tree states as many features as its arrays were built for.

    scikit-learn compares `n_features_in_` with the rows on every way into a tree, so equality closes the gap between
    them. Raises RefusalError `model-unreadable`.
    """
    for item in objects:
        tree = vars(item).get("tree_") if hasattr(item, "__dict__") else None
        if tree is not None and vars(item).get("n_features_in_") != getattr(tree, "n_features", None):
            raise _unsound("it was built for another number of features than its estimator states")


def guard_boosting() -> None:
    """Put a check in front of the two native functions of boosting that take arrays from a model as they are."""
    # A protected name: nothing public lies between the model's arrays and native code.
    _guard(
        importlib.import_module("sklearn.ensemble._hist_gradient_boosting.predictor"),
        "_predict_from_raw_data",
        ("nodes", "rows", "bitsets", "known", "feature_map"),
        _check_histogram_tree,
    )
    _guard(
        importlib.import_module("sklearn.ensemble._gb"),
        "predict_stages",
        ("estimators", "X", "scale", "out"),
        _check_stages,
    )


def _guard(
    module: ModuleType, name: str, parameters: tuple[str, ...], check: Callable[[Mapping[str, Any]], None]
) -> None:
    native = getattr(module, name)

    def call(*positional: Any, **named: Any) -> Any:  # noqa: ANN401  # passes on what it gets
        check(dict(zip(parameters, positional, strict=False)) | named)
        return native(*positional, **named)

    setattr(module, name, call)


def _check_histogram_tree(given: Mapping[str, Any]) -> None:
    nodes, bitsets, known, feature_map = given["nodes"], given["bitsets"], given["known"], given["feature_map"]
    n_features = given["rows"].shape[1]
    is_leaf = nodes["is_leaf"].astype(bool)
    if not len(nodes) or len(feature_map) < n_features:
        raise _unsound("it has no nodes, or knows fewer features than the rows have")
    _check_children(nodes["left"].astype(np.int64), nodes["right"].astype(np.int64), is_leaf)
    feature = nodes["feature_idx"][~is_leaf]
    if np.any((feature < 0) | (feature >= n_features)):
        raise _unsound("a node asks for a feature that it does not have")
    categorical = nodes[(nodes["is_categorical"] != 0) & ~is_leaf]
    if not len(categorical):
        return
    is_bounded = np.all(categorical["bitset_idx"] < len(bitsets)) and np.all(
        feature_map[categorical["feature_idx"]] < len(known)
    )
    if not is_bounded or bitsets.shape[1] != BITSET_WORDS or known.shape[1] != BITSET_WORDS:
        raise _unsound("a node asks for a set of categories that it does not have")


def _check_stages(given: Mapping[str, Any]) -> None:
    estimators, rows, out = given["estimators"], given["X"], given["out"]
    if estimators.shape[1] > out.shape[1] or out.shape[0] < rows.shape[0]:
        raise _unsound("it has more trees a stage than answers")
    if any(estimator.tree_.n_features > rows.shape[1] for estimator in estimators.flat):
        raise _unsound("it was built for more features than the rows have")


def _check_children(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any], is_leaf: np.ndarray[Any, Any]) -> None:
    own = np.arange(len(left))
    for child in (left, right):
        if np.any(~is_leaf & ((child <= own) | (child >= len(left)))):
            raise _unsound("a node's child lies outside of the tree, or before its parent")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _unsound(reason: str) -> RefusalError:
    return RefusalError("model-unreadable", f"a tree in it is damaged or crafted: {reason}")
