from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.github_forge import GithubForge
from mlci.adapters.github_session import GithubSession
from mlci.core.forge import (
    DeploymentStatus,
    Head,
    NoPullRequest,
    Permission,
    PullRequest,
    Status,
)
from mlci.core.proof import Proof
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError
from tests.adapters.scripted_host import Answer, ScriptedHost, answer
from tests.fakegithub.server import FakeGitHub
from tests.testing.forge_worlds import DEPLOY_JOB, REPORT_JOB, REPOSITORY, GithubWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMIT = "c" * 40
MARKER = "<!-- mlci:report -->"
PROOF = Proof("a" * 64, "b" * 64, 12)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GithubWorld]:
    with FakeGitHub(tmp_path) as github:
        yield GithubWorld(github)


@pytest.fixture
def private(tmp_path: Path) -> Iterator[GithubWorld]:
    with FakeGitHub(tmp_path) as github:
        yield GithubWorld(github, public=False)


def opened(world: GithubWorld, branch: str = "better") -> PullRequest:
    return world.forge.pull_request(branch, world.push(branch))


def bodies(world: GithubWorld, pull_request: PullRequest) -> list[tuple[str, str]]:
    assert pull_request.number is not None
    return [(each.author, each.body) for each in world.github.comments(REPOSITORY, pull_request.number)]


# Which pull request


def test_pull_request__with_its_number_and_base(world: GithubWorld) -> None:
    world.push("other")
    commit = world.push("better")
    assert world.forge.pull_request("better", commit) == PullRequest(
        "better",
        commit,
        number=2,
        url=f"{world.github.url}/{REPOSITORY}/pull/2",
        base="main",
        repository=REPOSITORY,
    )


def test_pull_request__from_a_fork_is_told_from_the_branch_of_the_same_name(world: GithubWorld) -> None:
    ours = world.push("better")
    world.github.fork(REPOSITORY, "mallory")
    theirs = world.github.commit("mallory/tumour", "better", {"x": b"x"}, start="main")
    world.github.open_pull_request(REPOSITORY, "better", head_repository="mallory/tumour", author="mallory")
    found = world.forge.find_pull_request(Head("better", theirs, "mallory/tumour"))
    assert isinstance(found, PullRequest)
    assert (found.number, found.repository) == (2, "mallory/tumour")
    assert world.forge.pull_request("better", ours).number == 1
    mixed = world.forge.find_pull_request(Head("better", theirs, REPOSITORY))
    assert isinstance(mixed, NoPullRequest)


def test_pull_request__that_was_pushed_to_meanwhile(world: GithubWorld) -> None:
    before, after = world.push("better"), world.push("better")
    found = world.forge.find_pull_request(Head("better", before))
    sentence = f"better was pushed to meanwhile: it is at {after[:7]}, not {before[:7]}"
    assert found == NoPullRequest("moved", sentence)
    with pytest.raises(IntegrityError) as caught:
        world.forge.pull_request("better", before)
    assert (caught.value.code, caught.value.problem) == ("stale-head", sentence)


def test_pull_request__that_is_closed(world: GithubWorld) -> None:
    commit = world.push("better")
    world.github.close_pull_request(REPOSITORY, 1)
    found = world.forge.find_pull_request(Head("better", commit))
    assert found == NoPullRequest("absent", "no open pull request has the head acme/tumour:better")
    with pytest.raises(UsageError) as caught:
        world.forge.pull_request("better", commit)
    assert caught.value.code == "no-pull-request"


def test_pull_request__of_a_detached_head_asks_nobody(world: GithubWorld) -> None:
    found = world.forge.find_pull_request(Head(None, COMMIT))
    assert found == NoPullRequest("absent", "a commit without a branch has no pull request")
    assert world.github.log == []


def test_pull_request__of_a_branch_that_goes_to_two_others(world: GithubWorld) -> None:
    world.github.commit(REPOSITORY, "release", {"x": b"x"}, start="main")
    commit = world.github.commit(REPOSITORY, "better", {"y": b"y"}, start="main")
    world.github.open_pull_request(REPOSITORY, "better", base="release")
    world.github.open_pull_request(REPOSITORY, "better", base="main")
    head = Head("better", commit)
    numbers = {base: world.forge.find_pull_request(head, base) for base in ("release", "main", None)}
    shown = {base: found.number for base, found in numbers.items() if isinstance(found, PullRequest)}
    assert shown == {"release": 1, "main": 2, None: 2}
    assert isinstance(world.forge.find_pull_request(head, "other"), NoPullRequest)


