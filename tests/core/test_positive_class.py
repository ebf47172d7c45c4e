from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.positive_class import LabelProfile, LabelValue, positive_class
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.core.contract.scalar import ColumnType

COMMAND = "mlci init cells.csv --label ill"
TYPES: dict[type, ColumnType] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def holding(*values: LabelValue, distinct: int | None = None) -> LabelProfile:
    return LabelProfile(
        TYPES[type(values[0])] if values else "string", len(values) if distinct is None else distinct, values
    )


def told(wished: str | None, *profiles: LabelProfile) -> tuple[str, str, str | None]:
    """Return why no class of these files, cells.csv and then holdout.csv, is the positive one."""
    with pytest.raises(UsageError) as caught:
        positive_class("ill", dict(zip(("cells.csv", "holdout.csv"), profiles, strict=False)), wished, COMMAND)
    return caught.value.code, caught.value.problem, caught.value.hint


@pytest.mark.parametrize(
    ("values", "wished", "expected"),
    [
        ((0, 1), None, 1),
        ((-1, 1), None, 1),
        ((0, 1), "1", 1),
        ((0, 1), "0", 0),
        ((0, 1), "1.0", 1),
        ((1, 2), "2", 2),
        ((0.0, 1.0), None, 1),
        ((0.0, 1.0), "1", 1),
        ((0.5, 1.0), "1.0", 1),
        ((False, True), None, True),
        ((False, True), "true", True),
        ((False, True), "False", False),
        (("no", "yes"), None, "yes"),
        (("N", "Y"), None, "Y"),
        (("NO", "true"), None, "true"),
        (("benign", "malignant"), "malignant", "malignant"),
        (("0x", "1"), "1", "1"),
        (("a", 'the "bad" one'), 'the "bad" one', 'the "bad" one'),
    ],
)
def test_positive_class__is_a_value_of_the_label(
    values: tuple[LabelValue, LabelValue], wished: str | None, expected: LabelValue
) -> None:
    found = positive_class("ill", {"cells.csv": holding(*values)}, wished, COMMAND)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("values", "wished", "problem", "classes"),
    [
        (("no", "yes"), "1", "`ill` is no or yes, and '1' is none of them", ("yes", "no")),
        (("no", "yes"), "Yes", "`ill` is no or yes, and 'Yes' is none of them", ("yes", "no")),
        ((0, 1), "yes", "`ill` is 0 or 1, and 'yes' is none of them", ("1", "0")),
        ((0, 1), "true", "`ill` is 0 or 1, and 'true' is none of them", ("1", "0")),
        ((False, True), "1", "`ill` is false or true, and '1' is none of them", ("true", "false")),
        ((0.0, 1.0), "2", "`ill` is 0 or 1, and '2' is none of them", ("1", "0")),
        ((0.5, 1.0), "7", "`ill` is 0.5 or 1, and '7' is none of them", ("1",)),
        ((1, 2), None, "`ill` is 1 or 2, and which of them is positive does not show", ("2", "1")),
        (("y", "yes"), None, "`ill` is y or yes, and which of them is positive does not show", ("yes", "y")),
        (
            ("is  ill", "well "),
            None,
            '`ill` is "is  ill" or "well ", and which of them is positive does not show',
            ("'well '", "'is  ill'"),
        ),
    ],
)
def test_positive_class__else_names_the_values_and_what_to_type(
    values: tuple[LabelValue, LabelValue], wished: str | None, problem: str, classes: tuple[str, ...]
) -> None:
    hint = " or: ".join(f"mlci init cells.csv --label ill --positive {each}" for each in classes)
    assert told(wished, holding(*values)) == ("positive-unknown", problem, hint)


@pytest.mark.parametrize(
    ("values", "wished", "shown"),
    [
        ((0.5, 1.5), None, "0.5 or 1.5"),
        ((0.5, 1.0), "0.5", "0.5"),
        ((2**53 + 1, 2**53 + 2), None, "9007199254740993 or 9007199254740994"),
        (("no", "a\u202eb"), "a\u202eb", r'"a\u202eb"'),
        (("no", "x" * 201), "x" * 201, "x" * 59 + "…"),
    ],
)
def test_positive_class__is_something_that_a_configuration_can_say(
    values: tuple[LabelValue, LabelValue], wished: str | None, shown: str
) -> None:
    code, problem, _ = told(wished, holding(*values))
    assert (code, problem) == (
        "positive-unusable",
        f"no configuration can say that the positive class of `ill` is {shown}",
    )


@pytest.mark.parametrize(
    ("profiles", "code", "problem"),
    [
        (
            (holding(0, 1, 2),),
            "not-binary",
            "`ill` has 3 different values in cells.csv: 0, 1, 2",
        ),
        (
            (holding(0, 1), holding(0.1, 0.2, 0.3, 0.4, 0.5, distinct=4_000)),
            "not-binary",
            "`ill` has 4,000 different values in holdout.csv: 0.1, 0.2, 0.3, 0.4, 0.5, …",
        ),
        ((holding(0, 1), holding(1)), "one-class", "`ill` is 1 in every row of holdout.csv"),
        ((holding("no"),), "one-class", "`ill` is no in every row of cells.csv"),
        ((holding(),), "one-class", "`ill` is empty in every row of cells.csv"),
        (
            (holding("no", "yes"), holding("no", "yes ")),
            "classes-differ",
            '`ill` is no or yes in cells.csv, and no or "yes " in holdout.csv',
        ),
    ],
)
@pytest.mark.parametrize("wished", [None, "1"])
def test_positive_class__wants_the_same_two_classes_in_every_file(
    profiles: tuple[LabelProfile, ...], wished: str | None, code: str, problem: str
) -> None:
    assert told(wished, *profiles)[:2] == (code, problem)
