"""The one JSON text that stands for a value, and its hash."""

from __future__ import annotations

import hashlib
import json


def canonical_json(value: object) -> bytes:
    r"""Return VALUE as the one JSON text that stands for it: sorted keys, no spaces, UTF-8.

    Paths of Git that are not UTF-8 come back as the bytes that they were.

    >>> canonical_json({"b": 1, "a": "é"})
    b'{"a":"\xc3\xa9","b":1}'
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode(errors="surrogateescape")


def canonical_sha256(value: object) -> str:
    """Return the sha256 of VALUE's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
