"""Quarantine, readmission, deprecation, registration: what is said about versions and moves no stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.registry import (
    Actor,
    Registry,
    plan_deprecation,
    plan_quarantine,
    plan_readmission,
    plan_registration,
    read,
    refuse_unexpected,
)
from mlci.core.registry.owners import ownership, refuse_strangers
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.core.plans import ANA, UUIDS, a_history, a_package, a_promotion, a_rollback

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.registry import Change

PLANS = {"quarantine": plan_quarantine, "readmit": plan_readmission, "deprecate": plan_deprecation}


def mark(registry: Registry, verb: str, number: str, reason: str = "leaked labels") -> Change | None:
    return PLANS[verb](
        registry, number, actor=ANA, now=FixedClock().now(), uuids=UUIDS, reason=reason, page=registry_page
    )


def marked(registry: Registry, verb: str, number: str) -> Registry:
    change = mark(registry, verb, number)
    assert change is not None
    return change.after


def register(registry: Registry, letter: str) -> Change | None:
    return plan_registration(
        registry, a_package(letter), actor=ANA, now=FixedClock().now(), uuids=UUIDS, reason="x", page=registry_page
    )


def test_quarantine__is_one_event_and_moves_nothing() -> None:
    before = a_history("a", "b")
    change = mark(before, "quarantine", "v1.0.0")
    assert change is not None
    assert [(event.type, event.version, event.stage) for event in change.events] == [("quarantine", "v1.0.0", None)]
    assert (sorted(change.files), change.tags) == (["README.md", "events/000005.json"], ())
    assert (change.stage, change.expected) == (None, None)
    assert change.message == "tumour: v1.0.0 quarantined\n\nleaked labels\n"
    assert change.after.stages == before.stages
    assert change.after.quarantined == {"v1.0.0"}


@pytest.mark.parametrize("verb", ["quarantine", "deprecate"])
def test_mark__again_finds_nothing_to_do(verb: str) -> None:
    assert mark(marked(a_history("a", "b"), verb, "v1.0.0"), verb, "v1.0.0") is None


def test_readmit__finds_nothing_to_do_where_nothing_was_said() -> None:
    assert mark(a_history("a", "b"), "readmit", "v1.0.0") is None


@pytest.mark.parametrize("verb", PLANS)
@pytest.mark.parametrize(("number", "code"), [("v9.0.0", "unknown-version"), ("../v1", "bad-version")])
def test_mark__a_version_that_nobody_knows(verb: str, number: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        mark(a_history("a", "b"), verb, number)
    assert caught.value.code == code


@pytest.mark.parametrize("verb", ["quarantine", "deprecate"])
def test_mark__what_is_in_a_stage_is_refused(verb: str) -> None:
    with pytest.raises(UsageError) as caught:
        mark(a_history("a", "b"), verb, "v1.1.0")
    assert (caught.value.code, caught.value.problem) == (
        "in-stage",
        "tumour@v1.1.0 is in production; nothing was written",
    )


@pytest.mark.parametrize("verb", ["quarantine", "deprecate"])
def test_mark__without_a_reason(verb: str) -> None:
    with pytest.raises(UsageError) as caught:
        mark(a_history("a", "b"), verb, "v1.0.0", " \n")
    assert caught.value.code == "reason-missing"


USES: dict[str, Callable[[Registry], Change]] = {
    "promote": lambda found: a_promotion(found, "a"),
    "rollback": lambda found: a_rollback(found, "v1.0.0"),
}


@pytest.mark.parametrize(("verb", "code"), [("quarantine", "quarantined"), ("deprecate", "deprecated")])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_marked__goes_into_no_stage_until_it_is_readmitted(
    verb: str, code: str, use: Callable[[Registry], Change]
) -> None:
    found = marked(a_history("a", "b"), verb, "v1.0.0")
    with pytest.raises(IntegrityError) as caught:
        use(found)
    assert (caught.value.code, caught.value.cause) == (
        code,
        "Event 5 by Ana Müller <ana@example.com>: leaked labels",
    )
    assert use(marked(found, "readmit", "v1.0.0")).version == "v1.0.0"


def test_readmit__lifts_both() -> None:
    both = marked(marked(a_history("a", "b"), "quarantine", "v1.0.0"), "deprecate", "v1.0.0")
    assert (set(both.quarantined), set(both.deprecated)) == ({"v1.0.0"}, {"v1.0.0"})
    free = marked(both, "readmit", "v1.0.0")
    assert (free.quarantined, free.deprecated) == (frozenset(), frozenset())


def test_rollback__passes_over_a_deprecated_version() -> None:
    found = marked(a_history("a", "b", "c"), "deprecate", "v1.1.0")
    assert a_rollback(found).version == "v1.0.0"


def test_read__an_assignment_of_a_deprecated_version_is_broken() -> None:
    files: dict[str, bytes] = {}
    found = Registry.empty("tumour")
    plans: list[Callable[[Registry], Change | None]] = [
        lambda at: a_promotion(at, "a"),
        lambda at: a_promotion(at, "b"),
        lambda at: mark(at, "deprecate", "v1.0.0"),
    ]
    for plan in plans:
        change = plan(found)
        assert change is not None
        files |= change.files
        found = change.after
    # Somebody who writes the branch by hand ignores the mark.
    ignored = Registry(found.model, found.versions, found.stages, found.events, frozenset())
    with pytest.raises(IntegrityError, match=r"it puts v1\.0\.0, which is deprecated, into production"):
        read("tumour", files | dict(a_promotion(ignored, "a").files))


def test_registration__moves_no_stage() -> None:
    change = register(a_history("a"), "b")
    assert change is not None
    assert [event.type for event in change.events] == ["register"]
    assert [tag.name for tag in change.tags] == ["tumour@v1.1.0"]
    assert (change.version, change.after.expectation("production").version) == ("v1.1.0", "v1.0.0")


def test_registration__of_what_is_a_version_already() -> None:
    assert register(a_history("a"), "a") is None


LOGIN = Actor("ana <ana@users.noreply.github.com>", verified=True)


@pytest.mark.parametrize(
    ("actor", "owners", "may", "sentence"),
    [
        (ANA, [], True, "model.owners names nobody, so anybody may do this"),
        (LOGIN, ["@Ana"], True, "@ana is one of model.owners"),
        (
            LOGIN,
            ["@acme/ana"],
            False,
            "@ana is not named in model.owners (@acme/ana), and mlci cannot look into a team",
        ),
        (
            LOGIN,
            ["ana@users.noreply.github.com"],
            False,
            "@ana is not named in model.owners (ana@users.noreply.github.com), and mlci cannot look into a team",
        ),
        (
            ANA,
            ["Ana <ANA@example.com>", "@bob"],
            True,
            "Ana Müller <ana@example.com> is one of model.owners, as Git says; nobody vouches for it",
        ),
        (ANA, ["bob@example.com"], False, "Ana Müller <ana@example.com> is none of model.owners (bob@example.com)"),
        (
            ANA,
            ["@acme/diagnostics"],
            True,
            (
                "Git says that this is Ana Müller <ana@example.com>; nobody vouches for it, or for its being one of "
                "model.owners (@acme/diagnostics)"
            ),
        ),
    ],
)
def test_ownership__as_far_as_it_can_be_told(actor: Actor, owners: list[str], sentence: str, *, may: bool) -> None:
    found = ownership(actor, owners)
    assert (found.may, found.sentence) == (may, sentence)


def test_ownership__a_stranger_is_refused() -> None:
    with pytest.raises(RejectedError) as caught:
        refuse_strangers(ANA, ["bob@example.com"], "readmit a version")
    assert (caught.value.code, caught.value.exit_code) == ("not-an-owner", 1)


@pytest.mark.parametrize("stated", ["v1.1.0", "4"])
def test_expectation__that_holds(stated: str) -> None:
    refuse_unexpected(a_history("a", "b"), "production", stated)


@pytest.mark.parametrize("stated", ["none", "0"])
def test_expectation__of_nothing(stated: str) -> None:
    refuse_unexpected(a_history("a"), "staging", stated)


@pytest.mark.parametrize(
    ("stated", "named"), [("v1.0.0", "v1.0.0"), ("2", "event 2"), ("none", "none"), ("v9.9.9", "v9.9.9")]
)
def test_expectation__that_does_not_hold(stated: str, named: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        refuse_unexpected(a_history("a", "b"), "production", stated)
    assert (caught.value.code, caught.value.problem) == (
        "stale-promotion",
        f"tumour#production holds v1.1.0 (event 4), and {named} was expected; nothing was written",
    )


@pytest.mark.parametrize("stated", ["", "1.0.0", "latest", "-1", "v1"])
def test_expectation__that_is_none(stated: str) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_unexpected(a_history("a"), "production", stated)
    assert caught.value.code == "bad-expectation"
