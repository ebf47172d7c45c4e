"""Sizes, written with their unit: `500MB`, `10GB`, `64MiB`."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_PATTERN: Final = r"([0-9]{1,6})(kB|MB|GB|TB|KiB|MiB|GiB|TiB)"
BYTES: Final = {
    "TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3, "TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10,
}  # fmt: skip


def parse_size(value: object) -> int:
    """Return `10GB` as a number of bytes; raises `ValueError` for a bare number, which has no unit."""
    match = re.fullmatch(_PATTERN, value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        msg = "a size with its unit is wanted, such as 500MB, 10GB or 64MiB"
        raise ValueError(msg)
    return int(match[1]) * BYTES[match[2]]


def written_size(count: int) -> str:
    """Return a number of bytes as the configuration writes it, if it can be; else as bytes.

    >>> written_size(10_000_000_000), written_size(64 << 20), written_size(1_234)
    ('10GB', '64MiB', '1234')
    """
    unit = next((unit for unit, each in BYTES.items() if count >= each and count % each == 0), None)
    return str(count) if unit is None else f"{count // BYTES[unit]}{unit}"


def shown_size(count: int) -> str:
    """Return a number of bytes as people read it.

    >>> shown_size(999), shown_size(1_234_567)
    ('999 B', '1.2 MB')
    """
    for unit in ("TB", "GB", "MB", "kB"):
        if count >= BYTES[unit]:
            return f"{count / BYTES[unit]:.1f} {unit}"
    return f"{count} B"


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(written_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}$"}),
]
"""A number of bytes as a field of the configuration."""
