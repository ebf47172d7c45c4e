"""An evaluation as the registry keeps it: the report that a promotion was decided on, without rows of data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mlci.core.canonical import canonical_json
from mlci.core.plain_text import one_line
from mlci.core.registry.entries import broken, evaluation_path, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.report import Report

_LONGEST: Final = 200
_ALLOWING: Final = frozenset({"pass", "first"})
_UNDECIDED: Final = frozenset({"inconclusive", "not comparable"})


@dataclass(frozen=True, slots=True)
class Measured:
    """What one gate found: the candidate's value, production's (None where there was none), and the outcome."""

    metric: str
    require: str
    limit: str
    outcome: str
    candidate: float | None
    production: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is known of an evaluation years later."""

    conclusion: str
    rows: int | None
    measured: tuple[Measured, ...]
    exit_code: int | None = None
    """How the check ended by the policy of then; it says whether something undecided was let through."""
    is_pickle: bool = False
    """Whether what was promoted is a raw pickle."""

    @property
    def allows_promotion(self) -> bool:
        """Whether something could be promoted on it."""
        is_let_through = self.exit_code == 0 and self.conclusion in _UNDECIDED
        return is_let_through or self.conclusion in _ALLOWING

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        gates = [asdict(each) for each in self.measured]
        pickle = {"is_pickle": True} if self.is_pickle else {}
        return {"conclusion": self.conclusion, "rows": self.rows, "gates": gates, **pickle}

    @property
    def metrics(self) -> Mapping[str, float]:
        """The candidate's value of each metric."""
        return {each.metric: each.candidate for each in self.measured if each.candidate is not None}


def write_evaluation(report: Report) -> bytes:
    """Return the file of the report that a promotion was decided on; counts and names, and no example of a row."""
    told = replace(report, datasets=tuple(each.without_examples() for each in report.datasets))
    return canonical_json(told.to_dict()) + b"\n"


def read_evaluation(data: bytes, digest: str) -> Evaluation:
    """Return what an evaluation says; raises `IntegrityError("registry-broken")` where it is not the one of DIGEST."""
    path = evaluation_path(digest)
    if sha256(data) != digest:
        raise broken(path, "its sha256 is not its name")
    try:
        value = json.loads(data)
        measured = tuple(_measured(each) for each in value["gates"])
        conclusion, rows = _text(value["conclusion"]), _count(value["rows"])
        return Evaluation(
            conclusion, rows, measured, _count(value.get("exit_code")), is_pickle=value.get("is_pickle") is True
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise broken(path, "it is no report that mlci wrote") from error


def _measured(value: Mapping[str, Any]) -> Measured:
    words = (_text(value[key]) for key in ("metric", "require", "limit", "outcome"))
    metric, require, limit, outcome = words
    return Measured(metric, require, limit, outcome, _number(value["candidate"]), _number(value["production"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return one_line(value, _LONGEST)


def _count(value: object) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise TypeError
    return value


def _number(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError
    return float(value)
