"""Scores as evidence: one number for each row and metric, computed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mlci.core.stated_rows import StatedRows


@dataclass(frozen=True, slots=True, eq=False)
class Scores(StatedRows):
    """Scores by id; the columns are the names that gates have behind `score@` and `loss@`."""

    SCHEMA: ClassVar[str] = "mlci/scores/1"
    WORD: ClassVar[str] = "scores"
