"""`mlci doctor`: look at everything that a check needs, and say what mends what is wrong. Nothing is changed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mlci.commands.data import data_status
from mlci.commands.inputs import input_content, input_ids
from mlci.commands.sides import head_data_side, named_in
from mlci.core.configuration_file import FILE_NAME
from mlci.core.diagnosis import Diagnosis
from mlci.core.environment import plan
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlci.commands.case import Tools
    from mlci.commands.evaluation_set import EvaluationSet
    from mlci.commands.ports import Repository, Tree
    from mlci.core.config import Config
    from mlci.core.evidence import Evidence
    from mlci.core.registry import Version
    from mlci.core.rules import Rules

CALLS = "/.github/workflows/mlci-"
"""Stands in a workflow that calls one of mlci's."""
SHELL = frozenset("$&|;<>()`{}*?~#!=\\")
"""Signs by which a command says more to a shell than the name of a program."""


@dataclass(frozen=True, slots=True)
class Practice:
    """Where the doctor looks."""

    repository: Repository
    tools: Tools
    base_commit: Callable[[], str | None]
    """Asks the origin for the commit that sets the rules; None where there is none yet."""
    finds: Callable[[str], bool]
    """Whether there is a program of this name."""
    workflows: Mapping[str, bytes]
    """The workflows of the repository by path, as they are in the work tree."""
    refuse_unsigned: Callable[[str], None]
    """Raises where rules of a commit demand signatures, and nobody here can sign."""


def doctor(practice: Practice) -> tuple[Diagnosis, ...]:
    """Return what is right and what is wrong, thing by thing; of a configuration that cannot be read nothing else.

    Raises `UsageError("no-configuration")` where there is none.
    """
    tree = practice.repository.work_tree()
    try:
        side = head_data_side(tree)
    except MlciError as error:
        if error.code == "no-configuration":
            raise
        return (Diagnosis.of("configuration", error),)
    looks: dict[str, Callable[[], Iterator[Diagnosis]]] = {
        "repository": lambda: _repository(practice),
        "data": lambda: _data(practice),
    }
    if isinstance(side, Side):
        rules, _ = effective(None, side)
        looks |= {
            "evaluation set": lambda: _evaluation_set(rules, tree, practice.tools),
            "training": lambda: _training(rules.config, tree, practice.finds),
            "registry": lambda: _registry(rules.config, practice.tools),
            "confinement": lambda: _confinement(practice.tools),
            "workflows": lambda: _workflows(practice.workflows),
        }
        what = f"model {side.config.model.name}, {side.config.model.task}"
    else:
        what = "no model, data alone"
    sets = f"{len(side.config.data)} data set{'s' if len(side.config.data) != 1 else ''}"
    found = [Diagnosis("configuration", "ok", f"{what}; {sets}, {len(side.contracts)} with a contract")]
    for subject, look in looks.items():
        if subject == "evaluation set" and any(each.subject == "data" and each.state == "error" for each in found):
            continue  # what is wrong with its files is told
        try:
            found += look()
        except MlciError as error:
            found.append(Diagnosis.of(subject, error))
    return tuple(found)


def _repository(practice: Practice) -> Iterator[Diagnosis]:
    commit = practice.base_commit()
    if commit is None:
        yield Diagnosis(
            "repository",
            "warning",
            "no target branch on an origin yet: the rules of the work tree serve",
            "git remote add origin URL && git push -u origin HEAD",
        )
        return
    yield Diagnosis("repository", "ok", f"{commit[:10]} of the origin sets the rules")
    try:
        practice.refuse_unsigned(commit)
    except MlciError as error:  # only who promotes must sign, and that may be a job
        yield Diagnosis("signing", "warning", error.problem, error.hint)


def _data(practice: Practice) -> Iterator[Diagnosis]:
    standings = data_status((), repository=practice.repository, data=practice.tools.data)
    away = [each for each in standings if each.state != "present"]
    if not away:
        files = "1 file" if len(standings) == 1 else f"{len(standings)} files"
        yield Diagnosis("data", "ok", f"{files}, here as recorded")
    for each in away:
        said = "is not here" if each.state == "missing" else "is not what was recorded"
        hint = "mlci data pull" if each.pin else "Bring it, and commit it; or name another path in mlci.yaml."
        yield Diagnosis("data", "error", f"{each.dataset}: {each.path} {said}", hint, exit_code=2)


