"""XGBoost's model document: read strictly, checked, and written in one form.

XGBoost follows the indices of a model as they stand. What it gets to see is the JSON that this module writes, never
the file that came. The document is that of https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from .refusal import RefusalError
from .ubjson import MalformedUbjsonError, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST: Final = 512 * 1024**2
MOST_GROUPS: Final = 10_000
NO_NODE: Final = -1
DELETED: Final = (2**31 - 1, 2**32 - 1)
"""What stands for the feature of a node that was pruned, and for the parent of the root."""

BINARY: Final = frozenset({"binary:logistic"})
MULTICLASS: Final = frozenset({"multi:softprob", "multi:softmax"})
NUMBERS: Final = frozenset(
    {
        "binary:logitraw", "binary:hinge", "count:poisson", "rank:map", "rank:ndcg", "rank:pairwise",
        "reg:absoluteerror", "reg:gamma", "reg:logistic", "reg:pseudohubererror", "reg:quantileerror",
        "reg:squarederror", "reg:squaredlogerror", "reg:tweedie", "survival:aft", "survival:cox",
    }
)  # fmt: skip
"""Objectives whose models answer with a number a row, or several, such as the quantiles of `reg:quantileerror`."""

_LONG: Final = (
    "left_children", "right_children", "parents", "split_indices", "split_type", "default_left",
)  # fmt: skip
_REAL: Final = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
_EMPTY: Final = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_BASE_SCORE: Final = re.compile(r"\[?[-+]?[0-9.]{1,20}(?:[eE][-+]?[0-9]{1,3})?(?:,[-+0-9.eE]{1,24})*\]?")


@dataclass(frozen=True, slots=True)
class XgboostDocument:
    """A document that was checked."""

    text: str
    """In the one form."""
    feature_names: tuple[str, ...] | None
    n_features: int
    objective: str
    n_classes: int
    """Classes that it answers for; 0 if it answers with numbers, or of several labels."""
    n_targets: int
    """Numbers, or labels, that it answers for each row."""
    rounds: int | None
    """How many rounds of boosting answer, where early stopping chose; None: all."""


def read_document(data: bytes) -> XgboostDocument:
    """Return the model in DATA (JSON or UBJSON); raises RefusalError `model-unreadable` or `model-forbidden-type`."""
    if len(data) > LARGEST:
        raise _unsound(f"{len(data)} bytes, more than the {LARGEST} that are allowed")
    document = _parsed(data)
    try:
        return _checked(document)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError) as error:
        raise _unsound(f"it is not built as XGBoost builds it ({type(error).__name__}: {error})") from error


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        # In UBJSON the length of the first key follows, in JSON a quotation mark or a blank.
        is_binary = data[1:2] in {b"L", b"l", b"I", b"U", b"i"}
        value = decode(data) if is_binary else json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant)
    except (MalformedUbjsonError, ValueError, RecursionError) as error:
        raise _unsound(f"it is neither JSON nor UBJSON: {error}") from error
    if not isinstance(value, dict) or value.keys() - {"Config"} != {"learner", "version"}:
        raise _unsound("it holds no learner")
    return value


def _checked(document: dict[str, Any]) -> XgboostDocument:
    learner = document["learner"]
    parameters, objective = learner["learner_model_param"], learner["objective"]["name"]
    n_features, n_targets = int(parameters["num_feature"]), int(parameters.get("num_target", "1"))
    n_classes = int(parameters["num_class"])
    if n_features < 1 or not 1 <= n_targets <= MOST_GROUPS or not 0 <= n_classes <= MOST_GROUPS:
        raise _unsound(f"{n_features} features, {n_classes} classes, {n_targets} targets")
    if objective not in BINARY | MULTICLASS | NUMBERS or (objective in MULTICLASS) != (n_classes > 1):
        raise _unsound(f"the objective {str(objective)[:40]!r} with {n_classes} classes")
    if not _BASE_SCORE.fullmatch(parameters["base_score"]):
        raise _unsound("its base score is no number")
    groups, n_scores = max(n_classes, n_targets), parameters["base_score"].count(",") + 1
    if min(n_classes, n_targets) > 1 or n_scores not in {groups, 1 if n_targets == 1 else groups}:
        raise _unsound(f"{n_scores} base scores, {n_classes} classes, {n_targets} targets")
    names, types = learner.get("feature_names", []), learner.get("feature_types", [])
    _check_names(names, types, n_features)
    booster = learner["gradient_booster"]
    rounds = _check_booster(booster, n_features, groups)
    best = learner.get("attributes", {}).get("best_iteration")
    if best is not None and not 0 <= int(best) < (rounds or 0):
        raise _unsound("its best round is none of its rounds")
    whole = {"learner": learner, "version": document["version"]}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return XgboostDocument(
        text,
        tuple(names) or None,
        n_features,
        objective,
        2 if objective in BINARY and n_targets == 1 else n_classes,
        n_targets,
        None if best is None else int(best) + 1,
    )


def _check_names(names: list[Any], types: list[Any], n_features: int) -> None:
    if len(names) not in {0, n_features} or len(set(names)) != len(names):
        raise _unsound(f"{len(names)} names for {n_features} features")
    if not all(isinstance(name, str) and name for name in names) or len(types) not in {0, n_features}:
        raise _unsound("its features have no names, or no types")
    if "c" in types:
        raise _categorical()


def _check_booster(booster: dict[str, Any], n_features: int, groups: int) -> int | None:
    """Return the number of rounds of trees, None for a linear model."""
    match booster["name"]:
        case "gblinear":
            if len(_reals(booster["model"]["weights"])) != (n_features + 1) * groups:
                raise _unsound("its weights are not one a feature")
            return None
        case "gbtree":
            return _check_trees(booster["model"], n_features, groups)
        case "dart":
            rounds = _check_trees(booster["gbtree"]["model"], n_features, groups)
            if len(_reals(booster["weight_drop"])) != len(booster["gbtree"]["model"]["trees"]):
                raise _unsound("its weights are not one a tree")
            return rounds
        case other:
            raise _unsound(f"the booster {str(other)[:40]!r} is not known")


def _check_trees(model: dict[str, Any], n_features: int, groups: int) -> int:
    trees, infos, parameters = model["trees"], _whole(model["tree_info"]), model["gbtree_model_param"]
    if int(parameters["num_trees"]) != len(trees) or len(infos) != len(trees) or not trees:
        raise _unsound("its number of trees is not that of its list")
    if int(parameters.get("num_parallel_tree", "1")) < 1 or np.any((infos < 0) | (infos >= groups)):
        raise _unsound("a tree answers for a class that there is not")
    bounds = _whole(model.get("iteration_indptr", []))
    if len(bounds) and (bounds[0] != 0 or bounds[-1] != len(trees) or np.any(np.diff(bounds) < 0)):
        raise _unsound("its rounds are not made of its trees")
    cats = model.get("cats", {})
    if any(cats.get(name) for name in ("enc", "sorted_idx")) or any(cats.get("feature_segments", [])):
        raise _categorical()
    for place, tree in enumerate(trees):
        if tree["id"] != place:
            raise _unsound(f"tree {place} is called {str(tree['id'])[:20]}")
        _check_tree(tree, n_features, place)
    return len(bounds) - 1 if len(bounds) else len(trees) // groups


def _check_tree(tree: Mapping[str, Any], n_features: int, place: int) -> None:
    stated = tree["tree_param"]
    n_nodes = int(stated["num_nodes"])
    if int(stated["num_feature"]) not in {0, n_features} or int(stated.get("size_leaf_vector", "1")) not in {0, 1}:
        raise _unsound(f"tree {place} was built for other features, or answers with several numbers")
    if any(len(tree.get(name, ())) for name in _EMPTY):
        raise _categorical()
    arrays = {name: _whole(tree[name]) for name in _LONG}
    lengths = {len(values) for values in arrays.values()} | {len(_reals(tree[name])) for name in _REAL}
    if lengths != {n_nodes} or n_nodes < 1 or arrays["split_type"].any():
        raise _unsound(f"the arrays of tree {place} are not as long as it is")
    left, right, parent, feature = (arrays[name] for name in _LONG[:4])
    is_leaf = left == NO_NODE
    children = np.concatenate([left[~is_leaf], right[~is_leaf]])
    # Every node is the child of at most one other and the root of none: what begins at the root is a tree and ends.
    if np.any((children < 1) | (children >= n_nodes)) or len(np.unique(children)) != len(children):
        raise _unsound(f"a child lies outside of tree {place}, or has two parents")
    if np.any(right[is_leaf] != NO_NODE) or np.any((feature[~is_leaf] < 0) | (feature[~is_leaf] >= n_features)):
        raise _unsound(f"tree {place} asks for a feature that the model does not have")
    is_known = (parent >= 0) & (parent < n_nodes)
    if not np.all(is_known | np.isin(parent, DELETED)):
        raise _unsound(f"a parent lies outside of tree {place}")
    if not np.all(np.isin(feature[is_leaf], DELETED) | ((feature[is_leaf] >= 0) & (feature[is_leaf] < n_features))):
        raise _unsound(f"a leaf of tree {place} names a feature that the model does not have")
    if np.any((arrays["default_left"] < 0) | (arrays["default_left"] > 1)):
        raise _unsound(f"tree {place} sends missing values nowhere")


def _whole(values: list[Any]) -> np.ndarray[Any, Any]:
    array = np.array(values, dtype=np.int64) if values else np.zeros(0, np.int64)
    if array.ndim != 1 or not all(type(value) in {int, bool} for value in values):
        raise _unsound("a list of whole numbers is none")
    return array


def _reals(values: list[Any]) -> np.ndarray[Any, Any]:
    array = np.array(values, dtype=np.float64) if values else np.zeros(0)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise _unsound("a list of numbers is none, or holds infinity")
    return array


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _categorical() -> RefusalError:
    return RefusalError(
        "model-forbidden-type", "categorical splits of XGBoost (encode categories as numbers, or use LightGBM)"
    )


def _unsound(reason: str) -> RefusalError:
    return RefusalError("model-unreadable", f"an XGBoost model that is damaged or crafted: {reason}")
