"""One contract for `.mlci/`: the fake keeps it, and so does the folder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.work_folder import WorkFolder
from mlci.core.config import read_config
from mlci.core.package import Input, Package, Signature, build_package
from mlci.core.runs import Cost, KeptModel, KeptRun, RunDetails, RunRecord
from mlci.core.submission import Submission
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


def a_model(fingerprint: str = FINGERPRINT, run: str = "1" * 16) -> KeptModel:
    return KeptModel(
        fingerprint=fingerprint,
        run=run,
        model_sha256="d" * 64,
        description={"estimator": "LogisticRegression", "classes": [0, 1]},
        requirements={"numpy": "2.2.0"},
    )


def a_run(details: RunDetails, seconds: float = 1.5) -> RunRecord:
    return RunRecord(
        fingerprint=FINGERPRINT,
        inputs={"command": "python train.py", "data": {"cells": "1" * 40}},
        commit="c" * 40,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        outcome="failed",
        command="python train.py",
        metrics={"loss": "nan", "größe": 1.5},
        cost=Cost(wall_seconds=seconds),
        details_sha256=details.sha256,
    )


def a_package(model: bytes = b"model") -> Package:
    signature = Signature(inputs=(Input(name="größe", type="number"),), classes=(0, 1), positive=1, threshold=0.5)
    return build_package(model, "LogisticRegression", signature, {"numpy": "2.2.0"}, CONFIG)


def test_trained__that_was_not_made(work: Bench) -> None:
    assert work.trained(FINGERPRINT) is None


def test_trained__is_kept_with_its_model(work: Bench) -> None:
    work.keep_trained(a_model(), b"model")
    assert work.trained(FINGERPRINT) == (a_model(), b"model")


def test_trained__is_replaced_by_one_of_the_same_fingerprint(work: Bench) -> None:
    work.keep_trained(a_model(), b"model")
    work.keep_trained(a_model(run="2" * 16), b"other")
    assert work.trained(FINGERPRINT) == (a_model(run="2" * 16), b"other")


def test_trained__of_a_fingerprint_that_only_begins_alike(work: Bench) -> None:
    work.keep_trained(a_model(), b"model")
    assert work.trained("a" * 63 + "b") is None


def test_runs__before_the_first(work: Bench) -> None:
    assert list(work.runs()) == []


def test_runs__each_is_kept_under_a_name_that_its_content_gives(work: Bench) -> None:
    details = RunDetails(code={"train.py": "1" * 40}, history={"loss": ((0, 0.5), (1, "nan"))})
    first, second = a_run(details), a_run(details, seconds=2)
    names = [work.keep_run(each, details) for each in (first, second, first)]
    assert names == [first.id, second.id, first.id]
    found = {run.id: run for run in work.runs()}
    assert found == {first.id: KeptRun(first.id, first), second.id: KeptRun(second.id, second)}
    assert work.details(found[first.id]) == details
    assert (work.run(first.id), work.run("0" * 16)) == (found[first.id], None)


def test_details__of_a_run_that_nobody_kept(work: Bench) -> None:
    details = RunDetails()
    record = a_run(details)
    assert work.details(KeptRun(record.id, record)) is None


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
