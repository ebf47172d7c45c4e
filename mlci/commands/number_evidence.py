"""Evidence of metrics that were handed in as numbers: nothing is predicted, scored or read of any row here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.stated import rows_of
from mlci.core.evidence import Evidence, Numbers
from mlci.core.metrics import stated_name
from mlci.core.plain_text import one_line
from mlci.core.stated_metrics import StatedMetrics
from mlci.core.words import code
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.installed import Installed
    from mlci.core.rules import Rules


def number_evidence(rules: Rules, *, candidate: Installed, production: Installed | None) -> Evidence:
    """Return the numbers of both models of the metrics that the gates of RULES name.

    Raises `IntegrityError("metrics-incomplete")` where the candidate has none of a metric.
    """
    names = tuple(dict.fromkeys(stated_name(owned.gate.metric) for owned in rules.gates))
    absent = _absent(names, candidate)
    if absent:
        raise IntegrityError(
            "metrics-incomplete",
            f"there is no number for {absent}, which a gate names",
            cause="The gates are those of the target branch; the training writes other metrics.",
            hint="Let the training write every metric that a gate names, and loosen the gates in a change of its own.",
        )
    problem = _why_not(production, names) if production else None
    before = _numbers(production) if production and not problem else None
    return Evidence(
        ids=(),
        labels=np.zeros(0),
        candidate=np.zeros(0),
        production=None if before is None else np.zeros(0),
        is_same_model=production is not None and production.package.model == candidate.package.model,
        not_comparable=problem,
        task=rules.config.model.task,
        numbers=Numbers(_numbers(candidate), before),
    )


def _numbers(installed: Installed) -> Mapping[str, float]:
    found = rows_of(installed.package)
    return found.by_name if isinstance(found, StatedMetrics) else {}


def _why_not(production: Installed, names: tuple[str, ...]) -> str | None:
    """Return in words why PRODUCTION cannot be compared with, None where it can."""
    name = f"production {production.version}" if production.version else "production"
    if production.package.level != "metrics":
        return f"{name} holds its {production.package.level}, and no numbers"
    absent = _absent(names, production)
    return f"{name} has no number for {absent}" if absent else None


def _absent(names: tuple[str, ...], installed: Installed) -> str:
    known = _numbers(installed)
    absent = next((name for name in names if name not in known), None)
    return "" if absent is None else code(one_line(absent))
