"""Records of runs as an orphan branch of the origin: read from what was fetched, a record added by one push."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from mlci.adapters.git import BRANCHES, RUNS_BRANCH, RUNS_REFERENCE
from mlci.adapters.git_reader import missing, reading
from mlci.adapters.refused_push import (
    branch_in_the_way,
    folders_of,
    is_in_the_way,
    is_locked,
    is_refused,
    push_rejected,
)
from mlci.core.git_objects import (
    FILE_MODE,
    FOLDER_MODE,
    blob,
    commit,
    commit_tree,
    format_of,
    pack,
    parse_tree,
    trees,
)
from mlci.core.plain_text import one_line
from mlci.core.runs.shared import FILE, LARGEST_BYTES, read_shared, run_path
from mlci.errors import IntegrityError, MlciError

if TYPE_CHECKING:
    from datetime import datetime

    from mlci.adapters.git import GitRepository
    from mlci.adapters.git_process import Finished
    from mlci.adapters.git_reader import GitReader
    from mlci.core.git_objects import ObjectFormat
    from mlci.core.runs import KeptRun

_COMMIT_LIMIT_BYTES: Final = 1 << 20
_TREE_LIMIT_BYTES: Final = 16 << 20
_ATTEMPTS: Final = 50
"""With so many others at once, somebody wins each time; it is a limit for what should never happen."""
_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0
_NAME: Final = RUNS_BRANCH.removeprefix(BRANCHES)


class GitRuns:
    """The records that a repository's origin holds, one file a run."""

    def __init__(self, repository: GitRepository) -> None:
        """Read and write through `repository`; it fetches, and this reads what was fetched."""
        self._repository = repository

    def runs(self) -> tuple[KeptRun, ...]:
        """Return every run on the branch as it was fetched last, by name; what is no record is passed over.

        One process of Git. Raises `IntegrityError`: "foreign-branch" when the branch holds something else,
        "newer-schema".
        """
        with reading(self._repository.git, self._repository.folder) as reader:
            _, listing = _listing(reader)
            paths = sorted(listing)
            contents = reader.blobs([listing[path] for path in paths], LARGEST_BYTES)
            found = [_read(path, content) for path, content in zip(paths, contents, strict=True)]
        return tuple(run for run in found if run is not None)

    def add(self, run: KeptRun, who: str, when: datetime) -> bool:
        """Add the record of a run in the name of WHO, and say whether it was not there yet; nothing is ever replaced.

        Where somebody else pushed meanwhile, it is added on top of what is there now. Raises as `runs` does, and
        `UsageError("foreign-branch")`, `OutsideError`: "push-rejected", "origin-failed".
        """
        for attempt in range(_ATTEMPTS):
            # A prefix and not the name: Git takes it for no error that the branch is not there yet.
            self._repository.fetch_references(f"+{RUNS_BRANCH}*:{RUNS_REFERENCE}*", "--prune")
            with reading(self._repository.git, self._repository.folder) as reader:
                tip, listing = _listing(reader)
            if run_path(run.id) in listing:
                return False
            made = self._commit(run, who, when, tip, listing)
            finished = self._push(made, tip)
            if finished.exit_code == 0:
                self._repository.git.run(["update-ref", RUNS_REFERENCE, made], folder=self._repository.folder)
                return True
            problem = self._problem(tip, finished)
            if problem is not None and (attempt + 1 == _ATTEMPTS or not is_locked(finished)):
                raise problem
            time.sleep(min(_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS))
        raise IntegrityError(
            "push-outrun",
            f"{_ATTEMPTS} times somebody else was faster on the branch {_NAME}",
            hint="mlci runs publish",
        )

    def _commit(self, run: KeptRun, who: str, when: datetime, tip: str | None, listing: dict[str, str]) -> str:
        """Write the commit that adds RUN to the repository, and return its id; no reference names it yet."""
        object_format: ObjectFormat = self._repository.object_format() if tip is None else format_of(tip)
        record = blob(run.record.to_bytes())
        tree, tree_objects = trees(listing | {run_path(run.id): record.id(object_format)}, object_format)
        made = commit(tree, tip, who, when, f"run {run.id}: {run.record.outcome}")
        self._repository.git.run(
            ["unpack-objects", "-q", "--strict"],
            folder=self._repository.folder,
            stdin=pack([record, *tree_objects, made], object_format),
        )
        return made.id(object_format)

    def _push(self, made: str, tip: str | None) -> Finished:
        arguments = [
            "push", "--porcelain", "--no-progress", "--no-verify", "--no-follow-tags", "--no-signed",
            "--recurse-submodules=no", f"--force-with-lease={RUNS_BRANCH}:{tip or ''}", "origin",
            f"{made}:{RUNS_BRANCH}",
        ]  # fmt: skip
        return self._repository.git.attempt(
            ["-c", "push.pushOption=", *arguments], folder=self._repository.folder, network=True
        )

    def _problem(self, tip: str | None, finished: Finished) -> MlciError | None:
        """Return the error that says why a push did not arrive; `None` where the branch moved meanwhile."""
        patterns = [RUNS_BRANCH, f"{RUNS_BRANCH}/*", *folders_of(RUNS_BRANCH, BRANCHES)]
        try:
            output = self._repository.talk(["ls-remote", "origin", *patterns]).decode(errors="replace")
        except MlciError:
            return self._repository.origin_failed(finished)
        found = {name: object_id for object_id, _, name in (line.partition("\t") for line in output.splitlines())}
        in_the_way = next((name for name in found if is_in_the_way(name, RUNS_BRANCH)), None)
        if in_the_way is not None:
            return branch_in_the_way(in_the_way.removeprefix(BRANCHES), _NAME, "the records of runs")
        if found.get(RUNS_BRANCH) != tip:
            return None
        if is_refused(finished):
            return push_rejected(
                _NAME, finished, "Allow this actor to push to `mlci/**`, or leave it to the job on main."
            )
        return self._repository.origin_failed(finished)