@pytest.mark.parametrize("repository", [None, {"full_name": "acme/copy"}], ids=["gone", "of the same owner"])
def test_pull_request__whose_head_lies_elsewhere(repository: dict[str, str] | None) -> None:
    # GitHub filters by the owner and the branch of the head alone.
    head = {"ref": "better", "sha": COMMIT, "repo": repository}
    base = {"ref": "main", "sha": COMMIT, "repo": {"full_name": REPOSITORY}}
    pull = {"number": 1, "html_url": "https://x", "state": "open", "head": head, "base": base}
    with ScriptedHost() as host:
        host.answers(answer([pull]))
        forge = GithubForge(GithubSession("canary", api_url=host.url), REPOSITORY)
        found = forge.find_pull_request(Head("better", COMMIT))
    assert host.asked[0].path == "/repos/acme/tumour/pulls?state=open&head=acme%3Abetter&per_page=100"
    assert found == NoPullRequest("absent", "no open pull request has the head acme/tumour:better")


# The one comment


def test_comment__three_pushes_among_130_comments_of_others(world: GithubWorld) -> None:
    number = opened(world).number or 0
    for count in range(130):
        world.github.add_comment(REPOSITORY, number, f"comment {count}")
    places = {world.forge.comment(opened(world), MARKER, f"{MARKER}\nreport {count}") for count in range(3)}
    assert len(places) == 1
    own = [body for author, body in bodies(world, opened(world)) if author == "github-actions[bot]"]
    assert own == [f"{MARKER}\nreport 2"]


def test_comment__of_somebody_else_with_our_marker_is_left_alone(world: GithubWorld) -> None:
    pull_request = opened(world)
    forged = f"{MARKER}\n### passed"
    world.github.add_comment(REPOSITORY, pull_request.number or 0, forged, author="mallory")
    other_app = world.github.issue_app_token(REPOSITORY, REPORT_JOB, app="other")
    world.forge_with(other_app, login="other[bot]").comment(pull_request, MARKER, "of another app")
    world.forge.comment(pull_request, MARKER, "report")
    world.forge.comment(pull_request, MARKER, "report, again")
    assert bodies(world, pull_request) == [
        ("mallory", forged),
        ("other[bot]", f"{MARKER}\nof another app"),
        ("github-actions[bot]", f"{MARKER}\nreport, again"),
    ]


def test_comment__that_only_quotes_the_marker_is_not_the_one(world: GithubWorld) -> None:
    pull_request = opened(world)
    quoting = f"<!-- mlci:incident -->\nsaid: {MARKER}"
    world.forge.comment(pull_request, "<!-- mlci:incident -->", quoting)
    world.forge.comment(pull_request, MARKER, "report")
    assert [body for _, body in bodies(world, pull_request)] == [quoting, f"{MARKER}\nreport"]


def test_comment__an_equal_one_is_not_written_again(world: GithubWorld) -> None:
    pull_request = opened(world)
    place = world.forge.comment(pull_request, MARKER, "report")
    assert world.forge.comment(pull_request, MARKER, "report") == place
    assert world.github.requests("issues/update-comment") == []


def test_comment__too_long_is_never_sent(world: GithubWorld) -> None:
    pull_request = opened(world)
    asked = len(world.github.log)
    with pytest.raises(UsageError):
        world.forge.comment(pull_request, MARKER, "x" * 65_536)
    assert len(world.github.log) == asked


def test_comment__whose_answer_was_lost_is_found_by_the_next_run(world: GithubWorld) -> None:
    pull_request = opened(world)
    world.github.drop_next(match="POST .*/comments", takes_effect=True)
    with pytest.raises(OutsideError):
        world.forge.comment(pull_request, MARKER, "report")
    world.forge.comment(pull_request, MARKER, "report, again")
    assert [body for _, body in bodies(world, pull_request)] == [f"{MARKER}\nreport, again"]


def test_comment__needs_a_pull_request(world: GithubWorld) -> None:
    with pytest.raises(UsageError) as caught:
        world.forge.comment(PullRequest("better", COMMIT), MARKER, "report")
    assert caught.value.code == "no-pull-request"


# Statuses, deployments


