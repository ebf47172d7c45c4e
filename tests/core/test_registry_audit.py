"""History and tags against what the registry says, and what could be done about each finding."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.core.registry import Trail
from mlci.core.registry.audit import Step, audit
from mlci.core.registry.repair import propose_for, propose_recreating, propose_restoring
from mlci.errors import IntegrityError
from tests.core.plans import a_history

if TYPE_CHECKING:
    from mlci.core.registry.audit import Finding

ONE, TWO, HAND, AWAY = "1" * 40, "2" * 40, "3" * 40, "9" * 40
REGISTRY = a_history("a", "b")
STEPS = (
    Step(ONE, "Ana", 0, (("A", "versions/v1.0.0.json"), ("A", "events/000001.json"), ("A", "events/000002.json"))),
    Step(TWO, "Ana", 1, (("A", "versions/v1.1.0.json"), ("A", "events/000003.json"), ("A", "events/000004.json"))),
)
TAGS = {"tumour@v1.0.0": ONE, "tumour#production#2": ONE, "tumour@v1.1.0": TWO, "tumour#production#4": TWO}
WHOLE = Trail(TWO, STEPS, TAGS)


def found(trail: Trail) -> list[tuple[str, str]]:
    return [(each.code, each.problem) for each in audit(REGISTRY, trail)]


def finding(trail: Trail) -> Finding:
    (only,) = audit(REGISTRY, trail)
    return only


def by_hand(*changes: tuple[str, str], parents: int = 1) -> Trail:
    return replace(WHOLE, steps=(*STEPS, Step(HAND, "Eve <eve@example.com>", parents, changes)))


def test_audit__nothing_is_wrong() -> None:
    assert audit(REGISTRY, WHOLE) == ()


@pytest.mark.parametrize(
    ("status", "path", "sentence"),
    [
        ("M", "events/000001.json", "changed events/000001.json, which is written once"),
        ("D", "events/000004.json", "removed events/000004.json, which is written once"),
        ("M", "versions/v1.0.0.json", "changed versions/v1.0.0.json, which is written once"),
        ("T", "versions/v1.0.0.json", "replaced versions/v1.0.0.json, which is written once"),
        ("D", "stages/production.json", "removed stages/production.json, which is never removed"),
    ],
)
def test_audit__an_edit_is_named(status: str, path: str, sentence: str) -> None:
    assert found(by_hand((status, path))) == [
        ("history-edited", f"commit 333333333333 by Eve <eve@example.com> {sentence}")
    ]


@pytest.mark.parametrize("path", ["README.md", "stages/production.json"])
def test_audit__what_is_written_again_is_no_edit(path: str) -> None:
    assert audit(REGISTRY, by_hand(("M", path))) == ()


A_TREE, B_TREE, C_TREE = "a" * 40, "b" * 40, "c" * 40
KEPT = replace(WHOLE, steps=(replace(STEPS[0], tree=A_TREE), replace(STEPS[1], tree=B_TREE)))


def edited(*steps: tuple[str, tuple[str, str]]) -> Trail:
    """Return the trail with a commit by hand for each tree and what was done."""
    by_eve = (Step(HAND, "Eve", 1, (change,), tree) for tree, change in steps)
    return replace(KEPT, steps=(*KEPT.steps, *by_eve))


@pytest.mark.parametrize(
    ("done", "undone", "code"),
    [
        (("M", "events/000001.json"), ("M", "events/000001.json"), "edit-undone"),
        (("D", "events/000004.json"), ("A", "events/000004.json"), "edit-undone"),
        (("A", "events/000005.json"), ("D", "events/000005.json"), "history-edited"),
    ],
)
def test_audit__an_edit_that_was_undone_is_a_warning_and_an_entry_taken_off_is_none(
    done: tuple[str, str], undone: tuple[str, str], code: str
) -> None:
    found = audit(REGISTRY, edited((C_TREE, done), (B_TREE, undone)))
    assert {(each.code, each.is_warning) for each in found} == {(code, code == "edit-undone")}


def test_audit__where_an_entry_came_between_and_was_taken_off_too_nothing_was_undone() -> None:
    edit, event = ("M", "events/000001.json"), "events/000005.json"
    found = audit(REGISTRY, edited((C_TREE, edit), (HAND, ("A", event)), (C_TREE, ("D", event)), (B_TREE, edit)))
    assert [each.code for each in found] == ["history-edited"] * 3


def test_audit__an_edit_that_was_undone_in_part_stays_one() -> None:
    change = ("M", "events/000001.json")
    assert [each.code for each in audit(REGISTRY, edited((C_TREE, change), (HAND, change)))] == ["history-edited"] * 2


def test_audit__what_this_clone_saw_and_the_branch_lacks() -> None:
    lost = a_history("a", "b", "c").events[4:]
    (only,) = audit(REGISTRY, replace(WHOLE, taken={"refs/mlci/lost/tumour/abc": lost}))
    assert (only.code, only.problem) == (
        "branch-rewritten",
        (
            "the branch was set back or written anew: it lacks event 5 (register v1.2.0) by Ana Müller "
            "<ana@example.com>, event 6 (assign v1.2.0) by Ana Müller <ana@example.com>, which this clone fetched "
            "(refs/mlci/lost/tumour/abc)"
        ),
    )


@pytest.mark.parametrize(("hours", "codes"), [(24, []), (25, ["time-goes-back"])])
def test_audit__a_time_that_goes_back_by_more_than_a_day(hours: int, codes: list[str]) -> None:
    last = REGISTRY.events[3]
    late = replace(REGISTRY, events=(*REGISTRY.events[:3], replace(last, time=last.time - timedelta(hours=hours))))
    found = audit(late, WHOLE)
    assert ([each.code for each in found], all(each.is_warning for each in found)) == (codes, True)


def test_audit__a_merge() -> None:
    assert found(by_hand(parents=2)) == [
        ("history-edited", "commit 333333333333 by Eve <eve@example.com> is a merge; the branch is one line")
    ]


def test_audit__a_tag_that_was_moved_along_the_branch() -> None:
    assert found(replace(WHOLE, tags=TAGS | {"tumour@v1.0.0": TWO})) == [
        ("tag-moved", "the tag tumour@v1.0.0 names 222222222222, and what event 1 says belongs to 111111111111")
    ]


def test_audit__a_tag_of_a_commit_that_the_branch_does_not_hold() -> None:
    assert found(replace(WHOLE, tags=TAGS | {"tumour@v1.0.0": AWAY})) == [
        (
            "tag-moved",
            (
                "the tag tumour@v1.0.0 names 999999999999, and what event 1 says belongs to 111111111111; the branch "
                "does not hold that commit: the tag was moved, or the branch rewritten"
            ),
        )
    ]


def test_audit__a_tag_that_is_gone() -> None:
    tags = {name: commit for name, commit in TAGS.items() if name != "tumour#production#4"}
    assert found(replace(WHOLE, tags=tags)) == [
        ("tag-missing", "the origin has no tag tumour#production#4, which event 4 made")
    ]


def test_audit__a_tag_that_the_registry_does_not_know() -> None:
    assert found(replace(WHOLE, tags=TAGS | {"tumour@v2.0.0": AWAY})) == [
        (
            "tag-unknown",
            "the registry knows nothing of the tag tumour@v2.0.0: the branch was set back, or it is foreign",
        )
    ]


def test_audit__of_a_shallow_history_does_not_judge_what_it_cannot_see() -> None:
    cut = Step(TWO, "Ana", 0, tuple(("A", f"events/00000{number}.json") for number in range(1, 5)))
    shallow = Trail(TWO, (cut,), TAGS, is_shallow=True, in_shallow_clone=True)
    assert audit(REGISTRY, shallow) == ()


def test_repair__a_moved_tag_has_two_readings() -> None:
    trail = replace(WHOLE, tags=TAGS | {"tumour@v1.0.0": AWAY})
    (proposal,) = propose_for("tumour", [finding(trail)], trail)
    assert [choice.when.partition(":")[0] for choice in proposal.choices] == [
        "If the branch is right and the tag was moved",
        "If the branch was rewritten",
    ]
    assert proposal.choices[0].commands[1] == "git push --force origin refs/tags/tumour@v1.0.0"
    assert proposal.choices[1].commands[-1] == (
        f"git push --force-with-lease=refs/heads/mlci/registry/tumour:{TWO} origin "
        f"{AWAY}:refs/heads/mlci/registry/tumour"
    )


@pytest.mark.parametrize(
    ("tag", "commands"),
    [
        ("tumour@v9.0.0", ["git push origin --delete refs/tags/tumour@v9.0.0"]),
        (
            "tumour@v1.0.0",
            [
                f"git tag --annotate --force --message 'made again' tumour@v1.0.0 {ONE}",
                "git push --force origin refs/tags/tumour@v1.0.0",
            ],
        ),
    ],
)
def test_repair__a_tag_that_names_no_registry_never_becomes_one(tag: str, commands: list[str]) -> None:
    trail = replace(WHOLE, tags=TAGS | {tag: AWAY}, foreign=frozenset({AWAY}))
    (proposal,) = propose_for("tumour", [finding(trail)], trail)
    assert [command for choice in proposal.choices for command in choice.commands] == commands


def test_repair__a_branch_that_is_gone_does_not_come_back_from_what_is_no_registry() -> None:
    trail = Trail(None, (), TAGS | {"tumour@v9.0.0": AWAY}, foreign=frozenset({AWAY}))
    proposal = propose_recreating("tumour", trail)
    assert proposal is not None
    assert proposal.choices[1].commands[0] == "git fetch origin refs/tags/tumour@v1.1.0"


def test_repair__a_hostile_name_of_a_tag_stays_one_word_of_the_command() -> None:
    tag = "tumour@v1';touch$IFS'x"
    trail = replace(WHOLE, tags=TAGS | {tag: AWAY})
    (proposal,) = propose_for("tumour", [finding(trail)], trail)
    for choice in proposal.choices:
        named = [command for command in choice.commands if "touch" in command]
        assert [f"refs/tags/{tag}" in shlex.split(command) for command in named] == [True]


@pytest.mark.parametrize(
    ("trail", "count"),
    [
        (by_hand(("M", "events/000001.json")), 1),
        (replace(WHOLE, tags={}), 4),
        (replace(WHOLE, tags={}, steps=STEPS[1:], is_shallow=True), 4),
    ],
)
def test_repair__there_is_something_to_do_about_every_finding(trail: Trail, count: int) -> None:
    proposals = propose_for("tumour", audit(REGISTRY, trail), trail)
    assert len(proposals) == count
    assert all(choice.commands for proposal in proposals for choice in proposal.choices)


def test_repair__a_branch_that_is_gone_comes_back_from_a_clone_or_the_last_version() -> None:
    proposal = propose_recreating("tumour", Trail(None, (), TAGS))
    assert proposal is not None
    assert [choice.when.partition(" ")[0] for choice in proposal.choices] == ["If", "Else"]
    assert proposal.choices[1].commands == (
        "git fetch origin refs/tags/tumour@v1.1.0",
        "git push origin 'FETCH_HEAD^{commit}:refs/heads/mlci/registry/tumour'",
    )


def test_repair__a_tag_of_a_lost_rollback_does_not_lead_back() -> None:
    trail = replace(WHOLE, tags=TAGS | {"tumour#production#5": ONE})
    (proposal,) = propose_for("tumour", [finding(trail)], trail)
    assert proposal.choices[0].when.startswith("If another clone fetched the registry")


@pytest.mark.parametrize("trail", [WHOLE, Trail(None, (), {})])
def test_repair__there_is_nothing_to_bring_back(trail: Trail) -> None:
    assert propose_recreating("tumour", trail) is None


BROKEN = IntegrityError("registry-broken", "the registry is broken at events/000001.json: x")


def test_repair__a_broken_branch_goes_back_to_the_newest_commit_that_holds() -> None:
    proposal = propose_restoring("tumour", BROKEN, by_hand(("M", "events/000001.json")), (TWO, REGISTRY))
    assert proposal.problem == BROKEN.problem
    assert proposal.choices[0].when == (
        "If nothing after event 4 is to be kept: the branch goes back to 222222222222, the newest commit that holds. "
        "That takes out 1 (333333333333 by Eve <eve@example.com>). Look at them first."
    )


def test_repair__a_branch_that_never_held_comes_from_another_clone() -> None:
    proposal = propose_restoring("tumour", BROKEN, WHOLE, None)
    assert [choice.when for choice in proposal.choices] == [
        "If another clone fetched the registry before the damage: look there, and push it from there."
    ]
