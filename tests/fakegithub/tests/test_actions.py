from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import requests

from tests.fakegithub.tests.client import Client

if TYPE_CHECKING:
    from tests.fakegithub.server import FakeGitHub
    from tests.fakegithub.state import Run
    from tests.fakegithub.tests.client import Place

ZIP = b"PK\x05\x06" + bytes(18)


@pytest.fixture
def run(place: Place) -> Run:
    return place.github.start_run(
        "acme/tumour",
        workflow=".github/workflows/check.yml",
        name="check",
        event="pull_request",
        head_branch="better",
        head_sha=place.head,
    )


def test_run__shown_and_finished(place: Place, client: Client, run: Run) -> None:
    shown = client.get(f"/actions/runs/{run.id}")
    assert (shown["event"], shown["head_sha"], shown["status"]) == ("pull_request", place.head, "in_progress")
    assert shown["head_commit"]["id"] == place.head
    assert [each["number"] for each in shown["pull_requests"]] == [1]
    place.github.finish_run(run, "failure")
    assert client.get(f"/actions/runs/{run.id}")["conclusion"] == "failure"
    client.expect(404, "GET", "/actions/runs/1")


def test_run__of_a_fork_names_no_pull_request(place: Place, client: Client) -> None:
    place.github.fork("acme/tumour", "mallory")
    head = place.github.commit("mallory/tumour", "main", {"a": b"a"}, author="mallory")
    place.github.open_pull_request("acme/tumour", "main", head_repository="mallory/tumour", author="mallory")
    run = place.github.start_run(
        "acme/tumour",
        workflow="check.yml",
        event="pull_request",
        head_repository="mallory/tumour",
        head_branch="main",
        head_sha=head,
    )
    shown = client.get(f"/actions/runs/{run.id}")
    assert (shown["pull_requests"], shown["head_repository"]["full_name"]) == ([], "mallory/tumour")


@pytest.mark.parametrize(
    ("query", "count"),
    [({"branch": "better"}, 1), ({"event": "push"}, 0), ({"status": "in_progress"}, 1), ({"actor": "bob"}, 0)],
)
def test_runs__by_filter(client: Client, run: Run, query: dict[str, str], count: int) -> None:
    assert client.get("/actions/runs", head_sha=run.head_sha, **query)["total_count"] == count


def test_artifact__listed_by_name_newest_first(place: Place, client: Client, run: Run) -> None:
    for name in ("candidate", "logs"):
        place.github.add_artifact(run, name, ZIP)
    listed = client.get(f"/actions/runs/{run.id}/artifacts")
    assert (listed["total_count"], [each["name"] for each in listed["artifacts"]]) == (2, ["logs", "candidate"])
    (found,) = client.get(f"/actions/runs/{run.id}/artifacts", name="candidate")["artifacts"]
    assert found["digest"] == f"sha256:{hashlib.sha256(ZIP).hexdigest()}"
    assert (found["size_in_bytes"], found["workflow_run"]["id"]) == (len(ZIP), run.id)
    assert client.get(f"/actions/artifacts/{found['id']}") == found


def test_artifact__download_leads_elsewhere_where_no_token_may_go(place: Place, client: Client, run: Run) -> None:
    artifact = place.github.add_artifact(run, "candidate", ZIP)
    answer = client.ask("GET", f"/actions/artifacts/{artifact.id}/zip")
    assert (answer.status_code, answer.content) == (302, b"")
    address = answer.headers["Location"]
    with_token = client.ask("GET", address)
    without = requests.get(address, timeout=20)
    assert with_token.status_code == 400
    assert (without.status_code, without.content) == (200, ZIP)
    assert without.headers["Content-Type"] == "application/zip"
    assert [each.has_credentials for each in place.github.log[-2:]] == [True, False]


def test_artifact__addresses_cannot_be_guessed(client: Client) -> None:
    assert requests.get(f"{client.url}/_blobs/guess", timeout=20).status_code == 404


def test_artifact__download_errors(place: Place, client: Client, run: Run) -> None:
    old = place.github.add_artifact(run, "old", ZIP, expired=True)
    client.expect(410, "GET", f"/actions/artifacts/{old.id}/zip")
    client.expect(404, "GET", f"/actions/artifacts/{old.id}/tar")
    client.expect(404, "GET", "/actions/artifacts/1/zip")
    place.client({"contents": "read"}).expect(403, "GET", f"/actions/artifacts/{old.id}/zip")


def test_artifact__bytes_take_a_token_even_in_public(github: FakeGitHub) -> None:
    github.add_repository("acme/open")
    head = github.commit("acme/open", "main", {"a": b"a"})
    run = github.start_run("acme/open", workflow="check.yml", event="push", head_branch="main", head_sha=head)
    artifact = github.add_artifact(run, "candidate", ZIP)
    anonymous = Client(github.url, repository="acme/open")
    anonymous.get(f"/actions/artifacts/{artifact.id}")
    anonymous.expect(401, "GET", f"/actions/artifacts/{artifact.id}/zip")
