from __future__ import annotations

import base64
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import requests

from tests.fakegithub.ref_rules import Rule

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakegithub.server import FakeGitHub
    from tests.fakegithub.tests.client import Client, Place


class Clone:
    """A work tree with a remote on the fake, and the token that it sends, as actions/checkout sends it."""

    def __init__(self, folder: Path, url: str, token: str | None, *, scheme: str = "basic") -> None:
        self.folder = folder
        self._url = url
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": os.fspath(folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            **{f"GIT_{who}_{what}": "ana" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        credentials = f"basic {basic}" if scheme == "basic" else f"bearer {token}"
        self._options = [] if token is None else ["-c", f"http.extraHeader=AUTHORIZATION: {credentials}"]

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", *self._options, *arguments]
        return subprocess.run(command, cwd=self.folder, env=self._environ, capture_output=True, text=True, check=False)

    def git(self, *arguments: str) -> str:
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def clone(self) -> None:
        self.folder.mkdir()
        self.git("clone", "--quiet", self._url, ".")

    def commit(self, name: str, content: bytes = b"x\n") -> str:
        (self.folder / name).write_bytes(content)
        self.git("add", name)
        self.git("commit", "--quiet", "--message", name)
        return self.git("rev-parse", "HEAD")


def a_clone(place: Place, folder: Path, permissions: dict[str, str], **more: str) -> Clone:
    token = place.github.issue_token("acme/tumour", permissions)
    made = Clone(folder, place.github.clone_url("acme/tumour"), token, **more)
    made.clone()
    return made


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_clone__with_a_token_that_reads(place: Place, tmp_path: Path, scheme: str) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "read"}, scheme=scheme)
    assert clone.git("rev-parse", "HEAD") == place.base
    assert {each.permission.level for each in place.github.requests("git-upload-pack") if each.permission} == {"read"}


def test_clone__without_the_suffix_and_shallow(place: Place, tmp_path: Path) -> None:
    url = place.github.clone_url("acme/tumour").removesuffix(".git")
    clone = Clone(tmp_path, url, place.github.issue_token("acme/tumour", {"contents": "read"}))
    clone.git("clone", "--quiet", "--depth=1", "--branch=better", url, "clone")
    assert Clone(tmp_path / "clone", url, None).git("rev-list", "--count", "HEAD") == "1"


def test_fetch__pull_requests_and_commits_by_id(place: Place, tmp_path: Path) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "read"})
    clone.git("fetch", "--quiet", "origin", "refs/pull/1/merge")
    assert clone.git("rev-parse", "FETCH_HEAD^2") == place.head
    clone.git("fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", place.head)
    assert clone.git("rev-parse", "FETCH_HEAD") == place.head


@pytest.mark.parametrize(
    ("permissions", "message"),
    [(None, "could not read Username"), ({}, "not found"), ({"issues": "write"}, "not found")],
)
def test_clone__refused_in_private(
    place: Place, tmp_path: Path, permissions: dict[str, str] | None, message: str
) -> None:
    token = None if permissions is None else place.github.issue_token("acme/tumour", permissions)
    url = place.github.clone_url("acme/tumour")
    done = Clone(tmp_path, url, token).attempt("clone", "--quiet", url, "clone")
    assert done.returncode != 0
    assert message in done.stderr


def test_clone__of_a_public_repository_takes_no_token(github: FakeGitHub, tmp_path: Path) -> None:
    github.add_repository("acme/open")
    github.commit("acme/open", "main", {"a": b"a"})
    Clone(tmp_path / "clone", github.clone_url("acme/open"), None).clone()
    assert (tmp_path / "clone" / "a").read_bytes() == b"a"


def test_push__moves_the_branch_and_is_recorded(place: Place, tmp_path: Path) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "write"})
    sha = clone.commit("new.txt", b"x" * 3_000_000)  # more than Git sends in one piece
    clone.git("push", "--quiet", "--atomic", "origin", "HEAD:refs/heads/main", "HEAD:refs/tags/tumour@v1.0.0")
    refs = place.github.state.repository("acme/tumour").git.refs()
    assert (refs["refs/heads/main"], refs["refs/tags/tumour@v1.0.0"]) == (sha, sha)
    moved = [(each.ref, each.before, each.after, each.login) for each in place.github.pushes[-2:]]
    assert moved == [
        ("refs/heads/main", place.base, sha, "github-actions[bot]"),
        ("refs/tags/tumour@v1.0.0", "0" * 40, sha, "github-actions[bot]"),
    ]


def test_push__brings_the_pull_request_along(place: Place, tmp_path: Path, client: Client) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "write"})
    clone.git("checkout", "--quiet", "better")
    sha = clone.commit("more.txt")
    clone.git("push", "--quiet", "origin", "better")
    assert client.get("/pulls/1")["head"]["sha"] == sha
    clone.git("push", "--quiet", "origin", "--delete", "better")
    assert client.get("/pulls/1")["state"] == "closed"


