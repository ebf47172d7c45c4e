"""What the target branch says, or why that cannot be used: one answer for `check`, `fetch` and `validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.sides import AT_FAULT, read_data_side
from mlci.core.data_section import identity
from mlci.core.metric_function import file_and_function
from mlci.core.rules import effective
from mlci.core.side import Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.commands.ports import Data, Tree
    from mlci.core.side import DataSide


def side_of_base(
    base: Tree, theirs: DataSide | None, head_ids: Mapping[str, str], *, data: Data, objects: Path
) -> tuple[DataSide | None, str | None]:
    """Return what BASE says, or None where it says nothing; where its rules cannot be used, None and the problem.

    Else nobody could mend them: the pull request that does would be refused for what it mends. Only base's own files
    decide this, so no pull request can bring it about for itself; and they are read only where head (THEIRS) changes
    what is evaluated, since a head that does not mends nothing.
    """
    try:
        ours = read_data_side(base)
        if not (isinstance(ours, Side) and isinstance(theirs, Side)):
            return ours, None
        if evaluation_of(ours, base.ids()) == evaluation_of(theirs, head_ids):
            return ours, None
        from mlci.commands.own_evaluation import refuse_unusable_rows  # noqa: PLC0415 - with numpy, rarely needed

        # A function that lacks its code opens its own gates alone; all other rules can be used.
        refuse_unusable_rows(ours, base, effective(None, ours)[0], data=data, objects=objects)
    except AT_FAULT as error:
        return None, error.public().problem  # it stands in the report
    return ours, None


def evaluation_of(side: Side, ids: Mapping[str, str]) -> tuple[str | None, ...]:
    """Return what SIDE says about its evaluation, as text (`1` is not `true`), and what stands for rows and labels.

    The code of functions stands there as well, by the ids that Git has of it.
    """
    sections = [side.config.data[name] for name in side.config.scoring_sets]
    forms = [section.model_dump_json(include={"format"}) for section in sections]
    code = [ids.get(file_and_function(text)[0]) for text in side.config.evaluate.metrics.values()]
    return side.config.evaluate.model_dump_json(), *forms, *code, *(identity(section, ids) for section in sections)
