from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.runs_branch import GitRuns
from mlci.core.runs.record import run_id
from mlci.core.runs.shared import run_path
from mlci.errors import IntegrityError, OutsideError, UsageError
from mlci.testing import MemoryWorkbench
from mlci.version import VERSION
from tests.adapters.clones import Clone, bare_origin, clone_of, git, with_a_commit
from tests.core.runs.records import MORNING, a_record, kept

if TYPE_CHECKING:
    from pathlib import Path

ANA = "Ana Müller <ana@example.com>"
RUN = kept(a_record())
RACERS = 12
SECONDS = 110
"""A guard against a hang, not a measure: a machine may be busy."""
ADD = """
import sys
from pathlib import Path
from mlci.adapters.git import GitRepository
from mlci.adapters.git_process import Git
from mlci.adapters.runs_branch import GitRuns
from tests.adapters.clones import ENVIRON
from tests.core.runs.records import MORNING, a_record, kept

runs = GitRuns(GitRepository.open(Path(sys.argv[1]), Git(ENVIRON)))
print("ready", flush=True)
sys.stdin.readline()
print(runs.add(kept(a_record(int(sys.argv[2]))), "Ana <ana@example.com>", MORNING))
"""


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return bare_origin(tmp_path / "origin.git")


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Clone:
    return with_a_commit(clone_of(origin, tmp_path / "clone"))


def pushed(clone: Clone, path: str, content: bytes) -> None:
    """Put a file on the branch as somebody does who may push and does not use mlci."""
    clone.git("checkout", "--quiet", "--orphan", "theirs")
    clone.git("rm", "--quiet", "-r", "--cached", ".")
    clone.write(path, content)
    clone.git("add", "--", path)
    clone.git("commit", "--quiet", "--message", "theirs")
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/mlci/runs")
    clone.git("checkout", "--quiet", "--force", "main")
    clone.open().fetch("main")


def test_add__is_readable_with_plain_git(clone: Clone, origin: Path) -> None:
    GitRuns(clone.open()).add(RUN, ANA, MORNING)
    assert git(origin, "log", "--format=%an <%ae> %aI %s", "mlci/runs") == (
        f"Ana Müller <ana@example.com> 2026-01-01T08:00:00+00:00 run {RUN.id}: trained"
    )
    assert git(origin, "ls-tree", "-r", "--name-only", "mlci/runs") == f"{RUN.id[:2]}/{RUN.id}.json"
    assert git(origin, "cat-file", "blob", f"mlci/runs:{run_path(RUN.id)}") == RUN.record.to_bytes().decode().strip()


def test_add__each_commit_follows_the_one_before(clone: Clone, origin: Path) -> None:
    for minutes in range(3):
        GitRuns(clone.open()).add(kept(a_record(minutes)), ANA, MORNING)
    assert git(origin, "log", "--format=%s", "mlci/runs").count("run ") == 3
    assert git(origin, "fsck", "--strict") == ""


def test_add__touches_no_reference_of_the_user(clone: Clone) -> None:
    before = clone.git("for-each-ref", "refs/heads", "refs/tags"), clone.git("status", "--porcelain")
    GitRuns(clone.open()).add(RUN, ANA, MORNING)
    after = clone.git("for-each-ref", "refs/heads", "refs/tags"), clone.git("status", "--porcelain")
    assert before == after


@pytest.mark.parametrize("path", ["README.md", "src/main.py", "3f/notes.txt", f"00/{'f' * 16}.json", "3f/a/b.json"])
def test_foreign_branch__has_an_error_of_its_own(clone: Clone, path: str) -> None:
    pushed(clone, path, b"theirs")
    runs = GitRuns(clone.open())
    with pytest.raises(IntegrityError) as read:
        runs.runs()
    with pytest.raises(IntegrityError) as added:
        runs.add(RUN, ANA, MORNING)
    assert (read.value.code, added.value.code) == ("foreign-branch", "foreign-branch")
    assert read.value.hint == "Rename it: git push origin refs/mlci/runs:refs/heads/OTHER :refs/heads/mlci/runs"


def test_foreign_branch__the_hint_mends_it(clone: Clone) -> None:
    pushed(clone, "README.md", b"theirs")
    clone.git("push", "--quiet", "origin", "refs/mlci/runs:refs/heads/OTHER", ":refs/heads/mlci/runs")
    assert GitRuns(clone.open()).add(RUN, ANA, MORNING)


@pytest.mark.parametrize("name", ["mlci", "mlci/runs/x"])
def test_add__a_foreign_branch_is_in_the_way(clone: Clone, name: str) -> None:
    clone.git("push", "--quiet", "origin", f"HEAD:refs/heads/{name}")
    with pytest.raises(UsageError) as caught:
        GitRuns(clone.open()).add(RUN, ANA, MORNING)
    assert (caught.value.code, caught.value.where) == ("foreign-branch", name)
    assert caught.value.problem.endswith("so Git cannot make the branch `mlci/runs` that holds the records of runs")


