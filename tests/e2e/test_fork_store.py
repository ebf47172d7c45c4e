"""A pull request from a fork has no secrets: what its check can read of a bucket, and of releases beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.e2e.jobs import CHECK, DECIDE, NAME, Workflows, example
from tests.e2e.test_stores import CREDENTIALS, NOBODY
from tests.fakegithub.server import FakeGitHub
from tests.testing.s3_server import S3Server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Ended
    from tests.e2e.jobs import Job

pytestmark = pytest.mark.slow


def with_secrets(job: Job) -> Job:
    return replace(job, variables={**job.variables, **CREDENTIALS})


def keeping(store: str) -> dict[str, bytes]:
    files = example("all-features")
    files["mlci.yaml"] = files["mlci.yaml"].replace(b"store: {releases: true}", f"store: {store}".encode())
    return files


def fetched_for_a_fork(workflows: Workflows, number: int) -> Ended:
    job, run = workflows.check_job(number)
    without = replace(job, variables={**job.variables, **NOBODY})
    return without.step("fetch", token=workflows.fake.issue_token(NAME, CHECK, run=run))


def test_a_fork__cannot_read_a_bucket_and_can_read_releases_beside_it(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    with FakeGitHub(tmp_path / "git") as fake, S3Server() as s3:
        bucket = f"{{s3: {{bucket: {s3.new_bucket()}, endpoint_url: '{s3.url}', region: us-east-1}}}}"
        workflows = Workflows(fake, tmp_path / "jobs")
        fake.add_repository(NAME, public=True)
        for login in ("ana", "mallory"):
            fake.add_user(login)
        fake.commit(NAME, "main", {"README.md": b"Tumours\n"})
        fake.commit(NAME, "main", keeping(bucket))
        token = fake.issue_token(NAME, DECIDE)
        job = with_secrets(workflows.decide_job())
        for verb in (("fetch",), ("train", "--no-fetch"), ("promote",)):
            ended = job.step(*verb, token=token)
            assert ended.exit_code == 0, ended.err

        fork = fake.fork(NAME, "mallory").full_name
        fake.commit(fork, "from-afar", {"params.yaml": b"C: 0.2\nmax_iter: 1000\n"}, start="main")
        number = fake.open_pull_request(NAME, "from-afar", head_repository=fork, title="From afar").number
        ended = fetched_for_a_fork(workflows, number)
        assert (ended.exit_code, "error[store-credentials]" in ended.err) == (2, True), ended.err

        fake.commit(NAME, "main", keeping(f"{bucket}, mirror: {{releases: true}}"))
        synced = with_secrets(workflows.decide_job()).step("registry", "sync", token=token)
        assert (synced.exit_code, synced.out.splitlines()[-1:]) == (0, ["copied 1 of 1"]), synced.err
        ended = fetched_for_a_fork(workflows, number)
        assert (ended.exit_code, "the first store did not help" in ended.err) == (0, True), ended.err
        assert ended.out.endswith("production v1.0.0\n")
