"""A repository on a fake GitHub whose workflows run for real: the one place where act, the fake and our files meet.

A journey is told in `lab.pull_request_opened`, `lab.run_check`, `lab.run_report`, `lab.merge` and `lab.run_merge`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.render.workflow_callers import CHECK, MERGE, REPORT, callers
from tests.act import act_run, prepared
from tests.actions.documents import parse
from tests.actions.test_workflows import PINS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.actions.documents import Document
    from tests.fakegithub.server import FakeGitHub
    from tests.fakegithub.state import Comment, CommitStatus, PullRequest, Repository, Run, Thread

ROOT: Final = Path(__file__).parents[2]
STUBS: Final = Path(__file__).with_name("stubs")
TUMOUR: Final = ROOT / "examples" / "tumour"
ACTS: Final = ROOT / "examples" / "tumour_acts"
ENVIRONMENT: Final = ROOT / ".bootstrap" / "demo"
"""The environment that `make demo` uses; `requirements/bootstrap.py` makes it."""

NAME: Final = "acme/tumour"
MLCI: Final = "mlci/mlci"
REFERENCE: Final = "1f" * 20
INSTALL: Final = 'pip install --no-index pandas pyyaml scikit-learn skops && test -z "${MLCI_TOKEN-}${GITHUB_TOKEN-}"'
"""What training needs is there already, and no token is."""

IGNORED: Final = ".mlci/\nmodel.skops\n__pycache__/\n"


@dataclass(frozen=True, slots=True)
class JobRun:
    """A job that ran: how it ended, and what its token was for."""

    name: str
    result: str
    outputs: Mapping[str, str]
    summary: str
    log: str
    declared: Mapping[str, str]
    used: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A run of a workflow with its jobs, in their order."""

    run: Run
    jobs: tuple[JobRun, ...]

    @property
    def results(self) -> dict[str, str]:
        return {job.name: job.result for job in self.jobs}

    def job(self, name: str) -> JobRun:
        return next(job for job in self.jobs if job.name == name)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push to the default branch."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Event:
    """What starts a workflow, and the commit at which it, and the checkout, are."""

    name: str
    payload: Mapping[str, object]
    commit: str


