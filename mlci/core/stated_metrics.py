"""Metrics as evidence: numbers that were computed elsewhere, one for each metric."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from typing_extensions import override

from mlci.core.stated_rows import StatedRows

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL: Final = "all rows"
LARGEST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class StatedMetrics(StatedRows):
    """One row of numbers, for all rows together; the columns are the names that gates have."""

    SCHEMA: ClassVar[str] = "mlci/metrics/1"
    WORD: ClassVar[str] = "metrics"

    @override
    def __post_init__(self) -> None:
        """Refuse more than one row."""
        StatedRows.__post_init__(self)
        if self.ids != (ALL,):
            raise ValueError("there is one number of each metric")

    @property
    def by_name(self) -> Mapping[str, float]:
        """The numbers."""
        return dict(zip(self.columns, self.values[0].tolist(), strict=True))


def metrics_in(text: bytes) -> StatedMetrics:
    """Return the metrics in a JSON object of numbers; raises `ValueError` in words for anything else.

    >>> dict(metrics_in(b'{"accuracy": 0.5, "loss": 2}').by_name)
    {'accuracy': 0.5, 'loss': 2.0}
    """
    if len(text) > LARGEST_BYTES:
        raise ValueError("it is larger than 1 MiB")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(found, dict) or not found:
        raise ValueError('it is no object of numbers, such as {"accuracy": 0.9}')
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
            raise ValueError(f"{name!r} has no finite number")
    return StatedMetrics((ALL,), tuple(found), np.array([list(found.values())], dtype=np.float64))
