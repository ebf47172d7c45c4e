"""The JSON Schemas say the same as the strict readers, and carry what an editor shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlci.core.config import Config, read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from mlci.core.merged_sections import owners
from mlci.core.section import RULE, Owner, Section
from mlci.errors import UsageError
from mlci.schemas.__main__ import FOLDER, generated
from mlci.schemas.schema import OWNER, parts, schema
from mlci.schemas.sentences import SENTENCES
from tests.core.configurations import CELLS, TUMOUR, edited

if TYPE_CHECKING:
    from pydantic import BaseModel

MODELS = (Config, Contract)


def errors(model: type[BaseModel], text: str) -> list[str]:
    """Return what the JSON Schema of MODEL has against the document TEXT."""
    return [error.message for error in Draft202012Validator(schema(model)).iter_errors(yaml.safe_load(text))]


def nodes(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the schema of every part of MODEL, by its name."""
    written = schema(model)
    return {model.__name__: written, **written["$defs"]}


@pytest.mark.parametrize("path", sorted(path.name for path in generated()))
def test_generated_file__is_up_to_date(path: str) -> None:
    files = {file.name: (file, text) for file, text in generated().items()}
    file, text = files[path]
    assert file.read_text() == text, "run: make schemas"


@pytest.mark.parametrize("name", ["mlci.schema.json", "contract.schema.json"])
def test_schema_file__is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.loads((FOLDER / name).read_text()))


@pytest.mark.parametrize(("model", "text"), [(Config, TUMOUR), (Contract, CELLS)])
def test_schema__takes_what_the_reader_takes(model: type[BaseModel], text: str) -> None:
    assert errors(model, text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("objective", "objectiv"),
        ("cells:   {", "Cells:   {"),
        ("deploy: {live: ", "deploy: {Live: "),
        ("task: binary", "task: clustering"),
        ("margin: 0.01", "margin: -1"),
        ("margin: 0.01", 'margin: "1"'),
        ("params: params.yaml", "timeout: 3600"),
        ("version: 1", "version: 2"),
    ],
)
def test_schema__refuses_what_the_reader_refuses(old: str, new: str) -> None:
    text = edited(TUMOUR, (old, new))
    with pytest.raises(UsageError):
        read_config(text.encode())
    assert errors(Config, text) != []


@pytest.mark.parametrize(
    ("old", "new"), [("unique", "uniqe"), ("type: integer", "type: int"), ("0.1%", "0.1"), ("min: 100", "min: -1")]
)
def test_schema__of_a_contract_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    text = edited(CELLS, (old, new))
    with pytest.raises(UsageError):
        read_model(text.encode(), Contract, "cells.yaml")
    assert errors(Contract, text) != []


@pytest.mark.parametrize("model", MODELS)
def test_schema__every_key_says_what_it_is_for(model: type[BaseModel]) -> None:
    described = {
        f"{name}.{key}": content["description"]
        for name, node in nodes(model).items()
        for key, content in node["properties"].items()
    }
    assert described == {name: SENTENCES[name] for name in described}


def test_sentences__are_about_keys_that_exist() -> None:
    fields = {f"{part.__name__}.{name}" for model in MODELS for part in parts(model) for name in part.model_fields}
    assert set(SENTENCES) == fields


def test_sentences__end_like_sentences() -> None:
    assert [sentence for sentence in SENTENCES.values() if not sentence.endswith(".")] == []


def test_schema__a_field_without_a_sentence_is_a_defect() -> None:
    class Undescribed(Section):
        key: Annotated[int, RULE] = 0

    with pytest.raises(KeyError, match="Undescribed"):
        schema(Undescribed)


def test_schema__defaults_are_written_as_in_the_file() -> None:
    written = nodes(Config) | nodes(Contract)
    assert written["TrainSection"]["properties"]["timeout"]["default"] == "1h"
    assert written["CrossRule"]["properties"]["max_share"]["default"] == "0%"


def test_schema__says_whose_a_key_is() -> None:
    sections = {part.__name__: owners(part) for part in parts(Config)}
    said = {
        (name, key): content.get(OWNER)
        for name, node in nodes(Config).items()
        for key, content in node["properties"].items()
    }
    expected = {
        (name, key): {Owner.RULE: "rule", Owner.HEAD: "head"}.get(owner)
        for name, section in sections.items()
        for key, owner in section.items()
    }
    assert said == expected
