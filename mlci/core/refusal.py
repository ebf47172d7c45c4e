"""The report on a candidate that is refused for what it is, whatever its gates would say."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import override

from mlci.core.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Report):
    """A report whose sentence is no gate's."""

    reason: str

    @property
    @override
    def headline(self) -> str:
        """The one sentence that says why."""
        return self.reason
