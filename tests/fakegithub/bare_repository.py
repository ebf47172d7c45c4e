"""A bare repository on disk, and what GitHub does in it by itself: merge commits, refs of pull requests, diffs."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

NO_COMMIT: Final = "0" * 40
_CONFIGURATION: Final = {
    "http.receivepack": "true",
    "uploadpack.allowAnySHA1InWant": "true",  # as GitHub: any commit that a ref once led to can be fetched by id
    "uploadpack.allowFilter": "true",
    "receive.hideRefs": "refs/pull",  # GitHub writes these; nobody can push them
    "receive.autogc": "false",
    "gc.auto": "0",
}
_PLAIN: Final = re.compile(r"refs/[\w@#.+/-]+")
_STATUSES: Final = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote or committed, and when (as Git writes it, strict ISO 8601)."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as GitHub shows it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a diff; `patch` is None for what Git takes for binary."""

    path: str
    previous_path: str | None
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str | None


class BareRepository:
    """A bare repository in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, default_branch: str) -> None:
        """Make an empty repository."""
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}", "--template=", ".")
        self._configure()

    def copy_from(self, other: BareRepository) -> None:
        """Make a copy with the branches and tags of another repository."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        other.git("clone", "--quiet", "--bare", "--template=", os.fspath(other.folder), os.fspath(self.folder))
        self._configure()

    def git(self, *arguments: str, stdin: bytes = b"", when: datetime | None = None) -> bytes:
        """Run git here and return its output; raises `subprocess.CalledProcessError` when it fails."""
        command = ["git", *arguments]
        environ = environment(self.folder, when)
        done = subprocess.run(command, cwd=self.folder, env=environ, input=stdin, capture_output=True, check=True)
        return done.stdout

    def text(self, *arguments: str, when: datetime | None = None) -> str:
        """Run git here and return its output without the last line feed."""
        return self.git(*arguments, when=when).decode(errors="replace").removesuffix("\n")

    def refs(self) -> dict[str, str]:
        """Return branches and tags with what they point to."""
        listed = self.text("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
        return {name: sha for name, _, sha in (line.partition(" ") for line in listed.splitlines())}

    def ref(self, name: str) -> str | None:
        """Return what a full ref points to; None if there is no such ref."""
        # Most refs lie in a file of their own; reading that saves the process that is most of a test's time.
        if _PLAIN.fullmatch(name) and ".." not in name:
            file = self.folder / name
            if file.is_file():
                return file.read_text(encoding="ascii").strip()
            if not (self.folder / "packed-refs").exists():
                return None
        try:
            return self.text("show-ref", "--verify", "--hash", "--", name)
        except subprocess.CalledProcessError:
            return None

    def kind(self, sha: str) -> str:
        """Return `commit`, `tag`, `tree` or `blob`."""
        return self.text("cat-file", "-t", sha)

    def commit_of(self, revision: str) -> str | None:
        """Return the commit of what GitHub takes for `ref`: an id, a branch, a tag, or a ref without `refs/`."""
        names = [f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}"]
        if len(revision) == len(NO_COMMIT) and not revision.strip("0123456789abcdef"):
            names.insert(0, revision)
        for name in names:
            if name != revision and self.ref(name) is None:
                continue
            try:
                return self.text("rev-parse", "--quiet", "--verify", "--end-of-options", name + "^{commit}")
            except subprocess.CalledProcessError:
                continue
        return None

    def set_ref(self, name: str, sha: str | None) -> None:
        """Point a ref at a commit; None takes it away."""
        if sha is not None:
            self.git("update-ref", name, sha)
        elif self.ref(name) is not None:
            self.git("update-ref", "-d", name)

    def fetch(self, other: BareRepository, sha: str, into: str) -> None:
        """Bring a commit of another repository here, under the ref `into`."""
        if self.ref(into) == sha:
            return
        if other.folder != self.folder:
            self.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", os.fspath(other.folder), sha)
        self.set_ref(into, sha)

    def write_commit(
        self, branch: str, files: Mapping[str, bytes | None], message: str, author: Signature, when: datetime
    ) -> str:
        """Commit files (None removes one) on top of a branch, which is made if it is new; return the commit."""
        ref = f"refs/heads/{branch}"
        stamp = f"{int(when.timestamp())} +0000"
        stream = [
            f"commit {ref}\nauthor {author.name} <{author.email}> {stamp}\n".encode(),
            f"committer {author.name} <{author.email}> {stamp}\n".encode(),
            _data(message.encode()),
        ]
        parent = self.ref(ref)
        if parent is not None:
            stream.append(f"from {parent}\n".encode())
        for path, content in files.items():
            quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
            if content is None:
                stream.append(f"D {quoted}\n".encode())
            else:
                stream.append(f"M 100644 inline {quoted}\n".encode() + _data(content))
        self.git("fast-import", "--quiet", "--force", "--date-format=raw", stdin=b"".join(stream))
        made = self.ref(ref)
        if made is None:
            raise AssertionError(ref)
        return made

    def merged(self, base: str, head: str, message: str, when: datetime) -> str | None:
        """Return a new commit that merges `head` into `base`; None when they conflict."""
        try:
            tree = self.text("merge-tree", "--write-tree", base, head).splitlines()[0]
        except subprocess.CalledProcessError:
            return None
        return self.text("commit-tree", tree, "-p", base, "-p", head, "-m", message, when=when)

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether `commit` is `of` or one of its ancestors."""
        try:
            self.git("merge-base", "--is-ancestor", commit, of)
        except subprocess.CalledProcessError:
            return False
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor, if there is one."""
        try:
            return self.text("merge-base", one, other)
        except subprocess.CalledProcessError:
            return None

    def commits_between(self, base: str, head: str) -> list[str]:
        """Return the commits of `head` that `base` does not have, the oldest first."""
        return self.text("rev-list", "--reverse", f"{base}..{head}").split()

    def commit(self, sha: str) -> Commit:
        """Read a commit."""
        shown = self.text(
            "show", "--no-patch", "--format=%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B", sha
        )
        tree, parents, *people, message = shown.split("\0")
        author, committer = Signature(*people[:3]), Signature(*people[3:])
        return Commit(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n"))

    def changed_files(self, before: str | None, after: str) -> list[ChangedFile]:
        """Return the files that differ; without `before`, all files of `after`."""
        base = self.text("hash-object", "-t", "tree", "--stdin") if before is None else before
        ends = ("--find-renames", base, after)
        raw = self.git("diff", "--raw", "-z", "--no-abbrev", *ends).decode(errors="replace").split("\0")[:-1]
        counted = self.git("diff", "--numstat", "-z", *ends).decode(errors="replace").split("\0")[:-1]
        patches = self._patches(*ends)
        changed: list[ChangedFile] = []
        while raw:
            _, _, old_blob, blob, letter = raw.pop(0).lstrip(":").split(" ")
            previous = raw.pop(0) if letter[0] in "RC" else None
            path = raw.pop(0)
            added, deleted, _ = counted.pop(0).split("\t", 2)
            del counted[: 0 if previous is None else 2]
            is_binary = added == "-"
            changed.append(
                ChangedFile(
                    path,
                    previous,
                    _STATUSES[letter[0]],
                    old_blob if letter == "D" else blob,
                    0 if is_binary else int(added),
                    0 if is_binary else int(deleted),
                    None if is_binary else patches[len(changed)],
                )
            )
        return changed

    def _patches(self, *ends: str) -> list[str]:
        """Return the hunks of each file, in the order of the diff."""
        shown = self.git("diff", "--patch", *ends).decode(errors="replace")
        hunks: dict[str, str] = {}
        for part in ("\n" + shown).split("\ndiff --git ")[1:]:
            # A file that became a symbolic link is told as two parts with the same first line.
            title, _, rest = part.partition("\n")
            start = ("\n" + rest).find("\n@@ ")
            hunks[title] = hunks.get(title, "") + ("" if start < 0 else rest[start:])
        return list(hunks.values())

    def _configure(self) -> None:
        lines: dict[str, list[str]] = {}
        for key, value in _CONFIGURATION.items():
            section, _, name = key.partition(".")
            lines.setdefault(section, []).append(f"\t{name} = {value}\n")
        text = "".join(f"[{section}]\n{''.join(values)}" for section, values in lines.items())
        with (self.folder / "config").open("a", encoding="utf-8") as file:
            file.write(text)


def environment(home: Path, when: datetime | None = None) -> dict[str, str]:
    """Return the environment for git: nobody's configuration, GitHub as the one who commits."""
    stamp = {} if when is None else {f"GIT_{who}_DATE": when.isoformat() for who in ("AUTHOR", "COMMITTER")}
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.fspath(home),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "GitHub",
        "GIT_AUTHOR_EMAIL": "noreply@github.com",
        "GIT_COMMITTER_NAME": "GitHub",
        "GIT_COMMITTER_EMAIL": "noreply@github.com",
        **stamp,
    }


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)
