"""The graph of an ONNX file, read by a closed list of fields, operators and types.

Left out on purpose: data in other files, functions and operators of somebody's own, graphs within a graph, training.
The messages are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .protobuf import Field, MalformedProtobufError, decode
from .refusal import RefusalError

if TYPE_CHECKING:
    from .description import Class

LARGEST: Final = 2 * 1024**3
MOST_NODES: Final = 10_000
MACHINE_LEARNING: Final = "ai.onnx.ml"
DOMAINS: Final = frozenset({"", "ai.onnx", MACHINE_LEARNING})

FLOAT, INT32, INT64, TEXT, TRUTH, DOUBLE = 1, 6, 7, 8, 9, 11
TYPES: Final = {FLOAT: "float32", INT32: "int32", INT64: "int64", TEXT: "str", TRUTH: "bool", DOUBLE: "float64"}
"""Types of ONNX that an input may have, and numpy's."""

OPERATORS: Final = frozenset(
    {
        "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Clip", "Concat",
        "Constant", "ConstantOfShape", "Conv", "CumSum", "Div", "Dropout", "Einsum", "Elu", "Equal", "Erf", "Exp",
        "Expand", "Flatten", "Floor", "Gather", "GatherElements", "Gelu", "Gemm", "GlobalAveragePool", "Greater",
        "GreaterOrEqual", "HardSigmoid", "Identity", "IsInf", "IsNaN", "LayerNormalization", "LeakyRelu", "Less",
        "LessOrEqual", "Log", "LogSoftmax", "MatMul", "Max", "MaxPool", "Mean", "Min", "Mod", "Mul", "Neg", "Not",
        "OneHot", "Or", "PRelu", "Pad", "Pow", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
        "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
        "Relu", "Reshape", "Round", "Selu", "Shape", "Sigmoid", "Sign", "Size", "Slice", "Softmax", "Softplus",
        "Softsign", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "TopK", "Transpose", "Unsqueeze",
        "Where", "Xor",
    }
)  # fmt: skip
LEARNT: Final = frozenset(
    {
        "ArrayFeatureExtractor", "Binarizer", "FeatureVectorizer", "Imputer", "LabelEncoder", "LinearClassifier",
        "LinearRegressor", "Normalizer", "OneHotEncoder", "SVMClassifier", "SVMRegressor", "Scaler",
        "TreeEnsembleClassifier", "TreeEnsembleRegressor", "ZipMap",
    }
)  # fmt: skip
"""Operators of machine learning."""

LEAF: Final = b"LEAF"
MODES: Final = frozenset({LEAF, b"BRANCH_LEQ", b"BRANCH_LT", b"BRANCH_GTE", b"BRANCH_GT", b"BRANCH_EQ", b"BRANCH_NEQ"})

_ENTRY: Final = {1: Field("key", "text"), 2: Field("value", "text")}
_DIMENSION: Final = {1: Field("value", "number"), 2: Field("parameter", "text"), 3: Field("denotation", "text")}
_SHAPE: Final = {1: Field("dimensions", "message", repeated=True, fields=_DIMENSION)}
_TENSOR_TYPE: Final = {1: Field("element", "number"), 2: Field("shape", "message", fields=_SHAPE)}
_ELEMENT: Final = {1: Field("tensor", "message", fields=_TENSOR_TYPE)}
_MAP_TYPE: Final = {1: Field("key", "number"), 2: Field("value", "message", fields=_ELEMENT)}
_MAP: Final = {5: Field("map", "message", fields=_MAP_TYPE)}
_SEQUENCE_TYPE: Final = {1: Field("element", "message", fields=_MAP)}
_TYPE: Final = {
    1: Field("tensor", "message", fields=_TENSOR_TYPE),
    4: Field("sequence", "message", fields=_SEQUENCE_TYPE),
    6: Field("denotation", "text"),
}
_VALUE: Final = {1: Field("name", "text"), 2: Field("type", "message", fields=_TYPE), 3: Field("doc", "text")}
_TENSOR: Final = {
    1: Field("dimensions", "numbers"),
    2: Field("type", "number"),
    4: Field("floats", "floats"),
    5: Field("int32s", "numbers"),
    6: Field("texts", "bytes", repeated=True),
    7: Field("int64s", "numbers"),
    8: Field("name", "text"),
    9: Field("raw", "bytes"),
    10: Field("doubles", "doubles"),
    11: Field("uint64s", "numbers"),
    12: Field("doc", "text"),
    14: Field("location", "number"),
}
_ATTRIBUTE: Final = {
    1: Field("name", "text"),
    2: Field("float", "float"),
    3: Field("number", "number"),
    4: Field("text", "bytes"),
    5: Field("tensor", "message", fields=_TENSOR),
    7: Field("floats", "floats"),
    8: Field("numbers", "numbers"),
    9: Field("texts", "bytes", repeated=True),
    13: Field("doc", "text"),
    20: Field("type", "number"),
}
_NODE: Final = {
    1: Field("inputs", "text", repeated=True),
    2: Field("outputs", "text", repeated=True),
    3: Field("name", "text"),
    4: Field("operator", "text"),
    5: Field("attributes", "message", repeated=True, fields=_ATTRIBUTE),
    6: Field("doc", "text"),
    7: Field("domain", "text"),
    9: Field("metadata", "message", repeated=True, fields=_ENTRY),
}
_GRAPH: Final = {
    1: Field("nodes", "message", repeated=True, fields=_NODE),
    2: Field("name", "text"),
    5: Field("initializers", "message", repeated=True, fields=_TENSOR),
    10: Field("doc", "text"),
    11: Field("inputs", "message", repeated=True, fields=_VALUE),
    12: Field("outputs", "message", repeated=True, fields=_VALUE),
    13: Field("values", "message", repeated=True, fields=_VALUE),
    16: Field("metadata", "message", repeated=True, fields=_ENTRY),
}
_OPERATOR_SET: Final = {1: Field("domain", "text"), 2: Field("version", "number")}
_MODEL: Final = {
    1: Field("version", "number"),
    2: Field("producer", "text"),
    3: Field("producer_version", "text"),
    4: Field("domain", "text"),
    5: Field("model_version", "number"),
    6: Field("doc", "text"),
    7: Field("graph", "message", fields=_GRAPH),
    8: Field("operator_sets", "message", repeated=True, fields=_OPERATOR_SET),
    14: Field("metadata", "message", repeated=True, fields=_ENTRY),
}