def test_push__with_a_token_that_only_reads_is_403(place: Place, tmp_path: Path) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "read"})
    clone.commit("new.txt")
    done = clone.attempt("push", "origin", "HEAD:refs/heads/main")
    assert done.returncode != 0
    assert "remote: Permission to acme/tumour.git denied to github-actions[bot]." in done.stderr
    assert "403" in done.stderr
    assert place.github.requests("git-receive-pack")[-1].permission is None


def test_push__from_a_fork_s_run_is_403(place: Place, tmp_path: Path) -> None:
    place.github.fork("acme/tumour", "mallory")
    run = place.github.start_run(
        "acme/tumour",
        workflow="check.yml",
        event="pull_request",
        head_repository="mallory/tumour",
        head_branch="main",
        head_sha=place.base,
    )
    token = place.github.issue_token("acme/tumour", {"contents": "write"}, run=run)
    clone = Clone(tmp_path / "clone", place.github.clone_url("acme/tumour"), token)
    clone.clone()
    assert "403" in clone.attempt("push", "origin", "HEAD:refs/heads/new").stderr


def test_push__nobody_writes_the_refs_of_pull_requests(place: Place, tmp_path: Path) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "write"})
    done = clone.attempt("push", "origin", "HEAD:refs/pull/1/head")
    assert "deny updating a hidden ref" in done.stderr
    assert done.returncode != 0


def test_push__a_stale_expectation_is_refused(place: Place, tmp_path: Path) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "write"})
    place.github.commit("acme/tumour", "main", {"other.txt": b"other"})
    clone.commit("new.txt")
    assert clone.attempt("push", "origin", "HEAD:refs/heads/main").returncode != 0


def test_rule__a_required_status(place: Place, tmp_path: Path, client: Client) -> None:
    place.github.protect("acme/tumour", Rule("refs/heads/main", required_status="mlci/gate"))
    clone = a_clone(place, tmp_path / "clone", {"contents": "write"})
    push = ("push", "origin", f"{place.head}:refs/heads/main")
    refused = clone.attempt(*push)
    assert refused.returncode != 0
    assert "GH013: Repository rule violations found for refs/heads/main." in refused.stderr
    assert 'Required status check "mlci/gate" is expected.' in refused.stderr
    client.expect(201, "POST", f"/statuses/{place.head}", {"state": "success", "context": "mlci/gate"})
    clone.git(*push)


def test_rule__only_one_app_writes_some_branches(place: Place, tmp_path: Path) -> None:
    rule = Rule("refs/heads/mlci/*", bypass=frozenset({"mlci-gate[bot]"}), restricts=True)
    place.github.protect("acme/tumour", rule)
    ours = place.github.issue_app_token("acme/tumour", {"contents": "write"}, app="mlci-gate")
    clone = a_clone(place, tmp_path / "clone", {"contents": "write"})
    push = ("push", "origin", "HEAD:refs/heads/mlci/registry/tumour")
    assert "Cannot update this protected ref." in clone.attempt(*push).stderr
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/other")
    app = Clone(tmp_path / "clone", place.github.clone_url("acme/tumour"), ours)
    app.git(*push)


def test_rule__no_force_and_no_deletion(place: Place, tmp_path: Path) -> None:
    place.github.protect("acme/tumour", Rule("refs/heads/*"))
    clone = a_clone(place, tmp_path / "clone", {"contents": "write"})
    clone.git("commit", "--quiet", "--amend", "--message", "other")
    assert "Cannot force-push to this branch" in clone.attempt("push", "--force", "origin", "main").stderr
    assert "Cannot delete this branch" in clone.attempt("push", "origin", ":better").stderr


def test_git__is_not_the_whole_disk(place: Place, client: Client) -> None:
    for path in (
        "/acme/tumour.git/config",
        "/acme/tumour.git/HEAD",
        "/acme/..%2f..%2fetc/info/refs",
        "/a/b/c/info/refs",
    ):
        assert client.ask("GET", place.github.url + path).status_code == 404


def test_info_refs__asks_for_a_token_where_something_is_private(place: Place) -> None:
    for name in ("tumour", "nothing"):
        address = f"{place.github.url}/acme/{name}.git/info/refs?service=git-upload-pack"
        answer = requests.get(address, timeout=20)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="GitHub"')


def test_fail_next__meets_git_too(place: Place, tmp_path: Path) -> None:
    clone = a_clone(place, tmp_path / "clone", {"contents": "read"})
    place.github.fail_next(503, match="info/refs")
    assert "503" in clone.attempt("fetch", "origin").stderr
    clone.git("fetch", "--quiet", "origin")
