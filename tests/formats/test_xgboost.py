from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.formats import xgboost_model as module
from mlci.formats.refusal import RefusalError
from mlci.formats.xgboost_json import read_document
from mlci.formats.zip_members import ZipLimits
from tests.formats.native_models import LABELS, ROWS, TARGETS, library, xgboost_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def loaded(folder: Path, data: bytes) -> module.XgboostModel:
    (folder / "model.json").write_bytes(data)
    return module.load(str(folder / "model.json"), ZipLimits())


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(RefusalError) as caught:
        read_document(data)
    return caught.value.code, caught.value.message


def tampered(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The model with its learner changed."""
    document = copy.deepcopy(json.loads(xgboost_model()))
    change(document["learner"])
    return json.dumps(document).encode()


def tree(learner: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = learner["gradient_booster"]["model"]["trees"][0]
    return found


def put(place: Callable[[dict[str, Any]], Any], key: object, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda learner: place(learner).__setitem__(key, value)


def is_sound_or_refused(data: bytes) -> bool:
    """Whether the bytes are refused in words, or their form is the form of itself."""
    try:
        document = read_document(data)
    except RefusalError as error:
        return error.code in {"model-unreadable", "model-forbidden-type"}
    return read_document(document.text.encode()) == document


@pytest.mark.parametrize(
    ("objective", "parameters"),
    [
        ("binary:logistic", {}),
        ("multi:softprob", {"num_class": 3}),
        ("reg:squarederror", {}),
        ("reg:squarederror", {"booster": "gblinear"}),
        ("binary:logistic", {"booster": "dart", "rate_drop": 0.5}),
        ("binary:logistic", {"num_parallel_tree": 2}),
        ("binary:logistic", {"tree_method": "exact", "gamma": 5.0}),
    ],
)
def test_read_document__is_the_same_from_both_forms_and_loses_nothing(
    objective: str, parameters: dict[str, Any], tmp_path: Path
) -> None:
    text, binary = (xgboost_model(objective, form=form, **parameters) for form in ("json", "ubj"))
    assert read_document(text) == read_document(binary)
    matrix = library("xgboost").DMatrix(ROWS, nthread=1)
    expected = library("xgboost").Booster(model_file=bytearray(text)).predict(matrix)
    np.testing.assert_array_equal(loaded(tmp_path, binary).booster.predict(matrix), expected)


def test_read_document__its_form_is_the_form_of_itself() -> None:
    document = read_document(xgboost_model())
    assert read_document(document.text.encode()) == document


def test_describe__names_and_classes(tmp_path: Path) -> None:
    assert module.describe(loaded(tmp_path, xgboost_model())).to_dict() == {
        "estimator": "XGBoost binary:logistic",
        "feature_names": ["a", "b", "größe"],
        "n_features": 3,
        "classes": [0, 1],
        "has_probabilities": True,
        "labels": None,
    }


@pytest.mark.parametrize(
    ("objective", "parameters", "kind", "shape"),
    [
        ("binary:logistic", {}, "probabilities", (200, 2)),
        ("multi:softprob", {"num_class": 3}, "probabilities", (200, 3)),
        ("multi:softmax", {"num_class": 3}, "probabilities", (200, 3)),
        ("reg:squarederror", {}, "labels", (200,)),
        ("reg:absoluteerror", {}, "labels", (200,)),
    ],
)
def test_predict__kind_and_shape(
    objective: str, parameters: dict[str, Any], kind: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    found, values = module.predict(loaded(tmp_path, xgboost_model(objective, **parameters)), ROWS)
    assert (found, values.shape, values.dtype) == (kind, shape, np.dtype("<f8"))


def several_at_once(labels: np.ndarray[Any, Any] = TARGETS, **parameters: Any) -> tuple[bytes, Any]:  # noqa: ANN401 - XGBoost's own
    xgboost = library("xgboost")
    settings = {"max_depth": 2, "nthread": 1, **parameters}
    booster = xgboost.train(settings, xgboost.DMatrix(ROWS, labels, nthread=1), 3)
    return bytes(booster.save_raw("ubj")), booster.predict(xgboost.DMatrix(ROWS, nthread=1))


def test_predict__quantiles_of_one_model(tmp_path: Path) -> None:
    levels = np.array([0.1, 0.5, 0.9])
    content, expected = several_at_once(objective="reg:quantileerror", quantile_alpha=levels)
    model = loaded(tmp_path, content)
    kind, values = module.predict(model, ROWS)
    described = module.describe(model)
    assert (kind, values.shape, described.classes, described.labels) == ("numbers", (200, 3), None, None)
    np.testing.assert_array_equal(values, expected.astype(np.float64))


def test_predict__labels_of_one_model(tmp_path: Path) -> None:
    content, expected = several_at_once(
        np.column_stack([LABELS, TARGETS > 1]).astype(int), objective="binary:logistic"
    )  # fmt: skip
    model = loaded(tmp_path, content)
    kind, values = module.predict(model, ROWS)
    described = module.describe(model)
    assert (kind, described.classes, described.labels, described.has_probabilities) == ("multilabel", None, 2, True)
    np.testing.assert_array_equal(values, expected.astype(np.float64))


def test_predict__softmax_answers_with_the_probabilities_of_softprob(tmp_path: Path) -> None:
    _, one = module.predict(loaded(tmp_path, xgboost_model("multi:softmax", num_class=3)), ROWS)
    _, other = module.predict(loaded(tmp_path, xgboost_model("multi:softprob", num_class=3)), ROWS)
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_predict__stops_where_early_stopping_chose(tmp_path: Path) -> None:
    xgboost = library("xgboost")
    model = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2, n_jobs=1, learning_rate=1.0)
    noise = np.random.default_rng(1).permutation(LABELS)
    model.fit(ROWS, LABELS, eval_set=[(ROWS, noise)], verbose=False)
    found = loaded(tmp_path, bytes(model.get_booster().save_raw("ubj")))
    assert found.checked.rounds == model.best_iteration + 1 < len(model.get_booster().get_dump())
    np.testing.assert_allclose(module.predict(found, ROWS)[1], model.predict_proba(ROWS), atol=1e-6)


def test_predict__text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="it reads numbers only, and 'b' holds text"):
        module.predict(loaded(tmp_path, xgboost_model()), ROWS.assign(b="x"))


def model_of(learner: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = learner["gradient_booster"]["model"]
    return found


def parameters_of(learner: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = learner["learner_model_param"]
    return found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (put(lambda it: tree(it)["left_children"], 0, 99), "a child lies outside of tree 0, or has two parents"),
        (put(lambda it: tree(it)["left_children"], 0, 0), "a child lies outside of tree 0, or has two parents"),
        (put(lambda it: tree(it)["right_children"], 0, 1), "a child lies outside of tree 0, or has two parents"),
        (put(lambda it: tree(it)["right_children"], -1, 3), "tree 0 asks for a feature that the model does not have"),
        (put(lambda it: tree(it)["split_indices"], 0, 3), "tree 0 asks for a feature that the model does not have"),
        (put(lambda it: tree(it)["split_indices"], 0, -1), "tree 0 asks for a feature that the model does not have"),
        (put(lambda it: tree(it)["split_indices"], -1, 77), "a leaf of tree 0 names a feature"),
        (put(lambda it: tree(it)["parents"], 1, 77), "a parent lies outside of tree 0"),
        (put(lambda it: tree(it)["default_left"], 0, 9), "tree 0 sends missing values nowhere"),
        (put(tree, "split_conditions", [1.0]), "the arrays of tree 0 are not as long as it is"),
        (put(tree, "split_conditions", "abc"), "it is not built as XGBoost builds it"),
        (put(tree, "left_children", [[1]]), "a list of whole numbers is none"),
        (put(tree, "left_children", [1.5] * 7), "a list of whole numbers is none"),
        (put(lambda it: tree(it)["split_type"], 0, 1), "the arrays of tree 0 are not as long as it is"),
        (put(lambda it: tree(it)["tree_param"], "num_nodes", "3"), "the arrays of tree 0 are not as long as it is"),
        (put(lambda it: tree(it)["tree_param"], "num_feature", "9"), "tree 0 was built for other features"),
        (put(lambda it: tree(it)["tree_param"], "size_leaf_vector", "4"), "or answers with several numbers"),
        (put(tree, "id", 5), "tree 0 is called 5"),
        (put(model_of, "tree_info", [0, 0, 7]), "a tree answers for a class that there is not"),
        (put(model_of, "tree_info", [0]), "its number of trees is not that of its list"),
        (put(model_of, "iteration_indptr", [0, 9]), "its rounds are not made of its trees"),
        (put(parameters_of, "num_feature", "0"), "0 features, 0 classes, 1 targets"),
        (put(parameters_of, "num_target", "0"), "3 features, 0 classes, 0 targets"),
        (put(parameters_of, "num_target", "2"), "1 base scores, 0 classes, 2 targets"),
        (put(parameters_of, "base_score", "[0.5,0.5]"), "2 base scores, 0 classes, 1 targets"),
        (put(parameters_of, "num_class", "4"), "the objective 'binary:logistic' with 4 classes"),
        (put(parameters_of, "base_score", "exec"), "its base score is no number"),
        (put(lambda it: it["objective"], "name", "custom:mine"), "the objective 'custom:mine' with 0 classes"),
        (put(lambda it: it["gradient_booster"], "name", "other"), "the booster 'other' is not known"),
        (put(lambda it: it, "feature_names", ["a", "a", "b"]), "3 names for 3 features"),
        (put(lambda it: it["attributes"], "best_iteration", "99"), "its best round is none of its rounds"),
        (lambda it: it.pop("gradient_booster"), "it is not built as XGBoost builds it"),
    ],
)
def test_read_document__refuses_what_points_outside_of_itself(
    change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    code, message = refusal(tampered(change))
    assert code == "model-unreadable"
    assert message.startswith("an XGBoost model that is damaged or crafted: ")
    assert reason in message


def test_read_document__weights_of_a_linear_model_are_one_a_feature() -> None:
    document = json.loads(xgboost_model("reg:squarederror", booster="gblinear"))
    document["learner"]["gradient_booster"]["model"]["weights"].pop()
    assert "its weights are not one a feature" in refusal(json.dumps(document).encode())[1]


def test_read_document__categorical_splits_are_refused_by_name() -> None:
    assert refusal(xgboost_model("reg:squarederror", categories=True)) == (
        "model-forbidden-type",
        "categorical splits of XGBoost (encode categories as numbers, or use LightGBM)",
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{}", "it holds no learner"),
        (b"[]", "it holds no learner"),
        (b'{"learner": {}, "learner": {}}', "a key occurs twice"),
        (b'{"learner": NaN}', "NaN is no number"),
        (b"{" * 100_000, "it is neither JSON nor UBJSON"),
        (b"{L\x00", "it is neither JSON nor UBJSON: it ends within a value"),
    ],
)
def test_read_document__refuses_what_is_no_document(data: bytes, reason: str) -> None:
    assert reason in refusal(data)[1]


@given(st.data())
def test_read_document__of_anything_else_is_a_refusal_or_a_sound_model(data: st.DataObject) -> None:
    content = bytearray(xgboost_model(form=data.draw(st.sampled_from(["json", "ubj"]))))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    assert is_sound_or_refused(bytes(content))
