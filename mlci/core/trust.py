"""How far a verdict can be trusted, as the one line that every report ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlci.core.evidence_level import Level

_WITHIN_REACH = "the labels could be read where the model was trained"
LabelsPlace = Literal["repository", "reachable", "apart"]
"""In Git; elsewhere, but within reach of who trains; or out of it."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the verdict can be trusted; rendered as one line."""

    has_base: bool
    """Whether the rules come from the target branch."""
    confined: bool
    confinement: str
    """How the models were held while they predicted, in words."""
    labels: LabelsPlace
    """Where the labels of the evaluation set are, which says whether the pull request could read them."""
    is_scored: bool = True
    """Whether a candidate was predicted and scored at all."""
    token: str = "no token"  # noqa: S105 - the kind of a token, in words
    as_submitted: tuple[str, ...] = ()
    """What could not be done again by who judged."""
    provenance: str = ""
    """At a promotion, what ties the model to the pull request that was judged; empty where nothing does."""
    base_is_unusable: bool = False
    """Whether the target branch has rules that cannot be used, where the rules come from head."""
    level: Level = "model"
    """The evidence that was handed in."""
    is_pickle: bool = False
    """Whether the model is shipped as a pickle."""

    @property
    def line(self) -> str:
        """The trust line of the report."""
        parts = [self._rules]
        if self.is_scored:
            parts += self._evidence
            parts += self._labels
        if self.is_pickle:
            parts.append("the model is a raw pickle, which runs code wherever it is loaded (`train.allow_pickle`)")
        if self.as_submitted:
            parts.append(f"as submitted: {', '.join(self.as_submitted)}")
        if self.provenance:
            parts.append(self.provenance)
        return " · ".join([*parts, self.token])

    @property
    def _evidence(self) -> tuple[str, ...]:
        match self.level:
            case "model":
                return "predicted and scored by mlci (evidence level `model`)", self.confinement
            case "predictions":
                return ("predicted by the pull request's own job, scored by mlci (evidence level `predictions`)",)
            case "metrics":
                return ("numbers as submitted, by value and without intervals (evidence level `metrics`)",)
            case "scores":
                return ("scored by the pull request's own job, as submitted (evidence level `scores`)",)

    @property
    def _labels(self) -> tuple[str, ...]:
        if self.level in {"scores", "metrics"}:
            return ()
        if self.labels == "apart":
            return ("the labels are out of the pull request's reach",)
        where = "the labels lie in the repository" if self.labels == "repository" else _WITHIN_REACH
        if self.level == "model":
            return (f"{where}, so a model could have memorised them",)
        return (f"{where}, so predictions could have been made from them",)

    @property
    def _rules(self) -> str:
        if self.base_is_unusable:
            return "rules from this branch, since those of the target branch cannot be used"
        if not self.has_base:
            return "rules from this branch, since the target branch has no `mlci.yaml` yet"
        if not self.is_scored or self.level == "metrics":
            return "rules from the target branch"
        if self.level == "scores":
            return "rules and evaluation rows from the target branch"
        return "rules, evaluation rows and labels from the target branch"
