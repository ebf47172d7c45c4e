"""Head's own `evaluate`, which becomes a rule after the merge: it must work on head's own rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.commands.added_features import AddedFeatures
from mlci.commands.data_sets import files_of
from mlci.commands.evaluation_set import EvaluationSet
from mlci.commands.evaluation_slices import slices_of
from mlci.commands.function_evidence import functions_of, refuse_missing
from mlci.commands.labelled_rows import private_parts
from mlci.commands.sides import named_in
from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_section import lies_in_git

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Data, Tree
    from mlci.core.rules import Rules
    from mlci.core.side import Side


def refuse_unusable(side: Side, tree: Tree, rules: Rules, *, data: Data, objects: Path) -> None:
    """Raise `UsageError` where SIDE's own `evaluate` cannot work on the rows of its own TREE, or its code is missing.

    It would be a rule after the merge, by which nothing could be judged. RULES say what no error may show.
    """
    refuse_unusable_rows(side, tree, rules, data=data, objects=objects)
    refuse_missing(functions_of(tree, side.config.evaluate), named_in(FILE_NAME, tree))


def refuse_unusable_rows(side: Side, tree: Tree, rules: Rules, *, data: Data, objects: Path) -> None:
    """Raise `UsageError` where what SIDE's `evaluate` says of rows does not fit the rows of its own TREE."""
    section, level = side.config.evaluate, side.config.train.level
    if level == "metrics":  # which no row decides
        return
    files = files_of(side.config.data[section.data], tree, data, objects)
    rows = EvaluationSet(files, FILE_NAME, section, data, *private_parts(section, rules), side.config.model.task)
    apart = None if section.labels is None else side.config.data[section.labels]
    if level == "scores":
        rows.read_ids()
    elif apart is None:
        rows.labels(rows.read({}))
    elif lies_in_git(apart, tree.ids()):
        rows = replace(rows, apart=files_of(apart, tree, data, objects))
        rows.labels(rows.read({}))
    else:  # where labels are not to be had, that is no fault of what is said about them
        rows.read_ids()
        rows.refuse_labels_among_rows()
    if section.features is not None:
        added = AddedFeatures(files_of(side.config.data[section.features], tree, data, objects), section.id, data)
        rows.refuse_changed(added, rows.texts(section.id))
    rows.weights()
    rows.sampling()
    slices_of(rows, rules)
