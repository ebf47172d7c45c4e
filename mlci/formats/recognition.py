"""Which format a model file is in, told from its first bytes; the answer is checked when the model is loaded."""

from __future__ import annotations

from typing import Final, Literal, get_args

Format = Literal["skops", "onnx", "xgboost", "lightgbm"]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)

PICKLE_HEADS: Final = (
    b"\x80",  # a pickle since protocol 2
    b"\x78\x01",  # joblib with zlib, at any level
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x1f\x8b",  # joblib with gzip
    b"BZh",  # joblib with bz2
    b"\xfd7zXZ",  # joblib with xz
    b"\x5d\x00\x00",  # joblib with lzma
    b"\x04\x22\x4d\x18",  # joblib with lz4
)

_ONNX_VERSION: Final = 0x08
"""The tag of the first field that every writer puts first: `ir_version`, a number."""


def is_pickle(data: bytes) -> bool:
    """Return whether a file is a pickle or a joblib file, which run code when they are loaded."""
    return data.startswith(PICKLE_HEADS)


def recognised(data: bytes) -> Format:
    r"""Return the format that a model file seems to be in; what is none of them is called skops, and refused as such.

    >>> recognised(b"tree\nversion=v4\n")
    'lightgbm'
    """
    if data.startswith((b"tree\n", b"tree\r\n")):
        return "lightgbm"
    if data.startswith(b"{"):
        return "xgboost"
    # The number that follows is a small one.
    if len(data) > 1 and data[0] == _ONNX_VERSION and data[1] < 0x80:  # noqa: PLR2004 - the bit of a longer number
        return "onnx"
    return "skops"