def _evaluation_set(rules: Rules, tree: Tree, tools: Tools) -> Iterator[Diagnosis]:
    from mlci.commands.function_evidence import functions_of, refuse_missing  # noqa: PLC0415 - with numpy
    from mlci.commands.labelled_rows import set_of  # noqa: PLC0415 - with numpy
    from mlci.core.gates.undecidable import undecidable  # noqa: PLC0415 - with numpy

    level, name = rules.config.train.level, rules.config.evaluate.data
    refuse_missing(functions_of(tree, rules.config.evaluate), named_in(FILE_NAME, tree))
    if level in {"metrics", "scores"}:
        yield Diagnosis("evaluation set", "ok", f"{level} are handed in, so nothing is known before")
        return
    evidence = _truth(set_of(rules, tree, data=tools.data, objects=tools.work.objects), rules)
    found = undecidable(rules.gates, evidence, rules.config.statistics)
    for each in found:
        hint = f"More rows in {name}, or another margin or bound under gates:"
        yield Diagnosis("evaluation set", "warning", each.sentence, hint)
    if not found:
        gates = f"{len(rules.gates)} gate{'s' if len(rules.gates) != 1 else ''}"
        yield Diagnosis("evaluation set", "ok", f"{name}: {len(evidence.labels):,} rows, enough for {gates}")


def _truth(rows: EvaluationSet, rules: Rules) -> Evidence:
    """Return what is true of ROWS, of which no model said anything yet."""
    from mlci.commands.evaluation_slices import slices_of  # noqa: PLC0415 - with numpy
    from mlci.commands.said import classes_of  # noqa: PLC0415 - with numpy
    from mlci.core.evidence import Evidence  # noqa: PLC0415 - with numpy

    labels = rows.labels(rows.read({}))
    names = rows.section.answered
    if rows.task == "multiclass":
        found = classes_of(labels)
        names, labels = found.names, found.codes
    return Evidence(
        ids=(),
        labels=labels,
        candidate=labels.astype("float64"),
        production=None,
        threshold=rules.config.evaluate.threshold,
        weights=rows.weights(),
        sampling=rows.sampling(),
        slices=slices_of(rows, rules),
        task=rows.task,
        classes=names,
    )


def _training(config: Config, tree: Tree, finds: Callable[[str], bool]) -> Iterator[Diagnosis]:
    environment = plan(config.environment, input_ids(tree, config), partial(input_content, tree))
    program = _program(config.train.run or "")
    if environment is None and program and not finds(program):
        yield Diagnosis(
            "training",
            "error",
            f"there is no program {program}, which train.run begins with",
            "Install it, mend train.run, or say by environment: how it is installed",
            exit_code=1,
        )
        return
    where = "in an environment of its own" if environment else "in the environment that is there"
    yield Diagnosis("training", "ok", f"{config.train.title}, {where}")


def _program(command: str) -> str:
    """Return the program that a command line begins with, empty where only a shell could say.

    >>> _program("python -m train"), _program("cd src && make")
    ('python', '')
    """
    if SHELL & set(command):
        return ""
    try:
        return next(iter(shlex.split(command)), "")
    except ValueError:  # a quote that never closes
        return ""


def _registry(config: Config, tools: Tools) -> Iterator[Diagnosis]:
    registry = tools.registry.load(config.model.name).registry
    production = registry.version_at(config.promote.stage)
    if production is None:
        yield Diagnosis("registry", "ok", f"nothing in {config.promote.stage}: floors and ceilings decide")
        return
    yield Diagnosis("registry", "ok", f"{production.number} is in {config.promote.stage}")
    yield _package(production, config, tools)


def _package(production: Version, config: Config, tools: Tools) -> Diagnosis:
    if tools.open_store(config.promote).has(production.package_sha256):
        return Diagnosis("store", "ok", f"the package of {production.number} is there")
    return Diagnosis(
        "store",
        "error",
        f"the package of {production.number} is not in the store, so nothing can be compared with it",
        f"mlci verify {production.number}",
        exit_code=4,
    )


def _confinement(tools: Tools) -> Iterator[Diagnosis]:
    confinement = tools.predictor.confinement
    if confinement.is_complete:
        yield Diagnosis("confinement", "ok", f"when models predict: {confinement.sentence}")
    else:
        yield Diagnosis(
            "confinement",
            "warning",
            f"when models predict: {confinement.sentence}",
            "Judge models of strangers on Linux 5.13 or newer; GitHub's runners are.",
        )


def _workflows(workflows: Mapping[str, bytes]) -> Iterator[Diagnosis]:
    calls = sorted(path for path, content in workflows.items() if CALLS.encode() in content)
    if calls:
        yield Diagnosis("workflows", "ok", ", ".join(calls))
    else:
        yield Diagnosis(
            "workflows",
            "warning",
            "no workflow here calls mlci, so pull requests are not checked",
            "mlci init --github",
        )
