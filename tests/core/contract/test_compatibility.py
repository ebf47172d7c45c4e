from __future__ import annotations

from typing import Any

import pytest

from mlci.core.contract.compatibility import ContractChange, breaks, classified
from mlci.core.contract.model import Contract


def a_contract(a: dict[str, Any] | None = None, **parts: object) -> Contract:
    return Contract.model_validate(
        {"columns": {"a": {"type": "number", **(a or {})}, "b": {"type": "number"}}, **parts}
    )


@pytest.mark.parametrize(
    ("before", "after", "readers", "model"),
    [
        ({"max": 60}, {"max": 600}, "breaking", "compatible"),
        ({"max": 600}, {"max": 60}, "compatible", "breaking"),
        ({}, {"min": 0}, "compatible", "breaking"),
        ({"min": 0}, {}, "breaking", "compatible"),
        ({"type": "integer"}, {"type": "number"}, "breaking", "compatible"),
        ({"type": "number"}, {"type": "integer"}, "breaking", "breaking"),
        ({"type": "boolean"}, {"type": "string"}, "breaking", "breaking"),
        ({"unit": "mm"}, {"unit": "µm"}, "breaking", "breaking"),
        ({}, {"unit": "mm"}, "unknown", "breaking"),
        ({"enum": [1, 2]}, {"enum": [1, 2, 3]}, "breaking", "compatible"),
        ({"enum": [1, 2]}, {"enum": [1]}, "compatible", "compatible"),
        ({"enum": [1, 2]}, {"enum": [1, 3]}, "unknown", "compatible"),
        ({}, {"required": False}, "breaking", "compatible"),
        ({}, {"optional": True}, "breaking", "compatible"),
        ({}, {"severity": "warn"}, "breaking", "compatible"),
        ({}, {"pii": True}, "compatible", "compatible"),
        ({"pii": True}, {}, "compatible", "compatible"),
        ({}, {"deprecated": True}, "compatible", "compatible"),
    ],
)
def test_classified__says_whom_a_change_of_a_column_breaks(
    before: dict[str, Any], after: dict[str, Any], readers: str, model: str
) -> None:
    (change,) = classified(a_contract(before), a_contract(after))
    assert (change.readers, change.model) == (readers, model)


def test_classified__a_column_that_goes_breaks_and_one_that_comes_may() -> None:
    both, one = a_contract(), Contract.model_validate({"columns": {"b": {"type": "number"}}})
    key = ("columns", "a", "type")
    assert classified(both, one) == (
        ContractChange(key, "removes the column `a` and all its rules", "breaking", "breaking"),
    )
    assert classified(one, both) == (ContractChange(key, "adds the column `a`", "compatible", "unknown"),)


@pytest.mark.parametrize("name", ["type", "pii"])
def test_classified__a_rule_about_a_column_with_the_name_of_a_key_is_no_such_key(name: str) -> None:
    columns = {name: {"type": "number"}, "b": {"type": "number"}}
    loose, tight = (
        Contract.model_validate({"columns": columns, "conflicts": {name: {"max_count": count}}}) for count in (9, 1)
    )
    assert [change.readers for change in classified(loose, tight)] == ["compatible"]
    assert [change.readers for change in classified(tight, loose)] == ["breaking"]


def test_classified__tells_what_breaks_first() -> None:
    changes = classified(
        a_contract({"max": 5, "enum": [1, 2]}, rows={"min": 2}), a_contract({"max": 9, "enum": [1, 3]})
    )
    assert [change.sentence for change in changes] == [
        "loosens `a` max: 5 → 9",
        "removes rows min: 2",
        "changes `a` enum: without 2, with 3",
    ]
    assert breaks(changes)


def test_classified__of_equal_contracts_is_nothing() -> None:
    assert classified(a_contract(), a_contract({"description": "x"})) == ()
    assert not breaks(())
