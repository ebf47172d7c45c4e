from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.duckdb import DuckdbData
from mlci.commands.validate import validate
from mlci.core.data_files import short
from mlci.errors import OutsideError, RejectedError, UsageError
from tests.commands.builders import CONTRACT, Project, a_configuration, a_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.data_files import DataFiles
    from mlci.core.findings import DatasetReport

TOO_LARGE = ("columns", "radius", "max")


def validated(project: Project, *names: str, base: str | None = None) -> tuple[DatasetReport, ...]:
    return validate(names, repository=project.repository, data=project.data, objects=project.work.objects, base=base)


def with_broken_cells(place: Path) -> Project:
    project = a_project(place)
    project.write(data__cells_csv=some_rows(90))
    project.data.breaks(some_rows(90), TOO_LARGE, failing=4)
    return project


def test_validate__all_data_sets(tmp_path: Path) -> None:
    reports = validated(a_project(tmp_path))
    assert [(report.dataset, report.path, report.rows, report.passed) for report in reports] == [
        ("cells", "data/cells.csv", 100, True),
        ("holdout", "data/holdout.csv", 200, True),
    ]


def test_validate__one_data_set(tmp_path: Path) -> None:
    assert [report.dataset for report in validated(a_project(tmp_path), "holdout")] == ["holdout"]


def test_validate__finds_what_is_broken(tmp_path: Path) -> None:
    cells, holdout = validated(with_broken_cells(tmp_path))
    assert [finding.sentence for finding in cells.findings] == [
        "`radius` is above 30 micrometre in 4 of 90 rows (4.4%)"
    ]
    assert holdout.passed


def test_validate__a_name_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        validated(a_project(tmp_path), "cells", "cels")
    assert (caught.value.code, caught.value.hint) == ("unknown-data-set", "Did you mean `cells`?")


def test_validate__a_name_that_is_like_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        validated(a_project(tmp_path), "x")
    assert caught.value.hint == "One of: cells, holdout"


UNUSABLE = {
    "another id": ("id: identifier, label: malignant, positive: 1", "column-missing"),
    "another label": ("id: id, label: malign, positive: 1", "column-missing"),
    "another class": ("id: id, label: malignant, positive: 2", "positive-absent"),
}


@pytest.mark.parametrize(("named", "code"), UNUSABLE.values(), ids=UNUSABLE)
def test_validate__what_cannot_be_evaluated_by(tmp_path: Path, named: str, code: str) -> None:
    project = a_project(tmp_path, evaluate=f"{{data: holdout, {named}}}")
    with pytest.raises(UsageError) as caught:
        validated(project)
    assert caught.value.code == code
    assert [report.dataset for report in validated(project, "cells")] == ["cells"]


def test_validate__broken_data_are_told_before_what_cannot_be_evaluated(tmp_path: Path) -> None:
    project = with_broken_cells(tmp_path)
    project.write(mlci_yaml=a_configuration(evaluate="{data: holdout, id: id, label: malign, positive: 1}"))
    cells, _ = validated(project)
    assert not cells.passed


