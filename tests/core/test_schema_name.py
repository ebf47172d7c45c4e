from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.schema_name import read_json, with_schema
from mlci.errors import IntegrityError

SCHEMA = "mlci/run/2"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text().filter(lambda key: key != "schema"), JSON, max_size=4))
def test_read__returns_what_was_written(content: dict[str, object]) -> None:
    written = with_schema(SCHEMA, content)
    assert written["schema"] == SCHEMA
    assert read_json(json.dumps(written).encode(), SCHEMA, "file") == content


@pytest.mark.parametrize("found", ["mlci/run/3", "mlci/run/10", "mlci/run/99999"])
def test_read__of_a_newer_mlci_is_refused_by_name(found: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        read_json(json.dumps({"schema": found, "more": 1}).encode(), SCHEMA, "runs/1.json")
    error = caught.value
    assert (error.code, error.where, error.hint) == (
        "newer-schema", "runs/1.json", "Update mlci: pip install --upgrade mlci"
    )  # fmt: skip
    assert (
        error.problem
        == f"runs/1.json was written by a newer mlci: its schema is {found}, this version reads mlci/run/2"
    )


@pytest.mark.parametrize(
    "found",
    [
        None,
        3,
        "",
        "mlci/run/1",
        "mlci/run/02",
        "mlci/run/3 ",
        "mlci/run/999999",
        "mlci/report/3",
        "run/3",
        ["mlci/run/3"],
    ],
)
def test_read__of_something_else_is_no_file_of_ours(found: object) -> None:
    with pytest.raises(ValueError, match="`schema` should be mlci/run/2"):
        read_json(json.dumps({"schema": found}).encode(), SCHEMA, "file")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b"9" * 5_000,
        b"{}",
        b'{"schema": "mlci/run/2", "text": "\\ud800"}',
    ],
)
def test_read__of_what_is_no_json_object_with_a_schema(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(data, SCHEMA, "file")


@given(st.binary(max_size=200))
def test_read__of_any_bytes_raises_nothing_else(data: bytes) -> None:
    with pytest.raises((ValueError, IntegrityError)):
        read_json(data, SCHEMA, "file")
