"""A contract as a JSON Schema of its rows (draft 2020-12), and what such a schema cannot say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mlci.core.contract.constraints import constraints
from mlci.core.contract.formats import FORMATS
from mlci.core.contract.scalar import LARGEST_INTEGER, SMALLEST_INTEGER
from mlci.core.contract.share import NONE

if TYPE_CHECKING:
    from mlci.core.contract.model import ColumnRule, Contract
    from mlci.core.contract.pattern import Pattern
    from mlci.core.contract.scalar import ColumnType

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
NOT_SAID: Final = "x-not-said"
"""The keyword, which validators read over, that lists what the contract demands beyond the schema."""

_TYPES: Final[dict[ColumnType, dict[str, Any]]] = {
    "integer": {"type": "integer", "minimum": SMALLEST_INTEGER, "maximum": LARGEST_INTEGER},
    "number": {"type": "number"},
    "string": {"type": "string", "minLength": 1},
    "boolean": {"type": "boolean"},
    "list": {"type": "array"},
    "struct": {"type": "object"},
}
_WRITTEN: Final[dict[str, Any]] = {"type": ["string", "number"]}
"""What JSON has no type for: decimals, dates, times and bytes come as text, decimals as numbers, too."""
_OF_A_VALUE: Final = frozenset({"type", "enum", "min", "max"})
_LARGEST_ESCAPED: Final = 0xFFFF
_SAID: Final = frozenset(
    {"present", "type", "enum", "min", "max", "length_min", "length_max", "pattern", "format", "extra"}
    | {"rows_min", "rows_max"}
)
_FORMATS: Final = {"email": "email", "uuid": "uuid", "url": "uri", "ipv4": "ipv4"}


def json_schema(contract: Contract) -> dict[str, Any]:
    """Return the schema of a list of rows, each an object with the values of its columns.

    An empty field is null. What a single row cannot break, and what only warns, stands in words under `x-not-said`.
    """
    row: dict[str, Any] = {
        "type": "object",
        "properties": {name: _column(rule) for name, rule in contract.columns.items()},
        "required": [name for name, rule in contract.columns.items() if not rule.optional and _counts(rule)],
        "additionalProperties": contract.extra,
    }
    schema: dict[str, Any] = {"$schema": DRAFT, "type": "array", "items": {"$ref": "#/$defs/row"}}
    if contract.rows is not None:
        bounds = {"minItems": contract.rows.min, "maxItems": contract.rows.max}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    return {**schema, "$defs": {"row": row}, NOT_SAID: not_said(contract)}


def not_said(contract: Contract) -> list[str]:
    """Return in words what CONTRACT demands and its JSON Schema does not."""
    return [
        each.sentence + (" (only warns)" if each.severity == "warn" else "")
        for each in constraints(contract)
        if each.severity == "warn"
        or each.kind not in _SAID | {"required"}
        or (each.kind == "required" and each.value != NONE)
        or (each.kind in _OF_A_VALUE and each.columns[0].type not in _TYPES)
    ]


def _counts(rule: ColumnRule) -> bool:
    return rule.severity == "error"


def _column(rule: ColumnRule) -> dict[str, Any]:
    """Return the schema of a value; where a column only warns, any value will do."""
    told: dict[str, Any] = {"description": rule.description} if rule.description else {}
    if rule.unit:
        told["x-unit"] = rule.unit
    if rule.deprecated:
        told["deprecated"] = True
    if not _counts(rule):
        return told
    is_known = rule.type in _TYPES
    schema = dict(_TYPES[rule.type] if is_known else _WRITTEN)
    bounds = {"minimum": rule.min, "maximum": rule.max} if is_known else {}
    if rule.length is not None:
        bounds |= {"minLength": rule.length.min, "maxLength": rule.length.max}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if rule.enum is not None and is_known:
        schema["enum"] = list(rule.enum)
    if rule.pattern is not None:
        schema["pattern"] = _expression(rule.pattern)
    if rule.format is not None:
        schema["format"] = _FORMATS[str(rule.format)]
        schema["pattern"] = _expression(FORMATS[rule.format].pattern)
    if rule.tolerated_null != NONE:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return told | schema


def _expression(pattern: Pattern) -> str:
    r"""Return PATTERN as ECMA-262 writes it, whose escapes have four digits; other characters stand for themselves."""
    written = re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: _escaped(int(found[1], 16)), pattern.regular_expression)
    return f"^(?:{written})$"


def _escaped(number: int) -> str:
    return f"\\u{number:04x}" if number <= _LARGEST_ESCAPED else chr(number)
