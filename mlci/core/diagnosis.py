"""What `mlci doctor` says of each thing that a check needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from mlci.errors import MlciError

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    subject: str
    """Such as `training`."""
    state: State
    sentence: str
    hint: str | None = None
    """What mends it."""
    exit_code: int = 0
    """What a verb would end with that meets this."""

    @classmethod
    def of(cls, subject: str, error: MlciError) -> Self:
        """Return the diagnosis of what cannot be used because of ERROR."""
        where = f" ({error.where})" if error.where else ""
        return cls(subject, "error", f"{error.problem}{where}", error.hint, error.exit_code)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"subject": self.subject, "state": self.state, "sentence": self.sentence, "hint": self.hint}
