from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakegithub.bare_repository import BareRepository, Signature
from tests.fakegithub.clock import STARTED, Clock, written
from tests.fakegithub.ref_rules import Demand, Rule, as_variable, main, objections

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakegithub.server import FakeGitHub
    from tests.fakegithub.tests.client import Client, Place

GATE = Demand("refs/heads/main", restricts=False, required_status="mlci/gate", passed=("a" * 40,))


def test_add_repository__lies_where_git_finds_it(github: FakeGitHub) -> None:
    repository = github.add_repository("acme/tumour", default_branch="trunk")
    assert repository.git.folder == github.git_root / "acme" / "tumour.git"
    assert repository.git.text("symbolic-ref", "HEAD") == "refs/heads/trunk"


def test_add_repository__twice_is_an_error(github: FakeGitHub) -> None:
    github.add_repository("acme/tumour")
    with pytest.raises(FileExistsError):
        github.add_repository("acme/tumour")


def test_commit__changes_and_removes_files(github: FakeGitHub) -> None:
    git = github.add_repository("acme/tumour").git
    first = github.commit("acme/tumour", "main", {"a b.txt": b"one", 'q"\\.txt': b"two"}, message="first\n\nmore")
    second = github.commit("acme/tumour", "main", {"a b.txt": None, "dir/new": b"\0"}, author="bob")
    assert git.text("ls-tree", "-r", "-z", "--name-only", second).split("\0")[:-1] == ["dir/new", 'q"\\.txt']
    assert git.commit(second).parents == (first,)
    assert git.commit(first).message == "first\n\nmore"
    assert git.commit(second).author.name == "bob"
    assert [each.after for each in github.pushes] == [first, second]


def test_commit__is_the_same_in_every_run(github: FakeGitHub, tmp_path: Path) -> None:
    clock = Clock()
    shas = []
    for name in ("one", "two"):
        git = BareRepository(tmp_path / name)
        git.create("main")
        signature = Signature("ana", "ana@example.com", STARTED.isoformat())
        shas.append(git.write_commit("main", {"a": b"a"}, "first", signature, STARTED))
    assert shas[0] == shas[1]
    assert written(clock.now()) == "2026-01-01T00:00:01Z"
    assert github.pushes == []


def test_open_pull_request__of_a_branch_that_is_not_there(place: Place) -> None:
    with pytest.raises(ValueError, match="acme/tumour has no heads/nowhere"):
        place.github.open_pull_request("acme/tumour", "nowhere")


def test_fork__follows_into_the_pull_request(place: Place) -> None:
    place.github.fork("acme/tumour", "mallory")
    place.github.commit("mallory/tumour", "main", {"a": b"a"}, author="mallory")
    number = place.github.open_pull_request("acme/tumour", "main", head_repository="mallory/tumour").number
    head = place.github.commit("mallory/tumour", "main", {"a": b"b"}, author="mallory")
    git = place.github.state.repository("acme/tumour").git
    assert git.ref(f"refs/pull/{number}/head") == head
    assert git.commit(str(git.ref(f"refs/pull/{number}/merge"))).parents == (place.base, head)
    assert "refs/pull/1/head" not in place.github.state.repository("mallory/tumour").git.text("for-each-ref")


def test_merge__is_refused_by_conflicts_and_rules(place: Place, client: Client) -> None:
    rule = Rule("refs/heads/main", required_status="mlci/gate", status_from="github-actions[bot]")
    place.github.protect("acme/tumour", rule)
    with pytest.raises(ValueError, match='Required status check "mlci/gate" is expected'):
        place.github.merge("acme/tumour", 1)
    client.expect(201, "POST", f"/statuses/{place.head}", {"state": "success", "context": "mlci/gate"})
    assert place.github.objections_to_merging("acme/tumour", 1) == []
    place.github.merge("acme/tumour", 1)
    with pytest.raises(ValueError, match="#1 is no open pull request"):
        place.github.merge("acme/tumour", 1)


def test_merge__a_conflict(place: Place) -> None:
    place.github.state.repository("acme/tumour").rules.clear()
    place.github.commit("acme/tumour", "main", {"data.csv": b"9\n"})
    assert place.github.objections_to_merging("acme/tumour", 1) == ["This branch has conflicts that must be resolved"]


def test_rule__a_status_by_somebody_else_does_not_count(place: Place, client: Client) -> None:
    rule = Rule("refs/heads/main", required_status="mlci/gate", status_from="mlci-gate[bot]")
    place.github.protect("acme/tumour", rule)
    client.expect(201, "POST", f"/statuses/{place.head}", {"state": "success", "context": "mlci/gate"})
    assert len(place.github.objections_to_merging("acme/tumour", 1)) == 1


@pytest.mark.parametrize(
    ("ref", "new", "is_forced", "expected"),
    [
        ("refs/heads/main", "a" * 40, False, []),
        ("refs/heads/main", "b" * 40, False, ['Required status check "mlci/gate" is expected.']),
        ("refs/heads/main", "a" * 40, True, ["Cannot force-push to this branch"]),
        ("refs/heads/main", "0" * 40, False, ["Cannot delete this branch"]),
        ("refs/heads/other", "0" * 40, True, []),
    ],
)
def test_objections(ref: str, new: str, expected: list[str], *, is_forced: bool) -> None:
    assert objections([GATE], ref, new, is_forced=is_forced) == expected


def test_hook__tells_why_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    variable = as_variable([GATE])
    assert main(["refs/heads/main", "0" * 40, "a" * 40], variable) == 0
    assert main(["refs/heads/main", "0" * 40, "b" * 40], variable) == 1
    assert capsys.readouterr().err == (
        "error: GH013: Repository rule violations found for refs/heads/main.\n"
        '- Required status check "mlci/gate" is expected.\n'
    )


@given(st.text(alphabet="abc/*[]?", max_size=8))
def test_objections__a_ref_is_never_a_pattern(ref: str) -> None:
    restricted = Demand("refs/heads/main", restricts=True, required_status=None, passed=())
    assert objections([restricted], f"refs/heads/{ref}", "a" * 40, is_forced=False) == []
