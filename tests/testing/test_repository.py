"""One contract for repositories: the fake keeps it, and so does real Git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from mlci.core.fetched import Fetched
from mlci.errors import OutsideError, UsageError
from mlci.testing import FakeRepository
from tests.adapters.clones import Clone, bare_origin, clone_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.commands.ports import Repository, Tree

FILES = {"mlci.yaml": b"version: 1\n", "data/rows.csv": b"a\n1\n"}
ANA = "Ana Müller <ana@example.com>"
NOWHERE = "d" * 40


class Checkout(Protocol):
    """A repository, and what a user does there."""

    @property
    def repository(self) -> Repository: ...
    def write(self, path: str, content: bytes) -> None: ...
    def remove(self, path: str) -> None: ...
    def commit(self, message: str) -> str: ...
    def switch(self, branch: str) -> None: ...
    def detach(self) -> None: ...
    def merge(self, branch: str) -> str: ...
    def push(self) -> None: ...


class InMemory:
    """The fake."""

    def __init__(self, folder: Path) -> None:
        self.repository = FakeRepository(folder, FILES)
        self.write = self.repository.write
        self.remove = self.repository.remove
        self.commit = self.repository.commit
        self.switch = self.repository.switch
        self.detach = self.repository.detach
        self.merge = self.repository.merge
        self.push = self.repository.push


class OnDisk:
    """A clone of a bare origin, used as by hand."""

    def __init__(self, folder: Path) -> None:
        self.clone: Clone = clone_of(bare_origin(folder / "origin.git"), folder / "clone")
        for path, content in FILES.items():
            self.write(path, content)
        self.commit("first")
        self.repository = self.clone.open()

    def write(self, path: str, content: bytes) -> None:
        self.clone.write(path, content)

    def remove(self, path: str) -> None:
        (self.clone.folder / path).unlink()

    def commit(self, message: str) -> str:
        self.clone.git("add", "--all")
        self.clone.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.clone.git("rev-parse", "HEAD")

    def switch(self, branch: str) -> None:
        known = self.clone.git("branch", "--list", branch)
        self.clone.git("switch", "--quiet", *([] if known else ["--create"]), branch)

    def detach(self) -> None:
        self.clone.git("switch", "--quiet", "--detach")

    def merge(self, branch: str) -> str:
        self.clone.git("merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", branch)
        return self.clone.git("rev-parse", "HEAD")

    def push(self) -> None:
        self.clone.git("push", "--quiet", "origin", "HEAD")


@pytest.fixture(params=[InMemory, OnDisk])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    made: Checkout = request.param(tmp_path)
    return made


def files_of(tree: Tree) -> dict[str, bytes | None]:
    return {path: tree.read(path) for path in tree.ids()}


def test_head__moves_with_each_commit(checkout: Checkout) -> None:
    first = checkout.repository.head()
    second = checkout.commit("second\n\nwhy")
    assert (checkout.repository.head(), checkout.repository.parents(second)) == (second, (first,))
    assert (checkout.repository.parents(first), checkout.repository.subject(second)) == ((), "second")


def test_branch__none_when_detached(checkout: Checkout) -> None:
    repository = checkout.repository
    assert repository.branch() == "main"
    checkout.switch("feature/größe")
    assert repository.branch() == "feature/größe"
    head = checkout.commit("on the branch")
    checkout.detach()
    assert (repository.branch(), repository.head()) == (None, head)
    detached = checkout.commit("on no branch")
    assert (repository.head(), repository.parents(detached)) == (detached, (head,))
    checkout.switch("main")
    assert repository.subject(repository.head()) == "first"


def test_resolve__names_of_commits(checkout: Checkout) -> None:
    repository, head = checkout.repository, checkout.repository.head()
    assert [repository.resolve(name) for name in ("HEAD", "main", head)] == [head] * 3


@pytest.mark.parametrize("revision", ["nowhere", NOWHERE, ""])
def test_resolve__what_is_no_commit(checkout: Checkout, revision: str) -> None:
    with pytest.raises(UsageError) as caught:
        checkout.repository.resolve(revision)
    assert caught.value.code == "unknown-revision"


def test_has_commit__only_what_is_there(checkout: Checkout) -> None:
    repository = checkout.repository
    assert repository.has_commit(repository.head())
    assert not repository.has_commit(NOWHERE)
    with pytest.raises(UsageError):
        repository.has_commit("HEAD")


@pytest.mark.parametrize(
    "ask",
    [
        lambda repository: repository.parents(NOWHERE),
        lambda repository: repository.tree(NOWHERE),
        lambda repository: repository.subject(NOWHERE),
        lambda repository: repository.is_ancestor(NOWHERE, repository.head()),
    ],
)
def test_a_commit__that_this_clone_lacks(checkout: Checkout, ask: Callable[[Repository], object]) -> None:
    with pytest.raises(OutsideError):
        ask(checkout.repository)


def test_history__of_a_merge(checkout: Checkout) -> None:
    repository, first = checkout.repository, checkout.repository.head()
    checkout.switch("branch")
    checkout.write("train.py", b"one")
    theirs = checkout.commit("theirs")
    checkout.switch("main")
    checkout.write("README.md", b"two")
    ours = checkout.commit("ours")
    assert (repository.is_ancestor(theirs, ours), repository.is_ancestor(ours, ours)) == (False, True)
    merged = checkout.merge("branch")
    assert (repository.parents(merged), repository.subject(merged)) == ((ours, theirs), "Merge branch")
    assert [repository.is_ancestor(each, merged) for each in (first, ours, theirs)] == [True] * 3
    assert files_of(repository.tree(merged)) == FILES | {"train.py": b"one", "README.md": b"two"}


def test_work_tree__differs_until_it_is_committed(checkout: Checkout) -> None:
    repository = checkout.repository
    assert (repository.dirty_paths(), repository.untracked_paths()) == ((), ())
    checkout.write("data/rows.csv", b"a\n2\n")
    checkout.write("new.txt", b"new")
    checkout.remove("mlci.yaml")
    assert repository.dirty_paths() == ("data/rows.csv", "mlci.yaml", "new.txt")
    assert repository.untracked_paths() == ("new.txt",)
    assert files_of(repository.work_tree()) == {"data/rows.csv": b"a\n2\n", "new.txt": b"new"}
    assert files_of(repository.tree(repository.head())) == FILES
    checkout.commit("second")
    assert (repository.dirty_paths(), repository.untracked_paths()) == ((), ())
    assert repository.work_tree().ids() == repository.tree(repository.head()).ids()


def test_work_tree__lies_in_the_folder(checkout: Checkout) -> None:
    checkout.switch("branch")
    checkout.write("train.py", b"one")
    checkout.commit("theirs")
    folder = checkout.repository.folder
    assert (folder / "train.py").read_bytes() == b"one"
    checkout.switch("main")
    assert not (folder / "train.py").exists()
    assert (folder / "data/rows.csv").read_bytes() == FILES["data/rows.csv"]


def test_labels__name_the_commit_or_the_work_tree(checkout: Checkout) -> None:
    repository = checkout.repository
    assert repository.work_tree().label == "work tree"
    assert repository.tree(repository.head()).label == repository.head()[:12]


def test_identity__is_the_users(checkout: Checkout) -> None:
    assert checkout.repository.identity() == ANA


def test_fetch__brings_what_was_pushed(checkout: Checkout) -> None:
    repository = checkout.repository
    checkout.push()
    pushed = repository.head()
    checkout.commit("not pushed")
    assert repository.default_branch() == "main"
    assert repository.fetch() == Fetched(pushed, "main", "main")
    checkout.switch("release")
    checkout.push()
    assert repository.fetch("release") == Fetched(repository.head(), "release", None)


def test_fetch__from_an_empty_origin(checkout: Checkout) -> None:
    with pytest.raises(UsageError) as caught:
        checkout.repository.fetch()
    assert caught.value.code == "no-default-branch"


def test_fetch__a_branch_that_the_origin_lacks(checkout: Checkout) -> None:
    checkout.push()
    with pytest.raises(UsageError) as caught:
        checkout.repository.fetch("nowhere")
    assert caught.value.code == "no-base-branch"


def test_forget__leaves_a_shallow_clone(tmp_path: Path) -> None:
    repository = FakeRepository(tmp_path, FILES)
    first = repository.head()
    second = repository.commit()
    repository.forget(first)
    assert (repository.has_commit(first), repository.parents(second)) == (False, (first,))
    assert repository.is_ancestor(second, second)


def test_identity__that_git_was_not_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        FakeRepository(tmp_path, FILES, identity=None).identity()
    assert caught.value.code == "no-identity"
