"""The type of labels, by the classes of a model or by the positive class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.contract.scalar import ColumnType


def type_of_classes(classes: Sequence[object]) -> ColumnType:
    """Return the type that labels are read with, so that they compare with the CLASSES of a model.

    >>> type_of_classes((0, 1, 2)), type_of_classes(("early", "late")), type_of_classes(())
    ('number', 'string', 'string')
    """
    if classes and all(isinstance(each, bool) for each in classes):
        return "boolean"
    is_number = bool(classes) and all(isinstance(each, int | float) and not isinstance(each, bool) for each in classes)
    return "number" if is_number else "string"


def type_of_positive(positive: object) -> ColumnType:
    """Return the type that labels are read with, so that they compare with the POSITIVE class as it is written.

    >>> type_of_positive(1), type_of_positive(True), type_of_positive("ill")
    ('number', 'boolean', 'string')
    """
    if isinstance(positive, bool):
        return "boolean"
    return "number" if isinstance(positive, int) else "string"
