"""Records of runs as an orphan branch of the origin: read from what was fetched, a record added by one push."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final, Protocol

from mlci.adapters.git import BRANCHES, RUNS_BRANCH, RUNS_REFERENCE
from mlci.adapters.git_reader import missing, reading
from mlci.adapters.leased_push import keep_objects, leased_push, references_of_origin
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
    parse_tree,
    trees,
)
from mlci.core.plain_text import one_line
from mlci.core.runs.record import KeptRun, read_run, run_id
from mlci.core.runs.shared import FILE, LARGEST_BYTES, read_shared, run_path
from mlci.errors import IntegrityError, MlciError
from mlci.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mlci.adapters.git import GitRepository
    from mlci.adapters.git_process import Finished
    from mlci.adapters.git_reader import GitReader
    from mlci.core.git_objects import ObjectFormat

_COMMIT_LIMIT_BYTES: Final = 1 << 20
_TREE_LIMIT_BYTES: Final = 16 << 20
_ATTEMPTS: Final = 50
"""With so many others at once, somebody wins each time; it is a limit for what should never happen."""
_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0
_KNOWN: Final = "cache/shared-runs"
_NAME: Final = RUNS_BRANCH.removeprefix(BRANCHES)


class Notes(Protocol):
    """Small files that may be lost."""

    def read(self, name: str) -> bytes | None:
        """Return a file, None where it is missing."""

    def write(self, name: str, data: bytes) -> object:
        """Keep a file."""


class GitRuns:
    """The records that a repository's origin holds, one file a run."""

    def __init__(self, repository: GitRepository, notes: Notes | None = None) -> None:
        """Read and write through `repository`; it fetches, and this reads what was fetched.

        NOTES keep which records were found in order, so that thousands are read fast.
        """
        self._repository = repository
        self._notes = notes

    def runs(self) -> tuple[KeptRun, ...]:
        """Return every run on the branch as it was fetched last, by name; what is no record is passed over.

        One process of Git. Raises `IntegrityError`: "foreign-branch" when the branch holds something else,
        "newer-schema".
        """
        with reading(self._repository.git, self._repository.folder) as reader:
            _, listing = _listing(reader)
            known = self._known()
            paths = sorted(listing)
            contents = reader.blobs([listing[path] for path in paths], LARGEST_BYTES)
            found = {
                listing[path]: _read(path, content, is_known=listing[path] in known)
                for path, content in zip(paths, contents, strict=True)
            }
        in_order = {object_id: run for object_id, run in found.items() if run is not None}
        if in_order.keys() - known:
            self._note(in_order)
        return tuple(in_order.values())

    def _known(self) -> frozenset[str]:
        """Return the Git ids of records that this version of mlci has looked at and found in order."""
        content = self._notes.read(_KNOWN) if self._notes else None
        first, *ids = (content or b"").decode(errors="replace").split("\n")
        return frozenset(ids) if first == VERSION else frozenset()

    def _note(self, ids: Iterable[str]) -> None:
        if self._notes is not None:
            with contextlib.suppress(MlciError):  # where nothing can be written, they are looked at again
                self._notes.write(_KNOWN, "\n".join([VERSION, *ids]).encode())

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
            finished = leased_push(self._repository, {RUNS_BRANCH: made}, {RUNS_BRANCH: tip or ""})
            if finished.exit_code == 0:
                self._repository.git.run(["update-ref", RUNS_REFERENCE, made], folder=self._repository.folder)
                return True
            problem = self._problem(tip, finished)
            is_busy = problem is not None and problem.code == "origin-failed" and is_locked(finished)
            if problem is not None and (attempt + 1 == _ATTEMPTS or not is_busy):
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
        keep_objects(self._repository, [record, *tree_objects, made], object_format)
        return made.id(object_format)

    def _problem(self, tip: str | None, finished: Finished) -> MlciError | None:
        """Return the error that says why a push did not arrive; `None` where the branch moved meanwhile."""
        patterns = [RUNS_BRANCH, f"{RUNS_BRANCH}/*", *folders_of(RUNS_BRANCH, BRANCHES)]
        try:
            found = references_of_origin(self._repository, patterns)
        except MlciError:
            return self._repository.origin_failed(finished)
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


def _read(path: str, content: bytes, *, is_known: bool) -> KeptRun | None:
    """Return the run in a file, None where it is no record under its own name; one that IS KNOWN is not looked through.

    A Git id stands for its bytes, so that what was found in order once is so whenever it is read again.
    """
    try:
        run = KeptRun(run_id(content), read_run(content, path), "shared") if is_known else read_shared(content, path)
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
