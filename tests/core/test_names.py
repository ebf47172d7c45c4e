from __future__ import annotations

import hashlib
import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlci.core.names import branch_folder, checked_branch, checked_commit, checked_name, checked_path, checked_sha256
from mlci.errors import IntegrityError, UsageError


@pytest.mark.parametrize("name", ["a", "tumour", "t-1_x", "a" * 63])
def test_checked_name__good(name: str) -> None:
    assert checked_name(name, "model") == name


@pytest.mark.parametrize(
    "name", ["", "A", "1a", "-a", "_a", "a.b", "a/b", "a b", "a\n", "ä", "a" * 64, "--upload-pack=x", "..", "a\x00"]
)
def test_checked_name__bad(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_name(name, "model")
    assert caught.value.code == "bad-name"


def test_checked_name__the_error_hides_nothing() -> None:
    with pytest.raises(UsageError) as caught:
        checked_name("\x1b[31m\u202eevil", "stage")
    assert caught.value.problem == "“\ufffd[31m\ufffdevil” cannot be the name of a stage"


@pytest.mark.parametrize("text", ["HEAD", "a" * 39, "A" * 40, "a" * 41, "a" * 40 + "\n", "--all"])
def test_checked_commit__bad(text: str) -> None:
    with pytest.raises(UsageError):
        checked_commit(text)


def test_checked_commit__good() -> None:
    assert [checked_commit("a" * size) for size in (40, 64)] == ["a" * 40, "a" * 64]


@pytest.mark.parametrize("text", ["", "a" * 63, "../" + "a" * 61, "A" * 64])
def test_checked_sha256__bad(text: str) -> None:
    with pytest.raises(IntegrityError):
        checked_sha256(text)


@pytest.mark.parametrize("name", ["main", "feature/größe", "a.b", "x@y", "renovate/numpy-2.x", "a/b/c", "%2F"])
def test_checked_branch__good(name: str) -> None:
    assert checked_branch(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *["", "-x", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "[a", "a\\b", "/a", "a/", "a//b", "a.lock"],
        *["a.lock/b", ".a", "a/.b", "a.", "@", "a@{1}", "HEAD", "a\nb", "a\x7f", "\ud800"],
    ],
)
def test_checked_branch__bad(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_branch(name)
    assert caught.value.code == "bad-branch"


def accepts(name: str) -> bool:
    try:
        checked_branch(name)
    except UsageError:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab/.-@{~lock\\* é\u202e"), min_size=1, max_size=8))
def test_checked_branch__agrees_with_git(name: str) -> None:
    # Without --branch, which would look up @{-1}; a name that begins with a dash is refused by Git for branches only.
    assume(not name.startswith("-"))
    git = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False, capture_output=True)
    assert accepts(name) is (git.returncode == 0 and name not in {"@", "HEAD"})


BRANCHES = st.text(st.sampled_from("abA/.-_%é"), min_size=1, max_size=80).filter(accepts)


@given(BRANCHES, BRANCHES)
def test_branch_folder__different_branches_have_different_folders(one: str, other: str) -> None:
    assert (branch_folder(one) == branch_folder(other)) is (one == other)


@given(BRANCHES)
def test_branch_folder__is_one_plain_file_name(branch: str) -> None:
    folder = branch_folder(branch)
    assert "/" not in folder
    assert not folder.startswith(".")
    assert len(folder) <= 150
    assert checked_branch(folder) == folder


@pytest.mark.parametrize(
    ("branch", "folder"),
    [
        ("main", "main"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("feature/größe", "feature%2Fgr%C3%B6%C3%9Fe"),
    ],
)
def test_branch_folder__examples(branch: str, folder: str) -> None:
    assert branch_folder(branch) == folder


def test_branch_folder__a_long_name_ends_in_its_sha256() -> None:
    branch = "x" * 200
    assert branch_folder(branch) == "x" * 60 + "%%" + hashlib.sha256(branch.encode()).hexdigest()


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "./a", "a//b", "a/", ".git/config", "x/.GIT/y"])
def test_checked_path__bad(path: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_path(path)
    assert caught.value.code == "bad-path"


@pytest.mark.parametrize("path", ["a", "data/cells.csv", "with space/é\n.csv", ".gitignore", "...", "-a"])
def test_checked_path__good(path: str) -> None:
    assert checked_path(path) == path


def test_checked_name__the_example_is_one_of_that_kind() -> None:
    with pytest.raises(UsageError) as caught:
        checked_name("Production", "stage")
    assert caught.value.hint == "Rename the stage, for example to `production`."
