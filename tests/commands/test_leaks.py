from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.duckdb import DuckdbData
from mlci.commands.validate import validate
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError
from tests.commands.builders import Project, a_configuration, a_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.findings import DatasetReport

LEAKS = "leaks: [{sets: [cells, holdout]}]"
UNLIKE = {row: f"{row},{row % 2 + 11}.{row + 100},3,{row % 2}" for row in range(100)}
"""Rows that are in no other set."""
HOLDOUT = some_rows(100, {row: f"{row},{row % 2 + 21}.{row + 100},3,{row % 2}" for row in range(100)})


def a_leaky_project(place: Path, *leaked: int, extra: str = LEAKS) -> Project:
    """Return a project whose training data have some rows of the holdout, under other names."""
    edits = {row: HOLDOUT.decode().splitlines()[row + 1].replace(f"{row},", f"{row + 500},", 1) for row in leaked}
    project = a_project(place)
    project.write(
        mlci_yaml=a_configuration(extra=extra).encode(),
        data__cells_csv=some_rows(100, UNLIKE | edits),
        data__holdout_csv=HOLDOUT,
    )
    return project


def validated(project: Project, *names: str, base: str | None = None) -> tuple[DatasetReport, ...]:
    return validate(names, repository=project.repository, data=DuckdbData(), objects=project.work.objects, base=base)


def found(reports: tuple[DatasetReport, ...]) -> list[str]:
    return [f"{report.dataset}: {each.sentence}" for report in reports for each in report.leaks]


def test_validate__finds_rows_that_a_model_would_have_seen(tmp_path: Path) -> None:
    reports = validated(a_leaky_project(tmp_path, 3, 4))
    assert found(reports) == ["holdout: 2 of 100 rows (2%) stand in `cells`, too"]
    assert [report.passed for report in reports] == [True, False]


def test_validate__without_leaks_finds_none(tmp_path: Path) -> None:
    assert found(validated(a_leaky_project(tmp_path))) == []


@pytest.mark.parametrize(
    ("leaked", "names", "said"),
    [
        ((), (), ["no leak was found between cells and holdout"]),
        ((3,), (), []),
        ((), ("cells",), []),
    ],
)
def test_validate__says_what_it_looked_for_in_vain(
    tmp_path: Path, leaked: tuple[int, ...], names: tuple[str, ...], said: list[str]
) -> None:
    project, told = a_leaky_project(tmp_path, *leaked), list[str]()
    validate(
        names,
        repository=project.repository,
        data=DuckdbData(),
        objects=project.work.objects,
        base=None,
        tell=told.append,
    )
    assert told == said


def test_validate__says_that_it_did_not_look_for_leaks_in_broken_data(tmp_path: Path) -> None:
    project, told = a_leaky_project(tmp_path, 3), list[str]()
    project.write(data__cells_csv=some_rows(100, {5: "5,-1,3,1"}))
    validate(
        (), repository=project.repository, data=DuckdbData(), objects=project.work.objects, base=None, tell=told.append
    )
    assert told == ["leaks were not looked for, since data breaks a contract"]


def test_validate__looks_for_leaks_only_where_the_configuration_says_so(tmp_path: Path) -> None:
    assert found(validated(a_leaky_project(tmp_path, 3, extra=""))) == []


def test_validate__of_one_set_alone_looks_for_nothing_between_two(tmp_path: Path) -> None:
    assert found(validated(a_leaky_project(tmp_path, 3), "holdout")) == []


def test_validate__the_rows_of_the_target_branch_are_looked_at_too(tmp_path: Path) -> None:
    project = a_leaky_project(tmp_path, 3)
    base = project.repository.commit("the holdout as it is judged on")
    project.write(data__holdout_csv=some_rows(100, {row: f"{row},29.{row},9,{row % 2}" for row in range(100)}))
    assert found(validated(project)) == []
    assert found(validated(project, base=base)) == ["holdout: 1 of 100 rows (1%) stand in `cells`, too"]


def test_check__trains_nothing_where_a_leak_is(tmp_path: Path) -> None:
    project = a_leaky_project(tmp_path, 3)
    report = project.check()
    assert (report.conclusion, report.exit_code) == (Conclusion.DATA_REJECTED, 4)
    assert report.headline == "a leak in `holdout`: 1 of 100 rows (1%) stand in `cells`, too; nothing was trained."


def test_promote__what_trained_on_the_rows_that_judge_is_refused_as_an_integrity_error(tmp_path: Path) -> None:
    project = a_leaky_project(tmp_path, 3)
    project.repository.commit("a leak that nobody looked for")
    project.repository.push()
    project.train()
    with pytest.raises(IntegrityError, match="not promoted: a leak in `holdout`: 1 of 100 rows"):
        project.promote()
    assert not project.history.events
