from __future__ import annotations

import contextlib
import gzip
import importlib
import io
import json
import os
import pickle
import runpy
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import IntegrityError
from mlci.formats.canonical import canonical_skops
from mlci.formats.zip_members import ZipLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parent / "dump_models.py"
MODELS = ["logistic", "forest", "boosting", "histogram", "text", "words", "clusters", "sparse", "attributes"]


def dump_models(folder: Path, seed: str, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, str(PROGRAM), str(folder), *arguments], env=environment, check=True)


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders with the dumps of equal models by two processes."""
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    dump_models(first, "1")
    dump_models(second, "2", "apart")
    return first, second


def a_skops_file(
    schema: object, members: dict[str, bytes] | None = None, compression: int = zipfile.ZIP_STORED
) -> bytes:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in {**(members or {}), "schema.json": text.encode()}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def node(loader: str, identity: int | None = None, **more: object) -> dict[str, Any]:
    names = {"__class__": loader.removesuffix("Node").lower(), "__module__": "builtins", "__loader__": loader}
    return {**names, **more, **({} if identity is None else {"__id__": identity})}


def a_list(*items: object, identity: int | None = None) -> dict[str, Any]:
    return node("ListNode", identity, content=list(items))


def an_array(name: str, identity: int) -> dict[str, Any]:
    return {**node("NdArrayNode", identity, type="numpy", file=name), "__class__": "ndarray", "__module__": "numpy"}


def schema_of(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema: dict[str, Any] = json.loads(archive.read("schema.json"))
        return schema


def names_of(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.namelist()


@pytest.mark.parametrize("name", MODELS)
def test_canonical_skops__equal_models_of_two_processes_have_equal_bytes(name: str, dumps: tuple[Path, Path]) -> None:
    first, second = ((folder / f"{name}.skops").read_bytes() for folder in dumps)
    assert first != second
    assert canonical_skops(first) == canonical_skops(second)


@pytest.mark.parametrize("name", MODELS)
def test_canonical_skops__is_its_own_form(name: str, dumps: tuple[Path, Path]) -> None:
    once = canonical_skops((dumps[0] / f"{name}.skops").read_bytes())
    assert canonical_skops(once) == once


@pytest.mark.parametrize("name", MODELS)
def test_canonical_skops__predicts_the_same(name: str, dumps: tuple[Path, Path]) -> None:
    skops = importlib.import_module("skops.io")
    data = (dumps[0] / f"{name}.skops").read_bytes()
    form = canonical_skops(data)
    trusted = skops.get_untrusted_types(data=data)
    assert skops.get_untrusted_types(data=form) == trusted
    frame, _ = runpy.run_path(str(PROGRAM))["rows"]()
    inputs = {"text": frame, "words": frame["c"], "sparse": frame[["a", "b"]].to_numpy()}.get(name, frame[["a", "b"]])
    before, after = (skops.loads(source, trusted=trusted).predict(inputs) for source in (data, form))
    np.testing.assert_array_equal(before, after)


def test_canonical_skops__keeps_shared_arrays_shared_and_equal_ones_apart(dumps: tuple[Path, Path]) -> None:
    skops = importlib.import_module("skops.io")
    model = skops.loads(canonical_skops((dumps[0] / "attributes.skops").read_bytes()))
    assert model.first is model.second
    assert model.first is not model.equal
    np.testing.assert_array_equal(model.equal, [0.0, 1.0, 2.0])


def test_canonical_skops__keeps_sets_bytes_and_texts(dumps: tuple[Path, Path]) -> None:
    skops = importlib.import_module("skops.io")
    model = skops.loads(canonical_skops((dumps[1] / "attributes.skops").read_bytes()))
    assert model.names == {f"name {number}" for number in range(20)}
    assert (model.blob, model.same_blob, model.texts) == (b"\x00\x01", b"\x00\x01", ["label"] * 3)


def test_canonical_skops__numbers_shared_objects_and_drops_other_ids() -> None:
    shared, alone = a_list(identity=140001), a_list(identity=140002)
    text = node("JsonNode", 140003, content='"a"', is_json=True)
    schema = schema_of(canonical_skops(a_skops_file(a_list(alone, text, shared, text, shared, identity=140000))))
    assert [item.get("__id__") for item in schema["content"]] == [None, None, 1, None, 1]


def test_canonical_skops__equal_arrays_share_a_member_but_are_two_objects() -> None:
    data = a_skops_file(a_list(an_array("7.npy", 7), an_array("8.npy", 8)), {"7.npy": b"equal", "8.npy": b"equal"})
    form = canonical_skops(data)
    assert names_of(form) == ["schema.json", "1.npy"]
    assert [item.get("__id__") for item in schema_of(form)["content"]] == [None, None]


def test_canonical_skops__drops_what_no_node_names() -> None:
    data = a_skops_file(a_list(an_array("7.npy", 7)), {"7.npy": b"array", "hidden.txt": b"rows of data"})
    assert b"rows of data" not in canonical_skops(data)


def test_canonical_skops__keeps_the_order_of_a_dictionary() -> None:
    # Its key types are a list beside it, in the same order.
    content = {"b": a_list(), "a": a_list()}
    form = canonical_skops(a_skops_file(node("DictNode", content=content, key_types=a_list())))
    assert list(schema_of(form)["content"]) == ["b", "a"]


def test_canonical_skops__takes_attributes_that_are_called_like_its_own_keys() -> None:
    content = {"__loader__": a_list(identity=5), "__id__": a_list(identity=5), "file": a_list()}
    form = schema_of(canonical_skops(a_skops_file(node("DictNode", content=content))))
    assert {key: value.get("__id__") for key, value in form["content"].items()} == {
        "__loader__": 1,
        "__id__": 1,
        "file": None,
    }


def test_canonical_skops__sorts_frozen_sets() -> None:
    def frozen(*texts: str) -> dict[str, Any]:
        items = a_list(*(node("JsonNode", content=json.dumps(text)) for text in texts))
        return {
            **node("ConstructorFromReduceNode"),
            "__class__": "frozenset",
            "content": node("TupleNode", content=[items]),
        }

    assert canonical_skops(a_skops_file(frozen("b", "a"))) == canonical_skops(a_skops_file(frozen("a", "b")))


def test_canonical_skops__sorts_sets_by_what_their_arrays_hold() -> None:
    def of(first: str, second: str) -> bytes:
        items = [node("BytesNode", file=first), node("BytesNode", file=second)]
        return a_skops_file(node("SetNode", content=items), {first: b"one", second: b"two"})

    def of_swapped(first: str, second: str) -> bytes:
        items = [node("BytesNode", file=second), node("BytesNode", file=first)]
        return a_skops_file(node("SetNode", content=items), {first: b"one", second: b"two"})

    assert canonical_skops(of("p.bin", "q.bin")) == canonical_skops(of_swapped("z.bin", "y.bin"))


@pytest.mark.parametrize(
    ("compression", "kept"),
    [(zipfile.ZIP_STORED, zipfile.ZIP_STORED), (zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED)],
)
def test_canonical_skops__keeps_the_kind_of_compression(compression: int, kept: int) -> None:
    form = canonical_skops(a_skops_file(a_list(an_array("7.npy", 7)), {"7.npy": bytes(1000)}, compression))
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {kept}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def values() -> st.SearchStrategy[Any]:
    leaves = st.builds(
        lambda value: node("JsonNode", content=json.dumps(value)), st.text() | st.integers() | st.booleans()
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda items: a_list(*items))
            # A set holds what has a hash: no lists, no dictionaries, no sets.
            | st.lists(leaves, max_size=3).map(lambda items: node("SetNode", content=items))
            | st.dictionaries(st.text(), inner, max_size=3).map(lambda items: node("DictNode", content=items))
        ),
        max_leaves=8,
    )


def with_ids(value: object, start: int) -> object:
    """The same nodes with ids, as another process would give them."""
    numbers = iter(range(start, start + 10_000))
    marked = json.dumps(value).replace('"__loader__"', '"__id__": 0, "__loader__"')
    return json.loads(marked, object_pairs_hook=lambda pairs: _numbered(dict(pairs), numbers))


def _numbered(item: dict[str, Any], numbers: Iterator[int]) -> dict[str, Any]:
    is_node = isinstance(item.get("__loader__"), str)  # an attribute of a model may be called `__id__`, too
    return {**item, "__id__": next(numbers)} if is_node and "__id__" in item else item


@given(value=values(), start=st.integers(min_value=1, max_value=2**48))
def test_canonical_skops__ids_make_no_difference(value: object, start: int) -> None:
    form = canonical_skops(a_skops_file(with_ids(value, 1)))
    assert canonical_skops(a_skops_file(with_ids(value, start))) == form
    assert canonical_skops(form) == form


@given(st.binary(max_size=200))
def test_canonical_skops__refuses_any_other_bytes(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        canonical_skops(data)


@given(cut=st.integers(min_value=0, max_value=400), byte=st.integers(min_value=0, max_value=255))
def test_canonical_skops__a_damaged_file_is_refused_or_read(cut: int, byte: int) -> None:
    whole = a_skops_file(a_list(an_array("7.npy", 7)), {"7.npy": b"array"}, zipfile.ZIP_DEFLATED)
    place = cut % len(whole)
    damaged = whole[:place] + bytes([byte]) + whole[place + 1 :]
    form = whole
    with contextlib.suppress(IntegrityError):  # any other exception fails this test
        form = canonical_skops(damaged)
    assert canonical_skops(canonical_skops(form)) == canonical_skops(form)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps([1]),
        gzip.compress(pickle.dumps([1]), mtime=0),
        b"\x78\x9c joblib with zlib",
        a_skops_file("{}", {"data.pkl": b""}),
    ],
    ids=["pickle", "joblib with gzip", "joblib with zlib", "torch"],
)
def test_canonical_skops__refuses_pickles(data: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        canonical_skops(data)
    assert caught.value.to_dict() == {
        "code": "pickle-refused",
        "problem": "the model is a pickle (or a joblib file), which runs code when it is loaded",
        "where": None,
        "cause": "It was saved with pickle, joblib, cloudpickle or torch.",
        "hint": 'Save the model with `skops.io.dump(model, "model.skops")`.',
        "exit_code": 4,
    }


DEEP: Any = "[" * 3000 + "]" * 3000
NESTED = '{"__loader__":"ListNode","content":' + "[" * 400 + "]" * 400 + "}"
NESTED_IN_A_SET = '{"__loader__":"SetNode","content":' + "[" * 800 + "]" * 800 + "}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x93NUMPY", "not a zip file"),
        (a_skops_file("{}")[:-5], "damaged"),
        (b"#!" + a_skops_file("{}"), "not a zip file"),
        (a_skops_file("[1]"), "its schema describes no object"),
        (a_skops_file("{"), "its schema is no valid JSON"),
        (a_skops_file('{"__loader__": "JsonNode", "__loader__": "ListNode"}'), "a key occurs twice"),
        (a_skops_file('{"__loader__": "SliceNode", "content": {"start": NaN}}'), "NaN is no JSON"),
        (a_skops_file(DEEP), "levels deep"),
        (a_skops_file(NESTED), "levels deep"),
        (a_skops_file(NESTED_IN_A_SET), "levels deep"),
        (a_skops_file(an_array("../7.npy", 7)), "names the member `../7.npy`, which is not there"),
        (a_skops_file(an_array("schema.json", 7)), "names the member `schema.json`, which is not there"),
        (a_skops_file(an_array("7.npz", 7), {"7.npz": b"no zip"}), "a sparse matrix in it is no zip file"),
        (a_skops_file("{}", None, zipfile.ZIP_LZMA), "compressed by something else than deflate"),
    ],
)
def test_canonical_skops__refuses(data: bytes, reason: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        canonical_skops(data)
    assert caught.value.code == "not-skops"
    assert reason in caught.value.problem


def test_canonical_skops__refuses_a_zip_without_schema() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{uuid.UUID(int=0)}.npy", b"")
    with pytest.raises(IntegrityError, match=r"it has no member `schema\.json`"):
        canonical_skops(buffer.getvalue())


def test_canonical_skops__refuses_a_bomb() -> None:
    bomb = a_skops_file(an_array("7.npy", 7), {"7.npy": bytes(10**6)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 5000
    with pytest.raises(IntegrityError, match="more than the 1000 that are allowed"):
        canonical_skops(bomb, limits=ZipLimits(total_bytes=1000))


def test_canonical_skops__refuses_many_small_bombs_within() -> None:
    def inner(fill: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.npy", bytes([fill]) * 4000)
        return buffer.getvalue()

    members = {f"{number}.npz": inner(number) for number in range(5)}
    schema = a_list(*(node("SparseMatrixNode", file=name) for name in members))
    with pytest.raises(IntegrityError, match="a sparse matrix in it is no zip file"):
        canonical_skops(a_skops_file(schema, members), limits=ZipLimits(total_bytes=10_000))


def test_canonical_skops__refuses_too_many_members() -> None:
    data = a_skops_file(a_list(), {f"{number}.npy": b"" for number in range(20)})
    with pytest.raises(IntegrityError, match="21 members, more than the 20 that are allowed"):
        canonical_skops(data, limits=ZipLimits(members=20))
