"""Scoring: both models predict base's rows in confined children, and the gates decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from mlci.commands.archives import archive_of
from mlci.commands.cost_evidence import with_costs
from mlci.commands.evaluation_slices import slices_of
from mlci.commands.fitting import fitting_package
from mlci.commands.function_evidence import with_functions
from mlci.commands.installed import Installed
from mlci.commands.labelled_rows import set_of
from mlci.commands.number_evidence import number_evidence
from mlci.commands.said import classes_of, each_of, numbers, probabilities, probabilities_of
from mlci.commands.score_evidence import score_evidence
from mlci.commands.stated import is_whole, stated, unanswered
from mlci.core.answer_names import OF_SEVERAL
from mlci.core.contract.scalar import TYPE_WORDS
from mlci.core.evidence import Evidence
from mlci.core.evidence_level import can_be_judged, is_lower
from mlci.core.gates.judge import judge
from mlci.core.gates.undecidable import undecidable
from mlci.core.label_type import type_of_classes
from mlci.core.package import read_package
from mlci.core.words import code, written
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.formats.archive import unpack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.commands.evaluation_set import EvaluationSet
    from mlci.commands.ports import Data, Predictor, Store, Tree
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.evidence_level import Level
    from mlci.core.gates import Verdict
    from mlci.core.judging_sections import EvaluateSection
    from mlci.core.metrics import Task
    from mlci.core.package import Package
    from mlci.core.registry import Version
    from mlci.core.rules import Rules
    from mlci.core.signature import ModelClass
    from mlci.core.table import Column

MOST_NAMED = 5
"""Columns that a sentence names."""


def fetch(version: Version, store: Store) -> Installed:
    """Return the package of VERSION from the store, verified."""
    return Installed(read_package(unpack(archive_of(version, store))), version.package_sha256, version.number)


def refuse_other_level(wanted: Level, found: Level) -> None:
    """Raise where the candidate is less than the rules ask for, or nothing that they could judge."""
    if not can_be_judged(found, by=wanted):
        the = "the model" if wanted == "model" else wanted
        raise UsageError(
            "level-lowered" if is_lower(found, than=wanted) else "level-differs",
            f"the candidate is handed in as {found}, and the rules ask for {the}",
            where="mlci.yaml",
            cause=f"train.{wanted} is a rule, read from the target branch; this branch hands in something else.",
            hint=f"Land train.{found} by itself first, which somebody must agree to; then the candidate.",
        )


def answers_by_signature(package: Package, predictor: Predictor) -> bool:
    """Return whether the model loads in a child, with the classes that its signature promises."""
    if package.level != "model":
        return is_whole(package)
    described = fitting_package(package, predictor).describe(package.model, package.info.format)
    return package.info.signature.is_answered_by(described.classes, described.labels)


def evaluate(
    rules: Rules,
    *,
    rows_from: Tree,
    candidate: Installed,
    production: Installed | None,
    data: Data,
    predictor: Predictor,
    objects: Path,
    head: Tree | None = None,
    tell: Callable[[str], None] | None = None,
) -> Verdict:
    """Return the verdict on CANDIDATE, scored on the evaluation set of ROWS_FROM (base, or head without a base).

    HEAD may add features to its rows. TELL hears of gates that these rows cannot decide.
    """
    rows = set_of(rules, rows_from, head=head or rows_from, data=data, objects=objects)
    evidence = evidence_on(rows, rules, candidate=candidate, production=production, predictor=predictor)
    if tell:
        for each in undecidable(rules.gates, evidence, rules.config.statistics):
            tell(each.sentence)
    return judge(rules.gates, evidence, rules.config.statistics)


def evidence_on(
    rows: EvaluationSet, rules: Rules, *, candidate: Installed, production: Installed | None, predictor: Predictor
) -> Evidence:
    """Return what both models say of ROWS, and what is true of them; or what was handed in of that."""
    section = rules.config.evaluate
    _refuse_another_task(rules.config.model.task, candidate)
    level = rules.config.train.least
    refuse_other_level(level, candidate.package.level)
    if level == "metrics":
        return number_evidence(rules, candidate=candidate, production=production)
    if level == "scores":
        return score_evidence(rows, rules, candidate=candidate, production=production)
    _refuse_label_as_feature(section, candidate, *([production] if production else []))
    _refuse_unanswered(candidate, rows)
    table = rows.read(_types(candidate), _classes_of_labels(candidate, production))
    ids = [str(value) for value in table.columns[section.id].values]
    labels, weights, sampling = rows.labels(table), rows.weights(), rows.sampling()
    slices = slices_of(rows, rules)
    # A model never sees the label or the id.
    own = {section.id, *section.label_columns}
    features = {name: column for name, column in table.columns.items() if name not in own}
    known = _known_to(production, candidate, rows, features, ids) if production else None
    before = (production, known) if production and isinstance(known, dict) else None
    evidence = Evidence(
        ids=ids,
        **_said(rows.task, labels, (candidate, features), before, predictor, ids=ids, names=section.answered),
        threshold=section.threshold,
        is_same_model=production is not None and _is_same(candidate.package, production.package),
        not_comparable=known if isinstance(known, str) else None,
        has_private_ids=rows.has_private_ids,
        weights=weights,
        sampling=sampling,
        slices=slices,
        task=rows.task,
    )
    evidence = with_functions(evidence, rows.functions, rules, predictor, where=rows.configuration)
    return with_costs(
        evidence, rules, (candidate, features), (production, None if before is None else before[1]), predictor
    )


_Asked = tuple[Installed, Mapping[str, "Column"]]
"""A model, and the columns that it is given."""
_Ask = Callable[[Installed, Mapping[str, "Column"], "Predictor"], "NDArray[np.float64]"]


class _Said(TypedDict):
    """What is true of the rows, and what both models say of them."""

    labels: NDArray[Any]
    candidate: NDArray[np.float64]
    production: NDArray[np.float64] | None
    classes: tuple[str, ...]


def _said(
    task: Task,
    labels: NDArray[Any],
    now: _Asked,
    before: _Asked | None,
    predictor: Predictor,
    *,
    ids: Sequence[str],
    names: tuple[str, ...],
) -> _Said:
    """Return what both models say, in the form that the task has; NAMES are those of labels or quantiles."""
    ask: _Ask = probabilities
    match task:
        case "binary":
            pass
        case "regression" | "quantile" | "forecast" | "ranking":
            ask = partial(each_of, names) if names else numbers
        case "multiclass":
            known = [model.package.info.signature.classes for model, _ in filter(None, (now, before))]
            found = classes_of(labels, *known)
            names, labels, ask = found.names, found.codes, partial(probabilities_of, found.names)
        case "multilabel":
            ask = partial(each_of, names)

    def answered(asked: _Asked) -> NDArray[np.float64]:
        model, columns = asked
        return ask(model, columns, predictor) if model.package.level == "model" else stated(model, ids, names)

    return {
        "labels": labels,
        "candidate": answered(now),
        "production": answered(before) if before else None,
        "classes": names,
    }


def _classes_of_labels(candidate: Installed, production: Installed | None) -> tuple[ModelClass, ...]:
    """Return the classes that say how labels are written: those of a model, since answers name theirs as text."""
    packages = [each.package for each in (candidate, production) if each]
    chosen = next((package for package in packages if package.level == "model"), candidate.package)
    return chosen.info.signature.classes


def _is_same(one: Package, other: Package) -> bool:
    """Return whether two packages decide alike: the same model, asked for the same class."""
    ours, theirs = one.info.signature, other.info.signature
    return one.model == other.model and (ours.positive, ours.classes) == (theirs.positive, theirs.classes)


def _known_to(
    production: Installed,
    candidate: Installed,
    rows: EvaluationSet,
    features: Mapping[str, Column],
    ids: Sequence[str],
) -> dict[str, Column] | str:
    """Return the columns that PRODUCTION reads: of FEATURES what the CANDIDATE reads alike, the others of ROWS.

    Returns in words why there are none, where the evaluation set or its label moved on since production was packaged.
    """
    name = f"production {production.version}" if production.version else "production"
    moved = _other_question(name, production, candidate, rows)
    if moved is not None:
        return moved
    unsaid = unanswered(production, ids)
    if unsaid:
        return f"{name} has no prediction for {unsaid:,} of the {len(ids):,} rows, and its model is not in its package"
    wanted, names = _types(production), rows.names
    absent = [code(column) for column in wanted if column not in names]
    if absent:
        more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
        return f"{name} reads {', '.join(absent[:MOST_NAMED])}{more}, which the evaluation set no longer has"
    known = _types(candidate)
    others = {column: kind for column, kind in wanted.items() if known.get(column) != kind}
    try:
        own = rows.read_features(others, np.array(ids))
    except RejectedError as error:
        if error.code != "data-ill-typed":
            raise
        column = next(column for column, kind in others.items() if not _can_read(rows, column, kind, ids))
        return f"{name} reads {code(column)} as {TYPE_WORDS[others[column]]}, which it no longer is in every row"
    return {column: own[column] if column in own else features[column] for column in wanted}


def _other_question(name: str, production: Installed, candidate: Installed, rows: EvaluationSet) -> str | None:
    """Return in words what PRODUCTION, called NAME, answers instead of what is asked; None where it is the same."""
    if production.package.info.task != rows.task:
        return f"{name} solves a {production.package.info.task} task, and the task is {rows.task} now"
    ours, theirs = candidate.package.info.signature.classes, production.package.info.signature.classes
    are_models = candidate.package.level == production.package.level == "model"
    if rows.task == "multiclass" and are_models and type_of_classes(ours) != type_of_classes(theirs):
        return f"{name} names its classes as {TYPE_WORDS[type_of_classes(theirs)]}, which they no longer are"
    unknown = _unanswered(production, rows)
    if unknown is not None:
        return f"{name} does not answer {unknown}"
    found, asked = production.package.info.signature.positive, rows.section.positive
    if found is None or asked is None:
        pass
    elif type(found) is not type(asked) or found != asked:
        return f"{name} finds the class {code(written(found))}, and evaluate.positive is {code(written(asked))} now"
    if production.package.level in {"scores", "metrics"}:
        return f"{name} holds {production.package.level}, and no answers that could be scored"
    return None


def _can_read(rows: EvaluationSet, column: str, kind: ColumnType, ids: Sequence[str]) -> bool:
    try:
        rows.read_features({column: kind}, np.array(ids))
    except RejectedError:
        return False
    return True


def _refuse_another_task(task: Task, candidate: Installed) -> None:
    """Raise where the candidate answers another question than the rules ask."""
    solved = candidate.package.info.task
    if solved != task:
        raise UsageError(
            "task-differs",
            f"the candidate solves a {solved} task, and the rules judge a {task} one",
            where="mlci.yaml",
            cause="model.task is a rule, read from the target branch; this branch changes it.",
            hint="Land the new model.task first, then the model; or give the new task a folder and a model of its own.",
        )


def _unanswered(installed: Installed, rows: EvaluationSet) -> str | None:
    """Return what ROWS ask of a model of several labels or quantiles that it says nothing of; None where nothing."""
    known, what = installed.package.info.signature.answered, OF_SEVERAL.get(rows.task, "")
    lacking = next((name for name in rows.section.answered if name not in known), None)
    if lacking is not None:
        return f"the {what} {code(lacking)}"
    return "a single number" if known and not rows.section.answered else None


def _refuse_unanswered(candidate: Installed, rows: EvaluationSet) -> None:
    """Raise where the candidate says nothing of a label or quantile that the rules judge by."""
    lacking = _unanswered(candidate, rows)
    if lacking is not None and not rows.section.answered:
        raise UsageError(
            "quantiles-differ",
            "the candidate answers several quantiles, and the rules judge by a single number",
            where=rows.configuration,
            cause="evaluate.quantiles is a rule, read from the target branch, which lists none; this branch adds it.",
            hint="Land evaluate.quantiles first, then the model; or answer one number a row.",
        )
    if lacking is not None:
        what, key = ("label", "label") if rows.task == "multilabel" else ("quantile", "quantiles")
        raise UsageError(
            f"{what}s-differ",
            f"the candidate does not answer {lacking}, which the rules judge by",
            where=rows.configuration,
            cause=f"evaluate.{key} is a rule, read from the target branch; this branch leaves a {what} out.",
            hint=f"Answer all of them; or land the shorter evaluate.{key} first, then the model.",
        )


def _refuse_label_as_feature(section: EvaluateSection, *installed: Installed) -> None:
    """Raise where a package wants to read what no model may see."""
    wanted = {name for one in installed for name in _types(one)}
    for own in (section.id, *section.label_columns):
        if own in wanted:
            raise IntegrityError(
                "label-as-feature",
                f"a package wants to read `{own}`, which no model may see",
                cause="Its signature was written by hand.",
                hint="mlci train",
            )


def _types(installed: Installed) -> dict[str, ColumnType]:
    """Return the columns that a package reads, with their types."""
    return {item.name: item.type for item in installed.package.info.signature.inputs}