@dataclass(slots=True)
class Lab:
    """One repository, `acme/tumour`, with people, pull requests and runs."""

    fake: FakeGitHub
    place: Path
    training_path: Path
    """A folder with a `python` that has what training needs, and has no mlci."""
    real_setup: Mapping[str, str] | None = None
    """Set: the setup action makes its own environment, with these variables; None: it links the one of `make demo`."""

    @property
    def repository(self) -> Repository:
        return self.fake.state.repository(NAME)

    def arrange(self, files: Mapping[str, bytes] | None = None, *, public: bool = False) -> None:
        """Make the repository with FILES on main: the example with its workflows, if nothing else is said."""
        self.fake.add_repository(NAME, public=public)
        self.fake.add_collaborator(NAME, "ana")
        self.fake.commit(NAME, "main", files or self.example() | self.workflows(), message="The example")

    def workflows(self) -> dict[str, bytes]:
        """Return what `mlci init --github` writes."""
        written = callers(MLCI, REFERENCE, install=INSTALL, deploy="live")
        return {path: text.encode() for path, text in written.items()}

    def example(self) -> dict[str, bytes]:
        """Return the files of the tumour example, for a store and a target that jobs share."""
        files = {
            str(path.relative_to(TUMOUR)): path.read_bytes() for path in sorted(TUMOUR.rglob("*")) if path.is_file()
        }
        configuration = files["mlci.yaml"].decode()
        configuration = configuration.replace("{directory: ../models}", "{releases: true}")
        configuration = configuration.replace("../live", str(self.place / "live"))
        return files | {"mlci.yaml": configuration.encode(), ".gitignore": IGNORED.encode()}

    def act_files(self, act: str) -> dict[str, bytes]:
        """Return the files that one act of the demo changes."""
        return {path.name: path.read_bytes() for path in sorted((ACTS / act).iterdir())}

    def replaced(self, path: str, old: str, new: str, branch: str = "main") -> dict[str, bytes]:
        """Return a file of a branch with OLD replaced."""
        text = self.show(branch, path)
        assert old in text, f"{path} has no {old!r}"
        return {path: text.replace(old, new).encode()}

    def show(self, revision: str, path: str) -> str:
        """Return a file of a commit or a branch."""
        return self.repository.git.git("show", f"{revision}:{path}").decode()

    def pull_request_opened(
        self,
        branch: str,
        files: Mapping[str, bytes | None],
        *,
        title: str = "A change",
        author: str = "ana",
        from_fork: bool = False,
    ) -> Thread:
        """Push FILES to a new branch, of the author's fork where so wanted, and open a pull request into main."""
        source = self.fake.fork(NAME, author).full_name if from_fork else NAME
        self.fake.commit(source, branch, files, message=title, author=author, start="main")
        return self.fake.open_pull_request(NAME, branch, head_repository=source, title=title, author=author)

    def pushed(self, thread: Thread, files: Mapping[str, bytes | None], message: str = "One more change") -> str:
        """Push FILES to the branch of a pull request, and return the new commit."""
        pull_request = _pull_request(thread)
        return self.fake.commit(
            pull_request.head_repository, pull_request.head_branch, files, message=message, author=thread.author
        )

    def run_check(self, thread: Thread) -> WorkflowRun:
        """Run what a pull request starts, at its merge commit."""
        pull_request = _pull_request(thread)
        merge = self.repository.git.ref(f"refs/pull/{thread.number}/merge")
        assert merge is not None, "the pull request has conflicts: GitHub starts nothing"
        run = self._start(
            CHECK,
            "pull_request",
            pull_request.head_branch,
            pull_request.head_sha,
            thread.author,
            pull_request.head_repository,
        )
        payload = {
            "action": "synchronize",
            "number": thread.number,
            "pull_request": {
                "number": thread.number,
                "head": {
                    "ref": pull_request.head_branch,
                    "sha": pull_request.head_sha,
                    "repo": self._described(pull_request.head_repository),
                },
                "base": {
                    "ref": pull_request.base_branch,
                    "sha": pull_request.base_sha,
                    "repo": self._described(NAME),
                },
            },
        }
        return self._run(CHECK, _Event("pull_request", payload, merge), run)

    def run_report(self, checked: WorkflowRun) -> WorkflowRun | None:
        """Run what the end of a check starts, at the tip of main; None: main has no such workflow."""
        tip = self._tip()
        if not self._has(tip, REPORT):
            return None
        submitted = checked.run
        run = self._start(REPORT, "workflow_run", "main", tip, submitted.actor)
        payload = {
            "action": "completed",
            "workflow_run": {
                "id": submitted.id,
                "name": submitted.name,
                "event": submitted.event,
                "status": "completed",
                "conclusion": submitted.conclusion,
                "head_branch": submitted.head_branch,
                "head_sha": submitted.head_sha,
                "head_repository": self._described(submitted.head_repository),
                # As GitHub sends it for forks; ours must not lean on it for anybody.
                "pull_requests": [],
            },
        }
        return self._run(REPORT, _Event("workflow_run", payload, tip), run)

    def merge(self, thread: Thread) -> Pushed:
        """Press the button."""
        before = self._tip()
        return Pushed(before, self.fake.merge(NAME, thread.number))

    def push(self, files: Mapping[str, bytes | None], message: str) -> Pushed:
        """Push FILES to main, without a pull request."""
        before = self._tip()
        return Pushed(before, self.fake.commit(NAME, "main", files, message=message))

    def forge(self, checked: WorkflowRun, content: bytes) -> None:
        """Replace the artifact of a run, as a job that runs a stranger's code can."""
        artifacts = self.repository.artifacts
        (old,) = [each for each in artifacts.values() if each.run_id == checked.run.id]
        del artifacts[old.id]
        self.fake.add_artifact(checked.run, old.name, content)

    def artifacts(self, run: WorkflowRun) -> dict[str, bytes]:
        """Return the artifacts of a run."""
        return {each.name: each.content for each in self.repository.artifacts.values() if each.run_id == run.run.id}

    def run_merge(self, pushed: Pushed) -> WorkflowRun:
        """Run what a push to main starts: train, decide, deploy."""
        run = self._start(MERGE, "push", "main", pushed.after, "ana")
        payload = {"ref": "refs/heads/main", "before": pushed.before, "after": pushed.after, "deleted": False}
        return self._run(MERGE, _Event("push", payload, pushed.after), run)

    def head(self, thread: Thread) -> str:
        """Return the commit of a pull request that comments and statuses are about."""
        return _pull_request(thread).head_sha

    def comments(self, thread: Thread) -> list[Comment]:
        """Return the comments that mlci wrote."""
        return [each for each in self.fake.comments(NAME, thread.number) if each.author == "github-actions[bot]"]

    def statuses(self, commit: str) -> list[CommitStatus]:
        """Return all statuses of a commit, the oldest first."""
        return [each for each in self.repository.statuses if each.sha == commit]

    def refs(self) -> dict[str, str]:
        """Return the registry's branches and the tags."""
        return {name: sha for name, sha in self.repository.git.refs().items() if "/mlci/" in name or "/tags/" in name}

    def _start(self, workflow: str, event: str, branch: str, sha: str, actor: str, head_repository: str = NAME) -> Run:
        return self.fake.start_run(
            NAME, workflow=workflow, event=event, head_branch=branch, head_sha=sha, actor=actor,
            head_repository=head_repository, name=Path(workflow).stem.replace("-", " "),
        )  # fmt: skip

    def _run(self, path: str, event: _Event, run: Run) -> WorkflowRun:
        """Run each job of the workflow that the caller at PATH calls, in the order of `needs`."""
        caller = prepared.Caller.read(self.show(event.commit, path))
        repository, called_path, reference = caller.called
        reusable = parse((ROOT / called_path).read_text())
        assert (repository, bool(reference)) == (MLCI, True)
        place = self.place / f"run-{run.id}"
        (place / "artifacts").mkdir(parents=True)
        done: dict[str, JobRun] = {}
        for name, job in reusable["jobs"].items():
            needs = {each: prepared.Ended(done[each].result, done[each].outputs) for each in prepared.needed_by(job)}
            if prepared.is_asked(job, needs):
                done[name] = self._job(name, prepared.alone(reusable, name, needs), caller, event, run, place)
            else:
                done[name] = JobRun(name, "skipped", {}, "", "", job["permissions"], {})
        for artifact in sorted((place / "artifacts").iterdir()):
            self.fake.add_artifact(run, artifact.stem, artifact.read_bytes())
        conclusion = "failure" if any(job.result == "failure" for job in done.values()) else "success"
        self.fake.finish_run(run, conclusion)
        return WorkflowRun(run, tuple(done.values()))

    def _job(
        self, name: str, workflow: Document, caller: prepared.Caller, event: _Event, run: Run, place: Path
    ) -> JobRun:
        """Run one job with exactly the token that its `permissions:` grant."""
        job = workflow["jobs"][name]
        declared = prepared.permissions(caller, job)
        token = self.fake.issue_token(NAME, declared, run=run)
        folder = place / name
        product = self._product(folder / "product", caller, workflow)
        (folder / "workflow.yml").write_text(prepared.written(caller.document))
        payload = {"repository": self._described(NAME), "sender": {"login": run.actor}, **event.payload}
        (folder / "event.json").write_text(json.dumps(payload))
        request = act_run.Request(
            event=event.name,
            payload=folder / "event.json",
            workflow=folder / "workflow.yml",
            repository=self._somewhere(folder / "somewhere"),
            actor=run.actor,
            variables=self._variables(event, run, place / "artifacts"),
            token=token,
            local={f"{MLCI}@{caller.called[2]}": product, **_stubs()},
        )
        outcome = act_run.run(request, folder / "act")
        # act writes *** for a token that a step prints.
        assert token not in outcome.everything, "the token was shown"
        assert "***" not in outcome.log, "a step printed the token"
        return JobRun(
            name=name,
            result=outcome.result,
            outputs=prepared.job_outputs(job, outcome.steps),
            summary=outcome.summary,
            log=outcome.log,
            declared=declared,
            used=self.fake.permissions_used(token),
        )

    def _product(self, folder: Path, caller: prepared.Caller, workflow: Document) -> Path:
        """Write what a runner downloads of mlci at one commit, as far as act needs it."""
        for name in ("actions", "requirements"):
            shutil.copytree(ROOT / name, folder / name)
        if self.real_setup is None:
            shutil.copyfile(STUBS / "bootstrap" / "bootstrap.py", folder / "requirements" / "bootstrap.py")
        else:
            shutil.copytree(ROOT / "mlci", folder / "mlci", ignore=shutil.ignore_patterns("__pycache__"))
        _, path, reference = caller.called
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(prepared.written(prepared.for_act(workflow, MLCI, reference)))
        return folder

    def _variables(self, event: _Event, run: Run, artifacts: Path) -> dict[str, str]:
        """Return what act does not know of itself, and what the stubs need."""
        url = self.fake.url
        return {
            "GITHUB_API_URL": url,
            "GITHUB_SERVER_URL": url,
            "GITHUB_GRAPHQL_URL": f"{url}/graphql",
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_RUN_ID": str(run.id),
            "GITHUB_RUN_ATTEMPT": "1",
            "SHA_REF": event.commit,
            "SOURCE_DATE_EPOCH": "1767225600",
            "STUB_ARTIFACTS": str(artifacts),
            "STUB_ENVIRONMENT": str(ENVIRONMENT),
            "STUB_TRAINING_PATH": str(self.training_path),
            **(self.real_setup or {}),
        }

    def _somewhere(self, folder: Path) -> Path:
        """Return an empty repository: act wants to stand in one, and is told by variables what it would read there."""
        subprocess.run(["git", "init", "--quiet", "--template=", str(folder)], check=True)
        return folder

    def _described(self, full_name: str) -> dict[str, object]:
        repository = self.fake.state.repository(full_name)
        return {
            "id": repository.id,
            "full_name": repository.full_name,
            "default_branch": repository.default_branch,
            "private": repository.is_private,
            "fork": repository.parent is not None,
        }

    def _tip(self) -> str:
        tip = self.repository.git.ref("refs/heads/main")
        assert tip is not None
        return tip

    def _has(self, commit: str, path: str) -> bool:
        return path in self.repository.git.text("ls-tree", "-r", "--name-only", commit).splitlines()


def prepare_environment() -> None:
    """Make the environment that jobs link, by the real bootstrap; a no-op where it is there."""
    bootstrap = ROOT / "requirements" / "bootstrap.py"
    subprocess.run([sys.executable, "-I", str(bootstrap), str(ENVIRONMENT), "demo"], check=True)


def training_python(folder: Path) -> Path:
    """Make a Python with what is installed beside the tests, but without mlci; return the folder of its programs."""
    subprocess.run([sys.executable, "-I", "-m", "venv", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    # The packages of a `.pth` are found, its own `.pth` files (and with them this checkout) are not.
    (installed,) = Path(sys.prefix).glob("lib/python*/site-packages")
    (packages / "installed.pth").write_text(f"{installed}\n")
    return folder / "bin"


def _stubs() -> dict[str, Path]:
    return {f"{name}@{commit}": STUBS / name.removeprefix("actions/") for name, commit in PINS.items()}


def _pull_request(thread: Thread) -> PullRequest:
    assert thread.pull_request is not None
    return thread.pull_request
