"""The copies that act runs are what the product's files say, in act's words."""

from __future__ import annotations

import pytest

from tests.act.lab import MLCI, REFERENCE
from tests.act.prepared import (
    Caller,
    Ended,
    alone,
    for_act,
    is_asked,
    job_outputs,
    needed_by,
    permissions,
    written,
)
from tests.actions.documents import CALLERS, JOBS, REUSABLE, parse


def used(document: object) -> set[str]:
    return {word for word in str(document).split("'") if word.startswith((MLCI, "$/"))}


def test_alone__is_one_job_that_reads_what_it_needs_as_words() -> None:
    decide = alone(REUSABLE["merge"], "decide", {"train": Ended("success", {"needed": "true"})})
    assert list(decide["jobs"]) == ["decide"]
    assert ("needs" in decide["jobs"]["decide"], decide["jobs"]["decide"]["if"]) == (False, "'true' == 'true'")


def test_alone__leaves_the_document_as_it_is() -> None:
    alone(REUSABLE["merge"], "decide", {"train": Ended("success", {"needed": "false"})})
    assert REUSABLE["merge"]["jobs"]["decide"]["needs"] == "train"


def test_alone__reads_how_the_others_ended_and_an_output_that_was_not_set() -> None:
    needs = {"train": Ended("failure", {}), "decide": Ended("skipped", {})}
    condition = alone(REUSABLE["merge"], "deploy", needs)["jobs"]["deploy"]["if"]
    assert condition == "!cancelled() && inputs.deploy != '' && ('skipped' == 'success' || '' != '')"


@pytest.mark.parametrize(("job", "asked"), [("decide", False), ("deploy", True)])
def test_is_asked__after_a_failure_only_where_the_condition_speaks_of_it(job: str, *, asked: bool) -> None:
    content = JOBS["merge", job]
    assert is_asked(content, {name: Ended("failure", {}) for name in needed_by(content)}) is asked


def test_is_asked__where_all_went_well_or_nothing_is_needed() -> None:
    assert is_asked(JOBS["merge", "decide"], {"train": Ended("success", {})})
    assert is_asked(JOBS["merge", "train"], {})


def test_for_act__spells_out_where_our_actions_are_and_names_the_environment() -> None:
    prepared = for_act(REUSABLE["merge"], MLCI, REFERENCE)
    names = ("setup", "data", "promote", "deploy", "record")
    assert used(prepared) == {f"mlci/mlci/actions/{name}@{REFERENCE}" for name in names}
    assert prepared["jobs"]["deploy"]["environment"] == "${{ inputs.deploy }}"


def test_written__is_read_back_as_it_was() -> None:
    assert parse(written(REUSABLE["check"])) == REUSABLE["check"]


def test_permissions__are_those_of_the_job_where_the_caller_grants_them() -> None:
    asked = {"actions": "read", "contents": "read", "pull-requests": "read", "statuses": "read"}
    assert permissions(Caller(CALLERS["merge"]), JOBS["merge", "train"]) == asked


def test_permissions__beyond_the_caller_start_nothing() -> None:
    with pytest.raises(AssertionError, match="does not grant"):
        permissions(Caller(CALLERS["check"]), JOBS["merge", "decide"])


def test_job_outputs__are_those_of_its_steps() -> None:
    found = job_outputs(JOBS["check", "check"], {"check": {"conclusion": "pass"}})
    assert found == {"conclusion": "pass", "submitted": ""}


def test_caller__says_what_it_calls_and_grants() -> None:
    caller = Caller(CALLERS["report"])
    assert (caller.name, caller.called) == (
        "mlci report",
        ("mlci/mlci", ".github/workflows/mlci-report.yml", REFERENCE),
    )
    assert caller.granted == JOBS["report", "report"]["permissions"]
