from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from mlci.core.forge import (
    DeploymentStatus,
    Head,
    NoPullRequest,
    Status,
    checked_actor,
    checked_marker,
    checked_repository,
    checked_run,
)
from mlci.errors import UsageError

COMMIT = "c" * 40


def test_status__a_long_description_is_cut_to_one_short_line() -> None:
    status = Status("mlci/gate", "failure", "worse\n" * 100, "https://example.com")
    shown = status.shortened()
    assert (len(shown.description), shown.description[-1]) == (140, "…")
    assert (shown.context, shown.state, shown.url) == (status.context, status.state, status.url)
    assert len(DeploymentStatus("failure", "x" * 141).shortened().description) == 140
    assert Status("mlci/gate", "success", "x" * 140).shortened().description == "x" * 140


@pytest.mark.parametrize(
    ("branch", "commit", "repository"),
    [("../x", COMMIT, None), ("main", "HEAD", None), ("main", COMMIT, "acme"), (None, "c", None), ("main", COMMIT, "")],
)
def test_head__of_names_that_are_none(branch: str | None, commit: str, repository: str | None) -> None:
    with pytest.raises(UsageError):
        Head(branch, commit, repository)


def test_head__stays_what_was_checked() -> None:
    head = Head("main", COMMIT, "acme/tumour")
    with pytest.raises(FrozenInstanceError):
        head.branch = "../x"  # type: ignore[misc]  # the point of the test


def test_no_pull_request__as_an_error() -> None:
    moved = NoPullRequest("moved", "better was pushed to meanwhile").error()
    assert (moved.code, moved.exit_code, moved.problem) == ("stale-head", 4, "better was pushed to meanwhile")
    absent = NoPullRequest("absent", "none has this head").error()
    assert (absent.code, absent.exit_code, absent.problem) == ("no-pull-request", 2, "none has this head")


@pytest.mark.parametrize("name", ["acme/tumour", "a/b.c", "a-b/...", "Enterprise_acme/.github", "a/x_y-z"])
def test_repository__names_that_github_has(name: str) -> None:
    assert checked_repository(name) == name


@pytest.mark.parametrize("name", ["", "a", "a/", "/b", "a/b/c", "a/..", "a/.", ".a/b", "a/b c", "a/b%2f", "a/b\n"])
def test_repository__names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_repository(name)
    assert caught.value.code == "bad-repository"


@pytest.mark.parametrize("login", ["alice", "github-actions[bot]", "alice_acme", "0x"])
def test_actor__logins_that_github_has(login: str) -> None:
    assert checked_actor(login) == login


@pytest.mark.parametrize("login", ["", "-x", "a/b", "a b", "[bot]", "a[bot]x", "a\n"])
def test_actor__what_is_no_login(login: str) -> None:
    with pytest.raises(UsageError):
        checked_actor(login)


def test_marker__its_name() -> None:
    assert checked_marker("<!-- mlci:report -->") == "report"


@pytest.mark.parametrize("marker", ["", "report", "<!-- mlci:../x -->", "<!-- mlci:a --> ", "<!-- mlci:a -->\n"])
def test_marker__what_is_none(marker: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_marker(marker)
    assert caught.value.code == "bad-marker"


@pytest.mark.parametrize("run_id", [0, -1])
def test_run__what_is_none(run_id: int) -> None:
    with pytest.raises(UsageError):
        checked_run(run_id)
