"""Jobs of GitHub Actions played without a runner: a checkout, the variables of a job, and the verbs of its steps.

The workflows themselves run in `tests/act`; here the same verbs meet the same fake, quickly.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.conftest import EXAMPLES, ROOT, Ended
from tests.fakegithub.events import pull_request_event, push_event, workflow_run_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.server import FakeGitHub
    from tests.fakegithub.state import Run

NAME = "acme/tumour"
CHECK = {"contents": "read"}
REPORT = {"actions": "read", "contents": "read", "pull-requests": "write", "statuses": "write"}
DECIDE = {"actions": "read", "contents": "write", "pull-requests": "read", "statuses": "read"}


def example(*acts: str, **changed: str) -> dict[str, bytes]:
    """Return the files of the example with packages in releases, after some acts of the demo; CHANGED by path."""
    files = {
        str(path.relative_to(EXAMPLES / "tumour")): path.read_bytes()
        for path in sorted((EXAMPLES / "tumour").rglob("*"))
        if path.is_file()
    }
    for act in acts:
        files |= {path.name: path.read_bytes() for path in (EXAMPLES / "tumour_acts" / act).iterdir()}
    files |= {path: text.encode() for path, text in changed.items()}
    files["mlci.yaml"] = files["mlci.yaml"].replace(b"{directory: ../models}", b"{releases: true}")
    return files


@dataclass(frozen=True)
class Job:
    """One job: a checkout and its variables; a step has the token only where it is given one."""

    folder: Path
    variables: Mapping[str, str]

    def step(self, *arguments: str, token: str | None = None) -> Ended:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder.parent),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "SOURCE_DATE_EPOCH": "1767225600",
            **self.variables,
            **({"MLCI_TOKEN": token} if token else {}),
        }
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mlci", *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def submission(self) -> bytes:
        """Return the artifact, as the host zips it."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path in sorted((self.folder / ".mlci" / "submission").iterdir()):
                archive.write(path, path.name)
        return buffer.getvalue()


@dataclass(frozen=True)
class Workflows:
    """The three workflows of a repository on a fake."""

    fake: FakeGitHub
    place: Path

    def check_job(self, number: int) -> tuple[Job, Run]:
        """Begin the job `check` of a pull request: its merge commit is checked out."""
        with self.fake.state.lock:
            pull_request = self.fake.state.repository(NAME).threads[number].pull_request
        if pull_request is None:
            raise ValueError(number)
        branch = pull_request.head_branch
        run = self.fake.start_run(
            NAME, workflow=".github/workflows/mlci-check.yml", event="pull_request", head_branch=branch,
            head_sha=pull_request.head_sha, head_repository=pull_request.head_repository,
        )  # fmt: skip
        event = pull_request_event(self.fake, NAME, number)
        job = self._job(f"refs/pull/{number}/merge", "pull_request", event, base="main", head=branch)
        return job, run

    def report_job(self, run: Run) -> Job:
        """Begin the job `report` after a run has ended: main is checked out."""
        return self._job("refs/heads/main", "workflow_run", workflow_run_event(self.fake, run))

    def decide_job(self, branch: str = "main") -> Job:
        """Begin a job after the last push to a branch."""
        ref = f"refs/heads/{branch}"
        event = push_event(self.fake, [push for push in self.fake.pushes if push.ref == ref][-1])
        return self._job(ref, "push", event)

    def _job(self, ref: str, event_name: str, event: object, *, base: str = "", head: str = "") -> Job:
        folder = self.place / f"job-{len(list(self.place.iterdir()))}"
        origin = f"{self.fake.url}/{NAME}.git"
        bare = str(self.fake.state.repository(NAME).git.folder)
        for command in (
            ["git", "init", "--quiet", str(folder)],
            ["git", "-C", str(folder), "fetch", "--quiet", bare, ref],
            ["git", "-C", str(folder), "checkout", "--quiet", "--detach", "FETCH_HEAD"],
            ["git", "-C", str(folder), "remote", "add", "origin", origin],
        ):
            subprocess.run(command, check=True, capture_output=True)
        commit = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
        ).stdout.strip()
        payload = folder.with_name(f"{folder.name}.json")
        payload.write_text(json.dumps(event))
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_API_URL": self.fake.url,
            "GITHUB_SERVER_URL": self.fake.url,
            "GITHUB_EVENT_NAME": event_name,
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_SHA": commit,
            "GITHUB_REF": ref,
            "GITHUB_BASE_REF": base,
            "GITHUB_HEAD_REF": head,
            "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_ACTOR": "ana",
            "GITHUB_STEP_SUMMARY": str(folder.with_name(f"{folder.name}.summary.md")),
            "GITHUB_OUTPUT": str(folder.with_name(f"{folder.name}.outputs")),
        }
        return Job(folder, variables)
