"""One contract for trees: the fake keeps it, and so do a commit and a work tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.environment import plan
from mlci.core.training_sections import EnvironmentSection
from mlci.errors import UsageError
from mlci.testing import MemoryTree
from tests.adapters.clones import Clone, bare_origin, clone_of

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Tree

ABOVE = {
    "uv.lock": b"",
    "requirements.txt": b"numpy\n",
    "shared/a.py": b"a\n",
    "shared/inner/b.py": b"b\n",
    "shared/uv.lock": b"",
    "shared.py": b"c\n",
    "*": b"star\n",
}
FILES = {
    "mlci.yaml": b"version: 1\n",
    "data/größe 1.csv": b"a,b\n1,2\n",
    "-x": b"",
    "requirements.txt": b"-r ../requirements.txt\n",
}


def in_memory(_: Path) -> Tree:
    return MemoryTree(FILES | {f"../{path}": content for path, content in ABOVE.items()})


def a_clone(folder: Path) -> Clone:
    clone = clone_of(bare_origin(folder / "origin.git"), folder / "clone")
    for path, content in FILES.items():
        clone.write(f"model/{path}", content)
    for path, content in ABOVE.items():
        clone.write(path, content)
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
        "requirements.txt": "3c8d7e7822cbfc7ed81ac22a62d4c0f271e9c4d1",
    }


R = "24ce15ab7ead32f98c7ac3edcd34bb2010ff4326"
EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
A, B, C = (
    "78981922613b2afb6025042ff6bd878ac1994e85",
    "61780798228d17af2d34fce4cfbdf35556832472",
    "f2ad6c76f0115a6ba5b00456a849810e7ec0af20",
)


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (["../shared"], {"../shared/a.py": A, "../shared/inner/b.py": B, "../shared/uv.lock": EMPTY}),
        (["../shared/a.py", "../shared.py"], {"../shared.py": C, "../shared/a.py": A}),
        (["../shared/inner/", "../shared.py/"], {"../shared.py": C, "../shared/inner/b.py": B}),
        (["../*"], {"../requirements.txt": R, "../uv.lock": EMPTY}),
        (["../shared/*", "../shared/a.py/x", "../shar"], {"../shared/uv.lock": EMPTY}),
        (["../missing", "../../outside", "../../*", "../../"], {}),
        ([], {}),
    ],
)
def test_ids_above__are_those_of_the_places_that_are_there(
    tree: Tree, places: list[str], found: dict[str, str]
) -> None:
    assert dict(tree.ids_above(places)) == found


def test_ids_above__of_a_folder_itself_or_of_all_in_it_but_never_of_the_tree(tree: Tree) -> None:
    directly = {f"../{path}" for path in ("uv.lock", "requirements.txt", "shared.py", "*")}
    assert tree.ids_above(["../"]).keys() >= {*directly, "../shared/inner/b.py"}
    assert {path for path in tree.ids_above(["../"]) if not path.startswith("../") or "model" in path} == set()


def test_read_above__what_is_elsewhere_in_the_repository_and_nothing_outside(tree: Tree) -> None:
    paths = ["../uv.lock", "../shared/a.py", "../missing", "../shared", "../../origin.git/HEAD", "mlci.yaml"]
    found = [b"", b"a\n", None, None, None, None]
    assert [tree.read_above(path) for path in paths] == found


def test_read__what_is_there_and_what_is_not(tree: Tree) -> None:
    assert {path: tree.read(path) for path in [*FILES, "missing", "data"]} == FILES | {"missing": None, "data": None}


def test_read__stays_inside(tree: Tree) -> None:
    with pytest.raises(UsageError, match="is not a path below"):
        tree.read("../clone/.git/config")


def test_plan__of_pip_includes_a_file_above_whose_content_no_tree_reads(tree: Tree) -> None:
    made = plan(EnvironmentSection(install="pip"), {**tree.ids(), **tree.ids_above(["../*"])}, tree.read)
    assert made is not None
    assert list(made.files) == ["../requirements.txt", "../uv.lock", "requirements.txt"]


def test_materialise__has_the_content(tree: Tree, tmp_path: Path) -> None:
    assert tree.materialise("data/größe 1.csv", tmp_path / "objects").read_bytes() == FILES["data/größe 1.csv"]


def test_materialise__what_is_not_there(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        tree.materialise("missing", tmp_path / "objects")
    assert caught.value.code == "data-missing"
