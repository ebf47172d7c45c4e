"""One contract for trees: the fake keeps it, and so do a commit and a work tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.errors import UsageError
from mlci.testing import MemoryTree
from tests.adapters.clones import Clone, bare_origin, clone_of

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Tree

FILES = {"mlci.yaml": b"version: 1\n", "data/größe 1.csv": b"a,b\n1,2\n", "-x": b""}


def in_memory(_: Path) -> Tree:
    return MemoryTree(FILES)


def a_clone(folder: Path) -> Clone:
    clone = clone_of(bare_origin(folder / "origin.git"), folder / "clone")
    for path, content in FILES.items():
        clone.write(f"model/{path}", content)
    clone.commit()
    return clone


def in_the_work_tree(folder: Path) -> Tree:
    return a_clone(folder).open("model").work_tree()


def in_a_commit(folder: Path) -> Tree:
    repository = a_clone(folder).open("model")
    return repository.tree(repository.head())


@pytest.fixture(params=[in_memory, in_the_work_tree, in_a_commit])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    made: Tree = request.param(tmp_path)
    return made


def test_ids__are_gits(tree: Tree) -> None:
    assert dict(tree.ids()) == {
        "-x": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        "data/größe 1.csv": "cfa20f81071245f292f0b52b37beb7adf9259a26",
        "mlci.yaml": "b82551848c644f63b8517a7bdf8be9a992e6f4da",
    }


def test_read__what_is_there_and_what_is_not(tree: Tree) -> None:
    assert {path: tree.read(path) for path in [*FILES, "missing", "data"]} == FILES | {"missing": None, "data": None}


def test_read__stays_inside(tree: Tree) -> None:
    with pytest.raises(UsageError, match="is not a path below"):
        tree.read("../clone/.git/config")


def test_materialise__has_the_content(tree: Tree, tmp_path: Path) -> None:
    assert tree.materialise("data/größe 1.csv", tmp_path / "objects").read_bytes() == FILES["data/größe 1.csv"]


def test_materialise__what_is_not_there(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        tree.materialise("missing", tmp_path / "objects")
    assert caught.value.code == "data-missing"
