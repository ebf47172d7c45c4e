"""`mlci validate`: is the data what the contract says?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.data_sets import files_of
from mlci.commands.leaks import with_leaks
from mlci.commands.sides import AT_FAULT, head_data_side
from mlci.commands.target_branch import side_of_base
from mlci.core.comparison import compared
from mlci.core.contract.data_set_rule import Reference
from mlci.core.contract_diffs import contract_diffs
from mlci.core.data_section import identity
from mlci.core.nearest import did_you_mean
from mlci.core.no_rows import once_of_no_rows
from mlci.core.rules import Rules, effective, effective_data
from mlci.core.side import Side
from mlci.core.words import code, counted
from mlci.errors import MlciError, OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlci.commands.ports import Data, Repository, Tree
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract_diffs import ContractDiff
    from mlci.core.data_files import DataFiles
    from mlci.core.data_section import DataSection
    from mlci.core.findings import DatasetReport
    from mlci.core.rule_changes import RuleChange
    from mlci.core.rules import DataRules
    from mlci.core.side import DataSide


def validate(
    names: Sequence[str],
    *,
    repository: Repository,
    data: Data,
    objects: Path,
    base: str | None,
    tell: Callable[[str], None] | None = None,
) -> tuple[DatasetReport, ...]:
    """Check data sets of the work tree, those in NAMES or all but the sealed one, by the rules that count.

    What the work tree changes about the rules of base is TOLD, and whom that breaks.

    Raises `UsageError` where the evaluation set is one of them, the data is right, and `evaluate` cannot work on it.
    """
    head = repository.work_tree()
    side = head_data_side(head)
    refuse_unknown(names, side)
    base_tree, head_ids = repository.tree(base) if base else None, head.ids()
    ours, _ = side_of_base(base_tree, side, head_ids, data=data, objects=objects) if base_tree else (None, None)
    rules, changes = effective(ours, side) if isinstance(side, Side) else effective_data(ours, side)
    if tell is not None:
        for sentence in _told(changes, contract_diffs(ours, side)):
            tell(sentence)
    wanted = tuple(names) or tuple(side.config.open_data)
    found = validate_datasets(wanted, rules, head=head, head_ids=head_ids, base=base_tree, data=data, objects=objects)
    ruled = base_tree if ours else None
    found = with_leaks(found, rules, names=names or None, head=head, base=ruled, data=data, objects=objects, tell=tell)
    if isinstance(side, Side) and isinstance(rules, Rules) and _is_right(side.config.evaluate.data, wanted, found):
        from mlci.commands.own_evaluation import refuse_unusable  # noqa: PLC0415 - what needs numpy is rarely needed

        refuse_unusable(side, head, rules, data=data, objects=objects)
    return found


def _told(changes: Sequence[RuleChange], diffs: Sequence[ContractDiff]) -> Iterator[str]:
    """Yield what becomes of the rules of contracts, as a report on a pull request has it."""
    for change in changes:
        if change.subject.startswith("contract of "):
            yield f"{change.subject}: {change.sentence}; {change.effect}".replace("`", "")
    for diff in diffs:
        for whom, count in diff.breaking().items():
            yield f"the contract of {' and '.join(diff.datasets)} breaks {whom} ({counted(count, 'change')})"


def _is_right(name: str, wanted: Sequence[str], found: Sequence[DatasetReport]) -> bool:
    """Return whether the data set NAME was looked at, and nothing is wrong anywhere."""
    return name in wanted and all(report.passed for report in found)


def refuse_unknown(names: Sequence[str], side: DataSide) -> None:
    """Raise `UsageError("unknown-data-set")` where one of NAMES is no data set of SIDE."""
    unknown = [name for name in names if name not in side.config.data]
    if unknown:
        listed = f"One of: {', '.join(side.config.data)}"
        hint = did_you_mean(unknown[0], side.config.data, listed)
        raise UsageError("unknown-data-set", f"no data set is called {unknown[0]!r}", hint=hint)


def validate_datasets(
    names: Sequence[str],
    rules: DataRules,
    *,
    head: Tree,
    head_ids: Mapping[str, str],
    base: Tree | None,
    data: Data,
    objects: Path,
) -> tuple[DatasetReport, ...]:
    """Check head's data sets NAMES against the constraints of RULES; base's files tell what is new, and why."""
    reports: list[DatasetReport] = []
    base_ids = base.ids() if base else {}
    for name in names:
        constraints = rules.constraints.get(name)
        if constraints is None:
            continue
        section = rules.config.data[name]
        ours = rules.base_data.get(name, section)
        before, not_compared = _files_at_base(ours, base, data=data, objects=objects) if base else (None, None)
        files = files_of(section, head, data, objects)
        others = _others(name, constraints, rules)
        theirs = {other: rules.base_data.get(other, each) for other, each in others.items()}
        read = ((ours, section), *((theirs[other], each) for other, each in others.items()))
        is_same = before is not None and all(
            identity(old, base_ids) == identity(new, head_ids) and old.format == new.format for old, new in read
        )
        found = data.validate(
            name,
            files,
            constraints,
            base=before,
            key=rules.key,
            others={other: files_of(each, head, data, objects) for other, each in others.items()},
            profiled=before is not None and not is_same,
        )
        if base is not None and before is not None:
            at_base = (
                found if is_same else _at_base(name, before, constraints, theirs, base, data=data, objects=objects)
            )
            found = compared(found, at_base) if at_base else found
        found = once_of_no_rows(found)
        reports.append(found.model_copy(update={"not_compared": not_compared}) if not_compared else found)
    return tuple(reports)


def _files_at_base(
    section: DataSection, base: Tree, *, data: Data, objects: Path
) -> tuple[DataFiles | None, str | None]:
    """Return base's files of SECTION, None where it has none; where they cannot be brought, None and the problem.

    They only tell what is new and why, so head is checked without them. Rows of base that judge are brought elsewhere,
    by who judges, and there it is an error.
    """
    if identity(section, base.ids()) is None:
        return None, None
    try:
        return files_of(section, base, data, objects), None
    except MlciError as error:
        return None, error.public().problem  # it stands in the report


def _others(name: str, constraints: Sequence[Constraint], rules: DataRules) -> dict[str, DataSection]:
    """Return the data sets that the contract of data set NAME refers to."""
    others: dict[str, DataSection] = {}
    for each in constraints:
        if isinstance(each.value, Reference):
            other, known = each.value.data_set, rules.config.data
            if other not in known:
                raise UsageError(
                    "unknown-data-set",
                    f"{code(each.columns[0].name)} of `{name}` refers to {code(each.value.to)}, "
                    f"and no data set is called {code(other)}",
                    where=each.where or known[name].contract,
                    cause="It was renamed in mlci.yaml, or its name is mistyped in the contract.",
                    hint=did_you_mean(other, known, f"One of: {', '.join(known)}"),
                )
            others[other] = known[other]
    return others


def _at_base(
    name: str,
    before: DataFiles,
    constraints: Sequence[Constraint],
    others: Mapping[str, DataSection],
    base: Tree,
    *,
    data: Data,
    objects: Path,
) -> DatasetReport | None:
    """Return what is wrong with base's file by the same constraints; None where it cannot be read."""
    try:
        theirs = {other: files_of(each, base, data, objects) for other, each in others.items()}
        return data.validate(name, before, constraints, others=theirs, profiled=True)
    except (*AT_FAULT, OutsideError):
        return None
