from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.runs.parameters import (
    LARGEST_FILE_BYTES,
    LONGEST_VALUE,
    MOST_PARAMETERS,
    flat,
    read_parameters,
    secret_values,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("params.yaml", b"model: {C: 0.5, on: true}\nname: x\n"),
        ("params.yml", b"model:\n  C: 0.5\n  'on': true\nname: x\n"),
        ("params.json", b'{"model": {"C": 0.5, "on": true}, "name": "x"}'),
        ("params.toml", b'name = "x"\n[model]\nC = 0.5\non = true\n'),
    ],
)
def test_file__in_every_format(path: str, content: bytes) -> None:
    found = read_parameters(content, path)
    assert found is not None
    assert {name.replace("True", "on"): value for name, value in found.items()} == {
        "model.C": 0.5, "model.on": True, "name": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("params.yaml", b"[1, 2]"),
        ("params.yaml", b"a: [1"),
        ("params.yaml", b"\xff\xfe\xff"),
        ("params.yaml", b"a: !!python/object:os.system {}"),
        ("params.json", b"[" * 100_000),
        ("params.toml", b"\xff"),
        ("params.py", b"C = 1"),
        ("params.yaml", b"a: " + b"x" * LARGEST_FILE_BYTES),
    ],
)
def test_file__that_holds_no_parameters(path: str, content: bytes) -> None:
    assert (read_parameters(content, path), secret_values(content, path)) == (None, ())


def test_file__whose_aliases_unfold_is_cut_off() -> None:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]".encode() for n in range(1, 12)]
    found = read_parameters(b"\n".join(lines), "params.yaml")
    assert found is not None
    assert len(found) == MOST_PARAMETERS


def test_secrets__are_in_no_parameter_and_are_known_to_who_writes_logs() -> None:
    token = "ghp_" + "a1B2c3D4e5" * 3
    content = f"db: {{password: hunter22, pins: [1, 2]}}\nnote: 'use {token} here'\nC: 1\n".encode()
    assert read_parameters(content, "params.yaml") == {
        "C": 1, "db.password": "(withheld)", "db.pins.0": 1, "db.pins.1": 2, "note": "use (withheld) here",
    }  # fmt: skip
    assert secret_values(content, "params.yaml") == (token, "hunter22")


def test_flat__is_plain_and_short() -> None:
    assert flat({"a": float("nan"), "b": 1 << 70, "c": "x" * 1_000, "d": {}, "e": "\x1b[31m"}) == {
        "a": "nan",
        "b": "a number of more than 64 bits",
        "c": "x" * (LONGEST_VALUE - 1) + "…",
        "e": "\N{REPLACEMENT CHARACTER}[31m",
    }


def test_flat__what_contains_itself_ends() -> None:
    inner: dict[str, object] = {}
    inner["again"] = inner
    assert list(flat(inner).values()) == ["…"]


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5))
def test_flat__any_value_can_be_written(value: dict[str, object]) -> None:
    found = flat(value)
    assert len(found) <= MOST_PARAMETERS
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
