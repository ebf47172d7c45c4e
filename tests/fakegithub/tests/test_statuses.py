from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakegithub.tests.client import Client

if TYPE_CHECKING:
    from tests.fakegithub.tests.client import Place


def test_status__written_and_listed_newest_first(place: Place, client: Client) -> None:
    address = f"/statuses/{place.head}"
    client.expect(201, "POST", address, {"state": "pending", "context": "mlci/gate"})
    made = client.expect(
        201,
        "POST",
        address,
        {"state": "failure", "context": "mlci/gate", "description": "recall fell", "target_url": "https://example.com"},
    )
    assert (made["creator"]["login"], made["description"]) == ("github-actions[bot]", "recall fell")
    assert [each["state"] for each in client.get(f"/commits/{place.head}/statuses")] == ["failure", "pending"]


@pytest.mark.parametrize(
    ("states", "combined"),
    [
        ({}, "pending"),
        ({"a": "success"}, "success"),
        ({"a": "success", "b": "pending"}, "pending"),
        ({"a": "success", "b": "error"}, "failure"),
    ],
)
def test_combined_status__of_the_newest_of_each_context(
    place: Place, client: Client, states: dict[str, str], combined: str
) -> None:
    for context, state in states.items():
        client.expect(201, "POST", f"/statuses/{place.head}", {"state": "error", "context": context})
        client.expect(201, "POST", f"/statuses/{place.head}", {"state": state, "context": context})
    shown = client.get("/commits/better/status")
    assert (shown["state"], shown["sha"], shown["total_count"]) == (combined, place.head, len(states))


def test_status__limits_and_unknown_commits(place: Place, client: Client) -> None:
    fine = {"state": "success", "description": "x" * 140}
    client.expect(201, "POST", f"/statuses/{place.head}", fine)
    refused = client.expect(422, "POST", f"/statuses/{place.head}", {**fine, "description": "x" * 141})
    assert refused["errors"][0]["field"] == "description"
    assert client.expect(422, "POST", f"/statuses/{'0' * 40}", fine)["message"].startswith("No commit found for SHA")
    client.expect(422, "POST", "/statuses/main", fine)


def test_check_run__from_queued_to_completed(place: Place, client: Client) -> None:
    made = client.expect(201, "POST", "/check-runs", {"name": "mlci report", "head_sha": place.head})
    assert (made["status"], made["conclusion"], made["app"]["slug"]) == ("queued", None, "github-actions")
    assert [each["number"] for each in made["pull_requests"]] == [1]
    annotation = {
        "path": "a.py",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "warning",
        "message": "leak",
    }
    output = {"title": "Pass", "summary": "All gates", "annotations": [annotation]}
    address = f"/check-runs/{made['id']}"
    for _ in range(2):
        client.expect(200, "PATCH", address, {"conclusion": "success", "output": output})
    shown = client.get(address)
    assert (shown["status"], shown["conclusion"]) == ("completed", "success")
    assert shown["output"] == {**shown["output"], "title": "Pass", "text": None, "annotations_count": 2}


def test_check_run__listed_by_name_the_latest_of_each(place: Place, client: Client) -> None:
    for name in ("one", "two", "two"):
        client.expect(201, "POST", "/check-runs", {"name": name, "head_sha": place.head, "status": "in_progress"})
    listed = client.get(f"/commits/{place.head}/check-runs")
    assert (listed["total_count"], [each["name"] for each in listed["check_runs"]]) == (2, ["one", "two"])
    assert client.get(f"/commits/{place.head}/check-runs", check_name="two", filter="all")["total_count"] == 2


def test_check_run__is_for_apps_and_changed_by_its_own_only(place: Place, client: Client) -> None:
    made = client.expect(201, "POST", "/check-runs", {"name": "mlci", "head_sha": place.head})
    other = place.github.issue_app_token("acme/tumour", {"checks": "write"}, app="other")
    refused = Client(place.github.url, other).expect(
        403, "PATCH", f"/check-runs/{made['id']}", {"conclusion": "success"}
    )
    assert refused["message"].startswith("Invalid app_id")
    place.github.add_collaborator("acme/tumour", "ana")
    ana = Client(place.github.url, place.github.issue_user_token("ana"))
    ana.expect(403, "POST", "/check-runs", {"name": "mlci", "head_sha": place.head})


def test_check_run__completed_without_conclusion_and_unknown_commit(place: Place, client: Client) -> None:
    client.expect(422, "POST", "/check-runs", {"name": "mlci", "head_sha": "0" * 40})
    refused = client.expect(422, "POST", "/check-runs", {"name": "x", "head_sha": place.head, "status": "completed"})
    assert refused["errors"][0]["field"] == "conclusion"
    client.expect(404, "GET", "/check-runs/1")


@pytest.mark.parametrize("path", ["status", "statuses", "check-runs"])
def test_lists__of_an_unknown_commit_are_422(client: Client, path: str) -> None:
    client.expect(422, "GET", f"/commits/nowhere/{path}")
