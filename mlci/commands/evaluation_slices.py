"""The slices of an evaluation set: one for each value of a column, or the rows where a condition is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.contract.model import value_type
from mlci.core.evidence import Slice
from mlci.core.expression import check_types
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.commands.evaluation_set import EvaluationSet
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.expression import Check
    from mlci.core.rules import Rules
    from mlci.core.slicing import SliceRule

MOST_VALUES: Final = 200
"""Values of a column that make slices."""
MOST_COLUMNS: Final = 12
"""Columns that an error lists."""


def slices_of(rows: EvaluationSet, rules: Rules) -> tuple[Slice, ...]:
    """Return the slices of the section of ROWS; RULES know the types of columns, and which identify people.

    Raises `UsageError`: "column-missing", "slices-too-many", "slice-column-unknown", "slice-ill-typed".
    """
    known = {spec.name: spec for spec in _columns(rules)}
    return tuple(found for rule in rows.section.slices for found in _slices(rule, rows, known))


def _columns(rules: Rules) -> Iterator[ColumnSpec]:
    """Yield the columns that the contract of the evaluation set knows, base's word last, so that it counts."""
    for origin in ("head", "base"):
        for constraint in rules.constraints.get(rules.config.evaluate.data, ()):
            if constraint.origin == origin:
                yield from constraint.columns


def _slices(rule: SliceRule, rows: EvaluationSet, known: Mapping[str, ColumnSpec]) -> Iterator[Slice]:
    names = rows.data.columns(rows.files)
    for column in rule.columns:
        if column not in names:
            raise _absent(rule, column, rows)
    if rule.where is not None:
        yield Slice(rule.key, _holding(rule, rule.where, rows, known), min_rows=rule.min_rows)
        return
    column = rule.columns[0]
    is_private = column in known and known[column].pii
    values = rows.texts(column)
    found = np.unique(values)
    if found.size > MOST_VALUES:
        raise UsageError(
            "slices-too-many",
            f"{code(column)} has {found.size:,} values in the evaluation set; {MOST_VALUES} slices of a column are "
            "the most",
            where=rows.configuration,
            cause="It is a number or a name of its own for nearly every row.",
            hint=f"Name what matters: slices: [{{name: NAME, where: {column} …}}]",
        )
    for place, value in enumerate(found.tolist(), start=1):
        yield Slice(rule.key, values == value, None if is_private else value, place, rule.min_rows)


def _holding(
    rule: SliceRule, check: Check, rows: EvaluationSet, known: Mapping[str, ColumnSpec]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    for column in check.columns:
        if column not in known:
            raise UsageError(
                "slice-column-unknown",
                f"the condition of the slice {code(rule.key)} reads {code(column)}, whose type nobody says",
                where=rows.configuration,
                cause="The contract of the evaluation set does not list the column, or there is no contract.",
                hint=f"columns: {{{column}: {{type: …}}}} in the contract",
            )
    specs = [known[column] for column in check.columns]
    try:
        check_types(check, {spec.name: value_type(spec) for spec in specs})
    except ValueError as error:
        raise UsageError(
            "slice-ill-typed",
            f"the condition of the slice {code(rule.key)} does not fit its columns: {error}",
            where=rows.configuration,
            cause="A text is compared with a number, or the other way round.",
            hint="Write texts in quotes, such as site == 'north', and numbers without.",
        ) from None
    return rows.data.matching(rows.files, check, specs)


def _absent(rule: SliceRule, column: str, rows: EvaluationSet) -> UsageError:
    names = rows.data.columns(rows.files)
    listed = ", ".join(names[:MOST_COLUMNS]) + (" …" if len(names) > MOST_COLUMNS else "")
    return UsageError(
        "column-missing",
        f"the evaluation set has no column {code(column)}, which the slice {code(rule.key)} reads",
        where=rows.configuration,
        cause="The column has another name, or is not in the evaluation set of the target branch yet.",
        hint=did_you_mean(column, names, f"It has: {one_line(listed)}"),
    )
