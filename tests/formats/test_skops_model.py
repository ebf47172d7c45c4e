from __future__ import annotations

import importlib
import io
import json
import operator
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import sparse

from mlci.formats import skops_model
from mlci.formats.refusal import RefusalError
from mlci.formats.zip_members import ZipLimits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = np.random.default_rng(0).normal(size=(60, 2))
LABELS = (ROWS.sum(axis=1) > 0).astype(int)
CATEGORIES = np.column_stack([ROWS[:, 0], np.arange(60) % 3])


def sklearn(name: str, **parameters: object) -> Any:  # noqa: ANN401  # estimators have no common type
    """An estimator by its name, such as `tree.DecisionTreeClassifier`."""
    module, _, class_name = name.rpartition(".")
    return getattr(importlib.import_module(f"sklearn.{module}"), class_name)(**parameters)


def dumped(model: object) -> bytes:
    data: bytes = importlib.import_module("skops.io").dumps(model)
    return data


def changed(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The file with its schema changed in place."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                change(schema)
                content = json.dumps(schema).encode()
            new.writestr(name, content)
    return buffer.getvalue()


def load(folder: Path, data: bytes, limits: ZipLimits | None = None) -> Any:  # noqa: ANN401  # an estimator
    path = folder / "model.skops"
    path.write_bytes(data)
    return skops_model.load(str(path), limits or ZipLimits())


def refusal(folder: Path, data: bytes) -> tuple[str, str]:
    with pytest.raises(RefusalError) as caught:
        load(folder, data)
    return caught.value.code, caught.value.message


ALLOWED: dict[str, tuple[str, dict[str, Any]]] = {
    "logistic": ("linear_model.LogisticRegression", {}),
    "forest": ("ensemble.RandomForestClassifier", {"n_estimators": 3, "random_state": 0, "n_jobs": -1}),
    "boosting": ("ensemble.GradientBoostingClassifier", {"n_estimators": 3, "random_state": 0}),
    "histogram": ("ensemble.HistGradientBoostingClassifier", {"max_iter": 3, "categorical_features": [1]}),
    "isolation": ("ensemble.IsolationForest", {"n_estimators": 3, "random_state": 0}),
    "network": ("neural_network.MLPClassifier", {"hidden_layer_sizes": (2,), "max_iter": 500, "tol": 0.1}),
    "vectors": ("svm.LinearSVC", {}),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_load__gives_back_the_model(name: str, tmp_path: Path) -> None:
    estimator, parameters = ALLOWED[name]
    model = sklearn(estimator, **parameters).fit(CATEGORIES, LABELS)
    loaded = load(tmp_path, dumped(model))
    np.testing.assert_array_equal(loaded.predict(CATEGORIES), model.predict(CATEGORIES))


def test_load__takes_calibration_and_votes(tmp_path: Path) -> None:
    calibrated = sklearn("calibration.CalibratedClassifierCV", estimator=sklearn("svm.LinearSVC"), cv=2)
    vote = sklearn("ensemble.VotingClassifier", estimators=[("a", calibrated)], voting="soft").fit(ROWS, LABELS)
    loaded = load(tmp_path, dumped(vote))
    np.testing.assert_array_equal(loaded.predict_proba(ROWS), vote.predict_proba(ROWS))


def test_load__takes_functions_of_numpy(tmp_path: Path) -> None:
    model = sklearn("preprocessing.FunctionTransformer", func=np.log1p)
    assert load(tmp_path, dumped(model)).func is np.log1p


class TestForbidden:
    """What the list does not allow is named, and never made."""

    @pytest.mark.parametrize(
        ("function", "name"),
        [
            (json.loads, "json.loads"),
            (np.loadtxt, "numpy.loadtxt"),
            (operator.attrgetter("__class__"), "operator.attrgetter"),
            (partial(np.log1p), "functools.partial"),
            (partial(json.loads), "functools.partial, json.loads"),
            (len, "builtins.len"),
        ],
    )
    def test_load__refuses_functions(self, function: object, name: str, tmp_path: Path) -> None:
        model = sklearn("preprocessing.FunctionTransformer", func=function)
        assert refusal(tmp_path, dumped(model)) == ("model-forbidden-type", name)

    def test_load__refuses_methods(self, tmp_path: Path) -> None:
        inner = sklearn("linear_model.LogisticRegression")
        model = sklearn("preprocessing.FunctionTransformer", func=inner.fit)
        code, message = refusal(tmp_path, dumped(model))
        assert (code, message.endswith("LogisticRegression.fit")) == ("model-forbidden-type", True)

    def test_load__refuses_classes_of_the_repository(self, tmp_path: Path) -> None:
        model = sklearn("linear_model.LogisticRegression").fit(ROWS, LABELS)

        def rename(schema: dict[str, Any]) -> None:
            schema |= {"__class__": "Mine", "__module__": "package.model"}

        data = changed(dumped(model), rename)
        assert refusal(tmp_path, data) == ("model-forbidden-type", "package.model.Mine")

    @pytest.mark.parametrize("loader", ["TypeNode", "ConstructorFromReduceNode", "ObjectNode", "FunctionNode"])
    def test_load__refuses_a_tree_made_in_another_way(self, loader: str, tmp_path: Path) -> None:
        model = sklearn("preprocessing.FunctionTransformer", func=None)

        def put_class(schema: dict[str, Any]) -> None:
            schema["content"]["content"]["func"] = {
                "__class__": "Tree",
                "__module__": "sklearn.tree._tree",
                "__loader__": loader,
                "content": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": []},
            }

        code, message = refusal(tmp_path, changed(dumped(model), put_class))
        assert (code, message) == ("model-forbidden-type", "sklearn.tree._tree.Tree")

    def test_load__does_not_trust_a_list_that_the_file_brings(self, tmp_path: Path) -> None:
        model = sklearn("preprocessing.FunctionTransformer", func=json.loads)
        data = changed(dumped(model), lambda schema: schema.update(trusted=["json.loads"]))
        assert refusal(tmp_path, data)[0] == "model-forbidden-type"


class TestBounds:
    """Arrays of trees that point outside of themselves."""

    @staticmethod
    def a_tree(**changes: object) -> bytes:
        """A decision tree with these fields of its first node, or these entries of its state."""
        model = sklearn("tree.DecisionTreeClassifier", max_depth=2, random_state=0).fit(ROWS, LABELS)
        state = model.tree_.__getstate__()
        for name, value in changes.items():
            fields = state["nodes"].dtype.names
            if name in fields:
                state["nodes"][name][0] = value
            else:
                state[name] = value
        model.tree_.__setstate__(state)
        return dumped(model)

    def test_load__takes_the_tree_as_it_was(self, tmp_path: Path) -> None:
        assert load(tmp_path, self.a_tree()).predict(ROWS).shape == (60,)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"left_child": 10_000}, "a node's child lies outside of the tree, or before its parent"),
            ({"right_child": -7}, "a node's child lies outside of the tree, or before its parent"),
            ({"left_child": 0}, "a node's child lies outside of the tree, or before its parent"),
            ({"left_child": -1}, "a node's child lies outside of the tree, or before its parent"),
            ({"feature": 2}, "a node asks for a feature that it does not have"),
            ({"feature": -3}, "a node asks for a feature that it does not have"),
        ],
    )
    def test_load__refuses_a_tree(self, changes: dict[str, object], reason: str, tmp_path: Path) -> None:
        code, message = refusal(tmp_path, self.a_tree(**changes))
        assert (code, message) == ("model-unreadable", f"a tree in it is damaged or crafted: {reason}")

    @pytest.mark.parametrize(
        ("place", "value", "reason"),
        [
            (("content", "content", "node_count"), 99_999, "its number of nodes is not that of its array"),
            (("__reduce__", "args", 0), 0, "its numbers of features, classes and outputs are none"),
            (("__reduce__", "args", 2), 10**9, "its numbers of classes do not fit its outputs"),
        ],
    )
    def test_load__refuses_stated_sizes(
        self, place: tuple[str | int, ...], value: int, reason: str, tmp_path: Path
    ) -> None:
        def restate(schema: dict[str, Any]) -> None:
            node: Any = schema["content"]["content"]["tree_"]
            for step in place[:-1]:
                node = node[step]
            inner = node["content"] if isinstance(place[-1], int) else node
            inner[place[-1]] = {**inner[place[-1]], "content": str(value), "__loader__": "JsonNode", "__id__": 12}

        assert refusal(tmp_path, changed(self.a_tree(), restate))[1].endswith(reason)

    def test_load__refuses_an_estimator_with_more_features_than_its_tree(self, tmp_path: Path) -> None:
        model = sklearn("tree.DecisionTreeClassifier").fit(ROWS, LABELS)
        model.n_features_in_ = 1
        assert "another number of features" in refusal(tmp_path, dumped(model))[1]

    @pytest.mark.parametrize(
        ("field", "value"),
        [("left", 10_000), ("right", 0), ("feature_idx", 99), ("feature_idx", -1), ("bitset_idx", 99)],
    )
    def test_predict__refuses_histogram_trees(self, field: str, value: int, tmp_path: Path) -> None:
        model = sklearn("ensemble.HistGradientBoostingClassifier", max_iter=2, categorical_features=[1])
        model.fit(CATEGORIES, (CATEGORIES[:, 1] == 1).astype(int))
        nodes = vars(model)["_predictors"][0][0].nodes
        nodes[field][nodes["is_leaf"] == 0] = value
        loaded = load(tmp_path, dumped(model))
        with pytest.raises(RefusalError, match="a tree in it is damaged or crafted"):
            skops_model.predict(loaded, CATEGORIES)

    def test_predict__refuses_boosted_trees_of_more_features(self, tmp_path: Path) -> None:
        wide = np.column_stack([np.zeros(60), np.zeros(60), ROWS])
        model = sklearn("ensemble.GradientBoostingClassifier", n_estimators=2).fit(ROWS, LABELS)
        other = sklearn("ensemble.GradientBoostingClassifier", n_estimators=2).fit(wide, LABELS)
        model.estimators_[1, 0] = other.estimators_[1, 0]
        loaded = load(tmp_path, dumped(model))
        with pytest.raises(RefusalError, match="it was built for more features than the rows have"):
            skops_model.predict(loaded, ROWS)

    def test_predict__refuses_more_boosted_trees_than_answers(self, tmp_path: Path) -> None:
        model = sklearn("ensemble.GradientBoostingClassifier", n_estimators=2, init="zero").fit(ROWS, LABELS)
        model.estimators_ = np.column_stack([model.estimators_] * 3)
        loaded = load(tmp_path, dumped(model))
        with pytest.raises(RefusalError, match="it has more trees a stage than answers"):
            skops_model.predict(loaded, ROWS)

    def test_load__refuses_sparse_matrices_with_indices_outside(self, tmp_path: Path) -> None:
        model = sklearn("linear_model.LogisticRegression").fit(ROWS, LABELS)
        model.matrix = sparse.csr_matrix(np.eye(3))
        model.matrix.indices[0] = 99
        path = tmp_path / "model.skops"
        path.write_bytes(dumped(model))
        with pytest.raises(RefusalError, match="indices"):
            skops_model.load(str(path), ZipLimits())


