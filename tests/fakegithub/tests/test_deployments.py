from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakegithub.tests.client import Client, Place


def test_deployment__created_found_and_followed_to_success(place: Place, client: Client) -> None:
    made = client.expect(
        201,
        "POST",
        "/deployments",
        {"ref": place.base, "environment": "live", "auto_merge": False, "required_contexts": [], "payload": {"v": 1}},
    )
    assert (made["sha"], made["environment"], made["payload"]) == (place.base, "live", {"v": 1})
    address = f"/deployments/{made['id']}"
    for state in ("in_progress", "success"):
        status = client.expect(201, "POST", f"{address}/statuses", {"state": state, "description": f"now {state}"})
        assert (status["state"], status["environment"]) == (state, "live")
    assert [each["state"] for each in client.get(f"{address}/statuses")] == ["success", "in_progress"]
    assert client.get(address)["updated_at"] > made["updated_at"]
    assert [each["id"] for each in client.get("/deployments", environment="live")] == [made["id"]]
    assert client.get("/deployments", environment="other") == []


def test_deployment__a_new_success_retires_the_one_before(client: Client) -> None:
    ids = []
    for _ in range(2):
        made = client.expect(201, "POST", "/deployments", {"ref": "main", "environment": "live"})
        client.expect(201, "POST", f"/deployments/{made['id']}/statuses", {"state": "success"})
        ids.append(made["id"])
    assert [each["id"] for each in client.get("/deployments")] == ids[::-1]
    assert [each["state"] for each in client.get(f"/deployments/{ids[0]}/statuses")] == ["inactive", "success"]
    assert [each["state"] for each in client.get(f"/deployments/{ids[1]}/statuses")] == ["success"]


def test_deployment__of_a_red_commit_is_409_unless_no_context_is_required(place: Place, client: Client) -> None:
    client.expect(201, "POST", f"/statuses/{place.base}", {"state": "failure", "context": "mlci/gate"})
    refused = client.expect(409, "POST", "/deployments", {"ref": "main"})
    assert refused["message"] == "Conflict: Commit status checks failed for main."
    client.expect(409, "POST", "/deployments", {"ref": "main", "required_contexts": ["tests"]})
    client.expect(201, "POST", "/deployments", {"ref": "main", "required_contexts": []})


def test_deployment__unknown_refs_and_numbers(client: Client) -> None:
    assert client.expect(422, "POST", "/deployments", {"ref": "nowhere"})["message"] == "No ref found for: nowhere"
    client.expect(404, "GET", "/deployments/1")
    client.expect(404, "POST", "/deployments/1/statuses", {"state": "success"})


def test_deployment_status__description_is_short(client: Client) -> None:
    made = client.expect(201, "POST", "/deployments", {"ref": "main"})
    address = f"/deployments/{made['id']}/statuses"
    client.expect(201, "POST", address, {"state": "success", "description": "x" * 140})
    client.expect(422, "POST", address, {"state": "success", "description": "x" * 141})


def test_deployment_status__links(client: Client) -> None:
    made = client.expect(201, "POST", "/deployments", {"ref": "main"})
    links = {"log_url": "https://example.com/log", "environment_url": "https://example.com"}
    status = client.expect(201, "POST", f"/deployments/{made['id']}/statuses", {"state": "success", **links})
    assert {name: status[name] for name in links} == links
    assert status["target_url"] == links["log_url"]
