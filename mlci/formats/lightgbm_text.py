"""LightGBM's model text: read strictly, checked, and written in one form.

LightGBM follows the indices of a model as they stand, and jumps through the text by the sizes that it states. What it
gets to see is therefore the text that this module writes, never the one that came. The grammar is that of
`GBDT::SaveModelToString` and `Tree::ToString`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST: Final = 512 * 1024**2
MOST_CLASSES: Final = 10_000
MOST_LEAVES: Final = 1_000_000

_HEADER: Final = (
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective",
    "average_output", "feature_names", "monotone_constraints", "feature_infos", "tree_sizes",
)  # fmt: skip
_NEEDED: Final = ("num_class", "num_tree_per_iteration", "max_feature_idx", "feature_names", "feature_infos")

_OF_SPLITS: Final = (
    "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
    "internal_value", "internal_weight", "internal_count",
)  # fmt: skip
_OF_LEAVES: Final = ("leaf_value", "leaf_weight", "leaf_count")
_OF_TREES: Final = (
    "num_leaves", "num_cat", *_OF_SPLITS[:6], "cat_boundaries", "cat_threshold", *_OF_LEAVES, *_OF_SPLITS[6:],
    "is_linear", "shrinkage",
)  # fmt: skip

_INTEGER: Final = re.compile(r"-?[0-9]{1,10}")
_INTEGERS: Final = re.compile(r"-?[0-9]{1,10}( -?[0-9]{1,10})*")
_NUMBER: Final = r"[-+]?(?:[0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]{1,3})?|inf|nan)"
_NUMBERS: Final = re.compile(rf"{_NUMBER}( {_NUMBER})*")
_OBJECTIVE: Final = re.compile(r"([a-z_0-9]+)((?: (?:[a-z_]+:[-+0-9.e]{1,24}|sqrt))*)")
_INFO: Final = re.compile(rf"none|\[{_NUMBER}:{_NUMBER}\]|-?[0-9]+(:-?[0-9]+)*")

BINARY: Final = "binary"
MULTICLASS: Final = ("multiclass", "multiclassova")
NUMBERS: Final = frozenset(
    {
        "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie",
        "cross_entropy", "cross_entropy_lambda", "lambdarank", "rank_xendcg", "custom",
    }
)  # fmt: skip
"""Objectives whose models answer with one number a row."""

CATEGORICAL: Final = 1
"""The bit of a decision that asks for a category."""


@dataclass(frozen=True, slots=True)
class LightgbmText:
    """A model text that was checked."""

    text: str
    """In the one form, without the parameters of its training."""
    feature_names: tuple[str, ...]
    objective: str
    n_classes: int
    """Classes that it answers for; 0 if it answers with a number."""
    categories: tuple[tuple[str | int | float | bool, ...], ...]
    """For each column of categories, in order, the categories that it knows."""

    @property
    def has_own_names(self) -> bool:
        """Whether LightGBM named the features itself, because it was trained on an array."""
        return self.feature_names == tuple(f"Column_{place}" for place in range(len(self.feature_names)))


def read_text(data: bytes) -> LightgbmText:
    """Return the model in DATA; raises RefusalError `model-unreadable` where it is damaged or points outside."""
    if len(data) > LARGEST:
        raise _unsound(f"{len(data)} bytes, more than the {LARGEST} that are allowed")
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _unsound("it is no UTF-8") from error
    head, *parts = re.split(r"\n\n+", text)
    first, _, fields = head.partition("\n")
    if first != "tree":
        raise _unsound("it does not begin with `tree`")
    header = _fields(fields, _HEADER)
    trees = list(_trees(parts))
    n_features = _check_header(header, len(trees))
    for place, tree in enumerate(trees):
        _check_tree(tree, n_features, place)
    objective, n_classes = _objective(header)
    categories, tail = _categories(text)
    written = [_written(tree, place) for place, tree in enumerate(trees)]
    sizes = " ".join(str(len(each.encode())) for each in written)
    header = {**header, "tree_sizes": sizes}
    lines = [f"{key}={header[key]}" if header[key] else key for key in _HEADER if key in header]
    whole = "\n".join(["tree", *lines]) + "\n\n" + "".join(written) + f"end of trees\n\n{tail}"
    return LightgbmText(whole, tuple(header["feature_names"].split(" ")), objective, n_classes, categories)


def _fields(text: str, known: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        key, _, value = line.partition("=")
        if key not in known:
            raise _unsound(f"the line {line[:40]!r} is none that LightGBM writes")
        if key in found:
            raise _unsound(f"`{key}` stands twice")
        found[key] = value
    return found


def _trees(parts: list[str]) -> Iterator[dict[str, str]]:
    for place, part in enumerate(parts):
        first, _, fields = part.partition("\n")
        if first.strip() == "end of trees":
            return
        if first != f"Tree={place}":
            raise _unsound(f"tree {place} begins with {first[:40]!r}")
        if "\nis_linear=1" in fields:
            raise RefusalError("model-forbidden-type", "linear trees of LightGBM (train with linear_tree=false)")
        yield _fields(fields, _OF_TREES)
    raise _unsound("it ends before its trees do")


def _check_header(header: Mapping[str, str], n_trees: int) -> int:
    """Return the number of features."""
    missing = [key for key in _NEEDED if key not in header]
    if missing:
        raise _unsound(f"it lacks `{missing[0]}`")
    n_features = _integer(header["max_feature_idx"]) + 1
    n_classes, step = _integer(header["num_class"]), _integer(header["num_tree_per_iteration"])
    if not 1 <= n_classes <= MOST_CLASSES or step != n_classes:
        raise _unsound(f"{n_classes} classes with {step} trees each time")
    if n_features < 1 or n_trees < 1 or n_trees % step:
        raise _unsound(f"{n_features} features, {n_trees} trees for {n_classes} classes")
    names, infos = header["feature_names"].split(" "), header["feature_infos"].split(" ")
    if len(names) != n_features or len(infos) != n_features or not all(map(_INFO.fullmatch, infos)):
        raise _unsound(f"{len(names)} names and {len(infos)} ranges for {n_features} features")
    if len(set(names)) < len(names) or not all(names):
        raise _unsound("a feature has no name, or that of another")
    constraints = header.get("monotone_constraints")
    if constraints is not None and len(_integers(constraints)) != n_features:
        raise _unsound("its monotone constraints are not one a feature")
    if header.get("average_output") or not re.fullmatch(r"v[0-9]{1,3}", header.get("version", "v4")):
        raise _unsound("its version is none")
    if not _INTEGER.fullmatch(header.get("label_index", "0")):
        raise _unsound("its label is no number")
    return n_features


def _objective(header: Mapping[str, str]) -> tuple[str, int]:
    """Return the objective, and for how many classes the model answers; 0 for numbers."""
    match = _OBJECTIVE.fullmatch(header.get("objective") or "custom")
    name = match[1] if match else ""
    n_classes = int(header["num_class"])
    if match is None or not (name == BINARY or name in MULTICLASS or name in NUMBERS):
        raise _unsound("its objective is none that is known here")
    if name not in MULTICLASS:
        if n_classes != 1:
            raise _unsound(f"the objective {name} with {n_classes} classes")
        return name, 2 if name == BINARY else 0
    stated = dict(part.split(":") for part in match[2].split() if ":" in part).get("num_class")
    if stated != str(n_classes):
        raise _unsound("its objective has another number of classes than its trees")
    return name, n_classes


def _check_tree(tree: Mapping[str, str], n_features: int, place: int) -> None:
    n_leaves, n_categorical = _integer(tree.get("num_leaves", "")), _integer(tree.get("num_cat", "0"))
    n_splits = n_leaves - 1
    if not 1 <= n_leaves <= MOST_LEAVES or n_categorical < 0:
        raise _unsound(f"tree {place} has {n_leaves} leaves")
    if tree.get("is_linear", "0") != "0":
        raise _unsound(f"tree {place} is of a kind that is not known")
    _check_lengths(tree, n_leaves, place)
    left, right, feature, decision = (
        _integers(tree.get(name, "")) for name in ("left_child", "right_child", "split_feature", "decision_type")
    )
    threshold = _numbers(tree.get("threshold", ""))
    if {len(left), len(right), len(feature), len(decision), len(threshold)} != {n_splits}:
        raise _unsound(f"tree {place} has splits that are not described")
    _check_splits(left, right, n_leaves, place)
    if np.any((feature < 0) | (feature >= n_features)):
        raise _unsound(f"tree {place} asks for a feature that the model does not have")
    if np.any((decision < 0) | (decision >= 12)):  # noqa: PLR2004 - two bits, and a missing type of three
        raise _unsound(f"tree {place} decides in a way that is not known")
    _check_categories(tree, threshold[(decision & CATEGORICAL) != 0], n_categorical, place)


def _check_lengths(tree: Mapping[str, str], n_leaves: int, place: int) -> None:
    for name in (*_OF_SPLITS, *_OF_LEAVES):
        length = n_leaves if name in _OF_LEAVES else n_leaves - 1
        if tree.get(name) and len(_numbers(tree[name])) != length:
            raise _unsound(f"`{name}` of tree {place} is not as long as the tree is")
    if not tree.get("leaf_value"):
        raise _unsound(f"tree {place} has leaves without a value")
    if not re.fullmatch(_NUMBER, tree.get("shrinkage", "1")):
        raise _unsound(f"the shrinkage of tree {place} is no number")


def _check_splits(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any], n_leaves: int, place: int) -> None:
    own = np.arange(n_leaves - 1)
    for child in (left, right):
        # A split that follows was made later; a leaf is written as the complement of its number.
        is_outside = (child >= 0) & ((child <= own) | (child >= n_leaves - 1))
        if np.any(is_outside) or np.any(~child[child < 0] >= n_leaves):
            raise _unsound(f"a child lies outside of tree {place}, or before its parent")


def _check_categories(tree: Mapping[str, str], asked: np.ndarray[Any, Any], count: int, place: int) -> None:
    bounds, bits = _integers(tree.get("cat_boundaries", "")), _integers(tree.get("cat_threshold", ""))
    if not count:
        if len(asked) or len(bounds) or len(bits):
            raise _unsound(f"tree {place} asks for categories that it does not have")
        return
    is_whole = len(bounds) == count + 1 and bounds[0] == 0 and bounds[-1] == len(bits) and np.all(np.diff(bounds) > 0)
    if not is_whole or np.any((asked < 0) | (asked >= count) | (asked != np.floor(asked))):
        raise _unsound(f"tree {place} asks for a set of categories that it does not have")
    if np.any((bits < 0) | (bits >= 2**32)):
        raise _unsound(f"a set of categories of tree {place} is none")


def _written(tree: Mapping[str, str], place: int) -> str:
    lines = [f"{key}={tree[key]}" for key in _OF_TREES if key in tree]
    return "\n".join([f"Tree={place}", *lines]) + "\n\n\n"


def _categories(text: str) -> tuple[tuple[tuple[str | int | float | bool, ...], ...], str]:
    """Return the categories of pandas' columns and the line that says them."""
    _, mark, line = text.rpartition("\npandas_categorical:")
    try:
        value = json.loads(line) if mark else None
    except (ValueError, RecursionError) as error:
        raise _unsound("its categories are no JSON") from error
    if value is None:
        return (), "pandas_categorical:null\n"
    is_list = isinstance(value, list) and all(isinstance(each, list) for each in value)
    if not is_list or not all(isinstance(item, str | int | float | bool) for each in value for item in each):
        raise _unsound("its categories are no lists of texts and numbers")
    return tuple(map(tuple, value)), f"pandas_categorical:{json.dumps(value)}\n"


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _unsound(f"{text[:20]!r} is no whole number")
    return int(text)


def _integers(text: str) -> np.ndarray[Any, Any]:
    if text and not _INTEGERS.fullmatch(text):
        raise _unsound("a list of whole numbers is none")
    return np.array(text.split(), dtype=np.int64)


def _numbers(text: str) -> np.ndarray[Any, Any]:
    if text and not _NUMBERS.fullmatch(text):
        raise _unsound("a list of numbers is none")
    return np.array(text.split(), dtype=np.float64)


def _unsound(reason: str) -> RefusalError:
    return RefusalError("model-unreadable", f"a LightGBM model that is damaged or crafted: {reason}")
