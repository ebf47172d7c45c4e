from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from mlci.commands.data import data_pull
from mlci.commands.fetch_data import BroughtSet, fetch_data
from mlci.testing import FakeRepository, MemoryData
from tests.commands.builders import a_configuration

if TYPE_CHECKING:
    from pathlib import Path

VAULT = b"id,malignant\n1,0\n"
CELLS = b"id,malignant\n2,1\n"
CONFIGURATION = a_configuration(
    data="{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv}, vault: {path: vault.csv}}",
    extra="sealed: {data: vault, looks: 2, passes: 1}",
)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def pointer(content: bytes, name: str) -> bytes:
    return f"outs:\n- md5: {md5(content)}\n  size: {len(content)}\n  path: {name}\n".encode()


class Case:
    """A repository whose training data and sealed set DVC keeps, and what was placed in its work tree."""

    def __init__(self, place: Path) -> None:
        files = {
            "mlci.yaml": CONFIGURATION.encode(), "data/holdout.csv": CELLS,
            "data/cells.csv.dvc": pointer(CELLS, "cells.csv"), "vault.csv.dvc": pointer(VAULT, "vault.csv"),
        }  # fmt: skip
        self.repository = FakeRepository(place, files)
        self.base = self.repository.head()
        self.data = MemoryData()
        self.placed: list[str] = []
        self.asked: list[str] = []
        for content in (CELLS, VAULT):
            self.data.outside[md5(content)] = place / md5(content)
            (place / md5(content)).write_bytes(content)

    def place(self, _file: Path, path: str) -> None:
        self.placed.append(path)

    def fetched(self, *, sealed: bool = False) -> tuple[BroughtSet, ...]:
        return fetch_data(self.base, repository=self.repository, data=self.data, place=self.place, sealed=sealed)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_fetch_data__brings_both_sides_but_not_the_sealed_set(case: Case) -> None:
    assert case.fetched() == tuple(
        BroughtSet(name, side, None) for side in ("base", "head") for name in ("cells", "holdout")
    )
    assert case.placed == ["data/cells.csv"]


def test_fetch_data__brings_the_sealed_set_where_it_is_said(case: Case) -> None:
    assert [each.dataset for each in case.fetched(sealed=True)] == ["cells", "holdout", "vault"] * 2
    assert case.placed == ["data/cells.csv", "vault.csv"]


@pytest.mark.parametrize("name", ["cells", "stolen"])
def test_fetch_data__rows_of_base_s_sealed_set_under_another_name_stay_where_they_are(case: Case, name: str) -> None:
    path = f"data/{name}.csv"
    plain = a_configuration(data=f"{{cells: {{path: {path}}}, holdout: {{path: data/holdout.csv}}}}")
    case.repository.write("mlci.yaml", plain.encode())
    case.repository.write(f"{path}.dvc", pointer(VAULT, f"{name}.csv"))
    assert case.fetched()[2:] == (
        BroughtSet("cells", "head", "these are rows of the sealed set"),
        BroughtSet("holdout", "head", None),
    )
    assert case.placed == []


def test_fetch_data__what_cannot_be_brought_is_told_and_left_to_the_check(case: Case) -> None:
    del case.data.outside[md5(CELLS)]
    assert [(each.side, each.problem is None) for each in case.fetched() if each.dataset == "cells"] == [
        ("base", False),
        ("head", False),
    ]


def test_fetch_data__what_is_wrong_with_a_configuration_is_left_to_the_check(case: Case) -> None:
    case.repository.write("mlci.yaml", b"version: 2\n")
    assert {each.side for each in case.fetched()} == {"base"}


def test_data_pull__without_names_leaves_the_sealed_set_where_it_is(case: Case) -> None:
    pulled = data_pull((), repository=case.repository, data=case.data, place=case.place)
    assert ({each.dataset for each in pulled}, case.placed) == ({"cells", "holdout"}, ["data/cells.csv"])
    data_pull(("vault",), repository=case.repository, data=case.data, place=case.place)
    assert case.placed[1:] == ["vault.csv"]


LABELS = b"id,malignant\n3,1\n"


@pytest.fixture
def labelled(case: Case, tmp_path: Path) -> Case:
    """A repository whose labels DVC keeps, too."""
    configuration = a_configuration(
        data="{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv}, vault: {path: vault.csv}, "
        "truth: {path: truth.csv}}",
        evaluate="{data: holdout, labels: truth, id: id, label: malignant, positive: 1}",
        extra="sealed: {data: vault, looks: 2, passes: 1}",
    )
    case.repository.write("mlci.yaml", configuration.encode())
    case.repository.write("truth.csv.dvc", pointer(LABELS, "truth.csv"))
    case.base = case.repository.commit("Keep labels apart")
    case.data.outside[md5(LABELS)] = tmp_path / md5(LABELS)
    (tmp_path / md5(LABELS)).write_bytes(LABELS)
    return case


def test_fetch_data__leaves_labels_that_lie_apart_where_they_are(labelled: Case) -> None:
    assert [each.dataset for each in labelled.fetched()] == ["cells", "holdout"] * 2
    assert labelled.placed == ["data/cells.csv"]


def test_fetch_data__brings_labels_where_it_is_said_and_the_sealed_set_not(labelled: Case) -> None:
    fetch_data(labelled.base, repository=labelled.repository, data=labelled.data, place=labelled.place, labels=True)
    assert labelled.placed == ["data/cells.csv", "truth.csv"]


def test_fetch_data__labels_of_base_under_another_name_stay_where_they_are(labelled: Case) -> None:
    plain = a_configuration(data="{cells: {path: stolen.csv}, holdout: {path: data/holdout.csv}}")
    labelled.repository.write("mlci.yaml", plain.encode())
    labelled.repository.write("stolen.csv.dvc", pointer(LABELS, "stolen.csv"))
    assert labelled.fetched()[2:] == (
        BroughtSet("cells", "head", "these are labels, which are kept from who trains"),
        BroughtSet("holdout", "head", None),
    )
    assert labelled.placed == []


def test_data_pull__without_names_leaves_labels_that_lie_apart(labelled: Case) -> None:
    pulled = data_pull((), repository=labelled.repository, data=labelled.data, place=labelled.place)
    assert {each.dataset for each in pulled} == {"cells", "holdout"}
