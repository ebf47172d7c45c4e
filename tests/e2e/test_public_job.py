"""What a job shows where everybody reads it: counts and names, no row of the data and no word of a model."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import EXAMPLES

if TYPE_CHECKING:
    from tests.e2e.conftest import Ended, Project

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Job:
    """A job of GitHub Actions in a project's folder; like the one that checks, it has no token."""

    project: Project
    variables: dict[str, str]

    def mlci(self, *arguments: str) -> Ended:
        return self.project.mlci(*arguments, **self.variables)

    def shown(self, *arguments: str) -> str:
        """Return all that a verb shows: both streams and the summary."""
        ended, summary = self.mlci(*arguments), self.project.place / "summary"
        return ended.out + ended.err + (summary.read_text() if summary.is_file() else "")

    def outputs(self) -> dict[str, str]:
        lines = (self.project.place / "outputs").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def a_job(project: Project, payload: str) -> Job:
    """Return a job of a pull request whose event has PAYLOAD."""
    event = project.place / "event.json"
    event.write_text(payload)
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/tumour",
        "GITHUB_EVENT_NAME": "pull_request_review",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_SHA": project.git("rev-parse", "HEAD").strip(),
        "GITHUB_REF": "refs/heads/change",
        "GITHUB_BASE_REF": "main",
        "GITHUB_RUN_ID": "42",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_ACTOR": "ana",
        "GITHUB_STEP_SUMMARY": str(project.place / "summary"),
        "GITHUB_OUTPUT": str(project.place / "outputs"),
    }
    return Job(project, variables)


def a_payload(*, private: bool) -> str:
    return json.dumps({"repository": {"private": private}})


IN_PRIVATE, IN_PUBLIC = a_payload(private=True), a_payload(private=False)
A_ROW = re.compile(r"\b1[0-9]{3}\b")
"""The id of a row of the example."""


def with_broken_data(project: Project) -> None:
    """Measure one column in another unit from some row on."""
    rows = (project.folder / "data" / "cells.csv").read_text().splitlines()
    place = rows[0].split(",").index("mean_radius")
    for line in range(200, len(rows)):
        cells = rows[line].split(",")
        cells[place] = str(1000 * float(cells[place]))
        rows[line] = ",".join(cells)
    (project.folder / "data" / "cells.csv").write_text("\n".join(rows) + "\n")


def ids(text: str) -> list[str]:
    """Return the ids of rows in TEXT that are ids of the data."""
    known = {line.partition(",")[0] for name in ("cells", "holdout") for line in rows_of(name)}
    return [found for found in A_ROW.findall(text) if found in known]


def rows_of(name: str) -> list[str]:
    return (EXAMPLES / "tumour" / "data" / f"{name}.csv").read_text().splitlines()[1:]


@pytest.mark.parametrize(
    ("verb", "payload", "told"),
    [
        ("check", IN_PRIVATE, True),
        ("check", IN_PUBLIC, False),
        ("check --json", IN_PUBLIC, False),
        ("validate", IN_PUBLIC, False),
        ("validate --json", IN_PUBLIC, False),
        # Where the event does not say that the place is private, it counts as public.
        ("validate", "{}", False),
        ("validate", '{"repository": {"private": "yes"}}', False),
    ],
)
def test_rows_that_break_a_contract(released: Project, verb: str, payload: str, *, told: bool) -> None:
    with_broken_data(released)
    shown = a_job(released, payload).shown(*verb.split())
    assert "is above 60 micrometre in 85 of 284 rows" in shown
    assert (ids(shown) != [], "line 201" in shown or '"line": 201' in shown) == (told, told)


@pytest.mark.parametrize(("payload", "told"), [(IN_PRIVATE, True), (IN_PUBLIC, False)], ids=["private", "public"])
def test_rows_that_changed_sides(released: Project, payload: str, *, told: bool) -> None:
    released.put("weigh-malignant")
    for verb in ("check", "evaluate"):  # which scores the candidate of the check
        shown = a_job(released, payload).shown(verb)
        assert ("right → wrong: " in shown, ids(shown) != []) == (True, told)


@pytest.mark.parametrize(
    ("verb", "payload", "told"),
    [
        ("check", IN_PRIVATE, True),
        ("check --debug --json", IN_PRIVATE, True),
        ("check", IN_PUBLIC, False),
        ("check --debug --json", IN_PUBLIC, False),
    ],
)
def test_what_an_error_says_of_the_rows(released: Project, verb: str, payload: str, *, told: bool) -> None:
    released.git("switch", "--quiet", "--create", "other")
    released.replace("mlci.yaml", "positive: 1", "positive: 7")
    shown = a_job(released, payload).shown(*verb.split())
    assert "no row of the evaluation set has `malignant = 7`" in shown
    assert ("its values are 0, 1" in shown) is told


@pytest.mark.parametrize("payload", ["", "[]", "nonsense"])
def test_an_event_that_is_none__is_refused(released: Project, payload: str) -> None:
    ended = a_job(released, payload).mlci("check")
    assert (ended.exit_code, "error[bad-event]" in ended.err) == (2, True)


def test_outputs__of_train_name_what_is_in_the_stage(released: Project) -> None:
    job = a_job(released, IN_PRIVATE)
    assert job.mlci("train", "--unless-promoted").exit_code == 0
    assert job.outputs() == {"needed": "false", "production": "v1.0.0"}


def test_outputs__of_train_before_the_first_promotion(fresh: Project) -> None:
    job = a_job(fresh, IN_PRIVATE)
    assert job.mlci("train", "--unless-promoted").exit_code == 0
    assert job.outputs() == {"needed": "true", "production": ""}
