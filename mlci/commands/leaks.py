"""Looking for leaks between the data sets of head, and between head's training data and the rows that judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.data_sets import files_of
from mlci.core.data_section import identity
from mlci.core.leaks import leak_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlci.commands.ports import Data, Tree
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.data_files import DataFiles
    from mlci.core.findings import DatasetReport, Finding
    from mlci.core.leak_rule import LeakRule, OwnedLeakRule
    from mlci.core.rules import DataRules


def with_leaks(
    reports: Sequence[DatasetReport],
    rules: DataRules,
    *,
    names: Collection[str] | None,
    head: Tree,
    base: Tree | None,
    data: Data,
    objects: Path,
    tell: Callable[[str], None] | None = None,
) -> tuple[DatasetReport, ...]:
    """Return the reports with the leaks found by RULES, a report more for each set that had none.

    Nothing is looked for where data breaks its contract, since rows that cannot be read are equal to nothing, nor by
    rules about sets outside NAMES (None: all). The candidate is judged on base's rows, so these are looked at; and on
    head's own, which judge what comes after the merge. Where TELL is given, it is told what was looked for in vain, and
    what was not looked for.
    """
    wanted = [each for each in rules.leaks if names is None or set(each.rule.sets) <= set(names)]
    if not wanted:
        return tuple(reports)
    if not all(report.passed for report in reports):
        if tell is not None:
            tell("leaks were not looked for, since data breaks a contract")
        return tuple(reports)
    found: dict[str, dict[tuple[str, ...], Finding]] = {}
    files: dict[str, DataFiles] = {}
    for owned in wanted:
        before = sum(map(len, found.values()))
        for sets in _versions(owned, rules, head=head, base=base, data=data, objects=objects):
            files |= sets
            for finding in leak_findings(owned, data.leaks(_without_ids(owned, rules), sets, _columns(owned, rules))):
                found.setdefault(finding.dataset, {}).setdefault(finding.key, finding)
        if tell is not None and before == sum(map(len, found.values())):
            tell(f"no leak was found {'between' if len(owned.rule.sets) > 1 else 'in'} {' and '.join(owned.rule.sets)}")
    known = {report.dataset: report for report in reports}
    for name in found:
        if name not in known:
            known[name] = data.validate(name, files[name], ())
    return tuple(
        report.model_copy(update={"findings": (*report.findings, *found.get(name, {}).values())})
        for name, report in known.items()
    )


def _versions(
    owned: OwnedLeakRule, rules: DataRules, *, head: Tree, base: Tree | None, data: Data, objects: Path
) -> Iterator[dict[str, DataFiles]]:
    """Yield the files of the sets of a rule: with base's evaluation rows, and, where they differ, with head's."""
    sections = {name: rules.config.data[name] for name in owned.rule.sets}
    judged, theirs_of = rules.judging or ("", None)
    before = identity(theirs_of, base.ids()) if base and theirs_of else None
    if base is not None and theirs_of and before is not None and judged in sections and len(sections) > 1:
        ours = {name: section for name, section in sections.items() if name != judged}
        theirs = files_of(theirs_of, base, data, objects)
        sets = {name: files_of(section, head, data, objects) for name, section in ours.items()} | {judged: theirs}
        yield {name: sets[name] for name in owned.rule.sets}
        now = identity(sections[judged], head.ids())
        if before == now and theirs_of.format == sections[judged].format:
            return
    yield {name: files_of(section, head, data, objects) for name, section in sections.items()}


def _without_ids(owned: OwnedLeakRule, rules: DataRules) -> LeakRule:
    """Return the rule so that it ignores, too, what names a row: two copies of one have different names."""
    unique = [
        constraint.columns[0].name
        for name in owned.rule.sets
        for constraint in rules.constraints.get(name, ())
        if constraint.kind == "unique"
    ]
    ignore = dict.fromkeys((*owned.rule.ignore, *([rules.key] if rules.key else []), *unique))
    return owned.rule.model_copy(update={"ignore": tuple(ignore)})


def _columns(owned: OwnedLeakRule, rules: DataRules) -> Mapping[str, ColumnSpec]:
    """Return what the contracts of the sets say about columns; of two that differ, the first."""
    known: dict[str, ColumnSpec] = {}
    for name in owned.rule.sets:
        for constraint in rules.constraints.get(name, ()):
            for column in constraint.columns:
                known.setdefault(column.name, column)
    return known
