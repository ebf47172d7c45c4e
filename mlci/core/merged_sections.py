"""Sections of the configuration merged field by field: rules from base, the rest from head."""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel

from mlci.core.evidence_level import LEVELS
from mlci.core.rule_changes import RuleChange, plain_change
from mlci.core.section import RULE, Owner

ORDERED = frozenset({"gates", "evaluate.slices", "leaks", "train.predict", *(f"train.{level}" for level in LEVELS)})
"""Rules that have an order of their own."""
SectionType = TypeVar("SectionType", bound=BaseModel)


def merged_section(base: SectionType, head: SectionType, prefix: str) -> tuple[SectionType, tuple[RuleChange, ...]]:
    """Return the section with rule fields from BASE and the others from HEAD, and the rule fields that differ."""
    values: dict[str, Any] = {}
    changes: list[RuleChange] = []
    for name, owner in owners(type(base)).items():
        ours, theirs = getattr(base, name), getattr(head, name)
        path = f"{prefix}{name}"
        if owner is RULE:
            values[name] = ours
            if _differ(ours, theirs) and path not in ORDERED:
                changes.append(plain_change(path, ours, theirs))
        elif owner is Owner.PARTS and isinstance(ours, dict):
            values[name], more = merged_sections(ours, theirs, path)
            changes += more
        elif owner is Owner.PARTS:
            values[name], found = merged_section(ours, theirs, f"{path}.")
            changes += found
        else:
            values[name] = theirs
    # Both sides were validated; a mixture needs no second look, and may name what only one of them has.
    return base.model_copy(update=values), tuple(changes)


def merged_sections(
    base: dict[str, BaseModel], head: dict[str, BaseModel], path: str
) -> tuple[dict[str, BaseModel], list[RuleChange]]:
    """Merge two mappings of sections by name; what only base has is kept, so that nothing can vanish.

    What only head has serves if it describes how the candidate is made (a data set), and waits if it is all rules (a
    place to deploy to).
    """
    merged: dict[str, BaseModel] = {}
    changes: list[RuleChange] = []
    for name in dict.fromkeys((*base, *head)):
        if name in base and name in head:
            merged[name], found = merged_section(base[name], head[name], f"{path}.{name}.")
            changes += found
        elif name in base:
            merged[name] = base[name]
            changes.append(RuleChange(path, "other", f"removes `{path}.{name}`"))
        elif Owner.HEAD in owners(type(head[name])).values():
            merged[name] = head[name]
        else:
            changes.append(RuleChange(path, "other", f"adds `{path}.{name}`"))
    return merged, changes


def _differ(base: object, head: object) -> bool:
    """Tell whether two values differ; `1` and `true` do, which Python takes for equal."""
    return base != head or type(base) is not type(head)


def owners(model: type[BaseModel]) -> dict[str, Owner]:
    """Return whose each field of MODEL is; a field without an owner is a defect, not a default."""
    hints = get_type_hints(model, include_extras=True)
    found: dict[str, Owner] = {}
    for name in model.model_fields:
        marks = [mark for mark in get_args(hints[name]) if isinstance(mark, Owner)]
        if len(marks) != 1:
            msg = f"{model.__name__}.{name} does not say whose it is"
            raise TypeError(msg)
        found[name] = marks[0]
    return found
