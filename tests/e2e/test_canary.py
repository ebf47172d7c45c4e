"""A token appears in no output of a verb that fails: not on the terminal, not in a file, not on the host.

Every verb runs with `--debug`, which says all that it says without, and the traceback.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.jobs import DECIDE, NAME, REPORT, Workflows, example
from tests.fakegithub.ref_rules import Rule
from tests.fakegithub.server import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Ended
    from tests.e2e.jobs import Job

pytestmark = pytest.mark.slow

CANARY = "ghs_canary0123456789abcdefghijklmnopqrstuvwx"
"""A token that the host does not know."""
PRINTS_ITS_ENVIRONMENT = b"import os\nprint(dict(os.environ))\nraise SystemExit(3)\n"


@dataclass(frozen=True)
class Place:
    """A private repository with a release to come, and the folder that holds all files of its jobs."""

    workflows: Workflows

    def pull_request(self, branch: str, files: dict[str, bytes]) -> int:
        self.workflows.fake.commit(NAME, branch, files, start="main")
        return self.workflows.fake.open_pull_request(NAME, branch, title=branch).number

    def check_job(self, branch: str, files: dict[str, bytes]) -> Job:
        job, _ = self.workflows.check_job(self.pull_request(branch, files))
        return job

    def report_job(self, branch: str) -> Job:
        """Begin the report of a run that submitted nothing."""
        _, run = self.workflows.check_job(self.pull_request(branch, {"train.py": b"raise SystemExit(3)\n"}))
        self.workflows.fake.finish_run(run, "failure")
        return self.workflows.report_job(run)

    def where_it_is_shown(self, token: str, ended: Ended) -> list[str]:
        """Return each place that shows TOKEN, as it stands or as Git sends it."""
        forms = [token.encode(), base64.b64encode(f"x-access-token:{token}".encode())]
        with self.workflows.fake.state.lock:
            repository = self.workflows.fake.state.repository(NAME)
            told = repr([repository.comments, repository.statuses, repository.deployments, repository.releases])
        texts = {"stdout": ended.out.encode(), "stderr": ended.err.encode(), "host": told.encode()}
        texts |= {str(path): path.read_bytes() for path in files_below(self.workflows.place)}
        return [name for name, text in texts.items() if any(form in text for form in forms)]


def files_below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("canary")
    (folder / "jobs").mkdir()
    with FakeGitHub(folder / "git") as fake:
        fake.add_repository(NAME, public=False)
        fake.commit(NAME, "main", {"README.md": b"Tumours\n"})
        fake.commit(NAME, "main", example())
        yield Place(Workflows(fake, folder / "jobs"))


def test_where_it_is_shown__finds_a_token_that_is(place: Place) -> None:
    leaking = place.check_job("leaking", {"leak.txt": CANARY.encode()})
    assert place.where_it_is_shown(CANARY, leaking.step("version")) == [str(leaking.folder / "leak.txt")]
    (leaking.folder / "leak.txt").unlink()


@pytest.mark.parametrize("verb", [("fetch",), ("promote",), ("deploy", "live"), ("rollback", "--reason", "bad cells")])
def test_unknown_token__is_refused_by_the_host(place: Place, verb: tuple[str, ...]) -> None:
    ended = place.workflows.decide_job().step(*verb, "--debug", token=CANARY)
    assert (ended.exit_code, place.where_it_is_shown(CANARY, ended)) == (5, []), ended.err


def test_unknown_token__in_the_job_that_reports(place: Place) -> None:
    ended = place.report_job("unknown").step("report", "--run", "--debug", token=CANARY)
    assert (ended.exit_code, place.where_it_is_shown(CANARY, ended)) == (5, []), ended.err


@pytest.mark.parametrize(
    ("missing", "exit_code"),
    [("actions", 2), ("contents", 5), ("pull-requests", 2), ("statuses", 2)],  # contents: Git finds no repository
)
def test_missing_permission(place: Place, missing: str, exit_code: int) -> None:
    granted = {name: level for name, level in REPORT.items() if name != missing}
    token = place.workflows.fake.issue_token(NAME, granted)
    ended = place.report_job(f"without-{missing}").step("report", "--run", "--debug", token=token)
    assert (ended.exit_code, place.where_it_is_shown(token, ended)) == (exit_code, []), ended.err


@pytest.mark.parametrize(
    "address",
    [
        "http://203.0.113.9",
        f"https://x-access-token:{CANARY}@127.0.0.1:1",
        f"https://127.0.0.1:1/?token={CANARY}",
        "https://127.0.0.1:1\n",
    ],
    ids=["no TLS", "with a user", "with a query", "with a line end"],
)
@pytest.mark.parametrize("variable", ["GITHUB_API_URL", "GITHUB_SERVER_URL"])
def test_host_that_may_not_see_it(place: Place, variable: str, address: str) -> None:
    job = place.workflows.decide_job()
    ended = type(job)(job.folder, {**job.variables, variable: address}).step("fetch", "--debug", token=CANARY)
    assert (ended.exit_code, place.where_it_is_shown(CANARY, ended)) == (2, []), ended.err


def test_origin_on_another_host__is_not_shown_the_token(place: Place) -> None:
    token = place.workflows.fake.issue_token(NAME, DECIDE)
    job = place.workflows.decide_job()
    elsewhere = type(job)(job.folder, {**job.variables, "GITHUB_SERVER_URL": "https://github.example"})
    ended = elsewhere.step("fetch", "--debug", token=token)
    assert (ended.exit_code, place.where_it_is_shown(token, ended)) == (5, []), ended.err
    assert place.workflows.fake.permissions_used(token) == {}


@pytest.mark.parametrize("token", [f"{CANARY}\n", f"{CANARY} x"], ids=["line end", "blank"])
def test_token_that_is_none__is_not_repeated(place: Place, token: str) -> None:
    ended = place.workflows.decide_job().step("fetch", "--debug", token=token)
    assert (ended.exit_code, place.where_it_is_shown(CANARY, ended)) == (2, []), ended.err


@pytest.mark.parametrize(
    "payload",
    ["{}", '{"ref": 7}', '{"ref": "refs/heads/main", "before": "x", "after": 7}'],
    ids=["empty", "a number", "malformed"],
)
def test_bad_event(place: Place, payload: str) -> None:
    job = place.workflows.decide_job()
    event = job.folder.with_name(f"{job.folder.name}.json")
    event.write_text(payload)
    ended = job.step("fetch", "--debug", token=CANARY)
    assert (ended.exit_code, place.where_it_is_shown(CANARY, ended)) == (2, []), ended.err


def test_push_that_is_refused(place: Place) -> None:
    fake = place.workflows.fake
    token = fake.issue_token(NAME, DECIDE)
    job = place.workflows.decide_job()
    assert job.step("fetch", token=token).exit_code == 0
    assert job.step("train", "--no-fetch").exit_code == 0
    fake.protect(NAME, Rule("refs/heads/mlci/*", restricts=True))
    ended = job.step("promote", "--debug", token=token)
    assert (ended.exit_code, "error[push-rejected]" in ended.err) == (5, True), ended.err
    assert place.where_it_is_shown(token, ended) == []


def test_training_that_prints_its_environment__has_no_token(place: Place) -> None:
    job = place.check_job("prints", {"train.py": PRINTS_ITS_ENVIRONMENT})
    reader = place.workflows.fake.issue_token(NAME, {"contents": "read"})
    assert job.step("fetch", token=reader).exit_code == 0
    # No workflow of ours gives this step a token; somebody else's might.
    variables = {**job.variables, "GITHUB_TOKEN": reader, "GH_TOKEN": reader}
    ended = type(job)(job.folder, variables).step("check", "--no-fetch", "--submit", "--debug", token=reader)
    assert (ended.exit_code, "MLCI_OUTPUT" in ended.err) == (1, True), ended.err
    assert place.where_it_is_shown(reader, ended) == []


@pytest.mark.parametrize("name", ["MLCI_TOKEN", "GITHUB_TOKEN"])
def test_training_that_asks_for_a_token__is_refused(place: Place, name: str) -> None:
    asking = example()["mlci.yaml"].replace(b"params: params.yaml", b"params: params.yaml, env: [%s]" % name.encode())
    job = place.check_job(f"asks-{name.lower()}", {"mlci.yaml": asking, "train.py": PRINTS_ITS_ENVIRONMENT})
    reader = place.workflows.fake.issue_token(NAME, {"contents": "read"})
    ended = type(job)(job.folder, {**job.variables, "GITHUB_TOKEN": reader}).step("check", "--debug", token=reader)
    assert (ended.exit_code, f"no training command may see {name}" in ended.err) == (2, True), ended.err
    assert place.where_it_is_shown(reader, ended) == []