def test_status__a_lost_answer_is_asked_for_again(world: GithubWorld) -> None:
    commit = world.push("better")
    world.github.drop_next(match="POST .*/statuses/", takes_effect=True)
    world.forge.set_status(commit, Status("mlci/gate", "success", "passed"))
    assert world.statuses(commit) == (Status("mlci/gate", "success", "passed"),)


def test_proof__leads_people_to_the_run_that_submitted(world: GithubWorld) -> None:
    commit = world.push("better")
    world.forge.prove(commit, PROOF)
    (status,) = world.github.state.repository(REPOSITORY).latest_statuses(commit)
    assert (status.context, status.target_url) == ("mlci/model", f"{world.github.url}/{REPOSITORY}/actions/runs/12")


def test_proof__of_somebody_else_proves_nothing(world: GithubWorld) -> None:
    commit = world.push("better")
    app = world.github.issue_app_token(REPOSITORY, {"statuses": "write"}, app="somebody")
    world.forge_with(app, login="somebody[bot]").prove(commit, PROOF)
    assert world.forge.proof(world.merge("better"), PROOF.fingerprint) is None


def test_proof__of_a_pull_request_that_was_not_merged_as_this_commit(world: GithubWorld) -> None:
    world.forge.prove(world.push("better"), PROOF)
    first = world.merge("better")
    world.push("other")
    second = world.merge("other")
    assert [world.forge.proof(commit, PROOF.fingerprint) for commit in (first, second)] == [PROOF, None]


def approved(world: GithubWorld, *said: tuple[str, str]) -> tuple[str, ...]:
    """Return who approved a pull request of which people who work there SAID this, one after the other."""
    world.push("better")
    number = world.number("better")
    for login, state in said:
        world.github.add_collaborator(REPOSITORY, login, "read")
        world.github.review(REPOSITORY, number, login, state)  # type: ignore[arg-type]  # one of those that there are
    return world.forge.approvals(world.merge("better"))


def test_approvals__of_who_merged_what(world: GithubWorld) -> None:
    assert approved(world, ("ben", "APPROVED"), ("ana", "APPROVED"), ("cas", "COMMENTED")) == ("ana", "ben")


def test_approvals__the_last_word_of_each_counts(world: GithubWorld) -> None:
    said = [("ana", "APPROVED"), ("ana", "CHANGES_REQUESTED"), ("ben", "CHANGES_REQUESTED"), ("ben", "APPROVED")]
    assert approved(world, *said, ("ben", "COMMENTED"), ("cas", "APPROVED"), ("cas", "DISMISSED")) == ("ben",)


def test_approvals__of_strangers_do_not_count(world: GithubWorld) -> None:
    world.push("better")
    for login in ("ben", "mallory"):
        world.github.review(REPOSITORY, world.number("better"), login)
    world.github.add_collaborator(REPOSITORY, "ben")
    assert world.forge.approvals(world.merge("better")) == ("ben",)


def test_approvals__of_an_earlier_commit_do_not_count(world: GithubWorld) -> None:
    world.push("better")
    world.github.add_collaborator(REPOSITORY, "ana")
    world.github.review(REPOSITORY, world.number("better"), "ana")
    world.push("better")
    assert world.forge.approvals(world.merge("better")) == ()


def test_approvals__of_a_commit_without_a_pull_request(world: GithubWorld) -> None:
    assert world.forge.approvals(world.github.commit(REPOSITORY, "main", {"README.md": b"more"})) == ()


def test_proof__of_a_pull_request_that_is_open(world: GithubWorld) -> None:
    commit = world.push("better")
    world.forge.prove(commit, PROOF)
    assert world.forge.proof(commit, PROOF.fingerprint) is None


def test_proof__of_a_fork_proves_nothing(world: GithubWorld) -> None:
    world.github.add_user("mallory")
    fork = world.github.fork(REPOSITORY, "mallory").full_name
    commit = world.github.commit(fork, "better", {"params.yaml": b"1\n"}, start="main")
    number = world.github.open_pull_request(REPOSITORY, "better", head_repository=fork).number
    world.forge.prove(commit, PROOF)
    assert world.forge.proof(world.github.merge(REPOSITORY, number), PROOF.fingerprint) is None


