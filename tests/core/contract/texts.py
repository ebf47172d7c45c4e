"""How values are written, right and wrong, by type: for Python's reading of text and for DuckDB's."""
# ruff: noqa: DTZ001 - timestamps without a zone are what is tested

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from mlci.core.digits import Digits

if TYPE_CHECKING:
    from mlci.core.contract.scalar import ColumnType, Scalar

MONEY = Digits(10, 2)
"""The digits of every decimal in these tables."""

RIGHT: list[tuple[ColumnType, list[tuple[str, Scalar]]]] = [
    ("integer", [
        ("0", 0), ("-0", 0), ("+5", 5), ("007", 7), ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)), ("0" * 60 + "1", 1),
    ]),
    ("number", [
        ("0", 0.0), ("-1", -1.0), ("+1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E-3", 0.001),
        ("1e-400", 0.0), ("9007199254740993", 9007199254740992.0),
    ]),
    ("decimal", [
        ("0", Decimal(0)), ("-0.1", Decimal("-0.1")), ("+1.5", Decimal("1.5")), (".5", Decimal("0.5")),
        ("5.", Decimal(5)), ("1.500", Decimal("1.5")), ("00000000001", Decimal(1)),
        ("99999999.99", Decimal("99999999.99")), ("-99999999.99", Decimal("-99999999.99")),
    ]),
    ("string", [("", ""), ("NaN", "NaN"), (" 12 ", " 12 "), ("NULL", "NULL"), ("'; drop table x; --",) * 2]),
    ("boolean", [("true", True), ("FALSE", False), ("False", False)]),
    ("date", [
        ("2024-02-29", date(2024, 2, 29)), ("1960-01-01", date(1960, 1, 1)), ("0001-01-01", date(1, 1, 1)),
        ("1900-02-28", date(1900, 2, 28)), ("9999-12-31", date(9999, 12, 31)),
    ]),
    ("time", [
        ("00:00", time()), ("23:59", time(23, 59)), ("23:59:59", time(23, 59, 59)),
        ("12:00:00.5", time(12, 0, 0, 500_000)), ("12:00:00.000001", time(12, 0, 0, 1)),
    ]),
    ("timestamp", [
        ("1969-12-31T23:59:59.999999", datetime(1969, 12, 31, 23, 59, 59, 999_999)),
        ("2024-02-29 12:00", datetime(2024, 2, 29, 12)),
        ("2024-03-31T02:30:00", datetime(2024, 3, 31, 2, 30)),  # an hour that Berlin does not have
    ]),
    ("timestamp_with_zone", [
        ("2024-03-31T02:30:00+01:00", datetime(2024, 3, 31, 1, 30)),
        ("2024-10-27T02:30:00+02:00", datetime(2024, 10, 27, 0, 30)),
        ("2024-10-27T02:30:00+01:00", datetime(2024, 10, 27, 1, 30)),
        ("1960-01-01 00:00Z", datetime(1960, 1, 1)),
        ("2024-01-01T00:00-05", datetime(2024, 1, 1, 5)),
        ("2024-01-01T12:00:00.5+05:30", datetime(2024, 1, 1, 6, 30, 0, 500_000)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1)),
    ]),
]  # fmt: skip
"""Text and value; a timestamp with a zone is its moment in UTC."""

WRONG: list[tuple[ColumnType, list[str]]] = [
    ("integer", [
        "", " 12 ", "1e3", "0x1F", "1_000", "1.0", "1,5", "--1", "+", "12\n", "\n12", "1 2", "NaN", "true", "null",
        "\N{ARABIC-INDIC DIGIT ONE}", "\N{FULLWIDTH DIGIT ONE}", "9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "9" * 5000,
    ]),
    ("number", [
        "", "nan", "NaN", "inf", "-Infinity", "1e999", " 1.5", "1.5 ", "1_000.5", "1,5", "0x1F", "1e", "e3", ".",
        "1.5.2", "1e3.5", "\N{ARABIC-INDIC DIGIT ONE}", "1.5\n", "NULL", "12 µm",
    ]),
    ("decimal", [
        "", ".", "+", "-.", "1e3", "1.501", "100000000", " 1.5", "1.5\n", "1,5", "NaN", "Infinity", "0.005",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ]),
    ("boolean", ["", "1", "0", "yes", "NO", "t", " true", "true\n", "tru\u0435"]),
    ("date", [
        "", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-32", "0000-01-01", "24-02-29",
        "2024-2-9", "29.02.2024", "20240229", "2024-W09-4", "2024-060", "2024-02-29\n", " 2024-02-29",
        "2024-02-29T00:00", "-2024-02-29", "10000-01-01", "\N{FULLWIDTH DIGIT TWO}024-02-29", "infinity", "epoch",
        "2024-02-29 (BC)",
    ]),
    ("time", [
        "", "24:00", "23:60", "23:59:60", "9:30", "09:30:5", "12", "1200", "12:00:00.", "12:00:00.1234567", "12:00\n",
        "12:00Z", "12:00:00,5",
    ]),
    ("timestamp", [
        "", "2024-02-29", "2024-02-29T12:00Z", "2024-02-29T12:00+02:00", "2024-02-30T12:00", "2024-02-29t12:00",
        "2024-02-29  12:00", "2024-02-29T24:00:00", "2024-02-29T23:59:60", "2024-02-29T12:00\n", "infinity",
    ]),
    ("timestamp_with_zone", [
        "", "2024-02-29T12:00", "2024-02-29T12:00z", "2024-02-29T12:00 Z", "2024-02-29T12:00+16:00",
        "2024-02-29T12:00+02:60", "2024-02-29T12:00+2", "2024-02-29T12:00+0200", "2024-02-29T12:00 CET",
        "2024-02-29T12:00 Europe/Berlin", "2024-02-30T12:00Z", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ]),
]  # fmt: skip