@dataclass(frozen=True, slots=True)
class OnnxInput:
    """An input of a graph: its name, numpy's type, and how many columns it takes."""

    name: str
    dtype: str
    width: int


@dataclass(frozen=True, slots=True)
class OnnxGraph:
    """A graph that was checked."""

    inputs: tuple[OnnxInput, ...]
    outputs: tuple[str, ...]
    classes: tuple[Class, ...] | None
    last: str
    """The operator that decides what kind of model it is."""

    @property
    def has_columns(self) -> bool:
        """Whether each column is an input of its own, so that the model knows their names."""
        return all(each.width == 1 for each in self.inputs)

    @property
    def n_features(self) -> int:
        """How many columns the model reads."""
        return sum(each.width for each in self.inputs)


def read_graph(data: bytes) -> OnnxGraph:
    """Return the graph in DATA; raises RefusalError `model-unreadable`, or `model-forbidden-type` with operators."""
    if len(data) > LARGEST:
        raise _unsound(f"{len(data)} bytes, more than the {LARGEST} that are allowed")
    try:
        model = decode(data, _MODEL)
        graph = model["graph"]
    except (MalformedProtobufError, KeyError, RecursionError) as error:
        raise _unsound(str(error)) from error
    domains = {each.get("domain", "") for each in model.get("operator_sets", [])}
    nodes = graph.get("nodes", [])
    _check_operators(nodes, domains)
    for tensor in [*graph.get("initializers", []), *_tensors(nodes)]:
        if tensor.get("location", 0) != 0:
            raise RefusalError("model-forbidden-type", "ONNX data in a file of its own")
    for node in nodes:
        if node["operator"].startswith("TreeEnsemble"):
            _check_trees(_attributes(node))
    initialized = {tensor.get("name") for tensor in graph.get("initializers", [])}
    inputs = tuple(_input(each) for each in graph.get("inputs", []) if each.get("name") not in initialized)
    outputs = tuple(each.get("name", "") for each in graph.get("outputs", []))
    if not inputs or not outputs or len({each.name for each in inputs}) < len(inputs):
        raise _unsound("it has no inputs, no outputs, or two inputs of one name")
    if len(inputs) > 1 and any(each.width != 1 for each in inputs):
        raise _unsound("it has several inputs, and one of them takes several columns")
    kinds = (node["operator"] for node in reversed(nodes))
    decisive = next((kind for kind in kinds if kind.endswith(("Classifier", "Regressor"))), "graph")
    return OnnxGraph(inputs, outputs, _classes(nodes, graph) if len(outputs) > 1 else None, decisive)


