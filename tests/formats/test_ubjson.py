from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.formats.ubjson import DEEPEST, MalformedUbjsonError, decode
from tests.formats.native_models import xgboost_model


def text(value: str) -> bytes:
    return b"L" + struct.pack(">q", len(value.encode())) + value.encode()


def encoded(value: object) -> bytes:
    """The value as XGBoost would write it."""
    match value:
        case None:
            return b"Z"
        case bool():
            return b"T" if value else b"F"
        case int():
            return b"L" + struct.pack(">q", value)
        case float():
            return b"D" + struct.pack(">d", value)
        case str():
            return b"S" + text(value)
        case list():
            return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(encoded, value))
        case dict():
            return b"{" + b"".join(text(key) + encoded(item) for key, item in value.items()) + b"}"
        case _:
            raise TypeError(value)


def is_decoded_or_malformed(data: bytes) -> bool:
    try:
        decode(data)
    except MalformedUbjsonError:
        return True
    return True


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_decode__gives_back_what_was_written(value: object) -> None:
    assert decode(encoded(value)) == value


def test_decode__of_a_model_is_its_json() -> None:
    assert decode(xgboost_model(form="ubj")) == json.loads(xgboost_model(form="json"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it ends within a value"),
        (b"S", "it ends within a value"),
        (b"SLxx", "it ends within a value"),
        (b"SD" + bytes(8), "a length is no whole number"),
        (b"SL" + struct.pack(">q", -1), "it ends within a value"),
        (b"SL" + struct.pack(">q", 2**62), "it ends within a value"),
        (b"S" + b"i\x01\xff", "a text is no UTF-8"),
        (b"[$d#L" + struct.pack(">q", 2**61), "it ends within a value"),
        (b"[$S#i\x01", "a typed array is none of numbers"),
        (b"[#L" + struct.pack(">q", 2**40), "an array is longer than the file"),
        (b"X", "the marker 'X' is not known"),
        (b"ZZ", "something follows its end"),
        (b"{" + 2 * (text("a") + b"Z") + b"}", "the key 'a' occurs twice"),
        (b"[" * (DEEPEST + 2), "it is nested more than 32 levels deep"),
    ],
)
def test_decode__refuses(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedUbjsonError) as caught:
        decode(data)
    assert str(caught.value) == reason


@given(st.binary(max_size=64).map(lambda tail: b"{L" + tail) | st.binary(max_size=64))
def test_decode__of_anything_ends_in_a_value_or_an_error(data: bytes) -> None:
    assert is_decoded_or_malformed(data)
