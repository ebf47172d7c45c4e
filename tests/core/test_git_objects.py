from __future__ import annotations

import contextlib
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlci.core.git_objects import blob, commit, commit_parents, commit_tree, pack, parse_tree, tag, trees

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
WHO = "Ana <ana@example.com>"
FILES = {"README.md": b"page\n", "a.json": b"", "a/b": b"x" * 100_000, "a/b.c/d": b"\0\xff", "a-b": b"1", "é/ü": b"2"}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["git", "-C", folder, *arguments], input=stdin, check=True, capture_output=True).stdout


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Literal["sha1", "sha256"]]:
    git(tmp_path, "init", "--quiet", "--bare", f"--object-format={request.param}")
    return tmp_path, request.param


def test_pack__is_unpacked_and_found_right_by_git(repository: tuple[Path, Literal["sha1", "sha256"]]) -> None:
    folder, object_format = repository
    blobs = {path: blob(content) for path, content in FILES.items()}
    tree, tree_objects = trees({path: each.id(object_format) for path, each in blobs.items()}, object_format)
    first = commit(tree, None, WHO, NOW, "first\n")
    second = commit(tree, first.id(object_format), WHO, NOW, "zweiter, größer\n")
    tagged = tag("m@v1.0.0", second.id(object_format), WHO, NOW, "a tag\n")
    objects = [*blobs.values(), *tree_objects, first, second, tagged]
    git(folder, "unpack-objects", "-q", "--strict", stdin=pack(objects, object_format))
    git(folder, "update-ref", "refs/tags/m@v1.0.0", tagged.id(object_format))
    git(folder, "fsck", "--strict", "--full")
    listing = git(folder, "ls-tree", "-r", "-z", "--name-only", "m@v1.0.0").decode()
    assert set(listing.rstrip("\0").split("\0")) == set(FILES)
    shown = git(folder, "log", "-1", "--format=%an|%ae|%aI|%cn|%s|%T|%P", "m@v1.0.0").decode().strip()
    parent = first.id(object_format)
    assert shown == f"Ana|ana@example.com|2026-01-31T12:00:00Z|Ana|zweiter, größer|{tree}|{parent}".replace(
        "Z", "+00:00"
    )


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 2047, 2048, 2049, 300_000])
def test_pack__objects_of_every_length(size: int, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare")
    each = blob(b"a" * size)
    git(tmp_path, "unpack-objects", "-q", "--strict", stdin=pack([each], "sha1"))
    assert git(tmp_path, "cat-file", "blob", each.id("sha1")) == b"a" * size


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_commit__whoever_it_is_git_can_read_it(tmp_path: Path, who: str) -> None:
    git(tmp_path, "init", "--quiet", "--bare")
    tree, tree_objects = trees({}, "sha1")
    made = commit(tree, None, who, NOW, "message\n")
    git(tmp_path, "unpack-objects", "-q", "--strict", stdin=pack([*tree_objects, made], "sha1"))
    assert git(tmp_path, "cat-file", "-t", made.id("sha1")) == b"commit\n"


def test_commit__is_taken_apart_again() -> None:
    made = commit("a" * 40, "b" * 40, WHO, NOW, "message\n\nparent " + "c" * 40)
    assert commit_tree(made.body) == "a" * 40
    assert commit_parents(made.body) == ("b" * 40,)
    assert commit_parents(commit("a" * 40, None, WHO, NOW, "m").body) == ()


def test_parse_tree__round_trip() -> None:
    _, objects = trees({"a": "1" * 40, "b/c": "2" * 40}, "sha1")
    assert [(mode, name) for mode, name, _ in parse_tree(objects[-1].body, "sha1")] == [("100644", "a"), ("40000", "b")]


@given(st.binary(max_size=60))
def test_parse_tree__no_other_error_than_value_error(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert all(len(object_id) == 40 for _, _, object_id in parse_tree(body, "sha1"))
