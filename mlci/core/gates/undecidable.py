"""Gates that an evaluation set cannot decide, whoever is judged: told as early as its labels are known.

A floor or a ceiling that even a model without an error is not proven to keep; a margin that not even a candidate keeps
that decides every row as production does; and metrics of which there are too few rows of a class, groups or moments.
Loss and rank metrics move in every row, so of their margins nothing is known before there are two models.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.gates.judge import judge
from mlci.core.gates.result import Outcome, rows_of
from mlci.core.metrics import function_of, is_cost, metric_of
from mlci.core.statistics.sampling import NotTrusted, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlci.core.evidence import Evidence
    from mlci.core.gates.result import GateResult
    from mlci.core.judging_sections import StatisticsSection
    from mlci.core.owned_gates import OwnedGate
    from mlci.core.requirement import Gate

MOST_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Undecidable:
    """A gate that these rows cannot decide, and why."""

    gate: str
    """In our words, with its number."""
    why: str
    is_open_to_gains: bool = False
    """Whether a candidate that is better than production passes all the same."""
    rows_needed: int | None = None
    """Rows of the kind that the metric looks at that would do; None where no number can be named."""
    kind_of_rows: str = "rows"

    @property
    def sentence(self) -> str:
        """All of it, for a person."""
        needed = f"; about {self.rows_needed:,} {self.kind_of_rows} would do" if self.rows_needed else ""
        verb = "is passed by gains alone" if self.is_open_to_gains else "cannot be passed"
        gate = self.gate.replace("`", "")
        return f"{gate} {verb} on these rows: {self.why}{needed}"


def undecidable(
    gates: Sequence[OwnedGate], evidence: Evidence, statistics: StatisticsSection
) -> tuple[Undecidable, ...]:
    """Return the gates that the rows of EVIDENCE cannot decide; what models say of them does not matter.

    Of scores that were handed in nothing is known before. Of more than `MOST_ROWS` nothing is said: there
    are enough for all but the rarest slice, and it would cost time.
    """
    if len(evidence.labels) > MOST_ROWS or evidence.scores is not None:
        return ()
    # Nobody knows the best value of a function, and no row says what a model costs.
    gates = tuple(each for each in gates if function_of(each.gate.metric) is None and not is_cost(each.gate.metric))
    best = perfect(evidence)
    ideal = replace(evidence, candidate=best, production=best, is_same_model=False, not_comparable=None)
    results = judge(gates, ideal, statistics).results
    found = (_of(owned.gate, result, ideal, statistics) for owned, result in zip(gates, results, strict=True))
    return tuple(each for each in found if each is not None)


def perfect(evidence: Evidence) -> NDArray[np.float64]:
    """Return what a model without an error says of each row."""
    if evidence.task == "multiclass":
        return np.asarray(np.eye(max(len(evidence.classes), 1))[evidence.labels], dtype=np.float64)
    if evidence.task == "quantile" and evidence.classes:
        return np.repeat(np.asarray(evidence.labels, dtype=np.float64)[:, None], len(evidence.classes), axis=1)
    return np.asarray(evidence.labels, dtype=np.float64)


def _of(gate: Gate, result: GateResult, ideal: Evidence, statistics: StatisticsSection) -> Undecidable | None:
    lacking = next(_lacking(gate, ideal, statistics), None)
    if lacking is not None:
        return lacking
    if result.outcome is not Outcome.INCONCLUSIVE or gate.require == "better":
        return None
    if gate.require == "gap_not_wider":
        return Undecidable(gate.text, result.sentence) if result.candidate is None else None
    if gate.needs_production and metric_of(gate.metric).kind not in {"share", "churn"}:
        return None
    who = (
        "a candidate that decides every row as production does" if gate.needs_production else "a model without an error"
    )
    return Undecidable(
        gate.text,
        f"even {who} {_would(result)}",
        is_open_to_gains=not gate.is_alone,
        rows_needed=result.rows_needed,
        kind_of_rows=rows_of(gate.metric),
    )


def _would(result: GateResult) -> str:
    interval = result.interval
    if interval is None:
        return f"would stay open ({result.sentence})"
    if result.is_alone:
        return f"is only shown to lie in [{interval.lower:.3f}, {interval.upper:.3f}]"
    return f"could be worse by {-interval.lower:.3f}"


def _lacking(gate: Gate, ideal: Evidence, statistics: StatisticsSection) -> Iterator[Undecidable]:
    """Yield what all rows together lack for a gate that looks at them; slices are judged as they are."""
    if gate.slices is not False or gate.require == "no_proven_regression":
        return
    answers = ideal.view.on(gate.metric).candidate
    rows, kind = answers.sample.rows, rows_of(gate.metric)
    if rows < statistics.min_rows:
        seen = f"{rows:,} {kind} are" if rows != 1 else f"1 {kind.replace('rows', 'row')} is"
        why = f"{seen} fewer than statistics.min_rows"
        yield Undecidable(gate.text, why, rows_needed=statistics.min_rows, kind_of_rows=kind)
        return
    lacks = answers.lacks(gate.metric)
    if lacks is None and not answers.sample.is_plain:
        found = spread(np.zeros(rows), answers.sample.weights, answers.sample.sampling)
        lacks = found if isinstance(found, NotTrusted) else None
    if lacks is not None:
        yield Undecidable(gate.text, lacks.sentence)
