from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakegithub.tests.client import Client

if TYPE_CHECKING:
    from tests.fakegithub.tests.client import Place


@pytest.fixture
def forked(place: Place) -> str:
    """The head of pull request #2, from a fork, whose branch has the name of our own."""
    place.github.fork("acme/tumour", "mallory")
    head = place.github.commit("mallory/tumour", "better", {"evil.py": b"1\n"}, author="mallory", start="main")
    place.github.open_pull_request("acme/tumour", "better", head_repository="mallory/tumour", author="mallory")
    return head


def test_get__a_pull_request(place: Place, client: Client) -> None:
    shown = client.get("/pulls/1")
    assert (shown["title"], shown["state"], shown["user"]["login"]) == ("A better model", "open", "ana")
    assert (shown["head"]["sha"], shown["base"]["sha"]) == (place.head, place.base)
    assert (shown["head"]["label"], shown["base"]["ref"]) == ("acme:better", "main")
    assert (shown["commits"], shown["changed_files"], shown["additions"], shown["deletions"]) == (1, 1, 1, 0)
    assert (shown["mergeable"], shown["merged"]) == (True, False)
    assert client.get("/git/ref/pull/1/merge")["object"]["sha"] == shown["merge_commit_sha"]


def test_get__an_issue_is_no_pull_request(client: Client) -> None:
    number = client.expect(201, "POST", "/issues", {"title": "An incident"})["number"]
    client.expect(404, "GET", f"/pulls/{number}")
    client.expect(404, "GET", "/pulls/99")


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [2, 1]),
        ({"head": "acme:better"}, [1]),
        ({"head": "mallory:better"}, [2]),
        ({"head": "better"}, [2, 1]),  # no owner: GitHub takes no notice of the filter
        ({"head": "acme:other"}, []),
        ({"base": "main", "sort": "created", "direction": "asc"}, [1, 2]),
        ({"base": "other"}, []),
        ({"state": "closed"}, []),
        ({"per_page": 1, "page": 2}, [1]),
    ],
)
def test_list__by_filter(client: Client, forked: str, query: dict[str, str | int], numbers: list[int]) -> None:
    assert forked
    assert [each["number"] for each in client.get("/pulls", **query)] == numbers


def test_files__added_changed_renamed_removed_and_binary(place: Place, client: Client) -> None:
    text = b"".join(b"%d\n" % number for number in range(20))
    place.github.commit("acme/tumour", "main", {"old.txt": text, "gone.txt": b"x\n", "image": b"\0one"})
    changes = {"new.txt": text, "old.txt": None, "gone.txt": None, "image": b"\0two", "README.md": b"two\n"}
    place.github.commit("acme/tumour", "many", changes, start="main")
    number = place.github.open_pull_request("acme/tumour", "many").number
    files = {each["filename"]: each for each in client.get(f"/pulls/{number}/files")}
    assert {name: each["status"] for name, each in files.items()} == {
        "README.md": "modified",
        "gone.txt": "removed",
        "image": "modified",
        "new.txt": "renamed",
    }
    assert files["new.txt"]["previous_filename"] == "old.txt"
    assert files["README.md"]["patch"] == "@@ -1 +1 @@\n-one\n+two"
    assert [name for name, each in files.items() if "patch" not in each] == ["image", "new.txt"]


def test_files__a_file_that_became_a_link(place: Place, client: Client) -> None:
    git = place.github.state.repository("acme/tumour").git
    blob = git.text("rev-parse", f"{place.head}:data.csv")
    other = git.git("hash-object", "-w", "--stdin", stdin=b"something else\n").decode().strip()
    listed = f"120000 blob {blob}\tREADME.md\n100644 blob {other}\tz\n"
    tree = git.git("mktree", stdin=listed.encode()).decode().strip()
    git.set_ref("refs/heads/link", git.text("commit-tree", tree, "-p", place.base, "-m", "link"))
    number = place.github.open_pull_request("acme/tumour", "link").number
    files = client.get(f"/pulls/{number}/files")
    assert [(each["filename"], each["status"]) for each in files] == [
        ("README.md", "changed"),
        ("data.csv", "removed"),
        ("z", "added"),
    ]
    assert files[2]["patch"].startswith("@@ -0,0 +1 @@\n+something else")


def test_list_for_commit__own_pull_requests_but_no_fork_s(place: Place, client: Client, forked: str) -> None:
    assert [each["number"] for each in client.get(f"/commits/{place.head}/pulls")] == [1]
    assert client.get(f"/commits/{forked}/pulls") == []
    assert client.get(f"/commits/{place.base}/pulls") == []
    client.expect(422, "GET", f"/commits/{'0' * 40}/pulls")


def test_push__moves_the_head_and_the_test_merge(place: Place, client: Client) -> None:
    before = client.get("/pulls/1")
    head = place.github.commit("acme/tumour", "better", {"more.csv": b"1\n"})
    after = client.get("/pulls/1")
    assert after["head"]["sha"] == head == client.get("/git/ref/pull/1/head")["object"]["sha"]
    assert after["merge_commit_sha"] != before["merge_commit_sha"]
    merge = client.get(f"/commits/{after['merge_commit_sha']}")
    assert [each["sha"] for each in merge["parents"]] == [place.base, head]


def test_push__to_the_base_moves_the_test_merge_too(place: Place, client: Client) -> None:
    base = place.github.commit("acme/tumour", "main", {"other.csv": b"1\n"})
    merge = client.get(f"/commits/{client.get('/pulls/1')['merge_commit_sha']}")
    assert [each["sha"] for each in merge["parents"]] == [base, place.head]


def test_conflict__has_no_test_merge(place: Place, client: Client) -> None:
    place.github.commit("acme/tumour", "main", {"data.csv": b"9\n"})
    shown = client.get("/pulls/1")
    assert (shown["mergeable"], shown["mergeable_state"], shown["merge_commit_sha"]) == (False, "dirty", None)
    client.expect(404, "GET", "/git/ref/pull/1/merge")
    client.get("/git/ref/pull/1/head")


def test_merge__closes_and_moves_the_base(place: Place, client: Client) -> None:
    sha = place.github.merge("acme/tumour", 1, login="bob")
    shown = client.get("/pulls/1")
    assert (shown["state"], shown["merged"], shown["merged_by"]["login"]) == ("closed", True, "bob")
    assert shown["merge_commit_sha"] == sha == client.get("/git/ref/heads/main")["object"]["sha"]
    assert client.get("/pulls") == []
    push = place.github.pushes[-1]
    assert (push.ref, push.before, push.after, push.login) == ("refs/heads/main", place.base, sha, "bob")


def test_closed__by_hand_or_with_its_branch(place: Place, client: Client, forked: str) -> None:
    assert forked
    place.github.close_pull_request("acme/tumour", 2)
    assert [each["number"] for each in client.get("/pulls", state="closed")] == [2]
    assert Client(place.github.url, client.token).get("/pulls/2")["merged"] is False