def test_validate__without_a_contract_there_is_nothing_to_check(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    bare = "{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv, contract: cells.yaml}}"
    project.write(mlci_yaml=a_configuration(data=bare))
    assert [report.dataset for report in validated(project)] == ["holdout"]


def test_validate__the_contract_of_the_target_branch_holds_beside_our_own(tmp_path: Path) -> None:
    project = with_broken_cells(tmp_path)
    project.write(cells_yaml=CONTRACT.replace("max: 30", "max: 90"))
    assert validated(project, "cells")[0].findings[0].origin == "head"
    assert validated(project, "cells", base=project.base)[0].findings[0].sentence == (
        "`radius` is above 30 micrometre in 4 of 90 rows (4.4%)"
    )


def test_validate__what_we_tighten_is_checked_in_addition(tmp_path: Path) -> None:
    project = with_broken_cells(tmp_path)
    project.write(cells_yaml=CONTRACT.replace("max: 30", "max: 20"))
    findings = validated(project, "cells", base=project.base)[0].findings
    assert [(finding.origin, finding.sentence.partition(" in ")[0]) for finding in findings] == [
        ("base", "`radius` is above 30 micrometre"),
        ("head", "`radius` is above 20 micrometre"),
    ]


def test_validate__a_base_without_configuration(tmp_path: Path) -> None:
    project = with_broken_cells(tmp_path)
    configuration = project.repository.work_tree().files["mlci.yaml"]
    project.repository.remove("mlci.yaml")
    base = project.land()
    project.write(mlci_yaml=configuration)
    assert [len(report.findings) for report in validated(project, base=base)] == [1, 0]


def test_validate__a_base_whose_configuration_cannot_be_read(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(mlci_yaml="version: 2\n")
    base = project.land("Break the rules")
    project.write(mlci_yaml=a_configuration())
    assert all(report.passed for report in validated(project, base=base))


def test_validate__an_error_calls_a_file_of_base_as_the_configuration_does(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    vars(project.data).update(validate=cannot_be_compared)
    project.write(data__cells_csv=some_rows(90))
    with pytest.raises(RejectedError) as caught:
        validated(project, "cells", base=project.base)
    assert (caught.value.problem, caught.value.where) == ("cells.csv: the file is empty", "data/cells.csv:1")


def cannot_be_compared(*_: object, base: DataFiles, **__: object) -> DatasetReport:
    """Name the file of base as adapters do."""
    raise RejectedError("data-unreadable", f"{short(base.name)}: the file is empty", where=f"{base.name}:1")


def test_validate__a_file_that_is_not_there(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.repository.remove("data/cells.csv")
    with pytest.raises(UsageError) as caught:
        validated(project)
    assert caught.value.code == "data-missing"


def standings(report: DatasetReport) -> list[str | None]:
    return [finding.standing for finding in report.findings]


def test_validate__says_which_findings_are_new(tmp_path: Path) -> None:
    project = with_broken_cells(tmp_path)
    assert standings(validated(project, "cells", base=project.base)[0]) == ["new"]


def test_validate__says_which_findings_base_has_already(tmp_path: Path) -> None:
    project = with_broken_cells(tmp_path)
    base = project.land("Break the data")
    assert standings(validated(project, "cells", base=base)[0]) == ["as at base"]
    project.write(data__cells_csv=some_rows(80))
    project.data.breaks(some_rows(80), TOO_LARGE, failing=9)
    assert standings(validated(project, "cells", base=base)[0]) == ["at base 4"]


def test_validate__says_what_is_fixed(tmp_path: Path) -> None:
    project = with_broken_cells(tmp_path)
    base = project.land("Break the data")
    project.write(data__cells_csv=some_rows(100))
    (cells,) = validated(project, "cells", base=base)
    assert cells.findings == ()
    assert [finding.sentence for finding in cells.fixed] == ["`radius` is above 30 micrometre in 4 of 90 rows (4.4%)"]


def test_validate__a_base_that_cannot_be_read_says_nothing_of_what_is_new(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(data__cells_csv=b"id,radius\n1,\xff\n")
    base = project.land("Damage the data")
    project.write(data__cells_csv=some_rows(90))
    project.data.breaks(some_rows(90), TOO_LARGE, failing=4)
    assert standings(validated(project, "cells", base=base)[0]) == [None]


def remote(cells: str, holdout: str = "{path: data/holdout.csv, contract: cells.yaml}") -> str:
    lies = f"{{path: s3://data/cells.csv, contract: cells.yaml, sha256: {cells * 64}}}"
    return a_configuration(data=f"{{cells: {lies}, holdout: {holdout}}}")


def kept_outside(project: Project, digit: str, rows: bytes) -> None:
    path = project.place / f"outside-{digit}.csv"
    path.write_bytes(rows)
    project.data.outside[digit * 64] = path


def test_validate__base_that_cannot_be_brought_costs_only_the_comparison(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(mlci_yaml=remote("a"))
    base = project.land("Name data that nobody has any more")
    project.write(mlci_yaml=remote("b"))
    kept_outside(project, "b", some_rows(90))
    project.data.breaks(some_rows(90), TOO_LARGE, failing=4)
    cells, holdout = validated(project, base=base)
    assert (standings(cells), cells.not_compared) == ([None], "s3://data/cells.csv lies nowhere")
    assert holdout.not_compared is None


def test_validate__data_of_head_that_cannot_be_brought_are_an_error(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(mlci_yaml=remote("a"))
    base = project.land("Name data that lie outside")
    kept_outside(project, "a", some_rows(90))
    project.write(mlci_yaml=remote("b"))
    with pytest.raises(OutsideError) as caught:
        validated(project, base=base)
    assert caught.value.code == "data-not-found"


def test_validate__evaluation_rows_of_base_that_cannot_be_brought_are_an_error(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    kept_outside(project, "a", some_rows(90))
    project.write(mlci_yaml=remote("a", f"{{path: s3://data/holdout.csv, contract: cells.yaml, sha256: {'c' * 64}}}"))
    base = project.land("Name rows that nobody has any more")
    project.write(mlci_yaml=remote("a"))
    with pytest.raises(OutsideError) as caught:
        validated(project, base=base)
    assert caught.value.code == "data-not-found"


def test_validate__a_reference_leads_to_a_data_set_of_the_configuration(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(cells_yaml=f"{CONTRACT}references: {{id: holdouts.id}}\n".encode())
    with pytest.raises(UsageError) as caught:
        validated(project)
    assert (caught.value.code, caught.value.problem) == (
        "unknown-data-set",
        "`id` of `cells` refers to `holdouts.id`, and no data set is called `holdouts`",
    )
    assert (caught.value.where, caught.value.hint) == ("cells.yaml:6", "Did you mean `holdout`?")


def test_validate__rules_of_the_whole_data_set_are_checked_for_real(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    rules = "references: {id: holdout.id}\nrows: {change: {within: 10%}}\n"
    project.write(cells_yaml=f"{CONTRACT}{rules}".encode())
    base = project.repository.commit("Rules of the whole")
    project.write(data__cells_csv=some_rows(50))
    found = validate(
        ("cells",), repository=project.repository, data=DuckdbData(), objects=project.work.objects, base=base
    )
    assert [(each.key, each.failing, each.checked) for each in found[0].findings] == [(("rows", "change"), 50, 100)]
