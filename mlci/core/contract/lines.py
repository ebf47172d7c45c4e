"""Where a contract says what: the line of each constraint, for who mends the data or the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.contract.constraints import constraints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.contract.constraints import Constraint, ConstraintKind
    from mlci.core.contract.model import Contract
    from mlci.core.strict_yaml import Document, Path

Lines = dict[tuple[str, ...], str]
"""`file:line` by the key of a constraint."""

_WRITTEN: Final[Mapping[ConstraintKind, tuple[str, ...]]] = {
    "required": ("max_null", "required"),
    "length_min": ("length",),
    "length_max": ("length",),
}
"""Under which keys of a column a constraint may stand, where that is not its kind."""


def lines_of(contract: Contract, document: Document, name: str) -> Lines:
    """Return where each constraint of CONTRACT stands in the DOCUMENT that it was read from, a file called NAME."""
    found: Lines = {}
    for each in constraints(contract):
        paths = (*_paths(contract, each), each.key[:2], each.key[:1])
        position = next(document.positions[path] for path in (*paths, ()) if path in document.positions)
        found[each.key] = f"{name}:{position.line}"
    return found


def _paths(contract: Contract, constraint: Constraint) -> tuple[Path, ...]:
    """Return where CONSTRAINT may stand, the likeliest first."""
    match constraint.key:
        case ("columns", name, kind):
            return tuple(("columns", name, key) for key in _WRITTEN.get(constraint.kind, (kind,)))
        case (("rules" | "aggregates") as section, name):
            names = [rule.name for rule in getattr(contract, section)]
            return ((section, names.index(name)),)
        case ("keys", *columns):
            return (("keys", [sorted(key) for key in contract.keys].index(list(columns))),)
        case key:
            return (key,)
