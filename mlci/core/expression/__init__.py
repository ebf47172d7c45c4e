"""Checks such as `ends >= starts or status in ('open', 'held')`, as a small typed tree of our own.

The text of a check is never passed on: an engine sees only the tree, and means by it what `truth` says.
"""

from mlci.core.expression.grammar import LONGEST_CHECK, parse_aggregate, parse_check
from mlci.core.expression.tokens import MOST_PARTS
from mlci.core.expression.tree import (
    And,
    Arithmetic,
    Call,
    Check,
    ColumnReference,
    Comparison,
    Converted,
    Literal,
    Measure,
    Membership,
    Negation,
    Node,
    Not,
    NullTest,
    Or,
)
from mlci.core.expression.truth import Truth, measured, truth
from mlci.core.expression.types import Kind, ValueType, check_types, resolved

__all__ = [
    "LONGEST_CHECK",
    "MOST_PARTS",
    "And",
    "Arithmetic",
    "Call",
    "Check",
    "ColumnReference",
    "Comparison",
    "Converted",
    "Kind",
    "Literal",
    "Measure",
    "Membership",
    "Negation",
    "Node",
    "Not",
    "NullTest",
    "Or",
    "Truth",
    "ValueType",
    "check_types",
    "measured",
    "parse_aggregate",
    "parse_check",
    "resolved",
    "truth",
]
