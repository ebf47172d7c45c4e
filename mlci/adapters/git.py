"""The Git repository that a model lives in, seen from the folder of its mlci.yaml."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from mlci.adapters.git_process import Finished, Git, git_failed
from mlci.adapters.git_reader import missing, reading
from mlci.adapters.git_trees import CommitTree, WorkTree
from mlci.core.fetched import Fetched
from mlci.core.git_objects import ObjectFormat, commit_parents, format_of
from mlci.core.names import branch_folder, checked_branch, checked_commit
from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.forge import PullRequest

BRANCHES = "refs/heads/"
REGISTRY_BRANCHES = f"{BRANCHES}mlci/registry/"
BASE_REFERENCES = "refs/mlci/base/"
PULL_REFERENCES = "refs/mlci/pull/"
REGISTRY_REFERENCES = "refs/mlci/registry/"
LOST_REFERENCES = "refs/mlci/lost/"
"""What a registry's branch was here, before the origin's was deleted, set back or written anew: MODEL/ID."""
RUNS_BRANCH = f"{BRANCHES}mlci/runs"
RUNS_REFERENCE = "refs/mlci/runs"
_ATTEMPTS: Final = 5
_PAUSE_SECONDS: Final = 0.1
_COMMIT_LIMIT_BYTES = 1 << 20
_ALL_COMMITS = (1 << 31) - 2  # one more is what Git takes for --unshallow, which means every branch


class GitRepository:
    """A repository with at least one commit; every path given or returned is relative to `folder`."""

    def __init__(self, git: Git, folder: Path, prefix: str) -> None:
        """Use `open`; `prefix` is where `folder` lies in the repository: empty, or ending in `/`."""
        self.git = git
        self.folder = folder
        self.prefix = prefix

    @classmethod
    def open(cls, folder: Path, git: Git) -> GitRepository:
        """Return the repository that `folder` lies in.

        Raises `UsageError`: "git-missing", "no-repository", "no-commits", "repository-not-trusted".
        """
        folder = folder.resolve()
        arguments = ["rev-parse", "--is-inside-work-tree", "--show-prefix", "--revs-only", "HEAD"]
        finished = git.attempt(arguments, folder=folder)
        inside, _, rest = finished.output.decode(errors="surrogateescape").partition("\n")
        if finished.exit_code != 0 or inside != "true":
            raise _not_a_repository(folder, finished)
        # The commit is the last line; a folder's name may hold anything, a newline too.
        prefix, _, head = rest.removesuffix("\n").rpartition("\n")
        if not head or head.endswith("/"):
            raise UsageError(
                "no-commits",
                "the Git repository has no commit yet",
                hint='git add . && git commit -m "first"',
            )
        return cls(git, folder, prefix)

    @property
    def root(self) -> Path:
        """The folder at the top of the work tree."""
        return self.folder.parents[self.prefix.count("/") - 1] if self.prefix else self.folder

    def head(self) -> str:
        """Return the id of the commit that HEAD is at."""
        return self.resolve("HEAD")

    def resolve(self, revision: str) -> str:
        """Return the commit id of what a user calls a commit; raises `UsageError("unknown-revision")`."""
        found = None
        if not revision.startswith("-") and revision.isprintable():
            arguments = ["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"]
            found = self.git.attempt(arguments, folder=self.folder)
        if found is None or found.exit_code != 0:
            raise UsageError(
                "unknown-revision",
                f"Git knows no commit “{one_line(revision, 120)}” in this clone",
                hint="git log --oneline --all shows the commits; a shallow clone needs: git fetch --unshallow origin",
            )
        return found.output.decode().strip()

    def branch(self) -> str | None:
        """Return the branch that HEAD is on; `None` when it is detached, as usual in CI."""
        finished = self.git.attempt(["symbolic-ref", "--quiet", "HEAD"], folder=self.folder)
        return finished.output.decode().strip().removeprefix(BRANCHES) if finished.exit_code == 0 else None

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return the parents as the commit names them: in a shallow clone they may not be there themselves."""
        with reading(self.git, self.folder) as reader:
            found = reader.find(checked_commit(commit), "commit", _COMMIT_LIMIT_BYTES)
        if found is None:
            raise missing(commit)
        return commit_parents(found[1])

    def has_commit(self, commit: str) -> bool:
        """Say whether this clone has the commit; a shallow one may not."""
        with reading(self.git, self.folder) as reader:
            return reader.find(checked_commit(commit), "commit", _COMMIT_LIMIT_BYTES) is not None

    def is_shallow(self) -> bool:
        """Say whether this clone lacks the older commits."""
        return self.git.run(["rev-parse", "--is-shallow-repository"], folder=self.folder).strip() == b"true"

    def bring_history(self, commit: str, branch: str) -> None:
        """Fetch what COMMIT follows on BRANCH of the origin, where this clone lacks it; other branches stay shallow.

        Git shows a commit that is cut off as if it had no parent and had added every file. Raises as `talk`.
        """
        if not self.is_shallow():
            return
        oldest = self.git.run(["rev-list", "--max-parents=0", checked_commit(commit)], folder=self.folder).decode()
        if any(self.parents(each) for each in oldest.split()):
            self.fetch_references(f"--depth={_ALL_COMMITS}", branch)

    def subject(self, commit: str) -> str:
        """Return the first line of a commit's message, safe to show."""
        arguments = ["log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%s", checked_commit(commit)]
        return one_line(self.git.run(arguments, folder=self.folder).decode(errors="replace"))

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether `commit` is `of` or one of its ancestors."""
        arguments = ["merge-base", "--is-ancestor", checked_commit(commit), checked_commit(of)]
        finished = self.git.attempt(arguments, folder=self.folder)
        if finished.exit_code not in {0, 1}:
            raise git_failed(arguments, finished)
        return finished.exit_code == 0

    def dirty_paths(self) -> tuple[str, ...]:
        """Return the files below the folder that differ from HEAD: changed, staged, deleted, new and not ignored."""
        return self.work_tree().dirty_paths()

    def untracked_paths(self) -> tuple[str, ...]:
        """Return the files below the folder that Git neither tracks nor ignores."""
        return self.work_tree().untracked_paths()

    def identity(self) -> str:
        """Return who commits here, "Name <address>"; raises `UsageError("no-identity")` if Git was not told."""
        arguments = ["-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"]
        finished = self.git.attempt(arguments, folder=self.folder)
        if finished.exit_code != 0:
            raise UsageError(
                "no-identity",
                "Git does not know who you are; the registry records who does what",
                hint='git config user.name "Your Name" && git config user.email you@example.com',
            )
        shown = finished.output.decode(errors="replace")
        return one_line(shown[: shown.rindex(">") + 1])

    def tree(self, commit: str) -> CommitTree:
        """Return the files of a commit; raises `OutsideError("git-object-missing")` if this clone lacks it."""
        if not self.has_commit(commit):
            raise missing(commit)
        return CommitTree(self.git, self.root, self.prefix, commit)

    def work_tree(self) -> WorkTree:
        """Return the files as they are on disk now."""
        return WorkTree(self.git, self.root, self.prefix)

    def object_format(self) -> ObjectFormat:
        """Return the hash that names objects in this repository."""
        return format_of(self.head())

    def default_branch(self) -> str:
        """Ask the origin for its default branch.

        Raises `UsageError`: "no-origin", "no-default-branch"; `OutsideError("origin-failed")`.
        """
        output = self.talk(["ls-remote", "--symref", "origin", "HEAD"]).decode(errors="replace")
        for line in output.splitlines():
            target, _, name = line.partition("\t")
            if target.startswith(f"ref: {BRANCHES}") and name == "HEAD":
                return checked_branch(target.removeprefix(f"ref: {BRANCHES}"))
        raise UsageError(
            "no-default-branch",
            "the origin has no default branch: it is empty, or its HEAD names a branch that does not exist",
            hint="Push your first commit (git push -u origin HEAD), or name the base: --base BRANCH",
        )

    def origin_address(self) -> str:
        """Return where the origin is; raises `UsageError("no-origin")`."""
        finished = self.git.attempt(["remote", "get-url", "origin"], folder=self.folder)
        if finished.exit_code != 0:
            raise self.origin_failed(finished)
        return finished.output.decode(errors="replace").strip()

    def fetch(self, branch: str | None = None) -> Fetched:
        """Bring the tip of `branch` (by default the origin's default branch) all registries and runs; return the tip.

        They come into `refs/mlci/*`; no branch, tag or remote-tracking branch of the user's changes. Raises
        `UsageError`: "no-origin", "no-base-branch", "no-default-branch"; `OutsideError("origin-failed")`.
        """
        default = self.default_branch() if branch is None else None
        name = checked_branch(branch or default or "")
        reference = BASE_REFERENCES + branch_folder(name)
        try:
            self.fetch_references(
                f"+{BRANCHES}{name}:{reference}",
                f"+{REGISTRY_BRANCHES}*:{REGISTRY_REFERENCES}*",
                f"+{RUNS_BRANCH}*:{RUNS_REFERENCE}*",
                "--prune",
            )
        except OutsideError as error:
            if "couldn't find remote ref" not in error.problem:
                raise
            raise UsageError(
                "no-base-branch",
                f"the origin has no branch {one_line(name, 120)}",
                hint=f"git push origin {one_line(name, 120)}, or name another: --base BRANCH",
            ) from error
        return Fetched(self.resolve(reference), name, default)

    def fetched(self, branch: str) -> str:
        """Return the tip of `branch` as an earlier fetch brought it; raises `UsageError("not-fetched")`."""
        reference = BASE_REFERENCES + branch_folder(checked_branch(branch))
        try:
            return self.resolve(reference)
        except UsageError:
            raise UsageError(
                "not-fetched",
                f"the branch {one_line(branch, 120)} was not fetched, and this call may not fetch it",
                hint=f"mlci fetch --base {one_line(branch, 120)}",
            ) from None

    def fetch_merge(self, pull_request: PullRequest) -> str:
        """Bring the commit that merging the pull request would make, and return its id.

        Raises `UsageError("merge-conflict")` where the host made none, and `IntegrityError("stale-head")` where it
        merges another commit: somebody pushed meanwhile.
        """
        number = f"{pull_request.number or 0:d}"
        reference = f"{PULL_REFERENCES}{number}"
        try:
            self.fetch_references(f"+refs/pull/{number}/merge:{reference}")
        except OutsideError as error:
            if "couldn't find remote ref" not in error.problem:
                raise
            raise UsageError(
                "merge-conflict",
                f"the host has no merge commit for pull request {number}",
                cause="It conflicts with its target branch.",
                hint="Merge the target branch into the pull request, resolve the conflict, and push.",
            ) from error
        commit = self.resolve(reference)
        if self.parents(commit)[1:] != (checked_commit(pull_request.commit),):
            raise IntegrityError(
                "stale-head",
                f"pull request {number} has moved on since this run began",
                where=f"the run is about {pull_request.commit[:12]}",
                cause="Somebody pushed meanwhile; the run of the newer commit will report.",
            )
        return commit

    def fetch_references(self, *specifications: str) -> None:
        """Fetch by these refspecs (and options) alone: no tags, no FETCH_HEAD, no configured refspec.

        The last copy of a registry that the origin has no more stays, below `LOST_REFERENCES`.
        """
        before = self._registries()
        options = [each for each in specifications if each.startswith("--")]
        refspecs = [each for each in specifications if not each.startswith("--")]
        self._fetch(
            [
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                "--no-auto-maintenance",
                "--refmap=",  # without it, Git also updates the remote-tracking branches
                *options,
                "origin",
                *refspecs,
            ]
        )
        now = self._registries()
        for model, tip in before.items():
            if tip != now.get(model) and not self._follows(now.get(model), tip):
                reference = f"{LOST_REFERENCES}{model}/{tip[:12]}"
                self.git.run(["update-ref", reference, tip], folder=self.folder)

    def _fetch(self, arguments: list[str]) -> None:
        """Fetch, and once more where another mlci that runs in this clone moved the same references meanwhile."""
        for attempt in range(_ATTEMPTS):
            finished = self.git.attempt(arguments, folder=self.folder, network=True)
            if finished.exit_code == 0:
                return
            if "cannot lock ref" not in finished.errors:
                raise self.origin_failed(finished)
            if attempt + 1 == _ATTEMPTS:
                raise OutsideError(
                    "clone-locked",
                    f"what was fetched could not be kept: {finished.errors}",
                    where=str(self.folder),
                    cause="Another Git works in this clone, or one was killed and left a file that ends in .lock.",
                    hint="Run it again; if no other Git runs here, remove that file.",
                )
            time.sleep(_PAUSE_SECONDS * 2**attempt)

    def _registries(self) -> dict[str, str]:
        """Return model → tip of its registry as it was fetched last."""
        arguments = ["for-each-ref", "--format=%(objectname) %(refname)", REGISTRY_REFERENCES]
        lines = self.git.run(arguments, folder=self.folder).decode(errors="surrogateescape").splitlines()
        return {name.removeprefix(REGISTRY_REFERENCES): tip for tip, _, name in (line.partition(" ") for line in lines)}

    def _follows(self, tip: str | None, earlier: str) -> bool:
        """Return whether all that a branch held EARLIER is still in it."""
        if tip is None:
            return False
        return self.git.attempt(["merge-base", "--is-ancestor", earlier, tip], folder=self.folder).exit_code == 0

    def talk(self, arguments: list[str]) -> bytes:
        """Run a Git command that talks to the origin; raises "no-origin" or "origin-failed" in Git's words."""
        finished = self.git.attempt(arguments, folder=self.folder, network=True)
        if finished.exit_code != 0:
            raise self.origin_failed(finished)
        return finished.output

    def origin_failed(self, finished: Finished) -> MlciError:
        """Return the error of a command that could not reach the origin: it is not set, or it does not answer."""
        origin = self.git.attempt(["config", "--get", "remote.origin.url"], folder=self.folder)
        if origin.exit_code != 0:
            return UsageError(
                "no-origin",
                "the repository has no remote “origin”; base and registry are read from there",
                hint="git remote add origin URL && git push -u origin HEAD",
            )
        return OutsideError(
            "origin-failed",
            f"Git could not talk to the origin: {finished.errors or 'it says nothing'}",
            cause="The network, the address of the origin, or the permission to read or write there.",
            hint="Try it by hand: git ls-remote origin",
        )


def _not_a_repository(folder: Path, finished: Finished) -> UsageError:
    if "dubious ownership" in finished.errors:
        return UsageError(
            "repository-not-trusted",
            "Git refuses to work in this repository, because it belongs to another user",
            where=str(folder),
            hint=f"git config --global --add safe.directory {folder}",
        )
    return UsageError(
        "no-repository",
        "this folder is in no Git work tree",
        where=str(folder),
        cause=finished.errors or None,
        hint="git init, or go to the folder of your repository",
    )
