from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.formats import onnx_model as module
from mlci.formats.onnx_graph import read_graph
from mlci.formats.protobuf import Field, MalformedProtobufError, decode
from mlci.formats.refusal import RefusalError
from mlci.formats.zip_members import ZipLimits
from tests.formats.native_models import ROWS, TARGETS, library, onnx_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def loaded(folder: Path, data: bytes) -> module.OnnxModel:
    (folder / "model.onnx").write_bytes(data)
    return module.load(str(folder / "model.onnx"), ZipLimits())


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(RefusalError) as caught:
        read_graph(data)
    return caught.value.code, caught.value.message


def tampered(change: Callable[[Any], object], data: bytes | None = None) -> bytes:
    model = library("onnx").load_from_string(data or onnx_model())
    change(model)
    content: bytes = model.SerializeToString()
    return content


def ensemble(model: Any) -> Any:  # noqa: ANN401 - a message of protobuf
    return next(node for node in model.graph.node if node.op_type.startswith("TreeEnsemble"))


def numbers(model: Any, name: str) -> Any:  # noqa: ANN401 - as above
    return next(each for each in ensemble(model).attribute if each.name == name).ints


def is_sound_or_refused(data: bytes) -> bool:
    try:
        graph = read_graph(data)
    except RefusalError as error:
        return error.code in {"model-unreadable", "model-forbidden-type"}
    return graph.n_features > 0


@pytest.mark.parametrize("as_array", [True, False])
@pytest.mark.parametrize("zipmap", [True, False])
def test_describe__names_and_classes(as_array: bool, zipmap: bool, tmp_path: Path) -> None:  # noqa: FBT001 - parameters of a test
    found = module.describe(loaded(tmp_path, onnx_model(as_array=as_array, zipmap=zipmap)))
    assert found.to_dict() == {
        "estimator": "ONNX TreeEnsembleClassifier",
        "feature_names": [["a", "b", "größe"], None][as_array],
        "n_features": 3,
        "classes": ["no", "yes"],
        "has_probabilities": True,
        "labels": None,
    }


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(
    "name", ["ensemble.RandomForestClassifier", "linear_model.LogisticRegression", "naive_bayes.GaussianNB"]
)
def test_predict__probabilities_that_sum_to_one(name: str, zipmap: bool, tmp_path: Path) -> None:  # noqa: FBT001 - as above
    data = onnx_model(name, zipmap=zipmap)
    kind, values = module.predict(loaded(tmp_path, data), ROWS)
    session = library("onnxruntime").InferenceSession(onnx_model(name))
    expected = session.run(None, {name: ROWS[[name]].to_numpy("float32") for name in ROWS})[1]
    assert (kind, values.shape) == ("probabilities", (200, 2))
    np.testing.assert_allclose(values, expected, atol=1e-6)
    np.testing.assert_allclose(values.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("name", ["linear_model.LinearRegression", "ensemble.ExtraTreesRegressor"])
def test_predict__numbers(name: str, tmp_path: Path) -> None:
    model = loaded(tmp_path, onnx_model(name))
    kind, values = module.predict(model, ROWS)
    assert (kind, values.shape, module.describe(model).classes) == ("labels", (200,), None)


@pytest.mark.parametrize("name", ["linear_model.LinearRegression", "ensemble.RandomForestRegressor"])
def test_predict__several_numbers(name: str, tmp_path: Path) -> None:
    kind, _, estimator = name.partition(".")
    rows, table = ROWS.to_numpy("float32"), np.column_stack([TARGETS - 1, TARGETS, TARGETS + 1])
    fitted = getattr(library(f"sklearn.{kind}"), estimator)().fit(rows, table)
    model = loaded(tmp_path, library("skl2onnx").to_onnx(fitted, rows[:1]).SerializeToString())
    kind, values = module.predict(model, ROWS)
    assert (kind, values.shape, values.dtype) == ("numbers", (200, 3), np.dtype("<f8"))
    np.testing.assert_allclose(values, fitted.predict(rows), atol=1e-4)


def test_predict__another_number_of_columns(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="it reads 3 columns, and 2 are given"):
        module.predict(loaded(tmp_path, onnx_model()), ROWS[["a", "b"]])


@pytest.mark.parametrize(
    ("name", "place", "value", "reason"),
    [
        ("nodes_falsenodeids", 0, 5000, "a node's child lies outside of its tree, or has two parents"),
        ("nodes_falsenodeids", 0, 1, "a node's child lies outside of its tree, or has two parents"),
        ("nodes_truenodeids", 0, 0, "the root of a tree is a child"),
        ("nodes_truenodeids", 0, -4, "a number in an ensemble is negative, or too large"),
        ("nodes_featureids", 0, -1, "a number in an ensemble is negative, or too large"),
        ("nodes_featureids", 0, 2**40, "a number in an ensemble is negative, or too large"),
        ("nodes_nodeids", 0, 1, "a node of an ensemble stands twice"),
    ],
)
def test_read_graph__refuses_trees_that_point_outside_of_themselves(
    name: str, place: int, value: int, reason: str
) -> None:
    code, message = refusal(tampered(lambda model: numbers(model, name).__setitem__(place, value)))
    assert code == "model-unreadable"
    assert message.endswith(reason)


def test_load__a_feature_that_the_rows_do_not_have_is_no_answer(tmp_path: Path) -> None:
    model = loaded(tmp_path, tampered(lambda model: numbers(model, "nodes_featureids").__setitem__(0, 50)))
    with pytest.raises(Exception, match="requests feature 50 but input tensor has 3 features"):
        module.predict(model, ROWS)


@pytest.mark.parametrize(
    ("change", "listed"),
    [
        (lambda model: setattr(model.graph.node[0], "domain", "com.evil"), "com.evil.FeatureVectorizer"),
        (lambda model: setattr(model.graph.node[0], "op_type", "Loop"), "ai.onnx.ml.Loop"),
        (lambda model: model.opset_import.add(domain="evil", version=1), "evil"),
    ],
)
def test_read_graph__operators_of_others_are_refused_by_name(change: Callable[[Any], object], listed: str) -> None:
    expected = ("model-forbidden-type", f"operators of ONNX that are not known here: {listed}")
    assert refusal(tampered(change)) == expected


def with_external_data(model: Any) -> None:  # noqa: ANN401 - a message of protobuf
    tensor = model.graph.initializer.add(name="x", data_type=1, dims=[1], data_location=1)
    tensor.external_data.add(key="location", value="/etc/passwd")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (with_external_data, "field 13 is none that is allowed here"),
        (lambda model: model.functions.add(name="f"), "field 25 is none that is allowed here"),
        (lambda model: model.graph.ClearField("input"), "it has no inputs, no outputs, or two inputs of one name"),
        (lambda model: model.graph.input.append(model.graph.input[0]), "it has no inputs, no outputs, or two inputs"),
        (lambda model: model.graph.input[0].type.tensor_type.shape.ClearField("dim"), "no table of rows and columns"),
        (
            lambda model: setattr(model.graph.input[0].type.tensor_type.shape.dim[0], "dim_value", 5),
            "a fixed number of rows",
        ),
        (lambda model: setattr(model.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 2), "several columns"),
        (lambda model: ensemble(model).attribute.append(ensemble(model).attribute[0]), "stands twice"),
        (lambda model: model.ClearField("graph"), "'graph'"),
    ],
)
def test_read_graph__refuses_what_it_cannot_check(change: Callable[[Any], object], reason: str) -> None:
    code, message = refusal(tampered(change))
    assert code == "model-unreadable"
    assert reason in message


