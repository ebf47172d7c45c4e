from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.registry import (
    Actor,
    Change,
    Expectation,
    Registry,
    next_number,
    plan_promotion,
    plan_rollback,
    read,
)
from mlci.core.registry.entries import sha256
from mlci.core.registry.reading import read_event
from mlci.core.registry.writing import sealed, write_event
from mlci.errors import IntegrityError, UsageError
from tests.core.plans import ANA, UUIDS, a_package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.core.registry import Part

NOW = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


def page(registry: Registry) -> str:
    return f"{registry.sequence} events\n"


class Branch:
    """The files of a branch to which changes are applied, as an adapter would."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.registry = Registry.empty("tumour")

    def promote(self, letter: str, part: Part = "minor", reason: str = "a better model") -> Change:
        change = plan_promotion(
            self.registry,
            a_package(letter, part),
            "production",
            self.registry.expectation("production"),
            actor=ANA,
            now=NOW,
            uuids=UUIDS,
            reason=reason,
            page=page,
        )
        return self.apply(change)

    def roll_back(self, to_version: str | None = None) -> Change:
        change = plan_rollback(
            self.registry,
            "production",
            to_version,
            actor=ANA,
            now=NOW,
            uuids=UUIDS,
            reason="misses tumours",
            page=page,
        )
        return self.apply(change)

    def apply(self, change: Change) -> Change:
        self.files |= change.files
        self.registry = read("tumour", self.files)
        assert self.registry == change.after
        return change


def a_branch(*letters: str) -> Branch:
    branch = Branch()
    for letter in letters:
        branch.promote(letter)
    return branch


def in_production(branch: Branch) -> str | None:
    version = branch.registry.version_at("production")
    return None if version is None else version.number


def test_promotion__registers_and_assigns_in_one_change() -> None:
    branch = Branch()
    change = branch.promote("a", "major")
    assert sorted(change.files) == [
        "README.md",
        "events/000001.json",
        "events/000002.json",
        "stages/production.json",
        "versions/v1.0.0.json",
    ]
    assert [event.type for event in change.events] == ["register", "assign"]
    assert [tag.name for tag in change.tags] == ["tumour@v1.0.0", "tumour#production#2"]
    assert change.message == "tumour: v1.0.0 into production\n\na better model\n"
    assert change.files["README.md"] == b"2 events\n"
    assert in_production(branch) == "v1.0.0"


def test_promotion__files_are_as_documented() -> None:
    change = Branch().promote("a")
    assert json.loads(change.files["versions/v1.0.0.json"]) == {
        "schema": "mlci/version/1",
        "model": "tumour",
        "number": "v1.0.0",
        "package": {"sha256": "a" * 64, "size": 1000},
        "locations": [f"directory:aa/{'a' * 64}.tar"],
        "run": "e" * 64,
        "commit": "c" * 40,
        "evaluation": "d" * 64,
        "signature": "f" * 64,
        "actor": {"name": "Ana Müller <ana@example.com>", "verified": False},
        "time": "2026-01-31T12:00:00Z",
        "number_reason": "parameters changed",
    }
    assert json.loads(change.files["events/000002.json"]) == {
        "schema": "mlci/event/1",
        "model": "tumour",
        "sequence": 2,
        "uuid": str(change.events[1].uuid),
        "previous": sha256(change.files["events/000001.json"]),
        "type": "assign",
        "actor": {"name": "Ana Müller <ana@example.com>", "verified": False},
        "time": "2026-01-31T12:00:00Z",
        "reason": "a better model",
        "version": "v1.0.0",
        "stage": "production",
        "expected": {"version": None, "sequence": 0},
        "version_sha256": None,
        "evaluation": "d" * 64,
        "target": None,
    }
    assert json.loads(change.files["stages/production.json"]) == {
        "schema": "mlci/stage/1",
        "model": "tumour",
        "name": "production",
        "version": "v1.0.0",
        "sequence": 2,
        "event_sha256": sha256(change.files["events/000002.json"]),
    }


def test_promotion__what_moved_meanwhile_is_named() -> None:
    before = a_branch("a").registry.expectation("production")
    branch = a_branch("a", "b")
    with pytest.raises(IntegrityError) as caught:
        plan_promotion(
            branch.registry,
            a_package("c"),
            "production",
            before,
            actor=ANA,
            now=NOW,
            uuids=UUIDS,
            reason="mine",
            page=page,
        )
    assert caught.value.code == "stale-promotion"
    assert caught.value.problem == (
        "tumour#production moved: this was decided against v1.0.0 (event 2), but now there is v1.1.0 (event 4); "
        "nothing was written"
    )
    assert caught.value.cause == (
        "Event 4 (assign v1.1.0) by Ana Müller <ana@example.com> at 2026-01-31T12:00:00Z: a better model"
    )


def test_promotion__same_version_at_another_sequence_is_stale() -> None:
    branch = a_branch("a", "b")
    expected = Expectation("v1.1.0", 2)
    with pytest.raises(IntegrityError) as caught:
        plan_promotion(
            branch.registry,
            a_package("c"),
            "production",
            expected,
            actor=ANA,
            now=NOW,
            uuids=UUIDS,
            reason="mine",
            page=page,
        )
    assert caught.value.code == "stale-promotion"


def test_promotion__a_registered_package_keeps_its_version() -> None:
    branch = a_branch("a", "b")
    change = branch.promote("a")
    assert [event.type for event in change.events] == ["assign"]
    assert [tag.name for tag in change.tags] == ["tumour#production#5"]
    assert in_production(branch) == "v1.0.0"
    assert list(branch.registry.versions) == ["v1.0.0", "v1.1.0"]


def test_promotion__twice_is_refused() -> None:
    branch = a_branch("a")
    with pytest.raises(UsageError, match=r"tumour@v1\.0\.0 is in production already"):
        branch.promote("a")


def test_promotion__a_quarantined_package_is_refused() -> None:
    branch = a_branch("a", "b")
    branch.roll_back()
    with pytest.raises(IntegrityError) as caught:
        branch.promote("b")
    assert caught.value.code == "quarantined"
    assert caught.value.cause == "Event 6 by Ana Müller <ana@example.com>: misses tumours"


def test_promotion__without_reason_is_refused() -> None:
    with pytest.raises(UsageError, match="every entry of the registry has a reason"):
        Branch().promote("a", reason=" \n\t ")


def test_promotion__nothing_is_written_that_could_not_be_read_again() -> None:
    registry = a_branch("a").registry
    with pytest.raises(IntegrityError, match="`approvals` should be a list of texts"):
        plan_promotion(
            registry,
            a_package("b"),
            "production",
            registry.expectation("production"),
            actor=ANA,
            now=NOW,
            uuids=UUIDS,
            reason="a better model",
            page=page,
            approvals=("a" * 5000,),
        )


def test_promotion__a_bad_stage_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be the name of a stage"):
        plan_promotion(
            Registry.empty("tumour"),
            a_package("a"),
            "../x",
            Expectation(None, 0),
            actor=ANA,
            now=NOW,
            uuids=UUIDS,
            reason="r",
            page=page,
        )


@given(st.text(min_size=1, max_size=3000), st.text(max_size=300))
def test_promotion__whatever_people_write_can_be_read_again(reason: str, name: str) -> None:
    branch = Branch()
    change = plan_promotion(
        branch.registry,
        a_package("a"),
        "production",
        Expectation(None, 0),
        actor=Actor(name),
        now=NOW,
        uuids=UUIDS,
        reason=f"r{reason}",
        page=page,
    )
    branch.apply(change)
    assert branch.registry.events[0].reason == change.events[0].reason


def test_rollback__goes_to_the_version_before_and_quarantines_the_bad_one() -> None:
    branch = a_branch("a", "b")
    change = branch.roll_back()
    assert [event.type for event in change.events] == ["rollback", "quarantine"]
    assert [tag.name for tag in change.tags] == ["tumour#production#5"]
    assert change.version == in_production(branch) == "v1.0.0"
    assert branch.registry.is_quarantined("v1.1.0")
    assert not branch.registry.is_quarantined("v1.0.0")
    assert change.message == "tumour: production back from v1.1.0 to v1.0.0\n\nmisses tumours\n"


def test_rollback__a_second_one_goes_further() -> None:
    branch = a_branch("a", "b", "c")
    branch.roll_back()
    branch.roll_back()
    assert in_production(branch) == "v1.0.0"
    with pytest.raises(UsageError, match=r"no healthy version was in tumour#production before v1\.0\.0"):
        branch.roll_back()


def test_rollback__skips_what_was_taken_back_before() -> None:
    branch = a_branch("a", "b")
    branch.roll_back()
    branch.promote("c")
    branch.roll_back()
    assert in_production(branch) == "v1.0.0"


def test_rollback__a_second_one_goes_to_what_was_between_two_times_of_the_same_version() -> None:
    branch = a_branch("a", "b", "a", "c")
    assert in_production(branch) == "v1.2.0"
    branch.roll_back()
    assert in_production(branch) == "v1.0.0"
    branch.roll_back()
    assert in_production(branch) == "v1.1.0"


def test_rollback__to_a_named_version() -> None:
    branch = a_branch("a", "b", "c")
    branch.roll_back("v1.0.0")
    assert in_production(branch) == "v1.0.0"
    assert branch.registry.quarantined == {"v1.2.0"}


@pytest.mark.parametrize(
    ("to_version", "code"),
    [
        ("v1.1.0", "already-in-stage"),
        ("v9.0.0", "unknown-version"),
        ("newest", "bad-version"),
        ("v1.1.0\n", "bad-version"),
    ],
)
def test_rollback__to_a_wrong_version(to_version: str, code: str) -> None:
    branch = a_branch("a", "b")
    with pytest.raises(UsageError) as caught:
        branch.roll_back(to_version)
    assert caught.value.code == code


def test_rollback__to_a_quarantined_version() -> None:
    branch = a_branch("a", "b")
    branch.roll_back()
    with pytest.raises(IntegrityError, match=r"tumour@v1\.1\.0 is quarantined"):
        branch.roll_back("v1.1.0")


def test_rollback__of_an_empty_stage() -> None:
    with pytest.raises(UsageError, match="points to no version"):
        Branch().roll_back()


def test_next_number__counts_the_highest_up_even_after_a_rollback() -> None:
    branch = a_branch("a", "b")
    branch.roll_back()
    branch.promote("c", "patch")
    branch.promote("d", "major")
    assert list(branch.registry.versions) == ["v1.0.0", "v1.1.0", "v1.1.1", "v2.0.0"]


@given(st.tuples(*[st.integers(0, 999_999_998)] * 3), st.sampled_from(["major", "minor", "patch"]))
def test_next_number__is_greater(numbers: tuple[int, int, int], part: Part) -> None:
    number = "v{}.{}.{}".format(*numbers)
    following = tuple(int(each) for each in next_number(number, part)[1:].split("."))
    assert following > numbers


def test_version__unknown_names_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        a_branch("a", "b").registry.version("v3.0.0")
    assert caught.value.cause == "The latest versions are: v1.0.0, v1.1.0."


def test_read__an_empty_branch_is_an_empty_registry() -> None:
    assert read("tumour", {}) == Registry.empty("tumour")


def edited(path: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def edit(files: dict[str, bytes]) -> None:
        before = files[path]
        files[path] = before.replace(old.encode(), new.encode())
        assert files[path] != before

    return edit


def removed(path: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.__delitem__(path)


def added(path: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.__setitem__(path, content)


def swapped(one: str, other: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.update({one: files[other], other: files[one]})


BREAKS: Mapping[str, tuple[Callable[[dict[str, bytes]], None], str, str]] = {
    "an old event": (
        edited("events/000001.json", "a better model", "an even better model"),
        "events/000001.json",
        "its sha256 is not the one that events/000002.json names as `previous`",
    ),
    "the last event": (
        edited("events/000004.json", "a better model", "an even better model"),
        "stages/production.json",
        "it does not say what follows from the events",
    ),
    "an event removed": (removed("events/000002.json"), "events/000002.json", "it is missing"),
    "the last event removed": (removed("events/000004.json"), "stages/production.json", "follows from the events"),
    "events swapped": (swapped("events/000002.json", "events/000003.json"), "events/000002.json", "sequence is 3"),
    "another package": (edited("versions/v1.0.0.json", "aaaa", "abab"), "versions/v1.0.0.json", "is not the file"),
    "version removed": (removed("versions/v1.0.0.json"), "versions/v1.0.0.json", "000001.json registered it"),
    "versions swapped": (
        swapped("versions/v1.0.0.json", "versions/v1.1.0.json"),
        "versions/v1.0.0.json",
        "its content belongs to versions/v1.1.0.json",
    ),
    "stage moved by hand": (
        edited("stages/production.json", "v1.1.0", "v1.0.0"),
        "stages/production.json",
        "it does not say what follows from the events",
    ),
    "stage to nowhere": (
        edited("stages/production.json", "v1.1.0", "v7.0.0"),
        "stages/production.json",
        "it points to v7.0.0, which nobody registered",
    ),
    "stage removed": (removed("stages/production.json"), "stages/production.json", "follows from the events"),
    "foreign file": (added("notes.txt", b""), "notes.txt", "it is no file of a registry"),
    "strange event name": (added("events/5.json", b"{}"), "events/000005.json", "it is missing"),
    "no JSON": (added("events/000005.json", b"\xff"), "events/000005.json", "it is no JSON that mlci wrote"),
    "a list": (added("events/000005.json", b"[]"), "events/000005.json", "it is no JSON object"),
    "deep JSON": (added("events/000005.json", b"[" * 100_000), "events/000005.json", "it is no JSON"),
    "no schema": (added("events/000005.json", b"{}"), "events/000005.json", "`schema` should be mlci/event/1"),
    "twice the same key": (
        edited("events/000004.json", '"sequence": 4', '"sequence": 4, "sequence": 4'),
        "events/000004.json",
        "a key is there twice",
    ),
    "unknown key": (
        edited("events/000004.json", '"target": null', '"target": null, "extra": 1'),
        "events/000004.json",
        "`extra` is no key that mlci writes",
    ),
    "missing key": (
        edited("events/000004.json", ',\n  "target": null', ""),
        "events/000004.json",
        "`target` is missing",
    ),
    "unknown type": (edited("events/000004.json", '"assign"', '"praise"'), "events/000004.json", "`type` should be"),
    "number as text": (
        edited("events/000004.json", '"sequence": 4', '"sequence": "4"'),
        "events/000004.json",
        "`sequence` should be a whole number",
    ),
    "true as number": (
        edited("events/000004.json", '"sequence": 4', '"sequence": true'),
        "events/000004.json",
        "`sequence` should be a whole number",
    ),
    "a lone surrogate": (
        edited("events/000004.json", "a better model", "\\ud800"),
        "events/000004.json",
        "`reason` should be a text",
    ),
    "an impossible time": (
        edited("events/000004.json", "2026-01-31", "2026-02-31"),
        "events/000004.json",
        "`time` should be a time",
    ),
    "another expectation": (
        edited("events/000004.json", '"version": "v1.0.0"', '"version": null'),
        "events/000004.json",
        "what it expected to find in production is not what was there",
    ),
    "no reason": (
        edited("events/000004.json", "a better model", " "),
        "events/000004.json",
        "`reason` should be a text that says something",
    ),
    "a deployment of a move": (
        edited("events/000004.json", '"target": null', '"target": "live"'),
        "events/000004.json",
        "`target` does not belong into an event of the type assign",
    ),
    "a hash of a version that was registered before": (
        edited("events/000004.json", '"version_sha256": null', f'"version_sha256": "{"0" * 64}"'),
        "events/000004.json",
        "`version_sha256` does not belong into an event of the type assign",
    ),
    "an expectation of what moves nothing": (
        edited("events/000003.json", '"expected": null', '"expected": {"version": null, "sequence": 0}'),
        "events/000003.json",
        "`expected` does not belong into an event of the type register",
    ),
    "another model": (
        edited("events/000004.json", '"tumour"', '"spam"'),
        "events/000004.json",
        "it is an event of the model spam",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_read__what_was_changed_by_hand_is_named(name: str) -> None:
    change, path, problem = BREAKS[name]
    files = a_branch("a", "b").files
    change(files)
    with pytest.raises(IntegrityError) as caught:
        read("tumour", files)
    assert caught.value.code == "registry-broken"
    assert caught.value.where == path
    assert problem in caught.value.problem


def test_read__a_newer_schema_is_refused_by_name() -> None:
    files = a_branch("a").files
    edited("versions/v1.0.0.json", "mlci/version/1", "mlci/version/2")(files)
    with pytest.raises(IntegrityError) as caught:
        read("tumour", files)
    assert caught.value.code == "newer-schema"
    assert caught.value.problem == (
        "versions/v1.0.0.json was written by a newer mlci: its schema is mlci/version/2, "
        "this version reads mlci/version/1"
    )


def test_read__another_models_registry_is_refused() -> None:
    with pytest.raises(IntegrityError, match="it belongs to the model tumour"):
        read("spam", a_branch("a").files)


def test_read__a_chain_that_promotes_a_quarantined_version_is_refused() -> None:
    branch = a_branch("a", "b")
    branch.roll_back()
    last = branch.registry.events[-1]
    forged = sealed(
        replace(
            branch.registry.events[3],
            sequence=7,
            uuid=UUID(int=10**9),
            previous=last.digest,
            expected=branch.registry.expectation("production"),
        )
    )
    branch.files["events/000007.json"] = write_event(forged)
    with pytest.raises(IntegrityError, match=r"puts v1\.1\.0, which is quarantined, into production"):
        read("tumour", branch.files)


def test_read__a_uuid_is_used_once() -> None:
    branch = a_branch("a")
    events = branch.registry.events
    forged = sealed(
        replace(
            events[1],
            type="note",
            stage=None,
            expected=None,
            sequence=3,
            previous=events[1].digest,
        )
    )
    branch.files["events/000003.json"] = write_event(forged)
    with pytest.raises(IntegrityError, match="its UUID was used before"):
        read("tumour", branch.files)


def test_event__round_trip() -> None:
    branch = a_branch("a", "b")
    branch.roll_back()
    for event in branch.registry.events:
        assert read_event(write_event(event), "events/x.json") == event


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_read_event__never_a_traceback(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_event(data, "events/000001.json")


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists)


@given(st.sampled_from(sorted(json.loads(Branch().promote("a").files["events/000002.json"]))), JSON)
def test_read_event__a_field_of_any_kind_is_read_or_refused(key: str, value: object) -> None:
    fields = json.loads(a_branch("a").files["events/000002.json"]) | {key: value}
    files = a_branch("a").files | {"events/000002.json": json.dumps(fields).encode()}
    with pytest.raises(IntegrityError):
        read("tumour", files)
