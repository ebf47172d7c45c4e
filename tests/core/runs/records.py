"""Records that read like what they stand for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlci.core.runs import Artifact, Cost, DataFile, KeptRun, RunDetails, RunRecord

if TYPE_CHECKING:
    from mlci.core.runs.parameters import Plain
    from mlci.core.runs.record import Outcome
    from mlci.core.runs.tracked import Number

MORNING = datetime(2026, 1, 1, 8, tzinfo=UTC)
DETAILS = RunDetails(
    code={"train.py": "1" * 40, "features.py": "2" * 40},
    dirty_paths=("train.py",),
    packages={"numpy": "2.2.0", "scikit-learn": "1.7.2"},
    history={"loss": ((0, 0.5), (1, 0.25))},
    left_out=("3 lines that mlci did not write",),
    also_wrote=("figures/roc.png",),
)


def a_record(
    minutes: int = 0,
    *,
    outcome: Outcome = "trained",
    params: dict[str, Plain] | None = None,
    metrics: dict[str, Number] | None = None,
    command: str = "python train.py",
    fingerprint: str = "f" * 64,
    seed: int = 0,
    model_sha256: str = "b" * 64,
) -> RunRecord:
    """Return the record of a run that began some MINUTES after eight."""
    return RunRecord(
        fingerprint=fingerprint,
        inputs={"command": command},
        commit="c" * 40,
        dirty="d" * 64,
        started=MORNING + timedelta(minutes=minutes),
        outcome=outcome,
        reason="" if outcome == "trained" else f"`{command}` ended with exit code 1",
        exit_code=0 if outcome == "trained" else 1,
        command=command,
        seed=seed,
        variables={"SEED_OF_DATA": "7"},
        data={"cells": DataFile(path="data/cells.csv", git_id="3" * 40, sha256="4" * 64, bytes=2_000, rows=1_284)},
        params={"C": 0.1, "model.kind": "logistic"} if params is None else params,
        metrics={"loss": 0.25} if metrics is None else metrics,
        artifacts=(Artifact(path="model.skops", sha256="a" * 64, bytes=26_399),) if outcome == "trained" else (),
        cost=Cost(wall_seconds=3.25, cpu_seconds=2.5, peak_bytes=200 << 20),
        python="CPython 3.11.7",
        platform="Linux 6.1 x86_64",
        cpu="A Processor",
        model_sha256=model_sha256 if outcome == "trained" else None,
        details_sha256=DETAILS.sha256,
    )


def kept(record: RunRecord) -> KeptRun:
    return KeptRun(record.id, record)
