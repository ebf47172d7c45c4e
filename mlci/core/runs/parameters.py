"""Parameters as a record keeps them: one flat table of names and plain values."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from mlci.core.plain_text import printable
from mlci.core.runs.secrets import WITHHELD, is_secret_name, secrets_in, shown_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Plain = str | int | float | bool | None

LARGEST_FILE_BYTES: Final = 256 * 1024
MOST_PARAMETERS: Final = 1_000
LONGEST_NAME: Final = 200
LONGEST_VALUE: Final = 500
_DEEPEST: Final = 20
_WIDEST: Final = 10_000
"""Nodes that are looked at: aliases of YAML can make a small file a large tree."""
_LARGEST_INTEGER: Final = 1 << 63


def read_parameters(content: bytes, path: str) -> Mapping[str, Plain] | None:
    """Return the parameters in a YAML, JSON or TOML file, flat and without secrets; None for anything else.

    >>> dict(read_parameters(b"model: {C: 1, layers: [8, 4]}", "params.yaml"))
    {'model.C': 1, 'model.layers.0': 8, 'model.layers.1': 4}
    """
    value = _parsed(content, path)
    return flat(value) if isinstance(value, dict) else None


def secret_values(content: bytes, path: str) -> tuple[str, ...]:
    """Return the values of a file of parameters that look like secrets, so that no log shows them."""
    value = _parsed(content, path)
    leaves = _leaves(value) if isinstance(value, dict) else ()
    texts = ((name, str(leaf)) for name, leaf in leaves)
    found = (text for name, text in texts for text in ((text,) if is_secret_name(name) else secrets_in(text)))
    return tuple(sorted(set(found)))


def flat(value: Mapping[Any, Any]) -> Mapping[str, Plain]:
    """Return nested VALUE as dotted names and plain values, without secrets, at most `MOST_PARAMETERS`."""
    found: dict[str, Plain] = {}
    for name, leaf in _leaves(value):
        if len(found) == MOST_PARAMETERS:
            break
        found[printable(name, LONGEST_NAME)] = plain(name, leaf)
    return dict(sorted(found.items()))


def plain(name: str, value: object) -> Plain:
    """Return VALUE as a record may keep it under NAME."""
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(name):
        return WITHHELD
    if isinstance(value, int) and abs(value) < _LARGEST_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int):
        return "a number of more than 64 bits"
    return printable(shown_value(name, str(value)), LONGEST_VALUE)


def _parsed(content: bytes, path: str) -> object:
    if len(content) > LARGEST_FILE_BYTES:
        return None
    try:
        if path.endswith(".json"):
            return json.loads(content)
        if path.endswith(".toml"):
            import tomllib  # noqa: PLC0415 - looking at records needs no parser of parameters

            return tomllib.loads(content.decode())
        if path.endswith((".yaml", ".yml")):
            return _yaml(content)
    except (ValueError, RecursionError):
        return None  # the training command may read it all the same; its hash is in the record
    return None


def _yaml(content: bytes) -> object:
    import yaml  # noqa: PLC0415 - as tomllib

    try:
        return yaml.safe_load(content)
    except yaml.YAMLError:
        return None


def _leaves(value: object) -> Iterator[tuple[str, object]]:
    """Yield the leaves of nested mappings and lists in order, by their dotted names."""
    left = [("", value, 0)]
    for _ in range(_WIDEST):
        if not left:
            return
        name, node, depth = left.pop()
        inner = _inner(node) if depth < _DEEPEST else None
        if inner is None:
            yield name, node if not isinstance(node, (dict, list, tuple)) else "…"
            continue
        below = [(f"{name}.{key}" if name else key, each, depth + 1) for key, each in inner[:_WIDEST]]
        left.extend(reversed(below))


def _inner(node: object) -> list[tuple[str, object]] | None:
    if isinstance(node, dict) and node:
        return [(str(key)[:LONGEST_NAME], each) for key, each in node.items()]
    if isinstance(node, (list, tuple)) and node:
        return [(str(place), each) for place, each in enumerate(node)]
    return None if not isinstance(node, (dict, list, tuple)) else []