@pytest.mark.parametrize(("repository", "proven"), [("acme/copy", None), (REPOSITORY, PROOF)])
def test_proof__of_a_fork_that_a_host_lists(repository: str, proven: Proof | None) -> None:
    # GitHub lists none by the commit today; it is not said anywhere that it never will.
    head = {"ref": "better", "sha": COMMIT, "repo": {"full_name": repository}}
    pull = {"number": 1, "html_url": "https://x", "state": "closed", "head": head, "base": head}
    merged = pull | {"merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": COMMIT}
    status = {"context": "mlci/model", "description": PROOF.sentence, "target_url": "https://x/actions/runs/12"}
    with ScriptedHost() as host:
        host.answers(answer([merged]), answer([status | {"creator": {"login": "github-actions[bot]"}}]))
        forge = GithubForge(GithubSession("canary", api_url=host.url), REPOSITORY)
        assert forge.proof(COMMIT, PROOF.fingerprint) == proven


def test_deployment__does_not_wait_for_statuses_of_others(world: GithubWorld) -> None:
    commit = world.push("better")
    world.forge.set_status(commit, Status("slow/tests", "pending", "running"))
    assert world.forge.deployment("production", commit).commit == commit


def test_deployment__an_earlier_success_is_ended_by_github(world: GithubWorld) -> None:
    commit = world.push("better")
    for _ in range(2):
        world.forge.set_deployment_status(world.forge.deployment("live", commit), DeploymentStatus("success"))
    assert [[each.state for each in statuses] for _, statuses in world.deployments()] == [
        ["success", "inactive"],
        ["success"],
    ]


# Artifacts


def test_artifact__the_token_does_not_go_where_its_bytes_are(world: GithubWorld) -> None:
    run = world.submit("candidate", b"PK")
    world.forge.artifact(run, "candidate")
    blobs = [each for each in world.github.log if each.path.startswith("/_blobs/")]
    assert [(each.status, each.has_credentials) for each in blobs] == [(200, False)]


def test_artifact__too_large_by_githubs_word_is_not_downloaded(world: GithubWorld) -> None:
    run = world.submit("candidate", bytes(1000))
    with pytest.raises(IntegrityError):
        world.forge.artifact(run, "candidate", 999)
    assert world.github.requests("actions/download-artifact") == []


def test_artifact__whose_size_was_a_lie() -> None:
    assert refused_artifact(4, None, b"12345678", 5).code == "artifact-too-large"


def test_artifact__whose_bytes_are_not_those_that_were_uploaded() -> None:
    assert refused_artifact(8, f"sha256:{'0' * 64}", b"12345678", 8).code == "artifact-damaged"


def refused_artifact(size: int, digest: str | None, content: bytes, limit_bytes: int) -> MlciError:
    artifact = {"id": 5, "name": "candidate", "size_in_bytes": size, "expired": False, "digest": digest}
    with ScriptedHost() as host:
        host.answers(answer({"total_count": 1, "artifacts": [artifact]}), Answer(200, content))
        forge = GithubForge(GithubSession("canary", api_url=host.url), REPOSITORY)
        with pytest.raises(MlciError) as caught:
            forge.artifact(7, "candidate", limit_bytes)
    return caught.value


def test_artifact__the_newest_of_its_name_that_has_not_expired(world: GithubWorld) -> None:
    run_id = world.submit("candidate", b"first attempt")
    run = world.github.state.repository(REPOSITORY).runs[run_id]
    world.github.add_artifact(run, "candidate", b"second attempt")
    world.github.add_artifact(run, "candidate", b"gone", expired=True)
    assert world.forge.artifact(run_id, "candidate") == b"second attempt"


def test_artifact__of_another_run_is_not_taken(world: GithubWorld) -> None:
    first, second = world.submit("candidate", b"first"), world.submit("candidate", b"second")
    assert (world.forge.artifact(first, "candidate"), world.forge.artifact(second, "candidate")) == (
        b"first",
        b"second",
    )


def test_unfinished_deployment__of_somebody_else_is_left_alone(world: GithubWorld) -> None:
    commit = world.push("better")
    made = world.forge.deployment("live", commit)
    token = world.github.issue_token(REPOSITORY, DEPLOY_JOB)
    other = world.forge_with(token, login="acme-ml[bot]")
    assert (world.forge.unfinished_deployment("live"), other.unfinished_deployment("live")) == (made, None)
    assert world.github.permissions_used(token) == {"deployments": "read"}


# Who may do what


