from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakegithub.tests.client import Client

if TYPE_CHECKING:
    from tests.fakegithub.tests.client import Place


def test_comment__written_read_changed_and_removed(client: Client) -> None:
    made = client.expect(201, "POST", "/issues/1/comments", {"body": "one"})
    address = f"/issues/comments/{made['id']}"
    assert made["user"] == {**made["user"], "login": "github-actions[bot]", "type": "Bot"}
    assert made["performed_via_github_app"]["slug"] == "github-actions"
    assert made["html_url"].endswith(f"/acme/tumour/pull/1#issuecomment-{made['id']}")
    changed = client.expect(200, "PATCH", address, {"body": "two"})
    assert changed["updated_at"] > changed["created_at"] == made["created_at"]
    assert client.get(address)["body"] == "two"
    assert [each["body"] for each in client.get("/issues/1/comments")] == ["two"]
    assert client.expect(204, "DELETE", address) is None
    client.expect(404, "GET", address)


def test_comment__by_a_person_has_no_app(place: Place, client: Client) -> None:
    place.github.add_comment("acme/tumour", 1, "Looks good", author="ana")
    (shown,) = client.get("/issues/1/comments")
    assert (shown["user"]["login"], shown["user"]["type"], shown["performed_via_github_app"]) == ("ana", "User", None)


def test_comment__by_an_app_is_by_its_bot(place: Place) -> None:
    token = place.github.issue_app_token("acme/tumour", {"pull-requests": "write"}, app="mlci-gate")
    made = Client(place.github.url, token).expect(201, "POST", "/issues/1/comments", {"body": "Hello"})
    assert (made["user"]["login"], made["performed_via_github_app"]["slug"]) == ("mlci-gate[bot]", "mlci-gate")


def test_comment__as_long_as_it_may_be_and_one_more(client: Client) -> None:
    client.expect(201, "POST", "/issues/1/comments", {"body": "é" * 65_536})
    refused = client.expect(422, "POST", "/issues/1/comments", {"body": "é" * 65_537})
    assert refused["message"] == "Validation Failed"
    assert refused["errors"] == [
        {
            "resource": "IssueComment",
            "code": "unprocessable",
            "field": "data",
            "message": "Body is too long (maximum is 65536 characters)",
        }
    ]


@pytest.mark.parametrize("body", ["", " \n"])
def test_comment__without_words_is_422(client: Client, body: str) -> None:
    refused = client.expect(422, "POST", "/issues/1/comments", {"body": body})
    assert refused["errors"] == [{"resource": "IssueComment", "code": "missing_field", "field": "body"}]


@pytest.mark.parametrize("permission", ["issues", "pull-requests"])
def test_comment__either_permission_is_enough_on_a_pull_request(place: Place, permission: str) -> None:
    client = place.client({permission: "write"})
    made = client.expect(201, "POST", "/issues/1/comments", {"body": "Hello"})
    client.expect(200, "PATCH", f"/issues/comments/{made['id']}", {"body": "Bye"})


def test_comment__on_an_issue_takes_the_permission_for_issues(place: Place, client: Client) -> None:
    number = client.expect(201, "POST", "/issues", {"title": "An incident"})["number"]
    place.client({"pull-requests": "write"}).expect(403, "POST", f"/issues/{number}/comments", {"body": "Hello"})
    place.client({"issues": "write"}).expect(201, "POST", f"/issues/{number}/comments", {"body": "Hello"})


def test_comment__on_nothing_is_404(client: Client) -> None:
    client.expect(404, "POST", "/issues/99/comments", {"body": "Hello"})


def test_issue__opened_found_by_label_and_closed(client: Client) -> None:
    made = client.expect(201, "POST", "/issues", {"title": "Drift", "body": "age", "labels": ["mlci", "incident"]})
    assert (made["number"], made["state"]) == (2, "open")
    assert [each["name"] for each in made["labels"]] == ["mlci", "incident"]
    assert [each["number"] for each in client.get("/issues", labels="incident,MLCI")] == [2]
    assert client.get("/issues", labels="other") == []
    closed = client.expect(200, "PATCH", "/issues/2", {"state": "closed", "state_reason": "completed"})
    assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
    assert client.get("/issues", labels="incident") == []
    again = client.expect(200, "PATCH", "/issues/2", {"state": "open", "title": "Drift again", "labels": []})
    assert (again["state"], again["closed_at"], again["title"], again["labels"]) == ("open", None, "Drift again", [])
    assert client.get("/issues/2")["title"] == "Drift again"


def test_issue__pull_requests_are_issues_too(client: Client) -> None:
    (shown,) = client.get("/issues", state="all")
    assert shown["pull_request"]["url"].endswith("/repos/acme/tumour/pulls/1")


def test_issue__without_a_title_is_422(client: Client) -> None:
    client.expect(422, "POST", "/issues", {"title": " "})
