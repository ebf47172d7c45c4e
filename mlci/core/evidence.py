"""The evidence of a comparison: what both models said about the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlci.core.answers import Answers, Sample
from mlci.core.metrics import METRICS
from mlci.core.statistics.sampling import Independent, Sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlci.core.metrics import Looks

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Both:
    """What both models answered on the rows that a metric is computed on."""

    candidate: Answers
    production: Answers | None
    """None where there is no production yet, or none that can be compared with."""

    @property
    def compared(self) -> Answers:
        """Production's answers; raises `ValueError` where there is no production to compare with."""
        if self.production is None:
            raise ValueError("a comparison needs production's predictions")
        return self.production


@dataclass(frozen=True, eq=False)
class Evidence:
    """What both models said about the rows of the evaluation set."""

    ids: Sequence[str]
    labels: Booleans
    """(n_rows,) whether the row is of the positive class."""
    candidate: Floats
    """(n_rows,) the candidate's probability of the positive class."""
    production: Floats | None
    """(n_rows,) production's; None where there is no production yet, or none that can be compared with."""
    threshold: float
    """A row is decided positive where its probability is at least this."""
    is_same_model: bool = False
    """Whether candidate and production are the same bytes."""
    not_comparable: str | None = None
    """Why production, which there is, cannot be compared with, in words; None where it can, or where there is none."""
    has_private_ids: bool = False
    """Whether the ids identify people, so that no report names a row."""
    weights: Floats | None = None
    """(n_rows,) how much each row counts; None where all count alike."""
    sampling: Sampling = field(default_factory=Independent)

    @property
    def positives(self) -> int:
        """How many rows are of the positive class."""
        return self.sample.positives

    @cached_property
    def sample(self) -> Sample:
        """The rows, without what any model said."""
        return Sample(self.labels, self.weights, self.sampling)

    @cached_property
    def whole(self) -> Both:
        """What both models answered on all rows."""
        now = Answers(self.sample, self.candidate, self.threshold)
        before = None if self.production is None else Answers(self.sample, self.production, self.threshold)
        return Both(now, before)

    @cached_property
    def _known(self) -> dict[Looks, Both]:
        return {"all": self.whole}

    def on(self, metric: str) -> Both:
        """Return what both models answered on the rows that METRIC is computed on."""
        looks = METRICS[metric].looks_at
        if looks not in self._known:
            before = self.whole.production
            self._known[looks] = Both(self.whole.candidate.on(metric), None if before is None else before.on(metric))
        return self._known[looks]