def _listing(reader: GitReader) -> tuple[str | None, dict[str, str]]:
    """Return the commit of the branch and path → blob id of each record; None where there is no branch."""
    found = reader.find(RUNS_REFERENCE, "commit", _COMMIT_LIMIT_BYTES)
    if found is None:
        return None, {}
    tip, body = found
    listing: dict[str, str] = {}
    for mode, folder, tree in _entries(reader, commit_tree(body), format_of(tip)):
        if mode != FOLDER_MODE:
            raise _foreign_branch(folder)
        for kind, name, object_id in _entries(reader, tree, format_of(tip)):
            path = f"{folder}/{name}"
            if kind != FILE_MODE or FILE.fullmatch(path) is None:
                raise _foreign_branch(path)
            listing[path] = object_id
    return tip, listing


def _entries(reader: GitReader, tree: str, object_format: ObjectFormat) -> list[tuple[str, str, str]]:
    found = reader.find(tree, "tree", _TREE_LIMIT_BYTES)
    if found is None:
        raise missing(tree)
    try:
        return list(parse_tree(found[1], object_format))
    except ValueError as error:
        raise _foreign_branch("its tree") from error


def _read(path: str, content: bytes) -> KeptRun | None:
    try:
        run = read_shared(content, path)
    except IntegrityError as error:
        if error.code != "run-malformed":
            raise
        return None
    return run if run_path(run.id) == path else None


def _foreign_branch(path: str) -> IntegrityError:
    return IntegrityError(
        "foreign-branch",
        f"the branch {_NAME} exists, but mlci did not make it: it holds other files than records of runs",
        where=f"{_NAME}: {one_line(path, 120)}",
        hint=f"Rename it: git push origin {RUNS_REFERENCE}:{BRANCHES}OTHER :{RUNS_BRANCH}",
    )
