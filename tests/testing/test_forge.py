"""One contract for forges: the fake keeps it, and so do the local one and GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.forge import (
    GATE_CONTEXT,
    LONGEST_COMMENT,
    DeploymentStatus,
    Head,
    NoPullRequest,
    PullRequest,
    Status,
)
from mlci.core.proof import Proof
from mlci.errors import IntegrityError, UsageError
from mlci.testing import MemoryForge
from tests.testing.forge_worlds import in_memory, on_a_laptop, on_github

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.core.forge import DeploymentState
    from tests.testing.forge_worlds import World

COMMIT = "c" * 40
MARKER = "<!-- mlci:report -->"


@pytest.fixture(params=[in_memory, on_a_laptop, on_github])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as made:
        yield made


def test_pull_request__of_a_branch_at_its_tip(world: World) -> None:
    commit = world.push("feature/größe")
    found = world.forge.pull_request("feature/größe", commit)
    assert (found.branch, found.commit) == ("feature/größe", commit)
    assert world.forge.find_pull_request(Head("feature/größe", commit)) == found


def test_comment__is_updated_in_place(world: World) -> None:
    pull_request = world.forge.pull_request("better", world.push("better"))
    place = world.forge.comment(pull_request, MARKER, "first")
    assert world.forge.comment(pull_request, MARKER, "second ✅") == place
    assert world.comments(pull_request) == {MARKER: "second ✅"}


def test_comment__one_for_each_marker(world: World) -> None:
    pull_request = world.forge.pull_request("better", world.push("better"))
    world.forge.comment(pull_request, MARKER, "report")
    world.forge.comment(pull_request, "<!-- mlci:incident -->", "incident")
    assert world.comments(pull_request) == {MARKER: "report", "<!-- mlci:incident -->": "incident"}


def test_comment__stays_when_the_branch_moves_on(world: World) -> None:
    world.forge.comment(world.forge.pull_request("better", world.push("better")), MARKER, "report")
    moved = world.forge.pull_request("better", world.push("better"))
    assert world.comments(moved) == {MARKER: "report"}


def test_comment__branches_do_not_meet(world: World) -> None:
    one, other = (world.forge.pull_request(branch, world.push(branch)) for branch in ("a/b", "a-b"))
    world.forge.comment(one, MARKER, "of a/b")
    world.forge.comment(other, MARKER, "of a-b")
    assert world.comments(one) == {MARKER: "of a/b"}
    assert world.comments(other) == {MARKER: "of a-b"}


def test_comment__of_the_greatest_length_and_one_more(world: World) -> None:
    pull_request = world.forge.pull_request("better", world.push("better"))
    longest = f"{MARKER}\n".ljust(LONGEST_COMMENT, "é")
    world.forge.comment(pull_request, MARKER, longest)
    with pytest.raises(UsageError) as caught:
        world.forge.comment(pull_request, MARKER, longest + "é")
    assert caught.value.code == "comment-too-long"
    assert len(world.comments(pull_request)) == 1


@pytest.mark.parametrize("marker", ["", "report", "<!-- mlci:../x -->", "<!-- mlci:report --> "])
def test_comment__a_marker_is_one_of_ours(world: World, marker: str) -> None:
    with pytest.raises(UsageError) as caught:
        world.forge.comment(PullRequest("better", COMMIT, 1), marker, "x")
    assert caught.value.code == "bad-marker"


def test_status__the_last_word_of_a_context_counts(world: World) -> None:
    commit = world.push("better")
    world.forge.set_status(commit, Status(GATE_CONTEXT, "pending", "running"))
    world.forge.set_status(commit, Status("another", "error", "größer", "https://example.com"))
    world.forge.set_status(commit, Status(GATE_CONTEXT, "success", "passed"))
    assert world.statuses(commit) == (
        Status("another", "error", "größer", "https://example.com"),
        Status(GATE_CONTEXT, "success", "passed"),
    )


def test_status__belongs_to_its_commit(world: World) -> None:
    first, second = world.push("better"), world.push("better")
    world.forge.set_status(first, Status(GATE_CONTEXT, "failure", "worse"))
    assert world.statuses(first) == (Status(GATE_CONTEXT, "failure", "worse"),)
    assert world.statuses(second) == ()


def test_status__a_description_is_cut_to_what_a_forge_takes(world: World) -> None:
    commit = world.push("better")
    world.forge.set_status(commit, Status(GATE_CONTEXT, "failure", "worse\n" * 100))
    (said,) = world.statuses(commit)
    assert (len(said.description), said.description[:12]) == (140, "worse worse ")


def test_status__of_what_is_no_commit(world: World) -> None:
    with pytest.raises(UsageError) as caught:
        world.forge.set_status("../../user", Status(GATE_CONTEXT, "success", "passed"))
    assert caught.value.code == "bad-commit"


@pytest.mark.parametrize("branch", ["../x", "", "-x"])
def test_pull_request__of_a_bad_branch(world: World, branch: str) -> None:
    with pytest.raises(UsageError):
        world.forge.pull_request(branch, COMMIT)


@pytest.mark.parametrize("commit", ["../x", "HEAD", ""])
def test_pull_request__of_a_bad_commit(world: World, commit: str) -> None:
    with pytest.raises(UsageError):
        world.forge.pull_request("main", commit)


@pytest.mark.parametrize("run", [None, 12])
def test_proof__is_that_of_the_pull_request_which_was_merged(world: World, run: int | None) -> None:
    judged = Proof("a" * 64, "b" * 64, run)
    world.forge.prove(world.push("better"), judged)
    merged = world.merge("better")
    assert world.forge.proof(merged, "a" * 64) == judged
    assert world.forge.proof(merged, "c" * 64) is None


def test_proof__the_last_word_about_the_same_inputs_counts(world: World) -> None:
    commit = world.push("better")
    world.forge.prove(commit, Proof("a" * 64, "b" * 64, 12))
    world.forge.prove(commit, Proof("c" * 64, "d" * 64, 12))
    world.forge.prove(commit, Proof("a" * 64, "e" * 64, 13))
    merged = world.merge("better")
    assert world.forge.proof(merged, "a" * 64) == Proof("a" * 64, "e" * 64, 13)
    assert world.forge.proof(merged, "c" * 64) == Proof("c" * 64, "d" * 64, 12)


def test_proof__of_what_is_no_commit(world: World) -> None:
    with pytest.raises(UsageError):
        world.forge.prove("../x", Proof("a" * 64, "b" * 64))
    with pytest.raises(UsageError):
        world.forge.proof("main", "a" * 64)


def test_deployment__with_what_becomes_of_it(world: World) -> None:
    commit = world.push("better")
    first = world.forge.deployment("production", commit, "tumour v1.0.0")
    world.forge.set_deployment_status(first, DeploymentStatus("in_progress"))
    world.forge.set_deployment_status(first, DeploymentStatus("success", "healthy", "https://example.com"))
    second = world.forge.deployment("production", commit)
    world.forge.set_deployment_status(second, DeploymentStatus("failure", "x\n" * 100))
    world.forge.set_deployment_status(first, DeploymentStatus("inactive"))
    assert world.deployments() == (
        (
            first,
            (
                DeploymentStatus("in_progress"),
                DeploymentStatus("success", "healthy", "https://example.com"),
                DeploymentStatus("inactive"),
            ),
        ),
        (second, (DeploymentStatus("failure", ("x " * 100)[:139] + "…"),)),
    )
    assert (first.environment, first.commit, first.description) == ("production", commit, "tumour v1.0.0")


@pytest.mark.parametrize("state", ["queued", "in_progress"])
def test_unfinished_deployment__is_the_newest_that_did_not_end(world: World, state: DeploymentState) -> None:
    commit = world.push("better")
    assert world.forge.unfinished_deployment("live") is None
    first = world.forge.deployment("live", commit, "tumour v1.0.0")
    world.forge.deployment("elsewhere", commit)
    assert world.forge.unfinished_deployment("live") == first
    world.forge.set_deployment_status(first, DeploymentStatus(state))
    assert world.forge.unfinished_deployment("live") == first
    second = world.forge.deployment("live", commit, "tumour v1.1.0")
    assert world.forge.unfinished_deployment("live") == second


@pytest.mark.parametrize("state", ["success", "failure", "error", "inactive"])
def test_unfinished_deployment__one_that_ended_is_none(world: World, state: DeploymentState) -> None:
    made = world.forge.deployment("live", world.push("better"))
    world.forge.set_deployment_status(made, DeploymentStatus("in_progress"))
    world.forge.set_deployment_status(made, DeploymentStatus(state))
    assert world.forge.unfinished_deployment("live") is None


def test_deployment__of_a_bad_name(world: World) -> None:
    with pytest.raises(UsageError):
        world.forge.deployment("../x", COMMIT)
    with pytest.raises(UsageError):
        world.forge.deployment("production", "main")
    with pytest.raises(UsageError):
        world.forge.unfinished_deployment("../x")
    assert world.deployments() == ()


def test_artifact__is_what_the_run_submitted(world: World) -> None:
    run = world.submit("candidate", b"PK hostile bytes")
    assert world.forge.artifact(run, "candidate") == b"PK hostile bytes"
    assert world.forge.artifact(run, "candidate", 16) == b"PK hostile bytes"


def test_artifact__above_the_limit(world: World) -> None:
    run = world.submit("candidate", b"PK hostile bytes")
    with pytest.raises(IntegrityError) as caught:
        world.forge.artifact(run, "candidate", 15)
    assert caught.value.code == "artifact-too-large"


def test_artifact__that_is_not_there(world: World) -> None:
    run = world.submit("candidate", b"PK")
    with pytest.raises(UsageError) as caught:
        world.forge.artifact(run, "another")
    assert caught.value.code == "artifact-missing"


@pytest.mark.parametrize(("run", "name"), [(0, "candidate"), (-1, "candidate"), (1, "../x"), (1, ""), (1, "a&page=1")])
def test_artifact__of_a_bad_name(world: World, run: int, name: str) -> None:
    with pytest.raises(UsageError):
        world.forge.artifact(run, name)


@pytest.mark.parametrize("actor", ["", "../x", "a b", "a/permission"])
def test_permission__of_what_is_no_login(world: World, actor: str) -> None:
    with pytest.raises(UsageError) as caught:
        world.forge.permission(actor)
    assert caught.value.code == "bad-actor"


def test_default_branch__of_the_repository(world: World) -> None:
    assert world.forge.default_branch == "main"


# What only the fakes' own memory can do


def test_memory__heads_without_a_pull_request() -> None:
    forge = MemoryForge()
    forge.opened = [PullRequest("better", COMMIT, 7, base="main")]
    assert forge.find_pull_request(Head("better", COMMIT)) == forge.opened[0]
    assert forge.find_pull_request(Head("better", "d" * 40)) == NoPullRequest("moved", "better was pushed to meanwhile")
    absent = NoPullRequest("absent", "no open pull request has the head other")
    assert forge.find_pull_request(Head("other", COMMIT)) == absent
    with pytest.raises(IntegrityError):
        forge.pull_request("better", "d" * 40)


def test_memory__permissions_are_what_a_test_says() -> None:
    forge = MemoryForge(is_public=True)
    forge.permissions["alice"] = "write"
    assert (forge.permission("alice"), forge.permission("mallory")) == ("write", "none")
    assert forge.is_public
