"""The forge of a laptop: comments and statuses as files below `.mlci/forge/`, one folder a branch."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from mlci.adapters.files import write_atomically
from mlci.core.forge import PullRequest, Status
from mlci.core.names import branch_folder, checked_commit
from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PULL_REQUEST: Final = "pull_request.json"
_STATUS: Final = "status.json"
_MARKER: Final = re.compile(r"<!-- mlci:(?P<name>[a-z][a-z0-9_-]{0,62}) -->")
_MAIN: Final = "report"
# Where HEAD is detached, and statuses of commits that no pull request is at.
# No branch has this folder: there, two digits follow a `%`.
_COMMITS: Final = "%commits"


class LocalForge:
    """Behind the same port as GitHub; `folder` is `.mlci/forge` beside mlci.yaml."""

    def __init__(self, folder: Path) -> None:
        """Write below `folder`, which is made with the first file."""
        self._folder = folder

    def pull_request(self, branch: str | None, commit: str) -> PullRequest:
        """Return the pull request of a branch at a commit; locally every branch is one, and a detached HEAD too."""
        found = PullRequest(branch, checked_commit(commit))
        value = {"schema": "mlci/local-pull-request/1", "branch": branch, "commit": commit}
        _write(self._folder_of(found) / _PULL_REQUEST, value)
        return found

    def comment(self, pull_request: PullRequest, marker: str, body: str) -> str:
        """Write the one comment that `marker` (`<!-- mlci:report -->`) names, or replace it; return where it is."""
        path = self._comment_path(pull_request, marker)
        write_atomically(path, body.encode())
        return str(path)

    def set_status(self, commit: str, status: Status) -> None:
        """Say what a check found about a commit; a later word of the same context replaces it."""
        statuses = {each.context: each for each in self.statuses(commit)} | {status.context: status}
        value = {
            "schema": "mlci/local-status/1",
            "commit": commit,
            "statuses": [asdict(statuses[context]) for context in sorted(statuses)],
        }
        _write(self._status_path(commit), value)

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

    def _folder_of(self, pull_request: PullRequest) -> Path:
        branch, commit = pull_request.branch, checked_commit(pull_request.commit)
        return self._folder / _COMMITS / commit if branch is None else self._folder / branch_folder(branch)

    def _comment_path(self, pull_request: PullRequest, marker: str) -> Path:
        match = _MARKER.fullmatch(marker)
        if match is None:
            raise UsageError("bad-marker", f"“{one_line(marker, 80)}” is no marker such as <!-- mlci:report -->")
        name = "comment.md" if match["name"] == _MAIN else f"comment-{match['name']}.md"
        return self._folder_of(pull_request) / name

    def _status_path(self, commit: str) -> Path:
        checked_commit(commit)
        for path in sorted(self._folder.glob(f"*/{_PULL_REQUEST}")):
            value = _read(path)
            if value is not None and value.get("commit") == commit:
                return path.parent / _STATUS
        return self._folder / _COMMITS / commit / _STATUS


def _write(path: Path, value: Mapping[str, object]) -> None:
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def _read(path: Path) -> dict[str, object] | None:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _malformed(path) from error
    if not isinstance(value, dict):
        raise _malformed(path)
    return value


def _malformed(path: Path) -> IntegrityError:
    return IntegrityError(
        "local-forge-malformed", f"{path.name} is not as mlci wrote it", where=str(path), hint=f"rm {path}"
    )
