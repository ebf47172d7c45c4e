"""One contract for forges: the fake keeps it, and so does the local one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.local_forge import LocalForge
from mlci.core.forge import GATE_CONTEXT, Status
from mlci.errors import UsageError
from mlci.testing import MemoryForge

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "c" * 40
MARKER = "<!-- mlci:report -->"
Readable = LocalForge | MemoryForge


def in_memory(_: Path) -> Readable:
    return MemoryForge()


@pytest.fixture(params=[in_memory, LocalForge])
def forge(request: pytest.FixtureRequest, tmp_path: Path) -> Readable:
    made: Readable = request.param(tmp_path)
    return made


def test_comment__is_updated_in_place(forge: Readable) -> None:
    pull_request = forge.pull_request("feature/größe", COMMIT)
    place = forge.comment(pull_request, MARKER, "first")
    assert forge.comment(pull_request, MARKER, "second ✅") == place
    assert forge.comments(pull_request) == {MARKER: "second ✅"}


def test_comment__one_for_each_marker(forge: Readable) -> None:
    pull_request = forge.pull_request("main", COMMIT)
    forge.comment(pull_request, MARKER, "report")
    forge.comment(pull_request, "<!-- mlci:incident -->", "incident")
    assert forge.comments(pull_request) == {MARKER: "report", "<!-- mlci:incident -->": "incident"}


def test_comment__stays_when_the_branch_moves_on(forge: Readable) -> None:
    forge.comment(forge.pull_request("main", COMMIT), MARKER, "report")
    assert forge.comments(forge.pull_request("main", "d" * 40)) == {MARKER: "report"}


def test_comment__branches_do_not_meet(forge: Readable) -> None:
    forge.comment(forge.pull_request("a", COMMIT), MARKER, "of a")
    forge.comment(forge.pull_request("a/b", COMMIT), MARKER, "of a/b")
    forge.comment(forge.pull_request(None, COMMIT), MARKER, "of a detached HEAD")
    assert forge.comments(forge.pull_request("a", COMMIT)) == {MARKER: "of a"}
    assert forge.comments(forge.pull_request("a/b", COMMIT)) == {MARKER: "of a/b"}
    assert forge.comments(forge.pull_request(None, COMMIT)) == {MARKER: "of a detached HEAD"}


def test_status__the_last_word_of_a_context_counts(forge: Readable) -> None:
    forge.pull_request("main", COMMIT)
    forge.set_status(COMMIT, Status(GATE_CONTEXT, "pending", "running"))
    forge.set_status(COMMIT, Status("another", "error", "größer", "https://example.com"))
    forge.set_status(COMMIT, Status(GATE_CONTEXT, "success", "passed"))
    assert forge.statuses(COMMIT) == (
        Status("another", "error", "größer", "https://example.com"),
        Status(GATE_CONTEXT, "success", "passed"),
    )


def test_status__of_a_commit_that_no_branch_is_at(forge: Readable) -> None:
    forge.pull_request("main", "d" * 40)
    forge.set_status(COMMIT, Status(GATE_CONTEXT, "failure", "worse"))
    assert forge.statuses(COMMIT) == (Status(GATE_CONTEXT, "failure", "worse"),)
    assert forge.statuses("d" * 40) == ()


@pytest.mark.parametrize("branch", ["../x", "", "-x"])
def test_pull_request__of_a_bad_branch(forge: Readable, branch: str) -> None:
    with pytest.raises(UsageError):
        forge.pull_request(branch, COMMIT)


@pytest.mark.parametrize("commit", ["../x", "HEAD", ""])
def test_pull_request__of_a_bad_commit(forge: Readable, commit: str) -> None:
    with pytest.raises(UsageError):
        forge.pull_request("main", commit)
