"""The JSON Schema of a model, with what each key is for, whose it is, and defaults as a person writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from mlci.core.config import json_schema
from mlci.core.merged_sections import owners
from mlci.core.section import Section
from mlci.schemas.sentences import SENTENCES

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = "x-mlci-owner"
"""The keyword that says whose a key is: `rule` (read from base) or `head`; left out where its parts say so."""

Schema = dict[str, Any]


def schema(model: type[BaseModel]) -> Schema:
    """Return the JSON Schema (draft 2020-12) of MODEL; raises `KeyError` for a field without a sentence."""
    written = dict(json_schema(model))
    nodes = {model.__name__: written, **written.get("$defs", {})}
    for part in parts(model):
        _describe(nodes[part.__name__], part)
    return written


def parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield MODEL and every model that its fields lead to, each once."""
    found: list[type[BaseModel]] = [model]
    for each in found:
        for field in each.model_fields.values():
            found += [inner for inner in _models(field.annotation) if inner not in found]
    yield from found


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models that ANNOTATION names, inside unions and containers too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def _describe(node: Schema, part: type[BaseModel]) -> None:
    """Complete the schema NODE of PART."""
    defaults = part.model_construct().model_dump(mode="json")
    whose = owners(part) if issubclass(part, Section) else {}
    for name, key in node["properties"].items():
        key.pop("title", None)
        key["description"] = SENTENCES[f"{part.__name__}.{name}"]
        if name in defaults:
            key["default"] = defaults[name]  # as it is written: `1h`, where pydantic says `PT1H`
        if name in whose and whose[name].value != "parts":
            key[OWNER] = whose[name].value
        if "patternProperties" in key:
            key["additionalProperties"] = False  # a name that does not fit the pattern is an error
