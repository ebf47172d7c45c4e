"""What a data set must satisfy: the contract as a person writes it, its atomic constraints, and changes between two."""

from mlci.core.contract.changes import ChangeKind, ConstraintChange, combined, compare_constraints
from mlci.core.contract.constraints import Classes, Constraint, ConstraintKind, Origin, constraints
from mlci.core.contract.data_set_rule import Balance, Conflicts, Freshness, Reference, RowChange
from mlci.core.contract.formats import FORMATS
from mlci.core.contract.model import LATER, ColumnRule, ColumnSpec, Contract, Length, RowBounds
from mlci.core.contract.part import Severity
from mlci.core.contract.pattern import Pattern, parse_pattern
from mlci.core.contract.rule import AggregateDemand, AggregateRule, CrossRule
from mlci.core.contract.scalar import ColumnType, Scalar
from mlci.core.contract.share import Share
from mlci.core.digits import Digits

__all__ = [
    "FORMATS",
    "LATER",
    "AggregateDemand",
    "AggregateRule",
    "Balance",
    "ChangeKind",
    "Classes",
    "ColumnRule",
    "ColumnSpec",
    "ColumnType",
    "Conflicts",
    "Constraint",
    "ConstraintChange",
    "ConstraintKind",
    "Contract",
    "CrossRule",
    "Digits",
    "Freshness",
    "Length",
    "Origin",
    "Pattern",
    "Reference",
    "RowBounds",
    "RowChange",
    "Scalar",
    "Severity",
    "Share",
    "combined",
    "compare_constraints",
    "constraints",
    "parse_pattern",
]
