from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.fakegithub.tests.client import Client, Place

TAG = "mlci-store/0123abcd"
ARCHIVE = bytes(range(256)) * 10


def upload(client: Client, release: Any, name: str, content: bytes = ARCHIVE) -> requests.Response:  # noqa: ANN401 - JSON
    address = release["upload_url"].partition("{")[0]
    return client.ask(
        "POST", f"{address}?name={name}", data=content, headers={"Content-Type": "application/octet-stream"}
    )


def test_release__draft_upload_publish_download(place: Place, client: Client) -> None:
    draft = client.expect(201, "POST", "/releases", {"tag_name": TAG, "draft": True, "target_commitish": place.base})
    assert (draft["draft"], draft["published_at"], draft["assets"]) == (True, None, [])
    assert "untagged-" in draft["html_url"]
    asset = upload(client, draft, "package.tar").json()
    assert (asset["state"], asset["size"], asset["content_type"]) == (
        "uploaded",
        len(ARCHIVE),
        "application/octet-stream",
    )
    assert asset["digest"] == f"sha256:{hashlib.sha256(ARCHIVE).hexdigest()}"
    client.expect(404, "GET", f"/releases/tags/{TAG}")
    client.expect(404, "GET", f"/git/ref/tags/{TAG}")
    client.expect(200, "PATCH", f"/releases/{draft['id']}", {"draft": False})
    assert client.get(f"/git/ref/tags/{TAG}")["object"]["sha"] == place.base
    found = client.get(f"/releases/tags/{TAG}")
    assert [each["name"] for each in found["assets"]] == ["package.tar"]
    answer = client.ask("GET", asset["url"], headers={"Accept": "application/octet-stream"})
    assert answer.status_code == 302
    assert client.ask("GET", answer.headers["Location"]).status_code == 400
    assert requests.get(answer.headers["Location"], timeout=20).content == ARCHIVE


def test_release__drafts_are_for_those_who_may_write(place: Place, client: Client) -> None:
    draft = client.expect(201, "POST", "/releases", {"tag_name": TAG, "draft": True})
    asset = upload(client, draft, "package.tar").json()
    reader = place.client({"contents": "read"})
    assert len(client.get("/releases")) == 1
    assert reader.get("/releases") == []
    reader.expect(404, "GET", f"/releases/{draft['id']}")
    reader.expect(404, "GET", f"/releases/assets/{asset['id']}")
    reader.expect(403, "PATCH", f"/releases/{draft['id']}", {"draft": False})


def test_release__published_at_once_makes_the_tag_on_the_default_branch(place: Place, client: Client) -> None:
    made = client.expect(201, "POST", "/releases", {"tag_name": "v1", "name": "One", "body": "First"})
    assert (made["draft"], made["name"], made["body"], made["target_commitish"]) == (False, "One", "First", "main")
    assert client.get("/git/ref/tags/v1")["object"]["sha"] == place.base
    assert client.get(f"/releases/{made['id']}") == made


def test_release__a_tag_has_one_published_release_but_many_drafts(client: Client) -> None:
    client.expect(201, "POST", "/releases", {"tag_name": TAG})
    refused = client.expect(422, "POST", "/releases", {"tag_name": TAG})
    assert refused["errors"] == [{"resource": "Release", "code": "already_exists", "field": "tag_name"}]
    drafts = [client.expect(201, "POST", "/releases", {"tag_name": TAG, "draft": True}) for _ in range(2)]
    client.expect(422, "PATCH", f"/releases/{drafts[0]['id']}", {"draft": False})
    assert client.get(f"/releases/{drafts[0]['id']}")["draft"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [({"tag_name": TAG, "target_commitish": "nowhere"}, "target_commitish"), ({"tag_name": ""}, "tag_name")],
)
def test_release__refused(client: Client, body: dict[str, str], field: str) -> None:
    assert client.expect(422, "POST", "/releases", body)["errors"][0]["field"] == field
    assert client.get("/releases") == []


def test_latest__is_the_one_that_was_made_so(client: Client) -> None:
    client.expect(404, "GET", "/releases/latest")
    client.expect(201, "POST", "/releases", {"tag_name": "v1"})
    client.expect(201, "POST", "/releases", {"tag_name": TAG, "make_latest": "false"})
    client.expect(201, "POST", "/releases", {"tag_name": "v2-beta", "prerelease": True})
    client.expect(201, "POST", "/releases", {"tag_name": "v3", "draft": True})
    assert client.get("/releases/latest")["tag_name"] == "v1"
    client.expect(201, "POST", "/releases", {"tag_name": "v2"})
    assert client.get("/releases/latest")["tag_name"] == "v2"


def test_latest__without_any_it_is_the_newest_even_if_that_said_false(client: Client) -> None:
    made = client.expect(201, "POST", "/releases", {"tag_name": TAG, "make_latest": "false"})
    assert client.get("/releases/latest")["tag_name"] == TAG
    client.expect(200, "PATCH", f"/releases/{made['id']}", {"prerelease": True})
    client.expect(404, "GET", "/releases/latest")


def test_release__deleted_leaves_its_tag(client: Client) -> None:
    made = client.expect(201, "POST", "/releases", {"tag_name": "v1"})
    client.expect(204, "DELETE", f"/releases/{made['id']}")
    client.expect(404, "GET", f"/releases/{made['id']}")
    client.get("/git/ref/tags/v1")


def test_asset__listed_shown_and_deleted(client: Client) -> None:
    release = client.expect(201, "POST", "/releases", {"tag_name": TAG})
    asset = upload(client, release, "package.tar").json()
    assert client.get(f"/releases/{release['id']}/assets") == [asset]
    assert client.get(f"/releases/assets/{asset['id']}") == asset
    client.expect(204, "DELETE", f"/releases/assets/{asset['id']}")
    client.expect(404, "GET", f"/releases/assets/{asset['id']}")
    assert client.get(f"/releases/{release['id']}/assets") == []


def test_asset__a_name_is_taken_once(client: Client) -> None:
    release = client.expect(201, "POST", "/releases", {"tag_name": TAG})
    assert upload(client, release, "package.tar").status_code == 201
    refused = upload(client, release, "package.tar", b"other")
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]


def test_asset__a_strange_name_is_changed(client: Client) -> None:
    release = client.expect(201, "POST", "/releases", {"tag_name": TAG})
    assert upload(client, release, "my%20model%20(1).tar").json()["name"] == "my.model.1.tar"


def test_asset__uploads_go_to_the_upload_address_with_something_in_them(place: Place, client: Client) -> None:
    release = client.expect(201, "POST", "/releases", {"tag_name": TAG})
    path = f"/releases/{release['id']}/assets?name=a.tar"
    octets = {"Content-Type": "application/octet-stream"}
    assert client.ask("POST", path, data=ARCHIVE, headers=octets).status_code == 404
    assert upload(client, release, "a.tar", b"").status_code == 400
    reader = place.client({"contents": "read"})
    assert upload(reader, release, "a.tar").status_code == 403
    address = release["upload_url"].partition("{")[0]
    assert client.ask("POST", f"{address}?name=a.tar", data=ARCHIVE).status_code == 400