@pytest.mark.parametrize("protocol", [3, -1, True, "2", None])
def test_load__refuses_other_protocols(protocol: object, tmp_path: Path) -> None:
    data = changed(dumped(sklearn("linear_model.LinearRegression")), lambda schema: schema.update(protocol=protocol))
    assert refusal(tmp_path, data) == (
        "model-unreadable",
        f"its skops protocol is {protocol!r}; protocols up to 2 can be read",
    )


def test_load__refuses_bombs(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="when unpacked, more than the 100 that are allowed"):
        load(tmp_path, dumped(sklearn("linear_model.LinearRegression")), ZipLimits(total_bytes=100))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x04]."])
def test_load__refuses_what_is_no_zip(data: bytes, tmp_path: Path) -> None:
    assert refusal(tmp_path, data)[0] == "model-unreadable"


def test_describe__a_classifier() -> None:
    model = sklearn("linear_model.LogisticRegression").fit(ROWS, np.where(LABELS == 1, "yes", "no"))
    assert skops_model.describe(model).to_dict() == {
        "estimator": "LogisticRegression",
        "feature_names": None,
        "n_features": 2,
        "classes": ["no", "yes"],
        "has_probabilities": True,
        "labels": None,
    }


def test_describe__a_regression() -> None:
    model = sklearn("linear_model.LinearRegression").fit(ROWS, LABELS)
    assert skops_model.describe(model).to_dict() == {
        "estimator": "LinearRegression",
        "feature_names": None,
        "n_features": 2,
        "classes": None,
        "has_probabilities": False,
        "labels": None,
    }


