"""`mlci compare`: what two references name, side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlci.commands.case import open_case
from mlci.commands.evaluation import evidence_on
from mlci.commands.inputs import input_ids
from mlci.commands.labelled_rows import set_of
from mlci.commands.referred import Lookup
from mlci.commands.runs import list_runs
from mlci.commands.sides import head_side
from mlci.core.data_section import identity
from mlci.core.fingerprint import code_paths
from mlci.core.model_comparison import compared_models, metrics_to_compare
from mlci.core.rules import effective
from mlci.core.runs.comparison import compared
from mlci.core.runs.parameters import read_parameters
from mlci.core.side_by_side import Inputs, Scored, SideBySide, input_differences, package_differences
from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.commands.case import Tools
    from mlci.commands.installed import Installed
    from mlci.commands.ports import Repository, RunsBranch, Tree
    from mlci.commands.referred import Side
    from mlci.core.rules import Rules
    from mlci.core.runs.comparison import Line, RunComparison

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


def compare(
    first: str, second: str, *, base: str | None, repository: Repository, shared: RunsBranch, tools: Tools
) -> SideBySide:
    """Return what FIRST and SECOND name, side by side, scored by the rules and rows of the commit BASE.

    A reference is a version, a stage, `candidate`, a run, or the path of a package. Without BASE the work tree's own
    rules and rows serve. What cannot be scored or compared is said; raises where a reference names nothing.
    """
    head = repository.work_tree()
    model = head_side(head).config.model.name
    runs = tuple(list_runs(tools.work, shared))
    lookup = Lookup(repository, tools, runs, tools.registry.load(model).registry, head)
    one, other = lookup.side(first), lookup.side(second)
    both = (
        compared(one.run, other.run, (tools.work.details(one.run), tools.work.details(other.run)))
        if (one.run and other.run)
        else None
    )
    lines, not_known = _differences(one, other, both)
    scored = _scored(one, other, _rules(base, head, repository, tools), tools)
    return SideBySide(
        one.named,
        other.named,
        lines,
        scored if isinstance(scored, Scored) else None,
        not_scored=scored if isinstance(scored, str) else "",
        not_known=not_known,
        runs=both,
    )


def _differences(one: Side, other: Side, both: RunComparison | None) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Return in what two sides differ, and in sentences what cannot be compared."""
    lines: list[Line] = []
    if both is not None:
        lines += both.differences
    elif one.tree and other.tree:
        lines += input_differences(_inputs(one.tree), _inputs(other.tree))
    if one.package and other.package:
        lines += package_differences(one.package.package.info, other.package.package.info)
    return tuple(lines), tuple(_not_known(one, other, is_known=both is not None or bool(one.tree and other.tree)))


def _not_known(one: Side, other: Side, *, is_known: bool) -> Iterator[str]:
    if is_known:
        return
    for side in (one, other):
        if not (side.run or side.tree):
            yield f"what {side.named.reference} was trained from: no record of its run and no commit of it is here"
    if (one.run or one.tree) and (other.run or other.tree):
        yield "what went into both: of one there is a record of its run here, of the other only a commit"


def _inputs(tree: Tree) -> Inputs:
    """Return what the files of TREE say that a training depends on."""
    side = head_side(tree)
    train, config, ids = side.config.train, side.config, input_ids(tree, side.config)
    content = tree.read(train.params) if train.params else None
    environment = config.environment.model_dump(mode="json", exclude_none=True)
    return Inputs(
        params=(read_parameters(content, train.params) or {}) if content and train.params else {},
        data={name: (identity(config.data[name], ids) or "missing")[:12] for name in train.data},
        code={path: ids[path] for path in code_paths(config, ids, side.made)},
        environment={"command": train.title, **environment},
    )


class _Judging(NamedTuple):
    """What both are scored by, and the commit or work tree that the rows are read from."""

    rules: Rules
    rows_from: Tree
    head: Tree


def _rules(base: str | None, head: Tree, repository: Repository, tools: Tools) -> _Judging | str:
    """Return by what to score, or in words why there is nothing."""
    try:
        if base is None:
            return _Judging(effective(None, head_side(head))[0], head, head)
        case = open_case(head, repository.tree(base), tools)
    except MlciError as error:
        return error.problem
    return _Judging(case.rules, case.rows_from, head)


def _scored(one: Side, other: Side, judging: _Judging | str, tools: Tools) -> Scored | str:
    """Return what both models score, or in words why they cannot be scored."""
    for side in (one, other):
        if side.package is None:
            return f"{side.named.reference}: {side.no_package}"
    if isinstance(judging, str) or one.package is None or other.package is None:
        return str(judging)
    rules = judging.rules
    try:
        rows = set_of(rules, judging.rows_from, head=judging.head, data=tools.data, objects=tools.work.objects)
        candidate, production = _costed(other.package, other), _costed(one.package, one)
        evidence = evidence_on(rows, rules, candidate=candidate, production=production, predictor=tools.predictor)
    except MlciError as error:
        return error.problem
    if evidence.not_comparable is not None:
        said = evidence.not_comparable.removeprefix("production").strip()
        return f"{one.named.reference} {said.removeprefix(one.package.version or '').strip()}"
    statistics, gates = rules.config.statistics, tuple(owned.gate for owned in rules.gates)
    metrics = compared_models(
        evidence, metrics_to_compare(evidence.task, gates, are_stated=evidence.is_stated), statistics
    )
    return Scored(len(evidence.labels), statistics.confidence, evidence.is_same_model, metrics)


def _costed(package: Installed, side: Side) -> Installed:
    """Return PACKAGE with how long it trained, as the record of its run says."""
    return replace(package, train_seconds=side.run.record.cost.cpu_seconds) if side.run else package


def curve_files(comparison: RunComparison) -> dict[str, str]:
    """Return a file name for each metric with at least two values in a run, by its name."""
    drawn = [name for name, both in comparison.histories.items() if any(len(history) > 1 for history in both)]
    return {name: f"{number:03d}-{NOT_IN_NAMES.sub('-', name)[:60]}.svg" for number, name in enumerate(drawn, 1)}
