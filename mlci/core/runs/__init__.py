"""Run records: what was executed, by hash; what a script logged; what is kept out of both."""

from __future__ import annotations

from mlci.core.runs.record import (
    SCHEMA,
    Artifact,
    Cost,
    DataFile,
    KeptModel,
    KeptRun,
    RunDetails,
    RunRecord,
    StageRun,
    read_details,
    read_kept_model,
    read_run,
)

__all__ = [
    "SCHEMA",
    "Artifact",
    "Cost",
    "DataFile",
    "KeptModel",
    "KeptRun",
    "RunDetails",
    "RunRecord",
    "StageRun",
    "read_details",
    "read_kept_model",
    "read_run",
]