def _check_operators(nodes: list[dict[str, Any]], domains: set[str]) -> None:
    if len(nodes) > MOST_NODES:
        raise _unsound(f"{len(nodes)} nodes, more than the {MOST_NODES} that are allowed")
    foreign = {domain for domain in domains if domain not in DOMAINS}
    for node in nodes:
        operator, domain = node.get("operator", ""), node.get("domain", "")
        known = LEARNT if domain == MACHINE_LEARNING else OPERATORS if domain in DOMAINS else frozenset[str]()
        if operator not in known:
            foreign.add(f"{domain}.{operator}" if domain else operator)
    if foreign:
        listed = ", ".join(sorted(f"{name[:60]}" for name in foreign)[:10])
        raise RefusalError("model-forbidden-type", f"operators of ONNX that are not known here: {listed}")


def _tensors(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each["tensor"] for node in nodes for each in node.get("attributes", []) if "tensor" in each]


def _attributes(node: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a node's attributes by name."""
    found: dict[str, Any] = {}
    for each in node.get("attributes", []):
        name = each.get("name", "")
        if name in found:
            raise _unsound(f"the attribute {name[:40]!r} stands twice")
        kinds = ("floats", "numbers", "texts", "tensor", "float", "number", "text")
        found[name] = next((each[kind] for kind in kinds if kind in each), None)
    return found


def _check_trees(given: dict[str, Any]) -> None:
    """Accept the arrays of an ensemble: equally long, and from every root a tree that ends."""
    unread = np.zeros(0, np.int64)
    trees, nodes, yes, no, features = (
        given.get(f"nodes_{name}", unread)
        for name in ("treeids", "nodeids", "truenodeids", "falsenodeids", "featureids")
    )
    modes = given.get("nodes_modes", [])
    arrays = (trees, nodes, yes, no, features)
    if not all(isinstance(each, np.ndarray) and each.dtype == np.int64 for each in arrays) or not len(nodes):
        raise _unsound("an ensemble has no nodes")
    lengths = {len(each) for each in arrays} | {len(modes)}
    if lengths != {len(nodes)} or not set(modes) <= MODES:
        raise _unsound("the arrays of an ensemble are not equally long")
    if any(each.min() < 0 or each.max() >= 2**31 for each in arrays):
        raise _unsound("a number in an ensemble is negative, or too large")
    own = trees * 2**31 + nodes
    known = np.unique(own)
    if len(known) != len(own):
        raise _unsound("a node of an ensemble stands twice")
    is_split = np.array([mode != LEAF for mode in modes])
    children = np.concatenate([(trees * 2**31 + each)[is_split] for each in (yes, no)])
    # Both ways may lead to one node, which scikit-learn's converters never write.
    if not np.isin(children, known).all() or len(np.unique(children)) != len(children):
        raise _unsound("a node's child lies outside of its tree, or has two parents")
    _, first = np.unique(trees, return_index=True)
    if np.isin(own[first], children).any():
        raise _unsound("the root of a tree is a child")


def _input(value: dict[str, Any]) -> OnnxInput:
    tensor = value.get("type", {}).get("tensor", {})
    dimensions = tensor.get("shape", {}).get("dimensions", [])
    dtype = TYPES.get(tensor.get("element", 0))
    width = dimensions[1].get("value", 0) if len(dimensions) == 2 else 0  # noqa: PLR2004 - rows and columns
    if dtype is None or width < 1 or not value.get("name"):
        raise _unsound("an input of it is no table of rows and columns whose number it states")
    if dimensions[0].get("value", 0) > 0:
        raise _unsound("it answers a fixed number of rows (export it with a free first dimension)")
    return OnnxInput(value["name"], dtype, width)


def _classes(nodes: list[dict[str, Any]], graph: dict[str, Any]) -> tuple[Class, ...] | None:
    """Return the classes that a node, or the array of classes that skl2onnx writes, states."""
    for node in reversed(nodes):
        given = _attributes(node)
        for name in ("classlabels_int64s", "classlabels_ints", "classlabels_strings"):
            labels = given.get(name)
            if labels is not None and len(labels):
                return tuple(_text(each) if isinstance(each, bytes) else int(each) for each in labels)
    for tensor in graph.get("initializers", []):
        if tensor.get("name", "").startswith("classes"):
            numbers = tensor.get("int64s", tensor.get("int32s"))
            labels = tensor.get("texts", numbers)
            if labels is not None and len(labels):
                return tuple(_text(each) if isinstance(each, bytes) else int(each) for each in labels)
            if tensor.get("raw") and tensor.get("type") in {INT32, INT64}:
                kind = "<i4" if tensor["type"] == INT32 else "<i8"
                return tuple(np.frombuffer(tensor["raw"], kind).tolist())
    return None


def _text(label: bytes) -> str:
    try:
        return label.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unsound("a class is no UTF-8") from error


def _unsound(reason: str) -> RefusalError:
    return RefusalError("model-unreadable", f"an ONNX file that is damaged, crafted or of an unknown kind: {reason}")
