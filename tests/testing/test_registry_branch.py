"""One contract for the registry on a branch: the fake keeps it, and so does real Git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.registry_branch import GitRegistry
from mlci.core.registry import LoadedRegistry, Registry, Trail
from mlci.core.registry.audit import audit
from mlci.errors import IntegrityError, UsageError
from mlci.testing import FakeOrigin, FakeRegistryBranch
from tests.adapters.clones import two_clones
from tests.core.plans import a_promotion, a_rollback

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.commands.ports import RegistryBranch

    Connect = Callable[[], RegistryBranch]


def fakes(_: Path) -> Connect:
    origin = FakeOrigin()
    return lambda: FakeRegistryBranch(origin)


def clones(folder: Path) -> Connect:
    repository = two_clones(folder)
    return lambda: GitRegistry(repository())


@pytest.fixture(params=[fakes, clones])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
    """Each call is another client that has fetched just now."""
    made: Connect = request.param(tmp_path)
    return made


def test_load__a_model_without_a_branch_is_empty(connect: Connect) -> None:
    assert connect().load("tumour") == LoadedRegistry(Registry.empty("tumour"), None)


def test_load__a_bad_name_is_refused(connect: Connect) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a model"):
        connect().load("../main")


def test_refreshed__sees_what_others_pushed_since_the_last_fetch(connect: Connect) -> None:
    here = connect()
    assert here.refreshed("tumour").commit is None
    change = a_promotion(Registry.empty("tumour"), "a")
    commit = connect().push("tumour", change, None)
    assert here.refreshed("tumour") == LoadedRegistry(change.after, commit)


def test_push__everybody_sees_it(connect: Connect) -> None:
    registry = connect()
    change = a_promotion(Registry.empty("tumour"), "a")
    commit = registry.push("tumour", change, None)
    assert registry.load("tumour") == LoadedRegistry(change.after, commit)
    assert connect().load("tumour") == LoadedRegistry(change.after, commit)


def test_push__one_after_the_other(connect: Connect) -> None:
    for letter in "abc":
        registry = connect()
        loaded = registry.load("tumour")
        registry.push("tumour", a_promotion(loaded.registry, letter), loaded.commit)
    registry = connect()
    loaded = registry.load("tumour")
    registry.push("tumour", a_rollback(loaded.registry), loaded.commit)
    final = connect().load("tumour").registry
    assert [event.type for event in final.events] == [*["register", "assign"] * 3, "rollback", "quarantine"]
    assert final.expectation("production").version == "v1.1.0"


def test_push__models_do_not_meet(connect: Connect) -> None:
    change = a_promotion(Registry.empty("tumour"), "a")
    connect().push("tumour", change, None)
    connect().push("spam", a_promotion(Registry.empty("spam"), "a"), None)
    assert connect().load("tumour").registry == change.after


@pytest.mark.parametrize("present", ["", "a"])
def test_push__of_two_at_once_one_wins_and_the_other_is_told(connect: Connect, present: str) -> None:
    for letter in present:
        connect().push("tumour", a_promotion(Registry.empty("tumour"), letter), None)
    one, other = connect(), connect()
    seen_by_one, seen_by_other = one.load("tumour"), other.load("tumour")
    winner = a_promotion(seen_by_one.registry, "b", "mine is better")
    commit = one.push("tumour", winner, seen_by_one.commit)
    with pytest.raises(IntegrityError) as caught:
        other.push("tumour", a_promotion(seen_by_other.registry, "c"), seen_by_other.commit)
    assert caught.value.code == "stale-promotion"
    assert caught.value.problem.startswith("tumour#production moved: this was decided against ")
    assert caught.value.cause == (
        f"Event {winner.after.sequence} (assign {winner.version}) by Ana Müller <ana@example.com> "
        "at 2026-01-31T12:00:00Z: mine is better"
    )
    assert connect().load("tumour") == LoadedRegistry(winner.after, commit)


def test_push__a_change_that_was_planned_on_an_older_parent(connect: Connect) -> None:
    registry = connect()
    first = a_promotion(Registry.empty("tumour"), "a")
    commit = registry.push("tumour", first, None)
    late = a_promotion(Registry.empty("tumour"), "b")
    with pytest.raises(IntegrityError) as caught:
        registry.push("tumour", late, commit)
    assert caught.value.code == "stale-promotion"
    second = registry.push("tumour", a_promotion(first.after, "c"), commit)
    with pytest.raises(IntegrityError):
        registry.push("tumour", a_promotion(first.after, "d"), second)
    assert connect().load("tumour").commit == second


def test_push__planned_on_something_that_does_not_exist(connect: Connect) -> None:
    change = a_promotion(a_promotion(Registry.empty("tumour"), "a").after, "b")
    with pytest.raises(IntegrityError) as caught:
        connect().push("tumour", change, None)
    assert caught.value.code == "stale-promotion"
    assert connect().load("tumour").commit is None


def test_models__are_those_with_a_branch(connect: Connect) -> None:
    assert connect().models() == ()
    connect().push("tumour", a_promotion(Registry.empty("tumour"), "a"), None)
    assert connect().models() == ("tumour",)


def test_load_at__a_commit_shows_what_was_then(connect: Connect) -> None:
    first = a_promotion(Registry.empty("tumour"), "a")
    commit = connect().push("tumour", first, None)
    connect().push("tumour", a_promotion(first.after, "b"), commit)
    assert connect().load_at("tumour", commit) == LoadedRegistry(first.after, commit)


def test_trail__of_what_mlci_wrote_is_without_a_finding(connect: Connect) -> None:
    first = a_promotion(Registry.empty("tumour"), "a")
    commit = connect().push("tumour", first, None)
    commit = connect().push("tumour", a_promotion(first.after, "b"), commit)
    connect().push("tumour", a_rollback(connect().load("tumour").registry), commit)
    trail = connect().trail("tumour")
    assert [len(step.changes) for step in trail.steps] == [5, 5, 4]
    assert [step.parents for step in trail.steps] == [0, 1, 1]
    assert sorted(trail.tags) == [
        "tumour#production#2", "tumour#production#4", "tumour#production#5", "tumour@v1.0.0", "tumour@v1.1.0",
    ]  # fmt: skip
    assert audit(connect().load("tumour").registry, trail) == ()


def test_trail__of_a_model_without_a_branch(connect: Connect) -> None:
    assert connect().trail("tumour") == Trail(None, (), {})


def test_version_tags__are_those_of_versions_also_of_models_whose_branch_knows_less(connect: Connect) -> None:
    assert connect().version_tags() == frozenset()
    for letter in "ab":
        registry = connect()
        loaded = registry.load("tumour")
        registry.push("tumour", a_promotion(loaded.registry, letter), loaded.commit)
    assert connect().version_tags() == {("tumour", "v1.0.0"), ("tumour", "v1.1.0")}
