"""The way of a pull request and a merge on a GitHub, verb by verb, with the token that each job has."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.github_session import GithubSession
from mlci.adapters.release_store import ReleaseStore
from tests.e2e.jobs import CHECK, DECIDE, NAME, REPORT, Job, Workflows, example
from tests.fakegithub.server import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Golden
    from tests.e2e.conftest import Ended
    from tests.fakegithub.state import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflows]:
    """A private repository whose main has the example with all features, in production as v1.0.0."""
    folder = tmp_path_factory.mktemp("github")
    (folder / "jobs").mkdir()
    with FakeGitHub(folder / "git") as fake:
        fake.add_repository(NAME, public=False)
        fake.add_user("ana")
        fake.add_user("mallory")
        fake.commit(NAME, "main", {"README.md": b"Tumours\n"})
        fake.commit(NAME, "main", example("all-features"))
        workflows = Workflows(fake, folder / "jobs")
        job, token = workflows.decide_job(), fake.issue_token(NAME, DECIDE)
        assert job.step("fetch", token=token).out.endswith("production none yet\n")
        assert job.step("train", "--no-fetch", "--unless-promoted").exit_code == 0
        assert job.step("promote", token=token).out.startswith("v1.0.0 is in production\n")
        # There was no pull request, so nobody reads what was said of it.
        assert fake.permissions_used(token) == {"contents": "write", "pull-requests": "read"}
        yield workflows


def a_pull_request(workflows: Workflows, branch: str, files: dict[str, bytes], *, fork: bool = False) -> int:
    """Open a pull request with these files changed, and return its number."""
    fake = workflows.fake
    name = fake.fork(NAME, "mallory").full_name if fork else NAME
    fake.commit(name, branch, files, start="main")
    return fake.open_pull_request(NAME, branch, head_repository=name, title=branch).number


def checked(workflows: Workflows, number: int) -> tuple[Job, Run, Ended]:
    """Play the job `check`: fetch with a token that reads, then run head's code without one."""
    job, run = workflows.check_job(number)
    reader = workflows.fake.issue_token(NAME, CHECK, run=run)
    fetched = job.step("fetch", token=reader)
    assert fetched.exit_code == 0, fetched.err
    assert workflows.fake.permissions_used(reader) == CHECK
    ended = job.step("check", "--no-fetch", "--submit")
    assert reader not in ended.out + ended.err
    return job, run, ended


def reported(workflows: Workflows, run: Run, artifact: bytes | None) -> Ended:
    """End the run with what it submitted, and play the job `report`."""
    if artifact is not None:
        workflows.fake.add_artifact(run, "mlci-submission", artifact)
    workflows.fake.finish_run(run, "success")
    token = workflows.fake.issue_token(NAME, REPORT)
    ended = workflows.report_job(run).step("report", "--run", token=token)
    assert token not in ended.out + ended.err
    return ended


def gate(workflows: Workflows, run: Run) -> tuple[str, str]:
    """Return state and description of the last `mlci/gate` of the run's commit."""
    with workflows.fake.state.lock:
        statuses = list(workflows.fake.state.repository(NAME).statuses)
    last = [status for status in statuses if (status.sha, status.context) == (run.head_sha, "mlci/gate")][-1]
    return last.state, last.description or ""


def a_zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_careless_pull_request__gets_one_comment_and_a_red_status(workflows: Workflows) -> None:
    number = a_pull_request(workflows, "careless", {"train.py": example("weigh-malignant")["train.py"]})
    job, run, ended = checked(workflows, number)
    assert ended.exit_code == 0  # a candidate was made; the verdict is the status alone
    assert "submitted=true\n" in Path(job.variables["GITHUB_OUTPUT"]).read_text()
    assert Path(job.variables["GITHUB_STEP_SUMMARY"]).read_text().startswith("<!-- mlci:report -->\n")
    assert reported(workflows, run, job.submission()).exit_code == 0
    assert gate(workflows, run) == (
        "failure",
        "fail: recall falls from 0.971 to 0.853 (margin 0.02): 12 positive rows that production finds are missed.",
    )
    assert len(workflows.fake.comments(NAME, number)) == 1
    # Said again, the comment is replaced.
    assert reported(workflows, run, None).exit_code == 0
    assert len(workflows.fake.comments(NAME, number)) == 1


