"""Evidence of what models cost: counted, said by records, and measured where a gate asks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.core.costs import TURNS, Asked, Cost, Costs, batch_of
from mlci.core.evaluation import read_evaluation
from mlci.core.metrics import MEASURED, is_cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.installed import Installed
    from mlci.commands.ports import Predictor, RegistryBranch
    from mlci.core.costs import Timing
    from mlci.core.evidence import Evidence
    from mlci.core.registry import Version
    from mlci.core.rules import Rules
    from mlci.core.table import Column

TRAINING = "train_seconds"


def without_costs(rules: Rules) -> Rules:
    """Return RULES without gates on costs, which the rows of an evaluation set say nothing of."""
    return replace(rules, gates=tuple(owned for owned in rules.gates if not is_cost(owned.gate.metric)))


def asks_for_training(rules: Rules) -> bool:
    """Return whether a gate asks how long training took."""
    return any(owned.gate.metric == TRAINING for owned in rules.gates)


def with_train_seconds(installed: Installed, version: Version, rules: Rules, registry: RegistryBranch) -> Installed:
    """Return production with how long it trained, where a gate asks: the report of its promotion says, if one did then.

    Raises `IntegrityError("registry-broken")` where that report is not the one of VERSION.
    """
    if version.evaluation is None or not asks_for_training(rules):
        return installed
    content = registry.evaluation(rules.config.model.name, version.evaluation)
    if content is None:
        return installed
    return replace(installed, train_seconds=read_evaluation(content, version.evaluation).metrics.get(TRAINING))


def with_costs(
    evidence: Evidence,
    rules: Rules,
    candidate: tuple[Installed, Mapping[str, Column]],
    production: tuple[Installed | None, Mapping[str, Column] | None],
    predictor: Predictor,
) -> Evidence:
    """Return EVIDENCE with what both models cost, as far as gates of RULES ask.

    Each comes with the columns that it may be given; production has none where it cannot be compared with. Models are
    timed on the same rows, which are spread evenly over those that judge.
    """
    asked = {owned.gate.metric for owned in rules.gates if is_cost(owned.gate.metric)}
    if not asked:
        return evidence
    installed = [candidate[0], *([production[0]] if production[0] else [])]
    timings, rows = _timings(asked, candidate, production, evidence, predictor)
    costs = [_cost(each, timing) for each, timing in zip(installed, timings, strict=False)]
    return replace(evidence, costs=Costs(costs[0], costs[1] if len(costs) > 1 else None, rows))


def _cost(installed: Installed, timing: Timing | None) -> Cost:
    size = sum(len(content) for content in installed.package.files.values())
    return Cost(size, installed.train_seconds, timing)


def _timings(
    asked: set[str],
    candidate: tuple[Installed, Mapping[str, Column]],
    production: tuple[Installed | None, Mapping[str, Column] | None],
    evidence: Evidence,
    predictor: Predictor,
) -> tuple[list[Timing | None], int]:
    """Return the timing of each model, None where it is not timed, and of how many rows."""
    known = [
        (installed, columns) for installed, columns in (candidate, production) if installed and columns is not None
    ]
    is_needed = bool(asked & MEASURED) and len(evidence.labels) > 0
    if not is_needed or any(installed.package.level != "model" for installed, _ in known):
        return [None, None], 0
    if evidence.is_same_model:
        known = known[:1]
    models = [_asked(installed, columns) for installed, columns in known]
    found: list[Timing | None] = list(predictor.time(models, TURNS))
    rows = next((len(column.values) for column in models[0].columns.values()), 0)
    return [*found, *([None] * (2 - len(found)))], rows


def _asked(installed: Installed, columns: Mapping[str, Column]) -> Asked:
    package = installed.package
    given = batch_of({item.name: columns[item.name] for item in package.info.signature.inputs})
    return Asked(installed.sha256, package.model, package.info.format, given, package.info.requirements)
