"""What is wrong with a document that is YAML and does not fit its model: in words, with place and nearest right key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.core.names import NAME
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.strict_yaml import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    from mlci.core.strict_yaml import Document, Path, Value

MOST_PROBLEMS: Final = 20
MOST_NAMES: Final = 30
"""Names that a hint lists where none is like the one that was written."""
"""More than these are counted, not told: nobody reads them, and a hostile document could hold 100,000."""
MOST_KEYS: Final = 30
_LONGEST_SENTENCE: Final = 400

_WANTED: Final = {
    "tuple_type": "a list is wanted",
    "dict_type": "keys with values are wanted",
    "model_type": "keys with values are wanted",
}
"""What pydantic says in the words of Python, in the words of YAML."""

_ELSEWHERE: Final = {
    **dict.fromkeys(("int", "int64", "bigint", "long"), "integer"),
    **dict.fromkeys(("float", "double", "real", "float64"), "number"),
    **dict.fromkeys(("text", "str", "varchar", "char", "object"), "string"),
    **dict.fromkeys(("bool", "logical"), "boolean"),
    "datetime": "timestamp",
    "timestamptz": "timestamp_with_zone",
    "bytes": "binary",
    "array": "list",
}
"""What other tools call the types of columns."""
_NAME: Final = "a name begins with a small letter and has at most 63 small letters, digits, `_` and `-`"

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a document."""

    where: str
    """`file:line:column`."""
    sentence: str
    hint: str | None = None


