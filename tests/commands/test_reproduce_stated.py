"""`mlci reproduce` of what was handed in in place of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.testing import Script
from tests.commands.builders import COMMAND, a_project
from tests.commands.test_reproduce import again, apart

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.commands.builders import Project

GATES = {
    "predictions": "{metric: accuracy, require: floor, value: 0.5}",
    "scores": "{metric: score@help, require: floor, value: 0.1}",
    "metrics": "{metric: score@help, require: floor, value: 0.1}",
}
FILES = {"predictions": "answers.csv", "scores": "grades.csv", "metrics": "metrics.json"}


def of_rows(column: str, first: float) -> bytes:
    rows = (first if row == 1 else 0.9 if row % 2 else 0.2 for row in range(200))
    return "\n".join([f"id,{column}", *(f"{row},{value}" for row, value in enumerate(rows)), ""]).encode()


def stated(level: str, value: float) -> bytes:
    """Return what training leaves at a level, one number of which is VALUE."""
    if level == "metrics":
        return f'{{"help": {value}, "harm": 0.25}}'.encode()
    return of_rows("probability" if level == "predictions" else "help", value)


def a_released(place: Path, level: str) -> Project:
    train = f"{{run: {COMMAND}, data: [cells], {level}: {FILES[level]}}}"
    project = a_project(place, GATES[level], train=train)
    leaves(project, level, stated(level, 0.9))
    project.land("Hand in less than a model")
    project.train()
    project.promote()
    return project


def leaves(project: Project, level: str, content: bytes) -> None:
    """Let training, as it is, leave this."""
    files: Mapping[str, bytes] = {FILES[level]: content}
    project.runner.scripts[COMMAND] = Script(files)


@pytest.mark.parametrize("level", FILES)
def test_reproduce__the_same_bytes(tmp_path: Path, level: str) -> None:
    came = again(a_released(tmp_path, level), "v1.0.0")
    assert (came.outcome, came.reason) == ("identical", "the package has the same bytes")


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        ("predictions", "other bytes, and the same predictions: 200 rows at most 1e-09 apart; 1e-06 is tolerated"),
        ("scores", "other bytes, and the same scores: 200 rows at most 1e-09 apart; 1e-06 is tolerated"),
        ("metrics", "other bytes, and the same metrics: 2 numbers at most 1e-09 apart; 1e-06 is tolerated"),
    ],
)
def test_reproduce__what_lies_within_the_tolerance_is_equal(tmp_path: Path, level: str, reason: str) -> None:
    project = a_released(tmp_path, level)
    leaves(project, level, stated(level, 0.9 + 1e-9))
    came = again(project, "v1.0.0")
    assert (came.outcome, came.reason) == ("equal", reason)


@pytest.mark.parametrize(
    ("level", "reason", "count"),
    [
        ("predictions", "other predictions: 200 rows at most 0.25 apart; 1e-06 is tolerated", 200),
        ("scores", "other scores: 200 rows at most 0.25 apart; 1e-06 is tolerated", 200),
        ("metrics", "other metrics: 2 numbers at most 0.25 apart; 1e-06 is tolerated", 2),
    ],
)
def test_reproduce__what_lies_apart_is_different(tmp_path: Path, level: str, reason: str, count: int) -> None:
    project = a_released(tmp_path, level)
    leaves(project, level, stated(level, 0.65))
    came = again(project, "v1.0.0")
    assert (came.outcome, came.reason, apart(came)) == ("different", reason, {"evaluation": (count, 0.25)})


@pytest.mark.parametrize(
    ("level", "content"),
    [
        ("predictions", of_rows("probability", 0.9).rsplit(b"\n", 2)[0]),
        ("scores", of_rows("harm", 0.9)),
        ("metrics", b'{"help": 0.9}'),
    ],
)
def test_reproduce__what_is_of_other_things_is_not_compared(tmp_path: Path, level: str, content: bytes) -> None:
    project = a_released(tmp_path, level)
    leaves(project, level, content)
    came = again(project, "v1.0.0")
    assert (came.outcome, came.reason, apart(came)) == (
        "different",
        f"the {level} have other bytes, and those of then cannot be compared",
        {},
    )


def test_reproduce__of_columns_in_another_order_compares_them_by_name(tmp_path: Path) -> None:
    project = a_released(tmp_path, "metrics")
    leaves(project, "metrics", b'{"harm": 0.25, "help": 0.9000001}')
    came = again(project, "v1.0.0")
    assert (came.outcome, apart(came)) == ("equal", {"evaluation": (2, 1e-07)})
