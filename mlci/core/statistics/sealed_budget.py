"""The budget of a sealed set: how often it may be opened, and what each look must prove.

Whoever learns whether a candidate passed may choose the next one by it. All that can be learned is a sequence of pass
and not passed; with at most B passes in H looks there are K = Σⱼ₌₁..ᴮ C(H, j) pairs of a history and a look that
follows it (after H looks with B passes the set retires, and nothing follows). Each of them is a candidate that was
fixed before the rows were seen, so a level of α/K a look keeps α for the whole campaign by the union bound, however
clever the choices: Renggli et al. (2019), "Continuous integration of machine learning models with ease.ml/ci", MLSys
322-333, section 3, where B = 1 is the adaptivity "firstChange" (K = H) and B = H is "full" (K = 2ᴴ, one more than
here).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from mlci.core.statistics.interval import check_confidence
from mlci.core.statistics.quantiles import normal_quantile
from mlci.errors import IntegrityError, RejectedError

MOST_LOOKS: Final = 1_000
ORDINARY: Final = 0.95
"""The confidence at which `min_changed` was found to do."""


@dataclass(frozen=True, slots=True)
class SealedBudget:
    """Looks that a sealed set allows, and passes after which it retires."""

    looks: int
    passes: int

    def __post_init__(self) -> None:
        """Raise ValueError unless 1 <= passes <= looks <= 1,000."""
        if not 1 <= self.passes <= self.looks <= MOST_LOOKS:
            raise ValueError(
                f"a sealed set has 1 to {MOST_LOOKS:,} looks and 1 pass or more, at most as many as looks; "
                f"not {self.looks} looks and {self.passes} passes"
            )

    @property
    def hypotheses(self) -> int:
        """K, the number of candidates that could be judged, over all histories.

        >>> SealedBudget(looks=32, passes=1).hypotheses, SealedBudget(looks=20, passes=3).hypotheses
        (32, 1350)
        """
        return sum(math.comb(self.looks, passes) for passes in range(1, self.passes + 1))

    def confidence_of_look(self, confidence: float) -> float:
        """Return the one-sided confidence of each look that keeps `confidence` for all of them: 1 - α/K.

        Raises ValueError for a confidence outside (0.5, 1), and for a budget so large that a look would need more
        certainty than a float can hold.
        """
        check_confidence(confidence)
        each = 1 - (1 - confidence) / self.hypotheses
        # Rounded towards 1, a level would be missed by up to half a step: leave a hundred steps for it.
        if self.hypotheses > (1 - confidence) / (100 * math.ulp(1.0)):
            raise ValueError(
                f"{self.looks} looks with {self.passes} passes are {self.hypotheses:.1e} hypotheses; "
                "no data set proves anything at such a level: allow fewer looks or passes"
            )
        return each

    def changes_of_look(self, confidence: float, min_changed: int) -> int:
        """Return the effective changes that a look needs, where `min_changed` do for a bound at 95 %.

        A bound z deviations out, once corrected for skewness, misses its level by a part of it that grows with z⁶ times
        the squared skewness, over the number of rows that make up the mean (Hall 1992, The Bootstrap and Edgeworth
        Expansion, section 2.6: q₂ of the Studentized mean). So it takes (z' / z)⁶ times as many to miss it by no more.

        >>> SealedBudget(looks=32, passes=1).changes_of_look(0.95, 10)
        336
        """
        further_out = normal_quantile(self.confidence_of_look(confidence)) / normal_quantile(ORDINARY)
        return round(min_changed * max(1.0, further_out) ** 6)


@dataclass(frozen=True, slots=True)
class Look:
    """One model that the sealed set judged."""

    digest: str
    """Of the model, as the registry names it."""
    passed: bool
    """All that is kept, and all that is ever told: no value, no bound, no reason."""


@dataclass(frozen=True, slots=True)
class SealedLedger:
    """The budget and the looks that were spent, in their order."""

    budget: SealedBudget
    looks: tuple[Look, ...] = ()

    def __post_init__(self) -> None:
        """Raise IntegrityError for a model that looked twice, or a look beyond the budget."""
        passes_before_last = sum(look.passed for look in self.looks[:-1])
        if len({look.digest for look in self.looks}) < len(self.looks):
            raise _broken("a model has two looks")
        if len(self.looks) > self.budget.looks or (self.looks and passes_before_last >= self.budget.passes):
            raise _broken("more was looked at than the budget allows")

    @property
    def looks_left(self) -> int:
        """How many different models may still be judged; 0 once the passes are used up."""
        return self.budget.looks - len(self.looks) if self.passes_left else 0

    @property
    def passes_left(self) -> int:
        """How many may still pass."""
        return self.budget.passes - sum(look.passed for look in self.looks)

    @property
    def is_spent(self) -> bool:
        """Whether no new model can be judged."""
        return self.looks_left == 0

    def answer(self, digest: str) -> bool | None:
        """Return whether the model passed when it looked, None if it never did. Asking again is free."""
        return next((look.passed for look in self.looks if look.digest == digest), None)

    def check_look(self, digest: str) -> None:
        """Raise RejectedError, with advice, if the model is new and the budget spent."""
        if self.answer(digest) is None and self.is_spent:
            used = "passes" if self.passes_left == 0 else "looks"
            count = self.budget.passes if self.passes_left == 0 else self.budget.looks
            raise RejectedError(
                "sealed-set-spent",
                f"the sealed set has no look left: all of its {count} {used} are used",
                cause="Every answer tells a little about its rows; beyond the budget a pass would prove nothing.",
                hint="Collect new rows under `sealed:` and use these ones up as an ordinary evaluation set; "
                "`mlci sealed plan` computes how many rows a budget needs.",
            )

    def after(self, digest: str, *, passed: bool) -> SealedLedger:
        """Return the ledger after the model was judged; unchanged if it was before.

        Raises RejectedError as `check_look` does, and IntegrityError if the same model was answered otherwise before:
        a second answer would be a second look.
        """
        before = self.answer(digest)
        if before is not None and before != passed:
            raise _broken("a model that was judged before has another answer now")
        self.check_look(digest)
        return self if before is not None else SealedLedger(self.budget, (*self.looks, Look(digest, passed)))


def _broken(problem: str) -> IntegrityError:
    return IntegrityError(
        "sealed-ledger-broken",
        f"the looks at the sealed set do not add up: {problem}",
        hint="See the events of type `look` in the registry's history; a look is never edited or removed.",
    )