@pytest.mark.parametrize(
    "content", [RUN.record.to_bytes().replace(b"0.25", b"0.99"), b"{}", b"\x1b[2J"], ids=["altered", "empty", "escape"]
)
def test_runs__what_is_no_record_under_its_own_name_is_passed_over(clone: Clone, content: bytes) -> None:
    pushed(clone, run_path(RUN.id), content)
    assert GitRuns(clone.open()).runs() == ()


NOT_AS_WRITTEN = RUN.record.to_bytes().replace(b'"seed": 0', b'"seed":  0')


def test_runs__what_was_found_in_order_once_is_not_looked_through_again(clone: Clone) -> None:
    pushed(clone, run_path(run_id(NOT_AS_WRITTEN)), NOT_AS_WRITTEN)
    notes = MemoryWorkbench(clone.folder)
    runs = GitRuns(clone.open(), notes)
    assert (runs.runs(), notes.files) == ((), {})
    blob = git(clone.folder, "rev-parse", f"refs/mlci/runs:{run_path(run_id(NOT_AS_WRITTEN))}")
    for version, found in (("0.0.0", 0), (VERSION, 1)):  # what another version found may not do for this one
        notes.files["cache/shared-runs"] = f"{version}\n{blob}".encode()
        assert len(runs.runs()) == found


def test_runs__are_noted_once_they_were_found_in_order(clone: Clone) -> None:
    notes = MemoryWorkbench(clone.folder)
    runs = GitRuns(clone.open(), notes)
    runs.add(RUN, ANA, MORNING)
    first = runs.runs()
    assert notes.files["cache/shared-runs"].decode().split("\n")[0] == VERSION
    assert (len(notes.files["cache/shared-runs"].split(b"\n")), runs.runs()) == (2, first)


def test_runs__of_a_newer_mlci(clone: Clone) -> None:
    pushed(clone, run_path(RUN.id), RUN.record.to_bytes().replace(b"mlci/run/2", b"mlci/run/9"))
    with pytest.raises(IntegrityError) as caught:
        GitRuns(clone.open()).runs()
    assert caught.value.code == "newer-schema"


def test_runs__a_branch_that_was_removed_is_forgotten(clone: Clone, origin: Path) -> None:
    runs = GitRuns(clone.open())
    runs.add(RUN, ANA, MORNING)
    git(origin, "update-ref", "-d", "refs/heads/mlci/runs")
    clone.open().fetch("main")
    assert runs.runs() == ()


def test_add__what_the_origin_refuses(clone: Clone, origin: Path) -> None:
    hook = origin / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "GH013: mlci/** is protected" >&2\nexit 1\n')
    hook.chmod(0o755)
    with pytest.raises(OutsideError) as caught:
        GitRuns(clone.open()).add(RUN, ANA, MORNING)
    assert caught.value.code == "push-rejected"


def test_add__replaces_no_record_that_the_origin_got_meanwhile(clone: Clone, origin: Path) -> None:
    """Somebody's push arrives after the fetch and before ours: the lease refuses ours, and it is made anew on top."""
    GitRuns(clone.open()).add(kept(a_record(1)), ANA, MORNING)
    GitRuns(clone.open()).add(kept(a_record(2)), ANA, MORNING)
    second = git(origin, "rev-parse", "mlci/runs")
    git(origin, "update-ref", "refs/theirs", second)
    git(origin, "update-ref", "refs/heads/mlci/runs", f"{second}~")
    # The hook of the fetching side stands for the other person: it runs once, between our fetch and our push.
    hook = clone.folder / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\ngrep -q refs/mlci/runs || exit 0\nrm -f "$0"\n'
        f"env -u GIT_DIR git -C '{origin}' update-ref refs/heads/mlci/runs refs/theirs\n"
    )
    hook.chmod(0o755)
    assert GitRuns(clone.open()).add(kept(a_record(3)), ANA, MORNING)
    assert git(origin, "merge-base", "--is-ancestor", "refs/theirs", "mlci/runs") == ""
    assert len(git(origin, "ls-tree", "-r", "--name-only", "mlci/runs").splitlines()) == 3


@pytest.mark.slow
def test_add__of_many_at_once_nobody_loses_a_record(clone: Clone, origin: Path, tmp_path: Path) -> None:
    clones = [clone_of(origin, tmp_path / f"racer-{number}") for number in range(RACERS)]
    with ExitStack() as stack:
        racers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", ADD, each.folder, str(number)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )
            for number, each in enumerate(clones)
        ]  # fmt: skip
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("\n")
            racer.stdin.flush()
        told = [racer.communicate(timeout=SECONDS)[0] for racer in racers]
    assert told == ["True\n"] * RACERS
    clone.open().fetch("main")
    expected = {a_record(number).id for number in range(RACERS)}
    assert {run.id for run in GitRuns(clone.open()).runs()} == expected
    assert git(origin, "rev-list", "--count", "--no-merges", "mlci/runs") == str(RACERS)