def test_predict__positions_of_a_classifier_without_probabilities() -> None:
    model = sklearn("svm.LinearSVC").fit(ROWS, np.where(LABELS == 1, "no", "yes"))
    kind, values = skops_model.predict(model, ROWS)
    assert (kind, values.dtype) == ("labels", np.float64)
    np.testing.assert_array_equal(np.array(["no", "yes"])[values.astype(int)], model.predict(ROWS))


@pytest.mark.parametrize(
    ("constant", "code"),
    [(np.array([["text"]]), "model-answers-text"), (np.array([[None]]), "model-answers-text")],
)
def test_predict__refuses_text(constant: np.ndarray, code: str) -> None:
    model = sklearn("dummy.DummyRegressor").fit(ROWS, LABELS)
    model.constant_ = constant
    with pytest.raises(RefusalError) as caught:
        skops_model.predict(model, ROWS)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "options", "inner"),
    [
        ("ensemble.RandomForestRegressor", {"n_estimators": 3, "random_state": 1}, ""),
        ("linear_model.LinearRegression", {}, ""),
        ("multioutput.MultiOutputRegressor", {}, "linear_model.LinearRegression"),
    ],
)
def test_predict__several_numbers_at_once(tmp_path: Path, name: str, options: dict[str, object], inner: str) -> None:
    rows = np.random.default_rng(0).normal(size=(80, 2))
    table = np.column_stack([rows[:, 0] - 1, rows[:, 0], rows[:, 0] + 1])
    estimator = sklearn(name, **options, **({"estimator": sklearn(inner)} if inner else {}))
    model = load(tmp_path, dumped(estimator.fit(rows, table)))
    kind, values = skops_model.predict(model, rows)
    assert (kind, values.shape, values.dtype, values.flags["C_CONTIGUOUS"]) == ("numbers", (80, 3), np.float64, True)
    np.testing.assert_array_equal(values, model.predict(rows))
    assert skops_model.describe(model).classes is None