def test_an_app__replaces_its_own_comment_where_its_login_is_named(workflows: Workflows) -> None:
    number = a_pull_request(workflows, "by-an-app", {"params.yaml": b"C: 0.7\nmax_iter: 1000\n"})
    job, run, _ = checked(workflows, number)
    workflows.fake.add_artifact(run, "mlci-submission", job.submission())
    workflows.fake.finish_run(run, "success")
    token = workflows.fake.issue_app_token(NAME, REPORT, app="acme-ml")
    for _ in range(2):
        report_job = workflows.report_job(run)
        named = replace(report_job, variables={**report_job.variables, "MLCI_TOKEN_LOGIN": "acme-ml[bot]"})
        assert named.step("report", "--run", token=token).exit_code == 0
    (comment,) = workflows.fake.comments(NAME, number)
    assert (comment.author, "App token" in comment.body) == ("acme-ml[bot]", True)


def test_a_pull_request_from_a_fork__is_judged_like_any_other(workflows: Workflows) -> None:
    number = a_pull_request(workflows, "from-afar", {"params.yaml": b"C: 0.2\nmax_iter: 1000\n"}, fork=True)
    job, run, ended = checked(workflows, number)
    assert ended.exit_code == 0
    reported(workflows, run, job.submission())
    assert gate(workflows, run)[0] == "success"
    assert len(workflows.fake.comments(NAME, number)) == 1


def test_a_docs_only_change__is_green_without_training(workflows: Workflows) -> None:
    number = a_pull_request(workflows, "words", {"README.md": b"Other words\n"})
    _, run, ended = checked(workflows, number)
    assert (ended.exit_code, "fitted on" in ended.err) == (0, False)
    assert reported(workflows, run, None).exit_code == 0
    state, description = gate(workflows, run)
    assert (state, description.partition(":")[0]) == ("success", "nothing changed")


def test_nothing_submitted__is_told(workflows: Workflows) -> None:
    number = a_pull_request(workflows, "crash", {"train.py": b"raise SystemExit(3)\n"})
    _, run, ended = checked(workflows, number)
    assert ended.exit_code == 1
    assert reported(workflows, run, None).exit_code == 0
    assert gate(workflows, run) == ("failure", "training failed: No model was made: no candidate was submitted.")


@pytest.mark.parametrize(
    ("forged", "problem"),
    [
        (b"no zip", "the artifact of the run is refused: it is no zip archive that can be read"),
        (a_zip(**{"../x": b""}), "the artifact of the run is refused: it holds other files than the two of mlci"),
        (a_zip(**{"candidate.json": b"{}", "package.tar": b""}), "candidate.json is not in the form that mlci writes"),
    ],
    ids=["no zip", "other files", "empty record"],
)  # fmt: skip
def test_a_forged_artifact__is_refused_and_told(workflows: Workflows, forged: bytes, problem: str) -> None:
    number = a_pull_request(workflows, f"forged-{len(forged)}", {"params.yaml": b"C: 0.3\nmax_iter: 1000\n"})
    _, run = workflows.check_job(number)
    ended = reported(workflows, run, forged)
    assert (ended.exit_code, problem in ended.err) == (4, True), ended.err
    assert gate(workflows, run) == ("failure", problem)
    assert len(workflows.fake.comments(NAME, number)) == 1


def test_a_fingerprint_of_another_commit__is_refused(workflows: Workflows) -> None:
    number = a_pull_request(workflows, "stale", {"params.yaml": b"C: 0.4\nmax_iter: 1000\n"})
    job, run, _ = checked(workflows, number)
    with zipfile.ZipFile(io.BytesIO(job.submission())) as archive:
        record, package = json.loads(archive.read("candidate.json")), archive.read("package.tar")
    forged = a_zip(
        **{"candidate.json": json.dumps(record | {"fingerprint": "0" * 64}).encode(), "package.tar": package}
    )
    assert reported(workflows, run, forged).exit_code == 4
    assert gate(workflows, run) == ("failure", "the candidate was not made from this commit")


def test_a_run_that_was_overtaken__reports_nothing(workflows: Workflows) -> None:
    number = a_pull_request(workflows, "moving", {"params.yaml": b"C: 0.5\nmax_iter: 1000\n"})
    _, run = workflows.check_job(number)
    workflows.fake.commit(NAME, "moving", {"params.yaml": b"C: 0.6\nmax_iter: 1000\n"})
    ended = reported(workflows, run, None)
    assert ended.exit_code == 0
    assert ended.out.startswith("nothing to report: ")
    assert workflows.fake.comments(NAME, number) == []


