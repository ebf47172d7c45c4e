"""A model made once more: is it the same, does it answer the same, and if not, which inputs differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.evidence_level import Level
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
class Apart:
    """How far the answers of two models lie apart on some rows."""

    rows: int
    largest_difference: float
    """Absolute where the answers are probabilities; of numbers beyond 1 relative to the one of then."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How far the answers of two models lie apart; None where one of them could not be asked."""

    golden: Apart | None
    """On rows made from the signature, as the package of then answers them."""
    evaluation: Apart | None
    """On the evaluation rows of the commit; of what was handed in in place of a model, on all rows of it."""


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
            "golden_rows": _apart_dict(self.answers.golden if self.answers else None),
            "evaluation_rows": _apart_dict(self.answers.evaluation if self.answers else None),
            "model_sha256": self.model_sha256,
        }


def outcome_of(
    *,
    same_package: bool | None,
    same_model: bool,
    answers: Answers | None,
    tolerance: float,
    level: Level = "model",
) -> tuple[Outcome, str]:
    """Return how a model came out that was made once more, and why.

    A run has no package to compare with, and there are no ANSWERS where none could be compared. Equal is what answers
    alike on golden and on evaluation rows: one of the two alone does not show it. Below the LEVEL of a model there are
    no golden rows, and what was handed in is compared itself.

    >>> same = Answers(Apart(16, 0.0), Apart(200, 1e-9))
    >>> outcome, reason = outcome_of(same_package=False, same_model=False, answers=same, tolerance=1e-6)
    >>> outcome, reason.partition(", 200 ")[0]
    ('equal', 'other bytes, and the same answers: 16 golden rows at most 0 apart')
    """
    if same_package:
        return "identical", "the package has the same bytes"
    if same_model:
        around = "" if same_package is None else "; what stands around it in the package does not"
        has = "model has" if level == "model" else f"{level} have"
        return "identical", f"the {has} the same bytes{around}"
    if level != "model":
        return _outcome_of_stated(level, answers.evaluation if answers else None, tolerance)
    if answers is None or (answers.golden is None and answers.evaluation is None):
        return "different", "the model has other bytes, and the one of then is not here to be asked"
    both = {"golden": answers.golden, "evaluation": answers.evaluation}
    asked = [(f"{each.rows:,} {name} rows", each) for name, each in both.items() if each is not None]
    apart = ", ".join(f"{rows} at most {each.largest_difference:.3g} apart" for rows, each in asked)
    told = f"{apart}; {tolerance:g} is tolerated"
    if any(each.largest_difference > tolerance for _, each in asked):
        return "different", f"other answers: {told}"
    missing = next((name for name, each in both.items() if each is None), None)
    if missing is not None:
        return "different", f"other bytes, and {missing} rows could not be compared: {told}"
    return "equal", f"other bytes, and the same answers: {told}"


def _outcome_of_stated(level: Level, apart: Apart | None, tolerance: float) -> tuple[Outcome, str]:
    """Return how predictions, scores or metrics came out, which lie APART; None where they could not be compared."""
    if apart is None:
        return "different", f"the {level} have other bytes, and those of then cannot be compared"
    of = "numbers" if level == "metrics" else "rows"
    told = f"{apart.rows:,} {of} at most {apart.largest_difference:.3g} apart; {tolerance:g} is tolerated"
    if apart.largest_difference > tolerance:
        return "different", f"other {level}: {told}"
    return "equal", f"other bytes, and the same {level}: {told}"


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


def differing_requirements(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    """Yield in which versions the packages differ that predicting needs."""
    yield from _mapped("requirement ", then, now)


def _mapped(prefix: str, then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield Difference(f"{prefix}{name}", _shown(then.get(name)), _shown(now.get(name)))


def _apart_dict(apart: Apart | None) -> dict[str, Any] | None:
    return None if apart is None else {"rows": apart.rows, "largest_difference": apart.largest_difference}


def _flat(inputs: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from ((f"{name} {each}", inner) for each, inner in value.items())
        else:
            yield name, value


def _shown(value: object) -> str:
    return ABSENT if value is None else one_line(str(value), 80)
