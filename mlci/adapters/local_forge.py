"""The forge of a laptop: comments and statuses as files below `.mlci/forge/`, one folder a branch."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from mlci.adapters.files import write_atomically
from mlci.core.forge import (
    LARGEST_ARTIFACT_BYTES,
    LONGEST_COMMENT,
    Deployment,
    DeploymentStatus,
    Head,
    Permission,
    PullRequest,
    Status,
    artifact_missing,
    artifact_too_large,
    checked_actor,
    checked_artifact,
    checked_environment,
    checked_marker,
    checked_run,
    comment_too_long,
    newest_unfinished,
    shown_description,
)
from mlci.core.names import branch_folder, checked_commit
from mlci.core.proof import Proof
from mlci.core.schema_name import read_json, with_schema
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PULL_REQUEST: Final = "pull_request.json"
_STATUS: Final = "status.json"
_DEPLOYMENTS: Final = "deployments.json"
_PROOFS: Final = "proofs.json"
_SCHEMAS: Final = {
    _PULL_REQUEST: "mlci/local-pull-request/1",
    _STATUS: "mlci/local-status/1",
    _DEPLOYMENTS: "mlci/local-deployments/1",
    _PROOFS: "mlci/local-proofs/1",
}
_MAIN: Final = "report"
# Where HEAD is detached, and statuses of commits that no pull request is at.
# No branch has this folder: there, two digits follow a `%`.
_COMMITS: Final = "%commits"
_ARTIFACTS: Final = "%artifacts"


class LocalForge:
    """Behind the same port as GitHub; `folder` is `.mlci/forge` beside mlci.yaml."""

    is_public: Final = False
    """Nobody but its owner reads a laptop."""

    def __init__(self, folder: Path, *, default_branch: str = "main") -> None:
        """Write below `folder`, which is made with the first file."""
        self._folder = folder
        self.default_branch = default_branch

    def find_pull_request(self, head: Head, base: str | None = None) -> PullRequest:
        """Return the pull request of a head; locally every branch is one, and a detached HEAD too."""
        found = PullRequest(head.branch, head.commit, base=base, repository=head.repository)
        value = {"branch": head.branch, "commit": head.commit}
        _write(self._folder_of(found) / _PULL_REQUEST, value)
        return found

    def pull_request(self, branch: str | None, commit: str) -> PullRequest:
        """Return the pull request of a branch at a commit; there always is one."""
        return self.find_pull_request(Head(branch, commit))

    def comment(self, pull_request: PullRequest, marker: str, body: str) -> str:
        """Write the one comment that `marker` (`<!-- mlci:report -->`) names, or replace it; return where it is."""
        path = self._comment_path(pull_request, marker)
        if len(body) > LONGEST_COMMENT:
            raise comment_too_long(body)
        write_atomically(path, body.encode())
        return str(path)

    def set_status(self, commit: str, status: Status) -> None:
        """Say what a check found about a commit; a later word of the same context replaces it."""
        statuses = {each.context: each for each in self.statuses(commit)} | {status.context: status.shortened()}
        value = {
            "commit": commit,
            "statuses": [asdict(statuses[context]) for context in sorted(statuses)],
        }
        _write(self._status_path(commit), value)

    def prove(self, commit: str, proof: Proof) -> None:
        """Keep which model was judged; a later word about the same inputs replaces it."""
        checked_commit(commit)
        proofs = {each.fingerprint: each for each in self._proofs()} | {proof.fingerprint: proof}
        _write(self._folder / _PROOFS, {"proofs": [asdict(proofs[name]) for name in sorted(proofs)]})

    def proof(self, commit: str, fingerprint: str) -> Proof | None:
        """Return what was proven of these inputs here; which commit merged what, a laptop does not know."""
        checked_commit(commit)
        return next((each for each in self._proofs() if each.fingerprint == fingerprint), None)

    def approvals(self, commit: str) -> tuple[str, ...]:
        """Return nobody: a laptop knows of no review."""
        checked_commit(commit)
        return ()

    def deployment(self, environment: str, commit: str, description: str = "") -> Deployment:
        """Begin to bring a commit into an environment."""
        known = self.deployments()
        checked_environment(environment)
        made = Deployment(len(known) + 1, environment, checked_commit(commit), shown_description(description))
        self._write_deployments((*known, (made, ())))
        return made

    def set_deployment_status(self, deployment: Deployment, status: DeploymentStatus) -> None:
        """Say how far a deployment is."""
        self._write_deployments(
            tuple(
                (each, (*statuses, status.shortened()) if each.id == deployment.id else statuses)
                for each, statuses in self.deployments()
            )
        )

    def unfinished_deployment(self, environment: str) -> Deployment | None:
        """Return the newest deployment of an environment, if it did not end."""
        return newest_unfinished(self.deployments(), checked_environment(environment))

    def artifact(self, run_id: int, name: str, limit_bytes: int = LARGEST_ARTIFACT_BYTES) -> bytes:
        """Return the file `%artifacts/<run>/<name>.zip`, which whoever plays the runner has put there."""
        path = self._folder / _ARTIFACTS / str(checked_run(run_id)) / f"{checked_artifact(name)}.zip"
        try:
            with path.open("rb") as file:
                content = file.read(limit_bytes + 1)
        except FileNotFoundError:
            raise artifact_missing(run_id, name) from None
        if len(content) > limit_bytes:
            raise artifact_too_large(name, limit_bytes)
        return content

    def permission(self, actor: str) -> Permission:
        """Return "admin": whoever sits at the laptop may do everything here."""
        checked_actor(actor)
        return "admin"

    def comments(self, pull_request: PullRequest) -> Mapping[str, str]:
        """Return the comments of a pull request by their marker."""
        found: dict[str, str] = {}
        for path in sorted(self._folder_of(pull_request).glob("comment*.md")):
            name = path.stem.removeprefix("comment").removeprefix("-") or _MAIN
            found[f"<!-- mlci:{name} -->"] = path.read_text()
        return found

    def statuses(self, commit: str) -> tuple[Status, ...]:
        """Return what is said about a commit, in the order of the contexts."""
        value = _read(self._status_path(commit))
        if value is None or value.get("commit") != commit:
            return ()
        try:
            found = value["statuses"]
            return tuple(Status(**each) for each in found) if isinstance(found, list) else ()
        except (TypeError, KeyError) as error:
            raise _malformed(self._status_path(commit)) from error

    def deployments(self) -> tuple[tuple[Deployment, tuple[DeploymentStatus, ...]], ...]:
        """Return what was deployed and how it went, in the order of time."""
        path = self._folder / _DEPLOYMENTS
        value = _read(path)
        if value is None:
            return ()
        try:
            found = value["deployments"]
            return tuple(_deployment(each) for each in found) if isinstance(found, list) else ()
        except (TypeError, KeyError, AttributeError) as error:
            raise _malformed(path) from error

    def _proofs(self) -> tuple[Proof, ...]:
        path = self._folder / _PROOFS
        value = _read(path)
        if value is None:
            return ()
        try:
            found = value["proofs"]
            return tuple(Proof(**each) for each in found) if isinstance(found, list) else ()
        except (TypeError, KeyError) as error:
            raise _malformed(path) from error

    def _write_deployments(self, known: tuple[tuple[Deployment, tuple[DeploymentStatus, ...]], ...]) -> None:
        value = {
            "deployments": [
                {**asdict(deployment), "statuses": [asdict(status) for status in statuses]}
                for deployment, statuses in known
            ],
        }
        _write(self._folder / _DEPLOYMENTS, value)

    def _folder_of(self, pull_request: PullRequest) -> Path:
        branch, commit = pull_request.branch, checked_commit(pull_request.commit)
        return self._folder / _COMMITS / commit if branch is None else self._folder / branch_folder(branch)

    def _comment_path(self, pull_request: PullRequest, marker: str) -> Path:
        known_as = checked_marker(marker)
        name = "comment.md" if known_as == _MAIN else f"comment-{known_as}.md"
        return self._folder_of(pull_request) / name

    def _status_path(self, commit: str) -> Path:
        checked_commit(commit)
        for path in sorted(self._folder.glob(f"*/{_PULL_REQUEST}")):
            value = _read(path)
            if value is not None and value.get("commit") == commit:
                return path.parent / _STATUS
        return self._folder / _COMMITS / commit / _STATUS


def _deployment(value: Mapping[str, object]) -> tuple[Deployment, tuple[DeploymentStatus, ...]]:
    statuses, facts = value["statuses"], {name: each for name, each in value.items() if name != "statuses"}
    if not isinstance(statuses, list):
        raise TypeError
    # A wrong name of a field is a TypeError here; a wrong type of a value would be the user's own doing, on his disk.
    return Deployment(**facts), tuple(DeploymentStatus(**each) for each in statuses)  # type: ignore[arg-type]  # JSON


def _write(path: Path, value: Mapping[str, object]) -> None:
    content = with_schema(_SCHEMAS[path.name], value)
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def _read(path: Path) -> dict[str, object] | None:
    try:
        return read_json(path.read_bytes(), _SCHEMAS[path.name], str(path))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _malformed(path) from error


def _malformed(path: Path) -> IntegrityError:
    return IntegrityError(
        "local-forge-malformed", f"{path.name} is not as mlci wrote it", where=str(path), hint=f"rm {path}"
    )
