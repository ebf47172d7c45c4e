from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract import ChangeKind, ConstraintChange, Contract, combined, compare_constraints

RULE = {"name": "ordered", "check": "b >= a"}


def a_contract(a: dict[str, Any] | None = None, **parts: object) -> Contract:
    columns = {"a": {"type": "number", **(a or {})}, "b": {"type": "number"}}
    return Contract.model_validate({"columns": columns, **parts})


def the_change(base: Contract, head: Contract) -> ConstraintChange:
    (change,) = compare_constraints(base, head)
    return change


@pytest.mark.parametrize(
    ("base", "head", "kind", "sentence"),
    [
        ({"max": 60}, {"max": 600}, "loosened", "loosens `a` max: 60 → 600"),
        ({"max": 600}, {"max": 60.5}, "tightened", "tightens `a` max: 600 → 60.5"),
        ({"min": 0}, {"min": -1}, "loosened", "loosens `a` min: 0 → -1"),
        ({"min": 0}, {"min": 1}, "tightened", "tightens `a` min: 0 → 1"),
        ({"max": 60}, {}, "removed", "removes `a` max: 60"),
        ({}, {"max": 60}, "added", "adds `a` max: 60"),
        ({}, {"required": False}, "removed", "allows missing values in `a`"),
        ({"required": False}, {}, "added", "demands a value in `a`"),
        ({"unique": True}, {}, "removed", "allows repeated values in `a`"),
        ({}, {"unique": True}, "added", "forbids repeated values in `a`"),
        ({"type": "integer"}, {}, "loosened", "loosens `a` type: integer → number"),
        ({}, {"type": "integer"}, "tightened", "tightens `a` type: number → integer"),
        ({}, {"type": "string"}, "loosened", "loosens `a` type: number → string"),
        ({"type": "boolean"}, {}, "unclear", "changes `a` type: boolean → number"),
        ({"enum": [1, 2]}, {"enum": [1, 2, 3, 4]}, "loosened", "loosens `a` enum: with 3, 4"),
        ({"enum": [1, 2, 3]}, {"enum": [1]}, "tightened", "tightens `a` enum: without 2, 3"),
        ({"enum": [1, 2]}, {"enum": [1, 3]}, "unclear", "changes `a` enum: without 2, with 3"),
        ({"enum": [1, 2]}, {}, "removed", "removes `a` enum: 1, 2"),
        ({"pii": True}, {}, "loosened", "lets reports show values of `a` (pii: true → false)"),
        ({}, {"pii": True}, "tightened", "hides values of `a` in reports (pii: false → true)"),
    ],
)
def test_compare_constraints__orders_changes_of_a_column(
    base: dict[str, Any], head: dict[str, Any], kind: ChangeKind, sentence: str
) -> None:
    change = the_change(a_contract(base), a_contract(head))
    assert (change.kind, change.sentence) == (kind, sentence)


@pytest.mark.parametrize(
    ("base", "head", "kind", "sentence"),
    [
        ({"rows": {"min": 100}}, {"rows": {"min": 10}}, "loosened", "loosens rows min: 100 → 10"),
        ({"rows": {"max": 100}}, {"rows": {"max": 10}}, "tightened", "tightens rows max: 100 → 10"),
        ({"rows": {"min": 100}}, {}, "removed", "removes rows min: 100"),
        ({"rules": [RULE]}, {}, "removed", "removes the rule `ordered`: `b >= a`"),
        ({}, {"rules": [RULE]}, "added", "adds the rule `ordered`: `b >= a`"),
        (
            {"rules": [RULE]},
            {"rules": [{**RULE, "max_share": "5%"}]},
            "loosened",
            "loosens the rule `ordered`: at most 0% → 5% of the rows",
        ),
        (
            {"rules": [{**RULE, "max_share": "5%"}]},
            {"rules": [{**RULE, "max_share": "0.5%"}]},
            "tightened",
            "tightens the rule `ordered`: at most 5% → 0.5% of the rows",
        ),
        (
            {"rules": [RULE]},
            {"rules": [{**RULE, "check": "b > a", "max_share": "1%"}]},
            "unclear",
            "changes the rule `ordered`: `b >= a` → `b > a` in all but 1% of the rows",
        ),
    ],
)
def test_compare_constraints__orders_changes_of_rows_and_rules(
    base: dict[str, Any], head: dict[str, Any], kind: ChangeKind, sentence: str
) -> None:
    change = the_change(a_contract(**base), a_contract(**head))
    assert (change.kind, change.sentence) == (kind, sentence)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ({"max": 60}, {"max": 60.0}),
        ({"enum": [1, 2]}, {"enum": [2, 1]}),
        ({"unit": "m"}, {"unit": "km"}),
        ({"description": "x"}, {}),
    ],
)
def test_compare_constraints__is_silent_where_nothing_is_demanded_otherwise(
    base: dict[str, Any], head: dict[str, Any]
) -> None:
    assert compare_constraints(a_contract(base), a_contract(head)) == ()


