"""Configurations and contracts for the tests of core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.config import read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model

if TYPE_CHECKING:
    from mlci.core.config import Config

TUMOUR = """\
version: 1
model: {name: tumour, task: binary, objective: Find malignant samples; missing one costs most., owners: ["@acme/diagnostics"]}
data:
  cells:   {path: data/cells.csv, contract: contracts/cells.yaml}
  holdout: {path: data/holdout.csv, contract: contracts/cells.yaml}
train: {run: python train.py, data: [cells], params: params.yaml, model: model.skops}
evaluate: {data: holdout, id: id, label: malignant, positive: 1}
gates:
  - {metric: roc_auc, require: not_worse, margin: 0.01}
  - {metric: recall, require: not_worse, margin: 0.02}
  - {metric: recall, require: floor, value: 0.70}
promote: {stage: production, store: {directory: ../models}}
deploy: {live: {stage: production, target: directory, path: ../live}}
"""  # noqa: E501 - as it stands in the design
"""The design's short sample, as `mlci init` writes it."""

CELLS = """\
columns:
  id:           {type: integer, unique: true}
  mean_radius:  {type: number, min: 0, max: 60, unit: micrometre}
  worst_radius: {type: number, min: 0, max: 80}
  size_band:    {type: string, enum: [small, medium, large]}
  malignant:    {type: integer, enum: [0, 1]}
rows: {min: 100}
rules:
  - {name: worst_at_least_mean, check: worst_radius >= mean_radius, max_share: 0.1%}
"""
"""The design's sample contract."""


def edited(text: str, *edits: tuple[str, str]) -> str:
    """Return TEXT with each (old, new) of EDITS made, once; what is edited must be there."""
    for old, new in edits:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


def a_config(*edits: tuple[str, str]) -> Config:
    """Return the sample configuration with some places edited."""
    return read_config(edited(TUMOUR, *edits).encode())


def with_gates(*gates: str) -> Config:
    """Return the sample configuration with other gates, each in YAML."""
    head, _, rest = TUMOUR.partition("gates:\n")
    tail = rest[rest.index("promote:") :]
    written = "".join(f"  - {{{gate}}}\n" for gate in gates) or "  []\n"
    return read_config(f"{head}gates:\n{written}{tail}".encode())


def a_contract(*edits: tuple[str, str]) -> Contract:
    """Return the sample contract with some places edited."""
    return read_model(edited(CELLS, *edits).encode(), Contract, "cells.yaml")