def problems(
    error: ValidationError, document: Document, model: type[BaseModel], later: frozenset[str]
) -> tuple[Problem, ...]:
    """Return the problems in ERROR, at least one, each once; LATER as in `mlci.core.documents.read_model`."""
    # The input stays out of the sentences: a value of a hostile document has no place in what others read.
    # A key that is mistyped is also missing under its right name: that it is unknown says more.
    items = sorted(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
    items = _as_meant(items, document)
    schema = model.model_json_schema()
    found = list(dict.fromkeys(_problem(item, document, schema, later) for item in items[:MOST_PROBLEMS]))
    if len(items) > MOST_PROBLEMS:
        found.append(Problem(document.name, f"and {len(items) - MOST_PROBLEMS:,} more problems"))
    return tuple(found)


def _as_meant(items: list[ErrorDetails], document: Document) -> list[ErrorDetails]:
    """Return ITEMS without what a value is told for not being of another type, where it is wrong as its own."""
    places = [document.where(_real_path(item["loc"], document.value, item["type"])) for item in items]
    own = {place for place, item in zip(places, items, strict=True) if item["type"] == "finite_number"}
    return [
        item for place, item in zip(places, items, strict=True) if place not in own or item["type"] == "finite_number"
    ]


def _problem(item: ErrorDetails, document: Document, schema: Schema, later: frozenset[str]) -> Problem:
    place = (*_real_path(item["loc"], document.value, item["type"]), *item.get("ctx", {}).get("path", ()))
    where = document.where(place)
    match item["type"]:
        case "extra_forbidden":
            sentence, hint = _unknown_key(place, schema, later)
            return Problem(where, sentence, hint)
        case "missing":
            inside = f" in {shown(_dotted(place[:-1]))}" if place[:-1] else ""
            return Problem(where, f"{shown(str(place[-1]))} is missing{inside}", f"Add `{place[-1]}:`.")
        case kind:
            message = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
            words = _WANTED.get(kind, message[:1].lower() + message[1:])
            if item.get("ctx", {}).get("pattern") == f"^{NAME.pattern}$":
                words = _NAME
            if kind == "too_short":
                words = f"at least {item['ctx']['min_length']} are wanted here"
            name = shown(_dotted(place)) if place else "the document"
            return Problem(where, one_line(f"{name}: {words}", _LONGEST_SENTENCE), _near_value(item))


def _unknown_key(place: Path, schema: Schema, later: frozenset[str]) -> tuple[str, str | None]:
    """Return sentence and hint for a key that the model does not know."""
    key = str(place[-1])
    names = tuple(part for part in place if isinstance(part, str))
    if any(_matches(names, pattern) for pattern in later):
        return f"{shown('.'.join(names))} is not in this version of mlci", "Remove the key; it is planned."
    known = list(_known_keys(schema, place[:-1]))
    otherwise = f"Known here: {', '.join(known[:MOST_KEYS])}." if known else None
    return f"unknown key {shown(key)}", did_you_mean(key, known, otherwise)


def _near_value(item: ErrorDetails) -> str | None:
    """Return the hint that a problem brings, or one where one of a few words is wanted and a similar one was given."""
    if "hint" in item.get("ctx", {}):
        return str(item["ctx"]["hint"])
    if "near" in item.get("ctx", {}):
        context = item["ctx"]
        known = tuple(context["near"])
        is_told = "listed" in context or not 0 < len(known) <= MOST_NAMES
        return did_you_mean(context["name"], known, None if is_told else f"There are: {', '.join(known)}.")
    if item["type"] != "literal_error" or not isinstance(item["input"], str):
        return None
    allowed = re.findall(r"'([^']*)'", item["ctx"]["expected"])
    meant = _ELSEWHERE.get(item["input"].lower())
    if meant in allowed:
        return f"Did you mean `{meant}`?"
    return did_you_mean(item["input"], allowed)


def _real_path(location: Path, value: Value, kind: str) -> Path:
    """Return the LOCATION of an error of KIND without the parts that pydantic adds for unions, keys and the like."""
    path: list[str | int] = []
    here: Value = value
    for part in location[:-1]:
        found, below = _step(here, part)
        if found:
            here = below
            path.append(part)
    is_there = bool(location) and _step(here, location[-1])[0]
    return (*path, *location[-1:]) if is_there or kind == "missing" else tuple(path)


def _step(here: Value, part: str | int) -> tuple[bool, Value]:
    """Return whether HERE has the key or place PART, and what is there."""
    if isinstance(here, dict) and isinstance(part, str) and part in here:
        return True, here[part]
    if isinstance(here, list) and isinstance(part, int) and part < len(here):
        return True, here[part]
    return False, None


def _dotted(path: Path) -> str:
    """Return PATH as a person writes it: `gates[2].value`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _matches(names: tuple[str, ...], pattern: str) -> bool:
    """Tell whether the key NAMES is PATTERN or below it; `*` in PATTERN is any one name."""
    wanted = pattern.split(".")
    return len(names) >= len(wanted) and all(w in ("*", name) for name, w in zip(names, wanted, strict=False))


def _known_keys(schema: Schema, path: Path) -> Iterator[str]:
    """Yield the keys that a JSON Schema knows at PATH, each once."""
    definitions = schema.get("$defs", {})
    here = _variants(schema, definitions)
    for part in path:
        here = [found for node in here for below in _below(node, part) for found in _variants(below, definitions)]
    yield from dict.fromkeys(key for node in here for key in node.get("properties", {}))


def _variants(node: Schema, definitions: Schema) -> list[Schema]:
    """Return what NODE may be, with references and unions resolved."""
    if "$ref" in node:
        return _variants(definitions[str(node["$ref"]).rsplit("/", 1)[-1]], definitions)
    options = node.get("anyOf") or node.get("oneOf") or []
    return [found for option in options for found in _variants(option, definitions)] or [node]


def _below(node: Schema, part: str | int) -> Iterator[Schema]:
    """Yield the schema of NODE's item or key PART, where it has one."""
    items, properties, extra = node.get("items"), node.get("properties", {}), node.get("additionalProperties")
    if isinstance(part, int):
        if isinstance(items, dict):
            yield items
    elif part in properties:
        yield properties[part]
    else:
        yield from node.get("patternProperties", {}).values()
        if isinstance(extra, dict):
            yield extra
