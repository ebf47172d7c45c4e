"""The labelled rows of a commit, as its configuration and the rules in force name them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.commands.added_features import AddedFeatures
from mlci.commands.data_sets import files_of
from mlci.commands.evaluation_set import EvaluationSet
from mlci.commands.function_evidence import functions_of, seen_by_head
from mlci.commands.sides import named_in
from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_section import lies_in_git
from mlci.core.rules import brings_features

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Data, Tree
    from mlci.core.data_section import DataSection
    from mlci.core.judging_sections import EvaluateSection
    from mlci.core.rules import Rules


def set_of(rules: Rules, tree: Tree, *, data: Data, objects: Path, head: Tree | None = None) -> EvaluationSet:
    """Return the evaluation set of RULES in TREE, the commit that they are from, with what HEAD adds to its rows."""
    rows, apart = feature_rows(rules, tree, data=data, objects=objects, head=head), rules.labels_data
    if head is not None:
        rows = replace(rows, functions=seen_by_head(rows.functions, rules.head_functions, head))
    if apart is None:
        return rows
    # Which rows changed sides says what their labels are.
    are_private = rows.has_private_ids or not lies_in_git(apart, tree.ids())
    return replace(rows, apart=files_of(apart, tree, data, objects), has_private_ids=are_private)


def feature_rows(rules: Rules, tree: Tree, *, data: Data, objects: Path, head: Tree | None = None) -> EvaluationSet:
    """Return the same without labels that lie apart, for who asks for features alone."""
    rows, section = labelled_rows(rules.evaluation_data, rules, tree, data=data, objects=objects), rules.config.evaluate
    ours, theirs = rules.base_features, rules.head_features
    if ours is not None:
        rows = replace(rows, known=AddedFeatures(files_of(ours, tree, data, objects), section.id, data))
    if head is not None and theirs is not None and brings_features(rules, tree.ids(), head.ids()):
        own = files_of(rules.config.data[section.data], head, data, objects)
        files = files_of(theirs, head, data, objects)
        rows = replace(rows, brought=AddedFeatures(files, section.id, data, also=own))
    return rows


def labelled_rows(where: DataSection, rules: Rules, tree: Tree, *, data: Data, objects: Path) -> EvaluationSet:
    """Return the rows that lie WHERE a data set says, with the columns that `evaluate` of RULES names."""
    files, configuration = files_of(where, tree, data, objects), named_in(FILE_NAME, tree)
    section, task = rules.config.evaluate, rules.config.model.task
    # The code of head runs nowhere but where head is trained: where its rules serve, its functions are not judged by.
    functions = functions_of(tree, section) if rules.has_base else ()
    return EvaluationSet(files, configuration, section, data, *private_parts(section, rules), task, functions=functions)


def private_parts(section: EvaluateSection, rules: Rules) -> tuple[bool, bool]:
    """Return whether labels and whether ids of SECTION identify people, by RULES."""
    return any(_is_pii(name, rules) for name in section.label_columns), _is_pii(section.id, rules)


def _is_pii(column: str, rules: Rules) -> bool:
    """Return whether any contract says that the values of COLUMN identify people."""
    named = (spec for listed in rules.constraints.values() for constraint in listed for spec in constraint.columns)
    return any(spec.pii for spec in named if spec.name == column)
