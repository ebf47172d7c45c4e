from __future__ import annotations

import copy
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakegithub import cut_openapi
from tests.fakegithub.cut_openapi import cut
from tests.fakegithub.permissions import OPERATIONS

if TYPE_CHECKING:
    from pathlib import Path

WHOLE: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "GitHub"},
    "paths": {
        "/a": {
            "get": {
                "operationId": "a/get",
                "summary": "Get a",
                "externalDocs": {"url": "https://docs.github.com/a"},
                "parameters": [{"$ref": "#/components/parameters/page"}],
                "responses": {"200": {"description": "OK", "content": {"$ref": "#/components/schemas/a"}}},
                "x-octokit": {},
            },
            "delete": {"operationId": "a/delete", "responses": {}},
        },
        "/b": {"get": {"operationId": "b/get", "responses": {}}},
    },
    "components": {
        "parameters": {"page": {"name": "page", "in": "query", "example": 2}},
        "schemas": {
            "a": {
                "title": "A",
                "properties": {
                    "description": {"type": "string", "description": "…"},
                    "inner": {"$ref": "#/components/schemas/c"},
                },
            },
            "b": {"type": "string"},
            "c": {"type": "integer", "examples": [1]},
        },
    },
}  # fmt: skip


def test_cut__keeps_the_operations_and_all_that_they_refer_to() -> None:
    assert cut(WHOLE, {"a/get"}) == {
        "openapi": "3.0.3",
        "paths": {
            "/a": {
                "get": {
                    "operationId": "a/get",
                    "externalDocs": {"url": "https://docs.github.com/a"},
                    "parameters": [{"$ref": "#/components/parameters/page"}],
                    "responses": {"200": {"content": {"$ref": "#/components/schemas/a"}}},
                }
            }
        },
        "components": {
            "parameters": {"page": {"name": "page", "in": "query"}},
            "schemas": {
                # A property may be called as a word for people is called; it stays.
                "a": {"properties": {"description": {"type": "string"}, "inner": {"$ref": "#/components/schemas/c"}}},
                "c": {"type": "integer"},
            },
        },
    }


def test_cut__changes_nothing_in_what_it_is_given() -> None:
    before = copy.deepcopy(WHOLE)
    cut(WHOLE, {"a/get"})
    assert before == WHOLE


def test_cut__an_operation_that_is_gone_is_told() -> None:
    with pytest.raises(ValueError, match="the description has no a/put"):
        cut(WHOLE, {"a/get", "a/put"})


def test_cut__of_what_was_cut_is_the_same() -> None:
    committed = json.loads(cut_openapi.DESCRIPTION.read_text())
    assert cut(committed, OPERATIONS) == {key: committed[key] for key in ("openapi", "paths", "components")}


def test_written__the_same_package_gives_the_same_bytes(tmp_path: Path) -> None:
    package = tmp_path / "package.tgz"
    committed = json.loads(cut_openapi.DESCRIPTION.read_text())
    with tarfile.open(package, "w:gz") as archive:
        files = {"generated/api.github.com.json": json.dumps(committed).encode(), "LICENSE": b"MIT License"}
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    cut_openapi.write(package, tmp_path)
    assert (tmp_path / "openapi.json").read_bytes() == cut_openapi.DESCRIPTION.read_bytes()
    assert (tmp_path / "openapi.LICENSE").read_bytes() == b"MIT License"
