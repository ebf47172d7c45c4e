"""A difference between the rules of base and head, and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from mlci.core.configuration_file import FILE_NAME
from mlci.core.plain_text import one_line
from mlci.core.storage import StoreSection
from mlci.core.words import written

Direction = Literal["looser", "tighter", "other", "replaced"]
"""What head does to a rule; `other` is what has no order, such as another label; `replaced` are all rules at once."""
LONGEST_VALUE = 80
"""Characters of a value in a sentence, which stays on one line."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One difference between base's rules and head's."""

    subject: str
    """Where it stands, such as `gates` or `contract of cells`."""
    direction: Direction
    sentence: str
    """What head does, beginning with a verb: "loosens `recall` not_worse margin: 0.02 → 0.3"."""

    @property
    def effect(self) -> str:
        """What becomes of the change, in words."""
        match self.direction:
            case "tighter":
                return "checked in addition"
            case "replaced":
                return "the verdict is at most first"
            case "looser" | "other":
                return "takes effect after merge"

    def to_dict(self) -> dict[str, str]:
        """Return the change as a JSON object."""
        return {"subject": self.subject, "direction": self.direction, "sentence": self.sentence, "effect": self.effect}


def replaced_rules(problem: str) -> RuleChange:
    """Return the change where head's rules serve, since those of the target branch have this PROBLEM."""
    return RuleChange(FILE_NAME, "replaced", f"replaces rules of the target branch that cannot be used ({problem})")


def plain_change(path: str, base: object, head: object) -> RuleChange:
    """Return the change of a rule that has no order of its own, such as another label."""
    if path == "train.allow_pickle" and head:
        return RuleChange(path, "looser", "lets a model be shipped as a pickle, which runs code wherever it is loaded")
    if path == "model.name":
        return RuleChange(path, "looser", f"renames the model `{base}` to `{head}`; it is judged as `{base}`")
    return RuleChange(path.split(".", 1)[0], "other", f"changes `{path}`: {shown(base)} → {shown(head)}")


def shown(value: object) -> str:
    """Return VALUE for a sentence: short, on one line, without what could end a code span."""
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, StoreSection):
        text = value.text
    elif isinstance(value, BaseModel):
        text = ", ".join(f"{name}: {written(part)}" for name, part in value if part is not None)
    elif isinstance(value, dict):
        text = ", ".join(f"{name}: {written(part)}" for name, part in value.items())
    else:
        text = ", ".join(map(str, value)) if isinstance(value, tuple) else written(value)
    return one_line(text.replace("`", "'"), LONGEST_VALUE)
