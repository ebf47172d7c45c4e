"""What a data set must satisfy: the contract as a person writes it, its atomic constraints, and changes between two."""

from mlci.core.contract.changes import ChangeKind, ConstraintChange, combined, compare_constraints
from mlci.core.contract.constraints import Constraint, ConstraintKind, Origin, constraints
from mlci.core.contract.model import LATER, ColumnRule, ColumnSpec, ColumnType, Contract, CrossRule, RowBounds
from mlci.core.contract.share import Share

__all__ = [
    "LATER",
    "ChangeKind",
    "ColumnRule",
    "ColumnSpec",
    "ColumnType",
    "Constraint",
    "ConstraintChange",
    "ConstraintKind",
    "Contract",
    "CrossRule",
    "Origin",
    "RowBounds",
    "Share",
    "combined",
    "compare_constraints",
    "constraints",
]
