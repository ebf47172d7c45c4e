"""The report: what was judged, by whose rules, with what outcome. One value; `mlci.render` shows it in many forms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from mlci.core.amount import shown_amount
from mlci.core.contract.constraints import OF_THE_FILE
from mlci.core.gates import Outcome
from mlci.core.metrics import metric_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.amount import Unit
    from mlci.core.contract_diffs import ContractDiff
    from mlci.core.findings import DatasetReport
    from mlci.core.forge import StatusState
    from mlci.core.gates import Flips, GateResult, Verdict
    from mlci.core.rule_changes import RuleChange
    from mlci.core.runs.seeds import SeedSummary
    from mlci.core.trust import Trust

SCHEMA = "mlci/report/1"


class Conclusion(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - a word of the verdict, no password
    FIRST = "first"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not comparable"
    FAIL = "fail"
    DATA_REJECTED = "data rejected"
    TESTS_FAILED = "tests failed"
    TRAINING_FAILED = "training failed"
    NOT_JUDGED = "not judged"
    NOTHING_CHANGED = "nothing changed"


@dataclass(frozen=True, slots=True)
class Subject:
    """What was judged, and against what."""

    model: str
    production: str | None
    """The version that was compared with, such as `v1.0.0`; None where there is none yet."""
    production_sha256: str | None
    candidate_sha256: str | None
    """The digest of the candidate's package; None where no candidate was made."""
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class OwnTests:
    """How the project's own tests ended, before anything was trained."""

    command: str
    outcome: Literal["passed", "failed"]
    reason: str
    """How they failed; empty where they passed."""

    def to_dict(self) -> dict[str, str]:
        """Return the outcome as a JSON object."""
        return {"command": self.command, "outcome": self.outcome, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Training:
    """How the candidate came about."""

    command: str
    outcome: Literal["trained", "reused", "brought in", "failed", "not started"]
    reason: str
    """One sentence: why it was reused, or how it failed."""
    seeds: SeedSummary | None = None
    """What several seeds say together."""
    stages: Mapping[str, str] = field(default_factory=dict)
    """What became of each stage of a pipeline, as it tells."""

    def to_dict(self) -> dict[str, Any]:
        """Return the training as a JSON object."""
        return {
            "command": self.command,
            "outcome": self.outcome,
            "reason": self.reason,
            "seeds": self.seeds.to_dict() if self.seeds else None,
            "stages": dict(self.stages),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a reader of a pull request needs."""

    subject: Subject
    conclusion: Conclusion
    blocks: bool
    """Whether a verdict that is inconclusive or not comparable blocks, by the policy."""
    changes: tuple[RuleChange, ...]
    datasets: tuple[DatasetReport, ...]
    training: Training | None
    verdict: Verdict | None
    positive: str
    """The positive class, for sentences."""
    trust: Trust
    promotion_blocks: bool = True
    """Whether such a verdict would block a promotion, which a report that does not block says."""
    tests: OwnTests | None = None
    """How the project's own tests ended, where they ran."""
    confidence: float = 0.95
    """Of each one-sided bound."""
    contracts: tuple[ContractDiff, ...] = ()
    """The contracts that head changes, and whom that breaks."""

    @property
    def exit_code(self) -> int:
        """The exit code of the design's table."""
        match self.conclusion:
            case Conclusion.PASS | Conclusion.FIRST | Conclusion.NOTHING_CHANGED:
                return 0
            case Conclusion.INCONCLUSIVE | Conclusion.NOT_COMPARABLE:
                return 3 if self.blocks else 0
            case Conclusion.DATA_REJECTED:
                return 4 if any(dataset.leaks for dataset in self.datasets) else 1
            case Conclusion.FAIL | Conclusion.TRAINING_FAILED | Conclusion.TESTS_FAILED:
                return 1
            case Conclusion.NOT_JUDGED:
                return 5

    @property
    def status(self) -> StatusState:
        """The state of the status `mlci/gate`."""
        return "success" if self.exit_code == 0 else "failure"

    @property
    def loosened(self) -> tuple[RuleChange, ...]:
        """The rules that head loosens."""
        return tuple(change for change in self.changes if change.direction == "looser")

    @property
    def headline(self) -> str:
        """The one sentence that says why."""
        match self.conclusion:
            case Conclusion.NOTHING_CHANGED:
                return f"Nothing that matters to {self.subject.model} changed; {self.subject.production} stays."
            case Conclusion.DATA_REJECTED:
                return _data_sentence(self.datasets)
            case Conclusion.TESTS_FAILED:
                how = f" ({self.tests.reason})" if self.tests else ""
                return f"The project's own tests failed{how}; nothing was trained."
            case Conclusion.TRAINING_FAILED:
                return (
                    f"No model was made: {self.training.reason.rstrip('.')}." if self.training else "No model was made."
                )
            case Conclusion.NOT_JUDGED:
                return "A candidate was made. The labels are not here, so it is judged where they can be read."
            case Conclusion.FIRST | Conclusion.PASS:
                return self._pass_sentence()
            case Conclusion.INCONCLUSIVE:
                return self._undecided_sentence(self._what_is_open())
            case Conclusion.NOT_COMPARABLE:
                return self._undecided_sentence(self._what_is_not_comparable())
            case Conclusion.FAIL:
                return self._fail_sentence()

    def _pass_sentence(self) -> str:
        production, is_first = self.subject.production, self.conclusion is Conclusion.FIRST
        if is_first and not production:
            return "There is no production yet, and every floor is passed."
        if self.verdict and not self.verdict.results:
            return "No gate is configured, so nothing was compared."
        whose = ", by the rules of this branch itself" if is_first else ""
        how = ", by numbers as submitted" if self.trust.level == "metrics" else ""
        return f"Every gate is passed against production {production}{how}{whose}."

    def _undecided_sentence(self, reason: str) -> str:
        """Return the sentence with its consequence first, where one could cut it off."""
        if self.promotion_blocks and not self.blocks:
            return f"This would not be promoted, since {reason}."
        return f"{reason[0].upper()}{reason[1:]}."

    def _what_is_open(self) -> str:
        results = self.verdict.deciding(Outcome.INCONCLUSIVE) if self.verdict else ()
        names = " and ".join(f"`{result.name}`" for result in results)
        if all(result.is_cost for result in results):
            return f"{names} can neither pass nor fail"
        rows = "so few rows" if all(result.rows_needed for result in results) else "these rows"
        return f"{names} can neither pass nor fail on {rows}"

    def _what_is_not_comparable(self) -> str:
        return f"nothing could be compared: {self.verdict.not_comparable if self.verdict else 'there is no verdict'}"

    def _fail_sentence(self) -> str:
        failed = self.verdict.deciding(Outcome.FAIL) if self.verdict else ()
        reasons = "; ".join(_gate_sentence(result) for result in failed)
        reasons = f"{reasons[:1].upper()}{reasons[1:]}"
        if self.verdict and self.verdict.not_comparable:
            return f"{reasons}; {self._what_is_not_comparable()}."
        flips = self.verdict.flips if self.verdict else None
        if flips and flips.positive_right_to_wrong and any(result.metric == "recall" for result in failed):
            return f"{reasons}: {_missed(flips)}."
        return f"{reasons}."

    def without_values(self) -> Report:
        """Return the report as it may stand in a public place: counts and names, no value or row of the data."""
        verdict = self.verdict.without_values() if self.verdict else None
        return replace(self, datasets=tuple(each.without_examples() for each in self.datasets), verdict=verdict)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a JSON object; nothing in it depends on time, place or chance."""
        verdict = self.verdict
        return {
            "schema": SCHEMA,
            "model": self.subject.model,
            "conclusion": str(self.conclusion),
            "headline": self.headline,
            "status": self.status,
            "exit_code": self.exit_code,
            "production": self.subject.production,
            "production_sha256": self.subject.production_sha256,
            "candidate_sha256": self.subject.candidate_sha256,
            "fingerprint": self.subject.fingerprint,
            "rule_changes": [change.to_dict() for change in self.changes],
            "contract_changes": [diff.to_dict() for diff in self.contracts],
            "datasets": [dataset.to_dict() for dataset in self.datasets],
            "tests": self.tests.to_dict() if self.tests else None,
            "training": self.training.to_dict() if self.training else None,
            "gates": [result.to_dict() for result in verdict.results] if verdict else [],
            "rows": verdict.rows if verdict else None,
            "positives": verdict.positives if verdict else None,
            "flips": verdict.flips.to_dict() if verdict and verdict.flips else None,
            "trust": self.trust.line,
            **({"is_pickle": True} if self.trust.is_pickle else {}),
            **({"notes": list(verdict.notes)} if verdict and verdict.notes else {}),
        }


def _gate_sentence(result: GateResult) -> str:
    if result.slices:
        failed = sum(each.outcome is Outcome.FAIL for each in result.slices)
        return _slices_sentence(result, failed)
    unit = metric_of(result.metric).unit
    candidate, production = _shown(result.candidate, unit), _shown(result.production, unit)
    match result.require:
        case "floor":
            return f"`{result.metric}` is {candidate}, below its floor of {result.limit}"
        case "ceiling":
            return f"`{result.metric}` is {candidate}, above its ceiling of {result.limit}"
        case "better":
            return (
                f"`{result.metric}` goes from {production} to {candidate} (wanted better by more than {result.limit})"
            )
        case "no_proven_regression":
            return f"`{result.metric}` is proven worse: {production} → {candidate} (tolerated {result.limit})"
        case _:
            verb = "falls" if metric_of(result.metric).higher_is_better else "rises"
            return f"`{result.metric}` {verb} from {production} to {candidate} (margin {result.limit})"


def _slices_sentence(result: GateResult, failed: int) -> str:
    """Return what a gate that looks at slices failed by."""
    if result.require == "gap_not_wider":
        worst = result.slices[0]
        grown = f"from {_shown(worst.production)} to {_shown(worst.candidate)} (margin {result.limit})"
        return f"the gap of `{result.metric}` between the groups of `{worst.name}` grows {grown}"
    slices = f"{failed} of {len(result.slices)} slice{'s' if len(result.slices) != 1 else ''}"
    match result.require:
        case "floor" | "ceiling":
            side = "below" if result.require == "floor" else "above"
            return f"`{result.metric}` is {side} its {result.require} of {result.limit} in {slices}"
        case "better":
            return f"`{result.metric}` is not better by more than {result.limit} in {slices}"
        case _:
            return f"`{result.metric}` is proven worse in {slices} (margin {result.limit})"


def _missed(flips: Flips) -> str:
    missed, found = flips.positive_right_to_wrong, flips.positive_wrong_to_right
    text = (
        "1 positive row that production finds is missed"
        if missed == 1
        else f"{missed} positive rows that production finds are missed"
    )
    if not found:
        return text
    return f"{text}, 1 other is found" if found == 1 else f"{text}, {found} others are found"


def _shown(number: float | None, unit: Unit | None = None) -> str:
    if number is None:
        return "–"
    return f"{number:.3f}" if unit is None else shown_amount(number, unit)


def _data_sentence(datasets: tuple[DatasetReport, ...]) -> str:
    leaks = [finding for dataset in datasets for finding in dataset.leaks]
    if leaks:  # which are looked for where no contract is broken
        more = f" and {len(leaks) - 1} more" if len(leaks) > 1 else ""
        return f"a leak in `{leaks[0].dataset}`: {leaks[0].sentence}{more}; nothing was trained."
    findings = [(dataset, finding) for dataset in datasets for finding in dataset.errors]
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(dataset.dataset for dataset, _ in findings))
    rules = f"{len(findings)} rule{'s' if len(findings) != 1 else ''}"
    # A missing column and a wrong number of rows are the file's fault, and no row's.
    failing = [finding.failing for _, finding in findings if finding.kind not in OF_THE_FILE]
    extent = ""
    if failing:
        rows = max(failing)
        extent = f" ({'at least ' if len(failing) > 1 else ''}{rows:,} row{'s' if rows != 1 else ''})"
    return f"{rules} of the contract broken in {names}{extent}; nothing was trained."
