"""What one commit says: its configuration, and the contracts that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.config import Config, DataConfig
    from mlci.core.contract.lines import Lines
    from mlci.core.contract.model import Contract


@dataclass(frozen=True, slots=True)
class DataSide:
    """What one commit says of data: its configuration and the contracts that it names."""

    config: DataConfig
    contracts: Mapping[str, Contract]
    """By the name of the data set."""
    lines: Mapping[str, Lines] = field(default_factory=dict, kw_only=True)
    """Where each contract says what, by the name of the data set."""


@dataclass(frozen=True, slots=True)
class Side(DataSide):
    """What one commit says of data and a model."""

    config: Config
    made: frozenset[str] = frozenset()
    """What its pipeline makes, which is no input."""
