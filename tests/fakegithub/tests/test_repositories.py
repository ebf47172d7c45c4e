from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakegithub.tests.client import Client

if TYPE_CHECKING:
    from tests.fakegithub.server import FakeGitHub
    from tests.fakegithub.tests.client import Place


def test_get__a_repository(place: Place, client: Client) -> None:
    shown = client.get()
    assert (shown["full_name"], shown["private"], shown["default_branch"]) == ("acme/tumour", True, "main")
    assert shown["owner"]["type"] == "Organization"
    assert shown["clone_url"] == place.github.clone_url("acme/tumour")


def test_get__a_fork_names_its_parent(place: Place) -> None:
    place.github.fork("acme/tumour", "mallory")
    token = place.github.issue_token("mallory/tumour", {})
    shown = Client(place.github.url, token, repository="mallory/tumour").get()
    assert (shown["fork"], shown["parent"]["full_name"]) == (True, "acme/tumour")


def test_get_commit__by_id_branch_and_tag(place: Place, client: Client) -> None:
    repository = place.github.state.repository("acme/tumour")
    repository.git.set_ref("refs/tags/v1", place.head)
    shown = [client.get(f"/commits/{each}") for each in (place.head, "better", "heads/better", "v1")]
    assert {each["sha"] for each in shown} == {place.head}
    assert shown[0]["parents"][0]["sha"] == place.base
    assert shown[0]["commit"]["message"] == "change"
    assert shown[0]["stats"] == {"additions": 1, "deletions": 0, "total": 1}
    assert [each["filename"] for each in shown[0]["files"]] == ["data.csv"]


def test_get_commit__the_first_one_adds_all_its_files(place: Place, client: Client) -> None:
    files = client.get(f"/commits/{place.base}")["files"]
    assert [(each["filename"], each["status"]) for each in files] == [("README.md", "added"), ("data.csv", "added")]


@pytest.mark.parametrize("revision", ["nowhere", "0" * 40, "--all", "main..better"])
def test_get_commit__unknown_is_422(client: Client, revision: str) -> None:
    assert client.expect(422, "GET", f"/commits/{revision}")["message"] == f"No commit found for SHA: {revision}"


def test_get_ref__branch_tag_and_pull_request(place: Place, client: Client) -> None:
    repository = place.github.state.repository("acme/tumour")
    repository.git.set_ref("refs/tags/tumour@v1.0.0", place.base)
    shown = [client.get(f"/git/ref/{each}") for each in ("heads/better", "tags/tumour%40v1.0.0", "pull/1/head")]
    assert [each["object"]["sha"] for each in shown] == [place.head, place.base, place.head]
    assert shown[1]["ref"] == "refs/tags/tumour@v1.0.0"


@pytest.mark.parametrize("ref", ["heads/nowhere", "heads/bett", "heads", "--all"])
def test_get_ref__only_exact_names(client: Client, ref: str) -> None:
    client.expect(404, "GET", f"/git/ref/{ref}")


def test_get_collaborator_permission__by_role(place: Place, client: Client) -> None:
    place.github.add_collaborator("acme/tumour", "mia", "maintain")
    place.github.add_collaborator("acme/tumour", "tom", "triage")
    place.github.add_user("eve")
    shown = {each: client.get(f"/collaborators/{each}/permission") for each in ("acme", "mia", "tom", "eve")}
    assert {name: (each["permission"], each["role_name"]) for name, each in shown.items()} == {
        "acme": ("admin", "admin"),
        "mia": ("write", "maintain"),
        "tom": ("read", "triage"),
        "eve": ("none", "none"),
    }
    client.expect(404, "GET", "/collaborators/nobody/permission")


def test_get_collaborator_permission__everybody_reads_what_is_public(github: FakeGitHub) -> None:
    github.add_repository("acme/open")
    github.add_user("eve")
    client = Client(github.url, github.issue_token("acme/open", {}), repository="acme/open")
    assert client.get("/collaborators/eve/permission")["permission"] == "read"


def test_get_authenticated_user__a_person_but_no_app(place: Place, client: Client) -> None:
    ana = Client(place.github.url, place.github.issue_user_token("ana"))
    assert ana.get(f"{place.github.url}/user")["login"] == "ana"
    message = client.expect(403, "GET", f"{place.github.url}/user")["message"]
    assert message == "Resource not accessible by integration"
    Client(place.github.url).expect(401, "GET", f"{place.github.url}/user")


def test_get_rate_limit(client: Client) -> None:
    assert client.get(f"{client.url}/rate_limit")["resources"]["core"]["limit"] == 5000


@pytest.mark.parametrize("path", ["/commits/main", "/git/ref/heads/main"])
def test_get__of_an_empty_repository_is_409(github: FakeGitHub, path: str) -> None:
    github.add_repository("acme/open")
    client = Client(github.url, repository="acme/open")
    assert client.expect(409, "GET", path)["message"] == "Git Repository is empty."
