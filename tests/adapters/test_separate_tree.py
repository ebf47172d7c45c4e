from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.separate_tree import separate_tree
from mlci.adapters.work_folder import WorkFolder
from mlci.errors import OutsideError
from tests.adapters.clones import Clone, bare_origin, clone_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return clone_of(bare_origin(tmp_path / "origin.git"), tmp_path / "clone")


def test_separate_tree__holds_the_commit_and_leaves_the_users_own_alone(clone: Clone) -> None:
    first = clone.commit(model__train_py="one")
    clone.commit(model__train_py="two")
    clone.write("model/train_py", "three")
    before = clone.git("status", "--porcelain"), clone.git("for-each-ref"), clone.git("worktree", "list")
    work = WorkFolder(clone.folder / "model")
    with separate_tree(clone.open("model"), work, first) as (repository, bench):
        assert (repository.folder / "train_py").read_text() == "one"
        assert (repository.head(), repository.dirty_paths()) == (first, ())
        assert bench.path == repository.folder / ".mlci"
        (repository.folder / "train_py").write_text("four")
    assert (clone.folder / "model" / "train_py").read_text() == "three"
    assert (clone.git("status", "--porcelain"), clone.git("for-each-ref"), clone.git("worktree", "list")) == before
    assert [path.name for path in work.path.iterdir()] == [".gitignore"]


def test_separate_tree__of_a_commit_that_is_not_here(clone: Clone) -> None:
    clone.commit(a="1")
    with pytest.raises(OutsideError), separate_tree(clone.open(), WorkFolder(clone.folder), "f" * 40):
        pass


def test_separate_tree__in_a_shallow_clone(clone: Clone, tmp_path: Path) -> None:
    clone.commit(a="1")
    tip = clone.commit(a="2")
    clone.git("push", "--quiet", "origin", "HEAD:main")
    shallow = clone_of(tmp_path / "origin.git", tmp_path / "shallow", "--depth=1", "--no-local", "--branch=main")
    with separate_tree(shallow.open(), WorkFolder(shallow.folder), tip) as (repository, _):
        assert (repository.folder / "a").read_text() == "2"


def test_separate_tree__dvc_finds_the_same_remotes_and_another_cache(clone: Clone) -> None:
    commit = clone.commit(**{".dvc/config": "[core]\nremote = beside\n['remote \"beside\"']\nurl = ../../store\n"})
    clone.write(".dvc/config.local", "['remote \"beside\"']\npassword = word\n[cache]\ndir = /elsewhere\n")
    with separate_tree(clone.open(), WorkFolder(clone.folder), commit) as (repository, _):
        settings = (repository.folder / ".dvc" / "config.local").read_text()
    assert f"url = {clone.folder.parent / 'store'}\n" in settings
    assert "password = word\n" in settings
    assert "elsewhere" not in settings
