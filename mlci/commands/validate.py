"""`mlci validate`: is the data what the contract says?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.data_sets import files_of
from mlci.commands.evaluation_set import refuse_unusable
from mlci.commands.sides import head_side
from mlci.commands.target_branch import side_of_base
from mlci.core.nearest import did_you_mean
from mlci.core.rules import effective
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlci.commands.ports import Data, Repository, Tree
    from mlci.core.findings import DatasetReport
    from mlci.core.rules import Rules


def validate(
    names: Sequence[str], *, repository: Repository, data: Data, objects: Path, base: str | None
) -> tuple[DatasetReport, ...]:
    """Check data sets of the work tree, all or those in NAMES, by the rules that count.

    Raises `UsageError` where the evaluation set is one of them, the data is right, and `evaluate` cannot work on it.
    """
    head = repository.work_tree()
    side = head_side(head)
    unknown = [name for name in names if name not in side.config.data]
    if unknown:
        listed = f"One of: {', '.join(side.config.data)}"
        hint = did_you_mean(unknown[0], side.config.data, listed)
        raise UsageError("unknown-data-set", f"no data set is called {unknown[0]!r}", hint=hint)
    base_tree = repository.tree(base) if base else None
    ours, _ = side_of_base(base_tree, side, head.ids(), data=data, objects=objects) if base_tree else (None, None)
    rules, _ = effective(ours, side)
    wanted = tuple(names) or tuple(side.config.data)
    found = validate_datasets(wanted, rules, head=head, base=base_tree, data=data, objects=objects)
    if side.config.evaluate.data in wanted and all(report.passed for report in found):
        refuse_unusable(side, head, rules, data=data, objects=objects)
    return found


def validate_datasets(
    names: Sequence[str], rules: Rules, *, head: Tree, base: Tree | None, data: Data, objects: Path
) -> tuple[DatasetReport, ...]:
    """Check head's data sets NAMES against the constraints of RULES; base's files help to name a cause."""
    reports: list[DatasetReport] = []
    for name in names:
        constraints = rules.constraints.get(name)
        if constraints is None:
            continue
        section = rules.config.data[name]
        before = files_of(section, base, objects) if base and section.path in base.ids() else None
        files = files_of(section, head, objects)
        reports.append(data.validate(name, files, constraints, base=before, key=rules.config.evaluate.id))
    return tuple(reports)