def test_promote__of_a_push_that_another_followed_warns_that_its_run_may_be_missing(workflows: Workflows) -> None:
    fake = workflows.fake
    fake.commit(NAME, "main", {"params.yaml": b"C: 0.5\nmax_iter: 1000\n"})
    job, token = workflows.decide_job(), fake.issue_token(NAME, DECIDE)
    assert job.step("fetch", token=token).exit_code == 0
    tip = fake.commit(NAME, "main", {"params.yaml": example("all-features")["params.yaml"]}, message="Back [skip ci]")
    ended = job.step("promote", token=token)
    assert (ended.exit_code, f"moved on to {tip[:12]}" in ended.out) == (0, True), ended.err
    assert f"/{NAME}/commit/{tip}/checks " in ended.err
    assert ended.err.startswith("::warning ")


def test_promote__after_a_push_to_another_branch_than_the_default_one(workflows: Workflows) -> None:
    fake = workflows.fake
    fake.commit(NAME, "release", {"README.md": b"Tumours, elsewhere\n"}, start="main")
    fake.commit(NAME, "release", {"params.yaml": b"C: 0.5\nmax_iter: 1000\n"})
    before = fake.state.repository(NAME).git.refs()
    job, token = workflows.decide_job("release"), fake.issue_token(NAME, DECIDE)
    assert job.step("fetch", token=token).exit_code == 0
    assert job.step("train", "--no-fetch", "--unless-promoted").exit_code == 0
    ended = job.step("promote", token=token)
    assert (ended.exit_code, "error[not-on-target]" in ended.err) == (2, True)
    assert fake.state.repository(NAME).git.refs() == before


def test_pull__from_releases_needs_a_token_that_reads_and_no_clone(workflows: Workflows, tmp_path: Path) -> None:
    token = workflows.fake.issue_token(NAME, {"contents": "read"})
    job = Job(tmp_path, {"GITHUB_SERVER_URL": workflows.fake.url, "GITHUB_API_URL": workflows.fake.url})
    ended = job.step("pull", "#production", "--from", f"{workflows.fake.url}/{NAME}.git", token=token)
    assert (ended.exit_code, token in ended.err) == (0, False), ended.err
    assert (tmp_path / ended.out.strip() / "model.skops").is_file()
    assert workflows.fake.permissions_used(token) == {"contents": "read"}


def a_laptop(workflows: Workflows, token: str) -> Job:
    """Return a clone outside of every job, whose Git may read and write the repository."""
    host = dict.fromkeys(("GITHUB_SERVER_URL", "GITHUB_API_URL"), workflows.fake.url)
    return Job(workflows.decide_job().folder, {**host, **git_of(token)})


def git_of(token: str) -> dict[str, str]:
    """Return the variables with which a user's own Git gets in."""
    secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    header = f"Authorization: Basic {secret}"
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": header}


def test_laptop__reaches_packages_in_releases_through_the_origin(workflows: Workflows, golden: Golden) -> None:
    token = workflows.fake.issue_token(NAME, {"contents": "write"})
    laptop = a_laptop(workflows, token)
    digest = hashlib.sha256(b"left over").hexdigest()
    session = GithubSession(token, api_url=workflows.fake.url)
    commit = workflows.decide_job().variables["GITHUB_SHA"]
    ReleaseStore(session, NAME, cache=laptop.folder, target_commitish=commit).put(b"left over", digest)
    workflows.fake.state.clock.wait(timedelta(days=40))
    shown = [laptop.step("registry", "gc", *more, token=token) for more in ((), ("--delete",), ())]
    assert [each.exit_code for each in shown] == [0, 0, 0], shown[0].err
    golden("terminal/registry-gc-releases.txt", "\n".join(each.out for each in shown))
    assert laptop.step("verify", "v1.0.0", token=token).exit_code == 0


def test_gc__of_releases_in_a_step_without_a_token(workflows: Workflows) -> None:
    token = workflows.fake.issue_token(NAME, {"contents": "read"})
    job = workflows.decide_job()
    assert job.step("fetch", token=token).exit_code == 0
    ended = replace(job, variables={**job.variables, **git_of(token)}).step("registry", "gc", "--delete")
    assert (ended.exit_code, "error[no-token]" in ended.err) == (2, True)
    assert list((job.folder / ".mlci" / "cache" / "packages").rglob("*.tar"))
