"""A look at the sealed set: the gates once more, on rows that no pull request can read, with a budget.

Nothing of it is told but pass or not: no value, no bound, no reason, also where something about the rows is wrong.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Final

from mlci.commands.cost_evidence import without_costs
from mlci.commands.evaluation import evidence_on, fetch
from mlci.commands.labelled_rows import labelled_rows
from mlci.commands.retrying import record
from mlci.core.canonical import canonical_sha256
from mlci.core.configuration_file import FILE_NAME
from mlci.core.gates import Outcome
from mlci.core.gates.judge import judge
from mlci.core.registry.looks import ledger_of, plan_look
from mlci.errors import MlciError, RejectedError, UsageError
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from mlci.commands.case import Case, Tools
    from mlci.commands.evaluation_set import EvaluationSet
    from mlci.commands.installed import Installed
    from mlci.commands.ports import Clock, RegistryBranch, Tree
    from mlci.core.judging_sections import StatisticsSection
    from mlci.core.registry import Actor, Change, Registry
    from mlci.core.rules import Rules
    from mlci.core.statistics.sealed_budget import SealedBudget

GOOD: Final = frozenset({Outcome.PASS, Outcome.FIRST})


def look_at_sealed_set(
    case: Case, candidate: Installed, rows_from: Tree, tools: Tools, *, actor: Actor, clock: Clock
) -> None:
    """Spend a look at the sealed set of CASE, if it has one; raise unless CANDIDATE passes.

    The look is on record before its answer is told. Whoever was judged before, against the same opponent by the same
    gates, gets the answer of then, and spends nothing. Raises `RejectedError`: "sealed-set-spent" with advice, or
    "sealed-set-not-passed"; `UsageError("sealed-set-unusable")`.
    """
    section = case.rules.config.sealed
    if section is None:
        return
    budget = section.budget
    tools.tell("look at the sealed set")
    rows, sealed_sha256 = _sealed(case.rules, rows_from, tools)
    judged = _judged(case, candidate, rows)
    model = case.registry.registry.model
    ledger = ledger_of(tools.registry.load(model).registry, sealed_sha256, budget)
    ledger.check_look(judged)
    passed = ledger.answer(judged)
    if passed is None:
        passed = _passes(rows, case, candidate, tools, budget)
        registry = tools.registry
        record_look(model, sealed_sha256, judged, budget, passed=passed, actor=actor, registry=registry, clock=clock)
    if not passed:
        raise RejectedError(
            "sealed-set-not-passed",
            "not promoted: the candidate did not pass the sealed set",
            cause="More is not told, so that the next candidate cannot be chosen by these rows.",
            hint="mlci sealed status says how many looks are left; a candidate that is clearly better passes",
        )


def _sealed(rules: Rules, tree: Tree, tools: Tools) -> tuple[EvaluationSet, str]:
    """Return the sealed set, and what it is told from others by: its ids."""
    section = rules.sealed_data
    if section is None:
        raise AssertionError("the configuration names the data of a sealed set")
    try:
        rows = labelled_rows(section, rules, tree, data=tools.data, objects=tools.work.objects)
        ids = sorted(rows.texts(rules.config.evaluate.id).tolist())
    except MlciError as error:
        raise _unusable(error) from None
    return rows, hashlib.sha256("\n".join(ids).encode()).hexdigest()


def _judged(case: Case, candidate: Installed, rows: EvaluationSet) -> str:
    """Return what a look is spent for: this model, against this opponent, by these gates and functions."""
    functions = {each.name: hashlib.sha256(each.code).hexdigest() for each in rows.functions}
    return canonical_sha256(
        {
            **({"functions": functions} if functions else {}),
            "model": hashlib.sha256(candidate.package.model).hexdigest(),
            "production": case.production.package_sha256 if case.production else None,
            "gates": [owned.gate.model_dump(mode="json") for owned in case.rules.gates],
        }
    )


def _passes(rows: EvaluationSet, case: Case, candidate: Installed, tools: Tools, budget: SealedBudget) -> bool:
    """Return whether every gate passes, each look being held to its part of the budget."""
    production = fetch(case.production, tools.open_store(case.rules.config.promote)) if case.production else None
    rules = without_costs(case.rules)  # of which these rows say no more than others
    try:
        evidence = evidence_on(rows, rules, candidate=candidate, production=production, predictor=tools.predictor)
        verdicts = [judge(rules.gates, evidence, each) for each in _strict(rules.config.statistics, budget)]
    except MlciError as error:
        raise _unusable(error) from None
    return all(verdict.outcome in GOOD for verdict in verdicts)


def _strict(ordinary: StatisticsSection, budget: SealedBudget) -> tuple[StatisticsSection, StatisticsSection]:
    """Return what a look is held to: its confidence, and that with the changed rows that so far out it takes.

    Both must pass. More changes are wanted of what is to prove a candidate good; what proves a regression is no less
    one for the want of them.
    """
    sure = ordinary.model_copy(update={"confidence": budget.confidence_of_look(ordinary.confidence)})
    changes = budget.changes_of_look(ordinary.confidence, ordinary.min_changed)
    return sure, sure.model_copy(update={"min_changed": changes})


def record_look(
    model: str,
    sealed_sha256: str,
    judged: str,
    budget: SealedBudget,
    *,
    passed: bool,
    actor: Actor,
    registry: RegistryBranch,
    clock: Clock,
) -> None:
    """Push that a look was spent, before its answer is told; of several at once, the budget holds for all together.

    Raises `RejectedError("sealed-set-spent")` where nothing is left meanwhile.
    """

    def planned(found: Registry) -> Change | None:
        return plan_look(
            found,
            sealed_sha256,
            judged,
            budget,
            passed=passed,
            actor=actor,
            now=clock.now(),
            uuids=iter(uuid.uuid4, None),
            page=registry_page,
        )

    record(model, planned, registry)


def _unusable(error: MlciError) -> UsageError:
    """Return the error for a sealed set on which nothing can be judged; what was found in it stays there."""
    return UsageError(
        "sealed-set-unusable",
        f"nothing can be judged on the sealed set ({error.code})",
        where=f"{FILE_NAME}, sealed",
        cause="It is not here, or not of the form that evaluate says. What is wrong is told only where it may be read.",
        hint="Name it as evaluate.data for once, where it lies, and run mlci check",
    )
