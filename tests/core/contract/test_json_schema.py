from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from mlci.core.contract.json_schema import NOT_SAID, json_schema
from mlci.core.contract.model import Contract
from mlci.core.contract.pattern import parse_pattern
from tests.core.contract.patterns import PATTERNS, TEXTS

COLUMNS: dict[str, Any] = {
    "id": {"type": "integer", "unique": True},
    "price": {"type": "number", "min": 0, "max": 100, "unit": "euro", "description": "Without tax."},
    "status": {"type": "string", "enum": ["open", "paid"]},
    "code": {"type": "string", "pattern": "[A-Z]{2}é", "required": False},
    "mail": {"type": "string", "format": "email", "max_null": "2%"},
    "short": {"type": "string", "length": {"min": 2, "max": 3}, "optional": True},
    "ok": {"type": "boolean"},
    "soft": {"type": "integer", "min": 5, "severity": "warn"},
    "day": {"type": "date", "min": "2020-01-01"},
}
ROW = {
    "id": 1, "price": 5.5, "status": "open", "code": "ABé", "mail": "a@b.org", "short": "ab", "ok": True, "soft": 9,
    "day": "2021-02-03",
}  # fmt: skip


def schema(**parts: object) -> dict[str, Any]:
    return json_schema(Contract.model_validate({"columns": COLUMNS, **parts}))


def is_valid(row: dict[str, Any], **parts: object) -> bool:
    told = schema(**parts)
    Draft202012Validator.check_schema(told)
    return Draft202012Validator(told).is_valid([row])


@pytest.mark.parametrize("change", [{}, {"code": None}, {"mail": None}, {"soft": 1}, {"soft": "x"}, {"more": 1}])
def test_json_schema__takes_what_the_contract_takes(change: dict[str, Any]) -> None:
    assert is_valid(ROW | change)


def test_json_schema__lets_optional_columns_be_absent_and_those_that_only_warn() -> None:
    assert is_valid({name: value for name, value in ROW.items() if name not in {"short", "soft"}})
    assert not is_valid({name: value for name, value in ROW.items() if name != "price"})


@pytest.mark.parametrize(
    "change",
    [
        {"id": 1.5}, {"id": None}, {"id": 2**63}, {"price": -1}, {"price": 101}, {"price": "1"}, {"status": "Open"},
        {"code": "abé"}, {"code": "xABé"}, {"mail": "a@b"}, {"short": "abcd"}, {"short": "a"}, {"ok": 1}, {"day": True},
    ],
)  # fmt: skip
def test_json_schema__refuses_what_the_contract_refuses(change: dict[str, Any]) -> None:
    assert not is_valid(ROW | change)


def test_json_schema__bounds_rows_and_closes_the_list_of_columns() -> None:
    assert not is_valid(ROW, rows={"min": 2})
    assert not is_valid(ROW | {"more": 1}, extra=False)


def test_json_schema__lists_what_it_cannot_say() -> None:
    told = schema(
        keys=[["id", "status"]],
        rules=[{"name": "paid", "check": "price > 0", "when": "status == 'paid'"}],
        aggregates=[{"name": "usual", "aggregate": "mean(price) < 50"}],
    )
    assert told[NOT_SAID] == [
        "`id` is different in every row",
        "`mail` has a value in all but 2% of the rows",
        "`soft` is a column of the file (only warns)",
        "`soft` is a whole number (only warns)",
        "`soft` has a value in every row (only warns)",
        "`soft` is at least 5 (only warns)",
        "`day` is a date",
        "`day` is not before 2020-01-01",
        "`id`, `status` together are different in every row",
        "`price > 0` holds in every row where `status == 'paid'`",
        "`mean(price) < 50` holds",
    ]


@given(PATTERNS, TEXTS)
def test_json_schema__its_expressions_mean_the_same(text: str, value: str) -> None:
    column = {"type": "string", "pattern": text}
    told = json_schema(Contract.model_validate({"columns": {"a": column}}))
    expression = told["$defs"]["row"]["properties"]["a"]["pattern"]
    # In ECMA-262 `$` is the end alone; Python's lets a line feed follow.
    assert bool(re.search(expression.removesuffix("$") + r"\Z", value)) == parse_pattern(text).matches(value)
