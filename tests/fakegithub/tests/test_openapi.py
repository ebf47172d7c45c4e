from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakegithub.openapi import UNMODELLED, Operation, description

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def the_operation(name: str) -> Operation:
    return next(each for each in description().operations() if each.name == name)


@pytest.mark.parametrize(
    ("path", "name", "parameters"),
    [
        ("/repos/a/b", "repos/get", {}),
        ("/repos/a/b/commits/heads/x%2Fy/status", "repos/get-combined-status-for-ref", {"ref": "heads/x/y"}),
        ("/repos/a/b/commits/abc/statuses", "repos/list-commit-statuses-for-ref", {"ref": "abc"}),
        ("/repos/a/b/releases/latest", "repos/get-latest-release", {}),
        ("/repos/a/b/releases/7", "repos/get-release", {"release_id": "7"}),
        ("/repos/a/b/releases/tags/mlci-store/ab", "repos/get-release-by-tag", {"tag": "mlci-store/ab"}),
        ("/repos/a/b/git/ref/tags/m%40v1%23x", "git/get-ref", {"ref": "tags/m@v1#x"}),
    ],
)
def test_find__the_operation_and_its_parameters(path: str, name: str, parameters: dict[str, str]) -> None:
    found = description().find("GET", path)
    assert found is not None
    assert (found[0].name, found[1]) == (name, {"owner": "a", "repo": "b", **parameters})


@pytest.mark.parametrize("path", ["/", "/repos/a", "/repos/a/b/pulls/x", "/repos/a/b/nothing", "/repos/a/b/"])
def test_find__nothing_where_github_has_nothing(path: str) -> None:
    assert description().find("GET", path) is None


@given(st.text())
def test_find__any_path_is_answered(path: str) -> None:
    assert description().find("GET", f"/nowhere/{path}") is None


@pytest.mark.parametrize(
    ("query", "objection"),
    [
        ({}, None),
        ({"state": "all", "per_page": "100", "page": "2"}, None),
        ({"stat": "all"}, "the query parameter 'stat' does not exist"),
        ({"state": "merged"}, "query parameter state: $: 'merged' is not one of ['open', 'closed', 'all']"),
        ({"page": "two"}, "query parameter page: $: 'two' is not of type 'integer'"),
    ],
)
def test_objection_to_query(query: dict[str, str], objection: str | None) -> None:
    assert description().objection_to_query(the_operation("pulls/list"), query) == objection


def test_objection_to_query__a_parameter_that_must_be_there() -> None:
    upload = the_operation("repos/upload-release-asset")
    assert description().objection_to_query(upload, {}) == "the query parameter 'name' is missing"


@pytest.mark.parametrize(
    ("body", "objection"),
    [
        ({"state": "success", "description": None}, None),
        (None, "the body is missing"),
        ({"state": "green"}, "body: $.state: 'green' is not one of ['error', 'failure', 'pending', 'success']"),
        ({"context": "mlci/gate"}, "body: $: 'state' is a required property"),
        (
            {"state": "success", "contxt": "mlci/gate"},
            "body: $: Additional properties are not allowed ('contxt' was unexpected)",
        ),
    ],
)
def test_objection_to_body(body: object, objection: str | None) -> None:
    assert description().objection_to_body(the_operation("repos/create-commit-status"), body) == objection


def test_objection_to_body__where_none_is_taken() -> None:
    assert description().objection_to_body(the_operation("repos/get"), {"a": 1}) == "this operation takes no body"


@given(JSON)
def test_objection_to_body__any_value_is_judged(body: Any) -> None:  # noqa: ANN401 - any JSON value
    objection = description().objection_to_body(the_operation("repos/create-commit-status"), body)
    assert objection is not None


def test_objection_to_answer__each_kind() -> None:
    get = the_operation("repos/get-release")
    release = description().filled("release", {"author": description().filled("simple-user", {})})
    assert description().objection_to_answer(get, 200, release) is None
    assert description().objection_to_answer(get, 201, release) == "the status 201 is not described"
    assert "'surprise' was unexpected" in str(description().objection_to_answer(get, 200, {**release, "surprise": 1}))
    assert "'tag_name' is a required property" in str(
        description().objection_to_answer(get, 200, {key: release[key] for key in release if key != "tag_name"})
    )
    assert description().objection_to_answer(the_operation("repos/delete-release"), 204, None) is None
    assert description().objection_to_answer(the_operation("repos/delete-release"), 204, {}) == (
        "a body where GitHub sends none"
    )


def test_objection_to_answer__an_error_that_is_not_described_has_the_usual_form() -> None:
    get = the_operation("repos/get-release")
    error = {"message": "Server Error", "documentation_url": "https://docs.github.com/rest", "status": "502"}
    assert description().objection_to_answer(get, 502, error) is None
    assert description().objection_to_answer(get, 502, {**error, "message": 1}) is not None


@pytest.mark.parametrize(("value", "is_fine"), [("2026-01-01T00:00:00Z", True), ("2026-01-01", False), (None, True)])
def test_objection_to_answer__times(value: str | None, *, is_fine: bool) -> None:
    release = description().filled(
        "release", {"author": description().filled("simple-user", {}), "published_at": value}
    )
    objection = description().objection_to_answer(the_operation("repos/get-release"), 200, release)
    assert (objection is None) == is_fine


def test_filled__what_is_given_and_something_empty_for_the_rest() -> None:
    comment = description().filled("issue-comment", {"id": 7, "body": "Hello"})
    assert comment == {
        "id": 7,
        "body": "Hello",
        "node_id": "",
        "url": UNMODELLED,
        "html_url": UNMODELLED,
        "issue_url": UNMODELLED,
        "user": None,
        "created_at": "1970-01-01T00:00:00Z",
        "updated_at": "1970-01-01T00:00:00Z",
    }


def test_filled__each_object_is_a_new_one() -> None:
    description().filled("pull-request", {})["_links"] = None
    assert description().filled("pull-request", {})["_links"] is not None


def test_description__is_small_and_carries_its_licence() -> None:
    folder = Path(__file__).parent.parent
    assert (folder / "openapi.json").stat().st_size < 600_000
    assert (folder / "openapi.LICENSE").read_text().startswith("MIT License")
