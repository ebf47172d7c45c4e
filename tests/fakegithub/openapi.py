"""GitHub's own description of its REST interface: which operations there are, and what they take and give."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from referencing.jsonschema import Schema

UNMODELLED: Final = "https://not-in-the-fake.invalid/"
"""The value of each URL that GitHub would send and the fake has nothing behind."""

_ADDRESS: Final = "urn:github"
_FORMATS: Final = FormatChecker(formats=())
_SLASHES: Final = frozenset({"ref", "tag"})  # these parameters go on beyond the next slash
_OPEN: Final = frozenset({"validation-error", "basic-error"})  # GitHub sends more with these than it says


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the path or the query."""

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its operationId, where it lies, and what is said about it."""

    name: str
    method: str
    template: str
    documentation_url: str
    parameters: tuple[Parameter, ...]
    takes_bytes: bool
    body_required: bool
    fields: frozenset[str]
    statuses: frozenset[int]

    def pointer(self, *keys: str) -> str:
        """Return the JSON pointer of something that the operation holds."""
        steps = ("paths", self.template, self.method.lower(), *keys)
        return "#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)


class Description:
    """The OpenAPI description; made by `description()`, and never changed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._closed = _closed(document)
        self._blanks: dict[str, dict[str, Any]] = {}
        resource = DRAFT202012.create_resource(self._closed)
        self._registry: Registry[Schema] = Registry().with_resource(_ADDRESS, resource)
        self._operations = tuple(sorted(self._read_operations(), key=_most_literal_first))
        self._patterns = tuple((_pattern(each), each) for each in self._operations)
        self._validators: dict[str, Draft202012Validator] = {}

    def operations(self) -> tuple[Operation, ...]:
        """Return all operations."""
        return self._operations

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation of a method and a path (still quoted), and the path's parameters; None if none is."""
        for pattern, operation in self._patterns:
            matched = pattern.fullmatch(path) if operation.method == method else None
            if matched:
                return operation, {name: unquote(value) for name, value in matched.groupdict().items()}
        return None

    def objection_to_query(self, operation: Operation, query: Mapping[str, str]) -> str | None:
        """Return why a query does not fit the operation; None when it does."""
        known = {each.name: each for each in operation.parameters if each.place == "query"}
        for name, text in query.items():
            if name not in known:
                return f"the query parameter {name!r} does not exist"
            problem = self._objection(known[name].schema, _typed(text, known[name].schema))
            if problem:
                return f"query parameter {name}: {problem}"
        missing = [each.name for each in known.values() if each.required and each.name not in query]
        return f"the query parameter {missing[0]!r} is missing" if missing else None

    def objection_to_body(self, operation: Operation, body: object) -> str | None:
        """Return why a JSON body (None: there is none) does not fit the operation; None when it does."""
        if body is None:
            return "the body is missing" if operation.body_required else None
        if not operation.fields:
            return "this operation takes no body"
        pointer = operation.pointer("requestBody", "content", "application/json", "schema")
        problem = self._objection_at(pointer, body)
        return f"body: {problem}" if problem else None

    def objection_to_answer(self, operation: Operation, status: int, body: object) -> str | None:
        """Return why an answer (body None: empty) is none that GitHub would give; None when it is fine."""
        if status not in operation.statuses:
            # The description names few of the errors; those that it leaves out have the usual form.
            return self.objection_to_error(body) if status >= 400 else f"the status {status} is not described"
        answer = self._at(operation.pointer("responses", str(status)))
        content = self._resolved(answer).get("content")
        if content is None:
            return "a body where GitHub sends none" if status < 300 and body is not None else None
        problem = self._objection(content["application/json"]["schema"], body)
        return f"answer {status}: {problem}" if problem else None

    def objection_to_error(self, body: object) -> str | None:
        """Return why `body` does not have the form of an error."""
        return self._objection_at("#/components/schemas/basic-error", body)

    def filled(self, schema: str, values: Mapping[str, object]) -> dict[str, object]:
        """Return an object of a named schema: `values`, and something empty for what else GitHub always sends."""
        if schema not in self._blanks:
            raw = self._document["components"]["schemas"][schema]
            self._blanks[schema] = self._blank({**raw, "nullable": False})
        return {**copy.deepcopy(self._blanks[schema]), **values}

    def _blank(self, schema: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        if "$ref" in schema:
            return self._blank(self._at(schema["$ref"], self._document))
        if schema.get("nullable"):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        match schema.get("type"), schema.get("format"):
            case "string", "uri":
                return UNMODELLED
            case "string", "date-time":
                return "1970-01-01T00:00:00Z"
            case "string", _:
                return ""
            case (("integer" | "number"), _):
                return 0
            case "boolean", _:
                return False
            case "array", _:
                return []
            case _:
                return {name: self._blank(schema["properties"][name]) for name in schema.get("required", ())}

    def _objection_at(self, pointer: str, value: object) -> str | None:
        return self._objection({"$ref": pointer}, value)

    def _objection(self, schema: Mapping[str, Any], value: object) -> str | None:
        """Validate against a schema that is closed already."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            absolute = json.loads(key.replace('"#/', f'"{_ADDRESS}#/'))
            self._validators[key] = Draft202012Validator(absolute, registry=self._registry, format_checker=_FORMATS)
        error = best_match(self._validators[key].iter_errors(value))
        return None if error is None else f"{error.json_path}: {error.message[:300]}"

    def _at(self, pointer: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        found = self._closed if document is None else document
        for step in pointer.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return found

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        return self._at(node["$ref"]) if "$ref" in node else node

    def _read_operations(self) -> Iterator[Operation]:
        for template, methods in self._closed["paths"].items():
            for method, raw in methods.items():
                yield self._read_operation(template, method, raw)

    def _read_operation(self, template: str, method: str, raw: dict[str, Any]) -> Operation:
        request = raw.get("requestBody", {})
        content = request.get("content", {})
        return Operation(
            name=raw["operationId"],
            method=method.upper(),
            template=template,
            documentation_url=raw["externalDocs"]["url"],
            parameters=tuple(self._read_parameter(each) for each in raw.get("parameters", ())),
            takes_bytes="application/octet-stream" in content,
            body_required=bool(request.get("required")) and "application/json" in content,
            fields=frozenset(content.get("application/json", {}).get("schema", {}).get("properties", ())),
            statuses=frozenset(int(status) for status in raw["responses"]),
        )

    def _read_parameter(self, raw: dict[str, Any]) -> Parameter:
        found = self._resolved(raw)
        return Parameter(found["name"], found["in"], bool(found.get("required")), found["schema"])


@cache
def description() -> Description:
    """Return the description that `cut_openapi.py` wrote."""
    return Description(json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")))


@_FORMATS.checks("date-time")
def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@_FORMATS.checks("uri")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """Return OpenAPI 3.0 as JSON Schema: nullable spelled out, and no properties but those that are described."""
    closed = {key: _closed_node(value) for key, value in document.items()}
    for name in _OPEN & closed["components"]["schemas"].keys():
        closed["components"]["schemas"][name].pop("additionalProperties", None)
    return closed


def _closed_node(node: Any, *, close: bool = True, are_names: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(node, list):
        return [_closed_node(each) for each in node]
    if not isinstance(node, dict):
        return node
    if are_names:
        return {key: _closed_node(value) for key, value in node.items()}
    schema: dict[str, Any] = {}
    for key, value in node.items():
        if key == "allOf":  # parts of one object cannot each be all of it
            schema[key] = [_closed_node(each, close=False) for each in value]
        else:
            schema[key] = _closed_node(value, are_names=key == "properties")
    if close and "properties" in schema:
        schema.setdefault("additionalProperties", False)
    if schema.pop("nullable", False):
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _typed(text: str, schema: Mapping[str, object]) -> object:
    wanted = schema.get("type")
    if wanted == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if wanted == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _most_literal_first(operation: Operation) -> tuple[int, str]:
    literal = re.sub(r"\{[a-z_]+\}", "", operation.template)
    return -len(literal), operation.template


def _pattern(operation: Operation) -> re.Pattern[str]:
    types = {each.name: each.schema.get("type") for each in operation.parameters}

    def group(found: re.Match[str]) -> str:
        name = found[1]
        allowed = "[0-9]{1,18}" if types.get(name) == "integer" else ".+" if name in _SLASHES else "[^/]+"
        return f"(?P<{name}>{allowed})"

    return re.compile(re.sub(r"\{([a-z_]+)\}", group, operation.template))
