"""The reference of `docs/configuration.md`: every key with its type, default, owner and sentence, as tables."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from mlci.core.config import LATER, Config
from mlci.core.contract.model import LATER as LATER_IN_CONTRACTS
from mlci.core.contract.model import Contract
from mlci.core.contract.scalar import LARGEST_INTEGER
from mlci.schemas.schema import OWNER, Schema, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SECTIONS: Final[Mapping[str, Callable[[], str]]] = {
    "mlci.yaml": lambda: tables(schema(Config)),
    "contracts": lambda: tables(schema(Contract)),
    "later": lambda: _listed(LATER),
    "later in contracts": lambda: _listed(LATER_IN_CONTRACTS),
}
"""The generated parts of the page, by the name in their markers."""

_TYPES: Final = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`", "object": "keys",
}  # fmt: skip
_PLURALS: Final = {"name": "names", "text": "texts"}
_BOUNDS: Final = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def page(text: str) -> str:
    """Return the page TEXT with its generated parts, `<!-- generated: NAME -->` to `<!-- end -->`, written anew."""
    for name, write in SECTIONS.items():
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        before, found, rest = text.partition(begin)
        if not found:
            msg = f"the page has no {begin.strip()}"
            raise ValueError(msg)
        text = f"{before}{begin}\n{write()}\n{end}{rest.partition(end)[2]}"
    return text


def tables(root: Schema) -> str:
    """Return a table for the document itself, and one for every section of ROOT under a heading of its own."""
    blocks = [_table(_plain_rows(root, root))]
    for name, key in root["properties"].items():
        section, path = _section(key, name, root)
        if section is not None:
            blocks += [f"### `{path}`", section["description"], _table(_rows(section, path, root))]
    return "\n\n".join(blocks) + "\n"


def _plain_rows(node: Schema, root: Schema) -> Iterator[list[str]]:
    for name, key in node["properties"].items():
        yield _row(name, key, node, root)


def _rows(section: Schema, path: str, root: Schema) -> Iterator[list[str]]:
    """Yield the rows of SECTION, those of sections inside it with their whole path."""
    for name, key in section["properties"].items():
        inner, below = _section(key, f"{path}.{name}", root)
        if inner is None:
            yield _row(name, key, section, root)
        else:
            if below.endswith("[]"):
                yield [name, "list", _written(key.get("default")), key.get(OWNER, "–"), key["description"]]
            yield from ([below.removeprefix(f"{path}.") + f".{row[0]}", *row[1:]] for row in _rows(inner, below, root))


def _section(key: Schema, path: str, root: Schema) -> tuple[Schema | None, str]:
    """Return the section that KEY leads to, None for a plain value; and its path: `data.NAME`, `gates[]`."""
    reached: list[tuple[Any, str]] = [
        (key, path),
        (key.get("items"), f"{path}[]"),
        *((option, f"{path}[]") for option in key.get("items", {}).get("anyOf", ())),
        (key.get("additionalProperties"), f"{path}.NAME"),
        *((option, f"{path}.NAME") for option in _options(key.get("additionalProperties"))),
        *((below, f"{path}.NAME") for below in key.get("patternProperties", {}).values()),
        *((option, path) for option in key.get("anyOf", ())),
    ]
    for node, name in reached:
        if isinstance(node, dict) and "$ref" in node:
            return root["$defs"][node["$ref"].rsplit("/", 1)[-1]], name
    return None, path


def _options(node: object) -> Iterable[Schema]:
    """Return what a node of a schema may be, where it is a union."""
    options: Iterable[Schema] = node.get("anyOf", ()) if isinstance(node, dict) else ()
    return options


def _row(name: str, key: Schema, section: Schema, root: Schema) -> list[str]:
    inner, path = _section(key, name, root)
    kind = _type(key) if inner is None else {f"{name}[]": "list", f"{name}.NAME": "by name"}.get(path, "section")
    must = name in section.get("required", ())
    default = "required" if must else "–" if inner is not None else _written(key.get("default"))
    return [name, kind, default, key.get(OWNER, "–"), key["description"]]


def _written(default: object) -> str:
    """Return a default as it is written in YAML; nothing is nothing."""
    if default in (None, "", [], {}):
        return "–"
    return f"`{default}`" if isinstance(default, str) else f"`{json.dumps(default)}`"


def _type(node: Schema) -> str:
    """Return in words what a value may be.

    >>> _type({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}), _type({"enum": ["warn", "block"]})
    ('whole number ≥ 0', '`warn` or `block`')
    """
    if "const" in node:
        return f"`{json.dumps(node['const'])}`".replace('"', "")
    if "enum" in node:
        values = (str(value).replace("\t", "\\t").replace("|", "\\|") for value in node["enum"])  # it stands in a table
        return " or ".join(f"`{value}`" for value in values)
    if "anyOf" in node:
        options = dict.fromkeys(_type(option) for option in node["anyOf"] if option != {"type": "null"})
        return " or ".join(options)
    if node.get("type") == "array":
        return f"list of {_PLURALS.get(kind := _type(node['items']), kind)}"
    return " ".join([_kind(node), *_limits(node)])


def _kind(node: Schema) -> str:
    pattern = str(node.get("pattern", ""))
    if pattern.endswith("(s|m|h|d)$"):
        return "duration such as `90s`, `15m`, `1h`"
    if "TiB|us|ms" in pattern:
        return "amount such as `20MB`, `5ms`"
    if "GB|TB" in pattern:
        return "size such as `500MB`, `10GB`"
    if pattern.endswith("%$"):
        return "percentage such as `2%`"
    if pattern.startswith("^[a-z]"):
        return "name"
    return _TYPES[node["type"]]


def _limits(node: Schema) -> list[str]:
    """Return the bounds of a number; those of 64 bits go without saying."""
    found = ((sign, node.get(word)) for word, sign in _BOUNDS.items())
    return [f"{sign} {bound:g}" for sign, bound in found if bound is not None and abs(bound) < LARGEST_INTEGER]


def _table(rows: Iterable[list[str]]) -> str:
    """Return ROWS as a Markdown table; the column of owners only where there are any."""
    header = ["key", "type", "default", "whose", "meaning"]
    lines = [[f"`{key}`", *rest] for key, *rest in rows]
    owned = any(whose != "–" for _, _, _, whose, _ in lines)
    texts = [f"| {' | '.join(row if owned else [*row[:3], row[4]])} |" for row in (header, *lines)]
    return "\n".join([texts[0], re.sub(r"[^|]+", "---", texts[0]), *texts[1:]])


def _listed(keys: Iterable[str]) -> str:
    return (", ".join(f"`{key}`" for key in sorted(keys)) or "None") + ".\n"
