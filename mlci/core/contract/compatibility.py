"""What a change of a contract means to others: to those who read the data, and to the signature of a model.

A contract is a promise to readers. What is loosened lets values through that they never met, so it breaks them; what is
tightened keeps the promise. A model's signature holds names, types, units and ranges of its inputs: there it is the
other way round, since rows that were answered may be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.contract.changes import compare_constraints
from mlci.core.words import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.contract.changes import ConstraintChange
    from mlci.core.contract.model import ColumnRule, Contract

Compatibility = Literal["breaking", "compatible", "unknown"]

_WORST_FIRST: Final[tuple[Compatibility, ...]] = ("breaking", "unknown", "compatible")
_HARMLESS: Final = frozenset({"pii"})
"""What no reader's program notices."""
_WIDER_INPUT: Final = ("integer", "number")
"""The one change of a type after which a model answers every row that it answered."""


@dataclass(frozen=True, slots=True)
class ContractChange:
    """One difference between two versions of a contract, and whom it breaks."""

    key: tuple[str, ...]
    sentence: str
    """What the newer one does, beginning with a verb: "loosens `mean_radius` max: 60 → 600"."""
    readers: Compatibility
    """For programs and people that read the data."""
    model: Compatibility
    """For who sends rows to a model that reads these columns; `breaking` asks for a new major version."""

    def to_dict(self) -> dict[str, str | list[str]]:
        """Return the change as a JSON object."""
        return {"key": list(self.key), "sentence": self.sentence, "readers": self.readers, "model": self.model}


def classified(base: Contract, head: Contract) -> tuple[ContractChange, ...]:
    """Return every change from BASE to HEAD with its consequences, the breaking ones first."""
    found = [
        ContractChange(change.key, change.sentence, _for_readers(change), _for_model(change, base, head))
        for change in compare_constraints(base, head)
    ]
    found += _beside_constraints(base, head)
    return tuple(sorted(found, key=lambda change: min(map(_WORST_FIRST.index, (change.readers, change.model)))))


def breaks(changes: tuple[ContractChange, ...]) -> bool:
    """Tell whether one of the changes breaks readers or the signature."""
    return any("breaking" in {change.readers, change.model} for change in changes)


def _for_readers(change: ConstraintChange) -> Compatibility:
    match change.key:
        case ("columns", _, rule) if rule in _HARMLESS:
            return "compatible"
        case ("columns", _, "type") if change.kind != "added":
            return "breaking"  # a program that reads text is not content with numbers, nor the other way round
    match change.kind:
        case "loosened" | "removed":
            return "breaking"
        case "tightened" | "added":
            return "compatible"
        case "unclear":
            return "unknown"


def _for_model(change: ConstraintChange, base: Contract, head: Contract) -> Compatibility:
    match change.key:
        case ("columns", name, "type") if name not in base.columns:
            return "unknown"  # nobody sends it yet; whether a model comes to read it, the contract does not say
        case ("columns", name, "type") if name not in head.columns:
            return "breaking"
        case ("columns", name, "type"):
            types = (base.columns[name].type, head.columns[name].type)
            return "compatible" if types == _WIDER_INPUT else "breaking"
        case ("columns", _, "min" | "max"):
            return "breaking" if change.kind in {"tightened", "added"} else "compatible"
        case _:
            return "compatible"  # a signature does not hold it


def _beside_constraints(base: Contract, head: Contract) -> Iterator[ContractChange]:
    """Yield what no check of the data depends on, and readers do."""
    for name, before in base.columns.items():
        after = head.columns.get(name)
        if after is not None:
            yield from _told(name, before, after)


def _told(name: str, before: ColumnRule, after: ColumnRule) -> Iterator[ContractChange]:
    if before.unit != after.unit:
        sentence = f"changes {code(name)} unit: {before.unit or 'none'} → {after.unit or 'none'}"
        # A unit that was only written down changes no value.
        readers: Compatibility = "unknown" if before.unit is None or after.unit is None else "breaking"
        yield ContractChange(("columns", name, "unit"), sentence, readers, "breaking")
    if after.deprecated and not before.deprecated:
        sentence = f"tells readers to leave {code(name)} (deprecated)"
        yield ContractChange(("columns", name, "deprecated"), sentence, "compatible", "compatible")
