"""Repositories that no verb can work with, or only some."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Refuses

pytestmark = pytest.mark.slow

NEED_THE_ORIGIN = {
    "check": ("check",),
    "report": ("report",),
    "promote": ("promote",),
    "rollback": ("rollback", "--reason", "misses large cells"),
    "deploy": ("deploy", "live"),
    "registry": ("registry", "list"),
    "verify": ("verify",),
    "predict": ("predict", "v1.0.0", "data/holdout.csv"),
}


def test_no_repository(fresh: Project, refuses: Refuses) -> None:
    shutil.rmtree(fresh.folder / ".git")
    refuses(fresh, "check", exit_code=2, told="no-repository")


def test_no_commits(fresh: Project, refuses: Refuses) -> None:
    shutil.rmtree(fresh.folder / ".git")
    fresh.git("init", "--quiet")
    refuses(fresh, "check", exit_code=2, told="no-commits")


@pytest.mark.parametrize("arguments", NEED_THE_ORIGIN.values(), ids=NEED_THE_ORIGIN.keys())
def test_no_origin__stops_what_needs_base_or_registry(
    fresh: Project, refuses: Refuses, arguments: tuple[str, ...]
) -> None:
    fresh.git("remote", "remove", "origin")
    refuses(fresh, *arguments, exit_code=2, told=f"no-origin-{arguments[0]}")


def test_no_origin__data_is_checked_by_the_contracts_in_the_work_tree(fresh: Project) -> None:
    fresh.git("remote", "remove", "origin")
    ended = fresh.mlci("validate")
    assert (ended.exit_code, ended.err) == (
        0,
        "· no target branch on an origin yet: the contracts of the work tree serve\n",
    )
    assert ended.out == (
        "cells (data/cells.csv, 284 rows): as the contract says\n"
        "holdout (data/holdout.csv, 285 rows): as the contract says\n"
    )


def test_no_origin__a_base_that_was_asked_for_is_not_replaced(fresh: Project, refuses: Refuses) -> None:
    fresh.git("remote", "remove", "origin")
    refuses(fresh, "validate", "--base", "main", exit_code=2, told="no-origin-validate-base")


def test_origin__that_does_not_answer(fresh: Project, refuses: Refuses) -> None:
    fresh.git("remote", "set-url", "origin", "../gone.git")
    refuses(fresh, "check", exit_code=5, told="origin-failed")


def test_origin__without_a_branch(fresh: Project, refuses: Refuses) -> None:
    fresh.git("init", "--quiet", "--bare", "../empty.git")
    fresh.git("remote", "set-url", "origin", "../empty.git")
    refuses(fresh, "check", exit_code=2, told="no-default-branch")


def test_origin__without_the_base_that_was_asked_for(fresh: Project, refuses: Refuses) -> None:
    refuses(fresh, "check", "--base", "release", exit_code=2, told="no-base-branch")


@pytest.mark.parametrize("name", ["../main", "--upload-pack=touch", "main:refs/heads/mlci", "a b"])
def test_base__that_is_no_name_of_a_branch(fresh: Project, name: str) -> None:
    before = fresh.outside()
    ended = fresh.mlci("check", f"--base={name}")
    assert (ended.exit_code, ended.err.splitlines()[0].partition(":")[0]) == (2, "error[bad-branch]")
    assert fresh.outside() == before


def test_dirty_tree__is_not_promoted(fresh: Project, refuses: Refuses) -> None:
    fresh.replace("train.py", "mean_area", "mean_symmetry")
    (fresh.folder / "notes.txt").write_text("to do\n")
    refuses(fresh, "promote", exit_code=2, told="dirty-tree")


def test_branch_that_is_not_merged__is_not_promoted(fresh: Project, refuses: Refuses) -> None:
    fresh.put("all-features")
    fresh.commit()
    refuses(fresh, "promote", exit_code=2, told="not-on-target")


def test_nothing_trained__is_not_promoted(fresh: Project, refuses: Refuses) -> None:
    refuses(fresh, "promote", exit_code=2, told="no-candidate")


def test_detached_head__is_normal(released: Project) -> None:
    released.git("switch", "--quiet", "--detach", "HEAD")
    assert released.mlci("validate", "cells").exit_code == 0
    assert released.mlci("promote").out == "nothing to promote: v1.0.0 in production is this very package\n"


def test_identity__that_git_was_not_told(released: Project) -> None:
    before = released.outside()
    nobody = {"GIT_COMMITTER_NAME": "", "GIT_COMMITTER_EMAIL": ""}
    ended = released.mlci("rollback", "--reason", "misses large cells", **nobody)
    assert (ended.exit_code, ended.err.splitlines()[0].partition(":")[0]) == (2, "error[no-identity]")
    assert released.outside() == before


@pytest.mark.parametrize("verb", ["train", "check", "report", "promote"])
def test_work_folder__that_was_committed_is_not_believed(fresh: Project, refuses: Refuses, verb: str) -> None:
    forged = fresh.folder / ".mlci" / "cache" / "predictions" / "0" / "values.npy"
    forged.parent.mkdir(parents=True)
    forged.write_bytes(b"predictions that I like better")
    fresh.git("add", "--force", ".mlci")
    fresh.commit()
    fresh.git("push", "--quiet")
    refuses(fresh, verb, exit_code=4, told=f"output-committed-{verb}")


@pytest.mark.parametrize(
    ("kind", "make"), [("file", "write_text"), ("link", "symlink_to")], ids=["a file", "a link that leads elsewhere"]
)
def test_work_folder__that_is_not_ours(fresh: Project, refuses: Refuses, kind: str, make: str) -> None:
    (fresh.place / "elsewhere").mkdir()
    getattr(fresh.folder / ".mlci", make)("../elsewhere")
    refuses(fresh, "train", exit_code=2, told=f"foreign-work-folder-{kind}")
    assert list((fresh.place / "elsewhere").iterdir()) == []
