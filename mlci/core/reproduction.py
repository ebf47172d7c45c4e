"""A model made once more: is it the same, does it answer the same, and if not, which inputs differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.runs import RunDetails, RunRecord

Outcome = Literal["identical", "equal", "different"]

TOLERANCE: Final = 1e-6
"""How far probabilities may lie apart by default."""
ABSENT: Final = "–"
MOST_DIFFERENCES: Final = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """An input that was not the same."""

    what: str
    then: str
    now: str

    def to_dict(self) -> dict[str, str]:
        """Return the difference as a JSON object."""
        return {"what": self.what, "then": self.then, "now": self.now}


@dataclass(frozen=True, slots=True)
class Answers:
    """How far the answers of two models lie apart on the evaluation rows."""

    rows: int
    largest_difference: float
    """Of the probabilities, absolute."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How making a model once more came out."""

    subject: str
    commit: str
    outcome: Outcome
    reason: str
    differences: tuple[Difference, ...]
    """The inputs that differ: those of the fingerprint first, then the environment."""
    answers: Answers | None
    model_sha256: str
    """Of the model that was made now."""

    def to_dict(self) -> dict[str, Any]:
        """Return the reproduction as a JSON object."""
        return {
            "subject": self.subject,
            "commit": self.commit,
            "outcome": self.outcome,
            "reason": self.reason,
            "differences": [each.to_dict() for each in self.differences],
            "rows": self.answers.rows if self.answers else None,
            "largest_difference": self.answers.largest_difference if self.answers else None,
            "model_sha256": self.model_sha256,
        }


def outcome_of(
    *, same_package: bool | None, same_model: bool, answers: Answers | None, tolerance: float
) -> tuple[Outcome, str]:
    """Return how a model came out that was made once more, and why.

    A run has no package to compare with, and there are no ANSWERS where none could be compared.

    >>> outcome_of(same_package=False, same_model=False, answers=Answers(10, 0.0), tolerance=1e-6)
    ('equal', 'other bytes, and the same answers on 10 rows: at most 0 apart, 1e-06 is tolerated')
    """
    if same_package:
        return "identical", "the package has the same bytes"
    if same_model:
        around = "" if same_package is None else "; what stands around it in the package does not"
        return "identical", f"the model has the same bytes{around}"
    if answers is None:
        return "different", "the model has other bytes, and the one of then is not here to be asked"
    apart = f"at most {answers.largest_difference:.3g} apart, {tolerance:g} is tolerated"
    if answers.largest_difference <= tolerance:
        return "equal", f"other bytes, and the same answers on {answers.rows:,} rows: {apart}"
    return "different", f"other answers on {answers.rows:,} rows: {apart}"


def differing_inputs(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the inputs, as fingerprints have them, that are not the same."""
    before, after = dict(_flat(then)), dict(_flat(now))
    for what in dict.fromkeys((*before, *after)):
        if before.get(what) != after.get(what):
            yield Difference(what, _shown(before.get(what)), _shown(after.get(what)))


def differing_surroundings(
    then: RunRecord, now: RunRecord, before: RunDetails | None, after: RunDetails | None
) -> Iterator[Difference]:
    """Yield what differs in the environment: what was not committed, interpreter, packages, machine, variables."""
    if then.dirty:
        paths = ", ".join(before.dirty_paths[:5]) if before else "files"
        yield Difference("work tree", f"with changes that no commit has: {one_line(paths, 200)}", "as committed")
    for what in ("python", "platform", "cpu"):
        if getattr(then, what) != getattr(now, what):
            yield Difference(what, _shown(getattr(then, what)), _shown(getattr(now, what)))
    yield from _mapped("variable ", then.variables, now.variables)
    if before and after:
        yield from _mapped("package ", before.packages, after.packages)


def _mapped(prefix: str, then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield Difference(f"{prefix}{name}", _shown(then.get(name)), _shown(now.get(name)))


def _flat(inputs: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from ((f"{name} {each}", inner) for each, inner in value.items())
        else:
            yield name, value


def _shown(value: object) -> str:
    return ABSENT if value is None else one_line(str(value), 80)