def test_read_graph__a_tensor_elsewhere_is_refused_even_where_nothing_says_where() -> None:
    data = tampered(lambda model: model.graph.initializer.add(name="x", data_type=1, dims=[1], data_location=1))
    assert refusal(data) == ("model-forbidden-type", "ONNX data in a file of its own")


def test_read_graph__a_message_that_stands_twice_is_refused() -> None:
    # Protobuf merges the two, and who reads only the first sees less than the runtime.
    assert "stands twice" in refusal(onnx_model() + onnx_model())[1]


@given(st.data())
def test_read_graph__of_anything_else_is_a_refusal_or_a_sound_graph(data: st.DataObject) -> None:
    content = bytearray(onnx_model())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    assert is_sound_or_refused(bytes(content))


FIELDS = {
    1: Field("number", "number"),
    2: Field("text", "text"),
    3: Field("numbers", "numbers"),
    4: Field("floats", "floats"),
    5: Field("inner", "message", repeated=True, fields={1: Field("number", "number")}),
}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", {}),
        (b"\x08\x96\x01", {"number": 150}),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", {"number": -1}),
        (b"\x12\x02hi", {"text": "hi"}),
        (b"\x2a\x02\x08\x01\x2a\x00", {"inner": [{"number": 1}, {}]}),
    ],
)
def test_decode__known_answers(data: bytes, expected: dict[str, object]) -> None:
    assert decode(data, FIELDS) == expected


def test_decode__numbers_in_one_piece_and_one_by_one() -> None:
    packed = decode(b"\x1a\x04\x01\x96\x01\x00", FIELDS)["numbers"]
    apart = decode(b"\x18\x01\x18\x96\x01\x18\x00", FIELDS)["numbers"]
    assert packed.tolist() == apart.tolist() == [1, 150, 0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x08", "a number in it does not end"),
        (b"\x08" + b"\xff" * 11, "a number in it does not end"),
        (b"\x12\x05hi", "it ends within a field"),
        (b"\x12\x01\xff", "`text` is no UTF-8"),
        (b"\x0a\x01a", "`number` is written as something else"),
        (b"\x08\x01\x08\x01", "`number` stands twice"),
        (b"\x7a\x00", "field 15 is none that is allowed here"),
        (b"\x0b", "the wire type 3 is not known"),
        (b"\x1a\x01\x96", "a number in it does not end"),
        (b"\x22\x03abc", "`floats` ends within a number"),
    ],
)
def test_decode__refuses(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedProtobufError) as caught:
        decode(data, FIELDS)
    assert str(caught.value) == reason