@pytest.mark.parametrize(
    ("actor", "permission"),
    [("ana", "write"), ("max", "write"), ("root", "admin"), ("eve", "read"), ("nobody", "none")],
)
def test_permission__of_people(private: GithubWorld, actor: str, permission: Permission) -> None:
    private.github.add_collaborator(REPOSITORY, "ana", "write")
    private.github.add_collaborator(REPOSITORY, "max", "maintain")
    private.github.add_collaborator(REPOSITORY, "root", "admin")
    private.github.add_collaborator(REPOSITORY, "eve", "triage")
    assert private.forge.permission(actor) == permission


def test_repository__is_asked_once(world: GithubWorld, tmp_path: Path) -> None:
    assert (world.forge.default_branch, world.forge.is_public) == ("main", True)
    assert len(world.github.requests("repos/get")) == 1
    with FakeGitHub(tmp_path / "other") as github:
        assert not GithubWorld(github, public=False).forge.is_public


MISSING: dict[str, tuple[Callable[[GithubForge], object], str]] = {
    "comment": (
        lambda forge: forge.comment(PullRequest("better", COMMIT, 1), MARKER, "x"),
        "permissions: {pull-requests: write}",
    ),
    "status": (lambda forge: forge.set_status(COMMIT, Status("x", "success", "")), "permissions: {statuses: write}"),
    "deployment": (lambda forge: forge.deployment("live", COMMIT), "permissions: {deployments: write}"),
}


@pytest.mark.parametrize("operation", MISSING)
def test_permission_missing__is_answered_with_the_line_to_add(world: GithubWorld, operation: str) -> None:
    world.push("better")
    act, line = MISSING[operation]
    with pytest.raises(UsageError) as caught:
        act(world.forge_with(world.github.issue_token(REPOSITORY, {"contents": "read"})))
    assert (caught.value.code, caught.value.hint) == ("permission-missing", line)


def test_permission_missing__in_a_run_for_a_fork(world: GithubWorld) -> None:
    world.github.fork(REPOSITORY, "mallory")
    commit = world.github.commit("mallory/tumour", "better", {"x": b"x"}, start="main")
    world.github.open_pull_request(REPOSITORY, "better", head_repository="mallory/tumour", author="mallory")
    run = world.github.start_run(
        REPOSITORY,
        workflow="check.yml",
        event="pull_request",
        head_branch="better",
        head_sha=commit,
        head_repository="mallory/tumour",
    )
    token = world.github.issue_token(REPOSITORY, REPORT_JOB, run=run)
    with pytest.raises(UsageError) as caught:
        world.forge_with(token).set_status(commit, Status("mlci/gate", "success", "forged"))
    assert caught.value.code == "permission-missing"
    assert world.statuses(commit) == ()


def test_private_repository__that_the_token_cannot_see(private: GithubWorld) -> None:
    private.github.add_repository("acme/other")
    token = private.github.issue_token("acme/other", REPORT_JOB)
    with pytest.raises(UsageError) as caught:
        assert private.forge_with(token).default_branch
    assert caught.value.code == "github-not-found"
    assert "private" in (caught.value.cause or "")


def test_permissions__a_report_uses_what_its_job_declares(private: GithubWorld) -> None:
    run = private.submit("candidate", b"PK")
    token = private.github.issue_token(REPOSITORY, REPORT_JOB)
    forge = private.forge_with(token)
    pull_request = forge.pull_request("better", private.push("better"))
    assert not forge.is_public
    forge.artifact(run, "candidate")
    forge.comment(pull_request, MARKER, "report")
    forge.set_status(pull_request.commit, Status("mlci/gate", "success", "passed"))
    used = private.github.permissions_used(token)
    assert used == {"actions": "read", "pull-requests": "write", "statuses": "write"}


# The canary


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 502, 0])
@pytest.mark.parametrize("operation", MISSING)
def test_token__is_in_no_error(world: GithubWorld, status: int, operation: str) -> None:
    world.push("better")
    act, _ = MISSING[operation]
    # Longer than is waited for: a limit is told at once.
    world.github.fail_next(status, headers={"Retry-After": "9999"}, times=9)
    with pytest.raises(MlciError) as caught:
        act(world.forge)
    error = caught.value
    assert world.token not in f"{error!r} {error.to_dict()} {error.__cause__!r} {error.__context__!r}"
