"""Slices from the columns of base's evaluation set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.evaluation_slices import MOST_VALUES, slices_of
from mlci.commands.labelled_rows import set_of
from mlci.core.config import read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import UsageError
from mlci.testing import MemoryData, MemoryTree
from tests.commands.builders import CONTRACT, a_configuration, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.evidence import Slice

ROWS = b"id,radius,texture,malignant,site\n1,10,3,0,north\n2,20,4,1,south\n3,11,5,0,\n4,25,6,1,north\n"
WITH_SITE = CONTRACT + "  site: {type: string, required: false}\n"
FLOOR = "{metric: accuracy, require: floor, value: 0.5, slices: true}"


def slices(place: Path, written: str, rows: bytes = ROWS, contract: str = WITH_SITE) -> tuple[Slice, ...]:
    evaluate = f"{{data: holdout, id: id, label: malignant, positive: 1, slices: {written}}}"
    side = Side(
        read_config(a_configuration(evaluate=evaluate).encode()),
        {"holdout": read_model(contract.encode(), Contract, "cells.yaml")},
    )
    rules, _ = effective(None, side)
    tree = MemoryTree({"data/holdout.csv": rows})
    return slices_of(set_of(rules, tree, data=MemoryData(), objects=place), rules)


def shown(found: tuple[Slice, ...]) -> list[tuple[str, str | None, int, list[int]]]:
    return [(each.name, each.value, each.place, np.flatnonzero(each.rows).tolist()) for each in found]


def refused(place: Path, written: str, rows: bytes = ROWS, contract: str = WITH_SITE) -> UsageError:
    with pytest.raises(UsageError) as caught:
        slices(place, written, rows, contract)
    return caught.value


def test_slices__of_a_column_are_its_values(tmp_path: Path) -> None:
    assert shown(slices(tmp_path, "[site]")) == [
        ("site", "", 1, [2]),
        ("site", "north", 2, [0, 3]),
        ("site", "south", 3, [1]),
    ]


def test_slices__of_a_condition_are_the_rows_where_it_is_true(tmp_path: Path) -> None:
    written = "[{name: large, where: radius > 10 and site == 'north', min_rows: 5}]"
    (found,) = slices(tmp_path, written)
    assert (shown((found,)), found.min_rows) == ([("large", None, 0, [3])], 5)


def test_slices__of_values_that_identify_people_have_no_values(tmp_path: Path) -> None:
    private = WITH_SITE.replace("required: false", "required: false, pii: true")
    assert [each.value for each in slices(tmp_path, "[{name: where, column: site}]", contract=private)] == [None] * 3


def test_slices__of_a_column_that_is_not_there(tmp_path: Path) -> None:
    error = refused(tmp_path, "[sites]")
    assert (error.code, error.problem, error.hint) == (
        "column-missing",
        "the evaluation set has no column `sites`, which the slice `sites` reads",
        "Did you mean `site`?",
    )


def test_slices__of_a_condition_whose_column_no_contract_types(tmp_path: Path) -> None:
    error = refused(tmp_path, "[{name: north, where: site == 'north'}]", contract=CONTRACT)
    assert (error.code, error.hint) == ("slice-column-unknown", "columns: {site: {type: …}} in the contract")


def test_slices__of_a_condition_that_does_not_fit(tmp_path: Path) -> None:
    error = refused(tmp_path, "[{name: north, where: site > 3}]")
    assert (error.code, error.hint) == (
        "slice-ill-typed",
        "Write texts in quotes, such as site == 'north', and numbers without.",
    )


def test_slices__of_a_column_with_a_value_for_every_row(tmp_path: Path) -> None:
    many = b"\n".join([b"id,radius,texture,malignant,site", *(b"%d,1,1,1,s%d" % (n, n) for n in range(201)), b""])
    error = refused(tmp_path, "[site]", rows=many)
    assert (error.code, error.problem) == (
        "slices-too-many",
        f"`site` has 201 values in the evaluation set; {MOST_VALUES} slices of a column are the most",
    )


def test_check__a_candidate_that_fails_in_one_slice_alone(tmp_path: Path) -> None:
    evaluate = "{data: holdout, id: id, label: malignant, positive: 1, slices: [{name: rough, where: texture <= 3}]}"
    gates = (
        "{metric: accuracy, require: floor, value: 0.5}",
        "{metric: accuracy, require: floor, value: 0.5, slices: [rough]}",
    )
    project = a_released_project(tmp_path, *gates, evaluate=evaluate)
    project.trains("careless")
    report = project.check()
    assert [(result.name, str(result.outcome)) for result in report.verdict.results] == [  # type: ignore[union-attr]  # a check that scored has one
        ("accuracy floor", "pass"),
        ("accuracy floor in rough", "fail"),
    ]
    assert report.headline == "`accuracy` is below its floor of 0.5 in 1 of 1 slice."


def test_check__a_pull_request_that_drops_the_slice_is_judged_by_it(tmp_path: Path) -> None:
    evaluate = "{data: holdout, id: id, label: malignant, positive: 1, slices: [{name: rough, where: texture <= 3}]}"
    gate = "{metric: accuracy, require: floor, value: 0.5, slices: true}"
    project = a_released_project(tmp_path, gate, evaluate=evaluate)
    project.repository.switch("change")
    project.trains("careless")
    project.write(mlci_yaml=a_configuration("{metric: accuracy, require: floor, value: 0.5}"))
    project.repository.commit("Drop the slice")
    report = project.check()
    assert str(report.conclusion) == "fail"
    assert "drops the slice `rough`" in [change.sentence for change in report.changes]
