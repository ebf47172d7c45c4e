from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from mlci.core.contract.scalar import ColumnType, Scalar, bound, read_value
from mlci.core.digits import Digits
from tests.core.contract.texts import MONEY, RIGHT, WRONG


@pytest.mark.parametrize(("type_", "text", "value"), [(type_, *pair) for type_, pairs in RIGHT for pair in pairs])
def test_read_value__what_is_written_right(type_: ColumnType, text: str, value: Scalar) -> None:
    found = read_value(text, type_, MONEY if type_ == "decimal" else None)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(("type_", "text"), [(type_, text) for type_, texts in WRONG for text in texts])
def test_read_value__what_is_not(type_: ColumnType, text: str) -> None:
    assert read_value(text, type_, MONEY if type_ == "decimal" else None) is None


@pytest.mark.parametrize("type_", ["list", "struct", "binary"])
def test_read_value__what_no_text_holds(type_: ColumnType) -> None:
    assert read_value("[1]", type_) is None


@pytest.mark.parametrize(
    ("written", "type_", "value"),
    [
        (5, "decimal", Decimal("5.00")),
        (0.1, "decimal", Decimal("0.10")),
        (-1e-1, "decimal", Decimal("-0.10")),
        ("99999999.99", "decimal", Decimal("99999999.99")),
        ("2024-02-29", "date", date(2024, 2, 29)),
        ("12:30", "time", time(12, 30)),
        ("2024-02-29 12:30", "timestamp", datetime(2024, 2, 29, 12, 30)),  # noqa: DTZ001 - one without a zone
        ("2024-02-29T12:30+02", "timestamp_with_zone", datetime(2024, 2, 29, 10, 30)),  # noqa: DTZ001 - UTC
        ("NO", "string", "NO"),
        (1, "number", 1),
    ],
)
def test_bound__is_what_values_are_compared_with(written: float | str, type_: ColumnType, value: Scalar) -> None:
    assert bound(written, type_, MONEY if type_ == "decimal" else None) == value


@pytest.mark.parametrize(
    ("written", "type_", "problem"),
    [
        (0.125, "decimal", "is no decimal with precision 10 and scale 2"),
        (10**8, "decimal", "is no decimal with precision 10 and scale 2"),
        (1e15, "decimal", "has more digits than a number in YAML keeps; put it in quotes: '12.50'"),
        (0.12345678901234567, "decimal", "has more digits than a number in YAML keeps; put it in quotes: '12.50'"),
        (True, "decimal", "is no decimal with precision 10 and scale 2"),
        ("2024-02-30", "date", "is no date, which is written as '2024-02-29'"),
        (2024, "date", "is no date, which is written as '2024-02-29'"),
        (True, "integer", "is no integer"),
        (1.5, "integer", "is no integer"),
        ("1", "integer", "is no integer"),
        (0, "boolean", "is no boolean"),
        (1, "string", "is no string; quote it if it is text"),
    ],
)
def test_bound__says_what_it_is_not(written: float | str, type_: ColumnType, problem: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared below
        bound(written, type_, MONEY if type_ == "decimal" else None)
    assert str(error.value) == problem


def test_read_value__of_38_digits_is_exact() -> None:
    text = "12345678901234567890123456789012345678"
    assert read_value(text, "decimal", Digits(38, 0)) == Decimal(text)
    assert read_value(f"0.{text}", "decimal", Digits(38, 38)) == Decimal(f"0.{text}")
    assert read_value(f"9{text}", "decimal", Digits(38, 0)) is None
