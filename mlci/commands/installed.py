"""A package that is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.core.package import Package


@dataclass(frozen=True, slots=True)
class Installed:
    """A package with its digest, and its version where it has one."""

    package: Package
    sha256: str
    version: str | None = None
    train_seconds: float | None = None
    """Processor time of its training: of a candidate as its record says, of a version as the report says that it was
    promoted on; None where nobody says."""