def test_compare_constraints__a_check_written_otherwise_is_the_same() -> None:
    base, head = (a_contract(rules=[{**RULE, "check": text}]) for text in ("b>=(a)", "b >= a"))
    assert compare_constraints(base, head) == ()


def test_compare_constraints__a_column_that_comes_or_goes_is_one_change() -> None:
    with_c = Contract.model_validate(
        {"columns": {"a": {"type": "number"}, "c": {"type": "number", "min": 0, "unique": True}}}
    )
    without = Contract.model_validate({"columns": {"a": {"type": "number"}}})
    assert the_change(with_c, without).sentence == "removes the column `c` and all its rules"
    assert the_change(without, with_c).sentence == "adds the column `c`"


def test_combined__base_counts_and_head_only_adds() -> None:
    base = a_contract({"min": 0, "max": 60, "enum": [1, 2]}, rows={"min": 10}, rules=[RULE])
    head = a_contract({"min": -5, "max": 50, "enum": [2, 3], "unique": True}, rules=[{**RULE, "check": "b > a"}])
    checked = [
        (each.key[-1], each.origin, each.value) for each in combined(base, head) if each.key[:2] != ("columns", "b")
    ]
    assert checked == [
        ("present", "base", True),
        ("type", "base", "number"),
        ("required", "base", True),
        ("enum", "base", (1, 2)),
        ("min", "base", 0),
        ("max", "base", 60),
        ("min", "base", 10),
        ("ordered", "base", base.rules[0]),
        ("max", "head", 50),
        ("unique", "head", True),
    ]


def test_combined__without_one_side_is_the_other() -> None:
    contract = a_contract()
    assert {each.origin for each in combined(None, contract)} == {"head"}
    assert {each.origin for each in combined(contract, None)} == {"base"}
    assert combined(None, None) == ()


@pytest.mark.parametrize(("base", "head"), [(True, False), (False, True)])
def test_combined__masks_what_either_side_calls_pii(*, base: bool, head: bool) -> None:
    checked = combined(a_contract({"pii": base}, rules=[RULE]), a_contract({"pii": head}, rules=[RULE]))
    masked = {column.name for each in checked for column in each.columns if column.pii}
    assert masked == {"a"}


BOUNDS = st.fixed_dictionaries(
    {},
    optional={
        "min": st.integers(-5, 0),
        "max": st.integers(1, 5),
        "unique": st.booleans(),
        "required": st.booleans(),
        "enum": st.lists(st.integers(0, 3), min_size=1, unique=True),
    },
)


@given(BOUNDS, BOUNDS)
def test_combined__never_demands_less_than_base(base: dict[str, Any], head: dict[str, Any]) -> None:
    ours = combined(a_contract(base), None)
    assert combined(a_contract(base), a_contract(head))[: len(ours)] == ours


@given(BOUNDS, BOUNDS)
def test_compare_constraints__is_reversed_when_the_sides_change_places(
    base: dict[str, Any], head: dict[str, Any]
) -> None:
    opposite = {
        "tightened": "loosened",
        "loosened": "tightened",
        "added": "removed",
        "removed": "added",
        "unclear": "unclear",
    }
    there = compare_constraints(a_contract(base), a_contract(head))
    back = compare_constraints(a_contract(head), a_contract(base))
    assert {(each.key, opposite[each.kind]) for each in there} == {(each.key, each.kind) for each in back}
