"""One contract for `.mlci/`: the fake keeps it, and so does the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.work_folder import WorkFolder
from mlci.core.config import read_config
from mlci.core.package import Input, Package, Signature, build_package
from mlci.core.submission import Submission
from mlci.core.training import RunRecord
from mlci.testing import MemoryWorkbench

if TYPE_CHECKING:
    from pathlib import Path

FINGERPRINT = "a" * 64
CONFIG = read_config(b"""\
version: 1
model: {name: tumour, task: binary}
data: {cells: {path: cells.csv}}
train: {run: python train.py, data: [cells], model: model.skops}
evaluate: {data: cells, id: id, label: malignant, positive: 1}
promote: {store: {directory: ../models}}
""")
Bench = WorkFolder | MemoryWorkbench


@pytest.fixture(params=[WorkFolder, MemoryWorkbench])
def work(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    made: Bench = request.param(tmp_path)
    return made


def a_run(fingerprint: str = FINGERPRINT, seconds: float = 1.5) -> RunRecord:
    return RunRecord(
        fingerprint=fingerprint,
        inputs={"command": "python train.py", "data": {"cells": "1" * 40}},
        commit="c" * 40,
        is_dirty=False,
        seconds=seconds,
        model_sha256="d" * 64,
        description={"estimator": "LogisticRegression", "classes": [0, 1]},
        requirements={"numpy": "2.2.0"},
    )


def a_package(model: bytes = b"model") -> Package:
    signature = Signature(inputs=(Input(name="größe", type="number"),), classes=(0, 1), positive=1, threshold=0.5)
    return build_package(model, "LogisticRegression", signature, {"numpy": "2.2.0"}, CONFIG)


def test_run__that_was_not_made(work: Bench) -> None:
    assert work.run(FINGERPRINT) is None


def test_run__is_kept_with_its_model(work: Bench) -> None:
    work.keep_run(a_run(), b"model")
    assert work.run(FINGERPRINT) == (a_run(), b"model")


def test_run__is_replaced_by_one_of_the_same_fingerprint(work: Bench) -> None:
    work.keep_run(a_run(), b"model")
    work.keep_run(a_run(seconds=2), b"other")
    assert work.run(FINGERPRINT) == (a_run(seconds=2), b"other")


def test_run__of_a_fingerprint_that_only_begins_alike(work: Bench) -> None:
    work.keep_run(a_run(), b"model")
    assert work.run("a" * 63 + "b") is None


def test_submission__that_was_not_made(work: Bench) -> None:
    assert work.submission() is None


def test_submission__is_the_last_one(work: Bench) -> None:
    work.submit(Submission(b"{}", b"first"), a_package(b"first"))
    work.submit(Submission(b"{} ", b"second"), a_package())
    assert work.submission() == Submission(b"{} ", b"second")


def test_write__is_there_afterwards(work: Bench) -> None:
    assert work.read("report.json") is None
    work.write("report.json", b"{}")
    path = work.write("report.json", b"{} ")
    assert (work.read("report.json"), path.name) == (b"{} ", "report.json")


def test_paths__lie_in_the_folder_of_mlci(work: Bench, tmp_path: Path) -> None:
    for path in (work.objects, work.log_of(FINGERPRINT), work.write("report.md", b"")):
        assert path.relative_to(tmp_path).parts[0] == ".mlci"
    assert work.log_of(FINGERPRINT) != work.log_of("b" * 64)