def test_predict__models_of_one_quantile_each_stand_in_one(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(80, 2))
    model = sklearn("multioutput.MultiOutputRegressor", estimator=sklearn("linear_model.QuantileRegressor"))
    model.estimators_ = [
        sklearn("linear_model.QuantileRegressor", quantile=level, alpha=0.0).fit(rows, rows[:, 0] * 2)
        for level in (0.1, 0.5, 0.9)
    ]
    kind, values = skops_model.predict(load(tmp_path, dumped(model)), rows)
    assert (kind, values.shape) == ("numbers", (80, 3))


def test_predict__refuses_several_outputs_that_are_no_labels() -> None:
    model = sklearn("ensemble.RandomForestClassifier", n_estimators=2).fit(ROWS, np.column_stack([LABELS, LABELS + 1]))
    for ask in (partial(skops_model.predict, model, ROWS), partial(skops_model.describe, model)):
        with pytest.raises(RefusalError, match="several outputs"):
            ask()


@pytest.mark.parametrize(
    ("name", "options", "inner"),
    [
        ("ensemble.RandomForestClassifier", {"n_estimators": 3, "random_state": 1}, ""),
        ("neighbors.KNeighborsClassifier", {"algorithm": "brute"}, ""),
        ("multioutput.MultiOutputClassifier", {}, "linear_model.LogisticRegression"),
        ("multioutput.ClassifierChain", {}, "linear_model.LogisticRegression"),
        ("multiclass.OneVsRestClassifier", {}, "linear_model.LogisticRegression"),
        ("neural_network.MLPClassifier", {"hidden_layer_sizes": (3,), "max_iter": 30, "random_state": 1}, ""),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_predict__several_labels_at_once(tmp_path: Path, name: str, options: dict[str, object], inner: str) -> None:
    rows = np.random.default_rng(0).normal(size=(80, 2))
    table = np.column_stack([rows[:, 0] > 0, rows[:, 1] > 0.5, rows.sum(axis=1) > 1]).astype(int)
    estimator = sklearn(name, **options, **({"estimator": sklearn(inner)} if inner else {}))
    steps = [("scale", sklearn("preprocessing.StandardScaler")), ("model", estimator)]
    model = load(tmp_path, dumped(sklearn("pipeline.Pipeline", steps=steps).fit(rows, table)))
    described = skops_model.describe(model)
    assert (described.classes, described.labels, described.has_probabilities) == (None, 3, True)
    kind, values = skops_model.predict(model, rows)
    assert (kind, values.shape, values.dtype) == ("multilabel", (80, 3), np.float64)
    np.testing.assert_array_equal(values > 0.5, np.asarray(model.predict(rows), dtype=bool))


def test_predict__a_label_that_no_row_had_is_never_likely() -> None:
    table = np.column_stack([LABELS == 1, np.zeros(len(LABELS))]).astype(int)
    model = sklearn("ensemble.RandomForestClassifier", n_estimators=2).fit(ROWS, table)
    assert skops_model.predict(model, ROWS)[1][:, 1].tolist() == [0.0] * len(ROWS)


def test_describe__a_model_that_contains_itself_ends() -> None:
    model = sklearn("linear_model.LogisticRegression").fit(ROWS, LABELS)
    model.best_estimator_ = model
    assert skops_model.describe(model).labels is None


def test_predict__refuses_classes_that_are_not_the_models() -> None:
    model = sklearn("linear_model.RidgeClassifier").fit(ROWS, LABELS)
    model.predict = lambda rows: np.full(len(rows), 7)
    with pytest.raises(RefusalError, match="a class that is none of its own"):
        skops_model.predict(model, ROWS)
