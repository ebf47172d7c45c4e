"""What a pull request does to the contracts of the target branch: whom each change breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.core.contract.compatibility import classified

if TYPE_CHECKING:
    from mlci.core.contract.compatibility import ContractChange
    from mlci.core.side import DataSide


@dataclass(frozen=True, slots=True)
class ContractDiff:
    """One contract that differs."""

    datasets: tuple[str, ...]
    """The data sets that must satisfy it."""
    changes: tuple[ContractChange, ...]
    """At least one, those that break somebody first."""

    def breaking(self) -> dict[str, int]:
        """Return how many changes break whom, where any does."""
        counts = {
            "readers of the data": sum(change.readers == "breaking" for change in self.changes),
            "users of a model that reads them": sum(change.model == "breaking" for change in self.changes),
        }
        return {whom: count for whom, count in counts.items() if count}

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        return {"datasets": list(self.datasets), "changes": [change.to_dict() for change in self.changes]}


def contract_diffs(base: DataSide | None, head: DataSide) -> tuple[ContractDiff, ...]:
    """Return the contracts that HEAD changes, in the order of base's data sets; those that share changes as one."""
    found: dict[tuple[ContractChange, ...], list[str]] = {}
    for name, before in (base.contracts if base else {}).items():
        after = head.contracts.get(name)
        changes = classified(before, after) if after else ()
        if changes:
            found.setdefault(changes, []).append(name)
    return tuple(ContractDiff(tuple(names), changes) for changes, names in found.items())
