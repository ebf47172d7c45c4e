from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract.changes import ChangeKind, ConstraintChange, combined, compare_constraints
from mlci.core.contract.model import Contract
from mlci.core.contract.share import NONE

RULE = {"name": "ordered", "check": "b >= a"}

MEAN = {"name": "mean", "aggregate": "mean(a) < 5"}


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
        ({"type": "string"}, {"type": "date"}, "tightened", "tightens `a` type: string → date"),
        ({"type": "date"}, {"type": "timestamp"}, "unclear", "changes `a` type: date → timestamp"),
        (
            {},
            {"type": "decimal", "precision": 5, "scale": 2},
            "tightened",
            "tightens `a` type: number → decimal of precision 5 and scale 2",
        ),
        (
            {"type": "decimal", "precision": 5, "scale": 2},
            {"type": "decimal", "precision": 7, "scale": 3},
            "loosened",
            "loosens `a` type: decimal of precision 5 and scale 2 → decimal of precision 7 and scale 3",
        ),
        (
            {"type": "decimal", "precision": 5, "scale": 2},
            {"type": "decimal", "precision": 5, "scale": 3},
            "unclear",
            "changes `a` type: decimal of precision 5 and scale 2 → decimal of precision 5 and scale 3",
        ),
        (
            {"type": "decimal", "precision": 5, "scale": 2, "max": 10},
            {"type": "decimal", "precision": 5, "scale": 2, "max": "10.50"},
            "loosened",
            "loosens `a` max: 10.00 → 10.50",
        ),
        (
            {"type": "date", "min": "1990-01-01"},
            {"type": "date", "min": "2000-01-01"},
            "tightened",
            "tightens `a` min: 1990-01-01 → 2000-01-01",
        ),
        (
            {"type": "timestamp_with_zone", "enum": ["2024-01-01T00:00Z"]},
            {"type": "timestamp_with_zone", "enum": ["2024-01-01T00:00Z", "2024-01-01T00:00-01"]},
            "loosened",
            "loosens `a` enum: with 2024-01-01 01:00:00",
        ),
        ({"enum": [1, 2]}, {"enum": [1, 2, 3, 4]}, "loosened", "loosens `a` enum: with 3, 4"),
        ({"enum": [1, 2, 3]}, {"enum": [1]}, "tightened", "tightens `a` enum: without 2, 3"),
        ({"enum": [1, 2]}, {"enum": [1, 3]}, "unclear", "changes `a` enum: without 2, with 3"),
        ({"enum": [1, 2]}, {}, "removed", "removes `a` enum: 1, 2"),
        ({}, {"max_null": "2%"}, "loosened", "loosens `a` max_null: 0% → 2%"),
        ({"max_null": "2%"}, {"max_null": "0.5%"}, "tightened", "tightens `a` max_null: 2% → 0.5%"),
        ({"max_null": "2%"}, {"required": False}, "removed", "allows missing values in `a`"),
        ({"required": False}, {"max_null": "2%"}, "added", "adds `a` max_null: 2%"),
        ({}, {"optional": True}, "removed", "lets the file leave out the column `a`"),
        ({"optional": True}, {}, "added", "demands the column `a`"),
        ({}, {"severity": "warn"}, "loosened", "lets `a` only warn (severity: error → warn)"),
        ({"severity": "warn"}, {}, "tightened", "lets `a` reject the data (severity: warn → error)"),
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
        (
            {"rows": {"change": {"within": "20%"}}},
            {"rows": {"change": {"within": "30%"}}},
            "loosened",
            "loosens rows change: 20% → 30%",
        ),
        ({}, {"rows": {"change": {"within": "20%"}}}, "added", "adds rows change: 20%"),
        (
            {"rows": {"change": {"within": "20%"}}},
            {"rows": {"change": {"within": "20%", "severity": "warn"}}},
            "loosened",
            "lets rows change only warn (severity: error → warn)",
        ),
        (
            {"references": {"a": "c.id"}},
            {"references": {"a": {"to": "c.id", "max_share": "1%"}}},
            "loosened",
            "loosens what `a` refers to: at most no row → 1% of the rows",
        ),
        (
            {"references": {"a": {"to": "c.id", "max_count": 5}}},
            {"references": {"a": {"to": "c.id", "max_count": 2}}},
            "tightened",
            "tightens what `a` refers to: at most 5 rows → 2 rows",
        ),
        (
            {"references": {"a": "c.id"}},
            {"references": {"a": "d.id"}},
            "unclear",
            "changes what `a` refers to: `c.id` → `d.id`",
        ),
        ({"references": {"a": "c.id"}}, {}, "removed", "removes what `a` refers to: `c.id`"),
        (
            {"references": {"a": "c.id"}},
            {"references": {"a": {"to": "c.id", "severity": "warn"}}},
            "loosened",
            "lets what `a` refers to only warn (severity: error → warn)",
        ),
        (
            {"balance": {"a": {"min": "5%"}}},
            {"balance": {"a": {"min": "1%"}}},
            "loosened",
            "loosens the balance of `a` (min): 5% → 1%",
        ),
        (
            {"balance": {"a": {"max": "50%"}}},
            {"balance": {"a": {"max": "40%"}}},
            "tightened",
            "tightens the balance of `a` (max): 50% → 40%",
        ),
        (
            {"balance": {"a": {"change": {"within": "5%"}}}},
            {"balance": {"a": {"change": {"within": "6%"}}}},
            "loosened",
            "loosens the balance of `a` (change): 5% → 6%",
        ),
        (
            {"conflicts": {"a": {}}},
            {"conflicts": {"a": {"max_count": 1}}},
            "loosened",
            "loosens contradictions in `a`: at most no row → 1 row",
        ),
        ({"conflicts": {"a": {}}}, {}, "removed", "removes contradictions in `a`: at most no row with equal `b`"),
        ({"rules": [RULE]}, {}, "removed", "removes the rule `ordered`: `b >= a`"),
        ({}, {"rules": [RULE]}, "added", "adds the rule `ordered`: `b >= a`"),
        (
            {"rules": [RULE]},
            {"rules": [{**RULE, "max_share": "5%"}]},
            "loosened",
            "loosens the rule `ordered`: at most no row → 5% of the rows",
        ),
        (
            {"rules": [{**RULE, "max_share": "5%"}]},
            {"rules": [{**RULE, "max_share": "0.5%"}]},
            "tightened",
            "tightens the rule `ordered`: at most 5% of the rows → 0.5% of the rows",
        ),
        (
            {"rules": [RULE]},
            {"rules": [{**RULE, "check": "b > a", "max_share": "1%"}]},
            "unclear",
            "changes the rule `ordered`: `b >= a` → `b > a` in all but 1% of the rows",
        ),
        (
            {"rules": [RULE]},
            {"rules": [{**RULE, "max_count": 3}]},
            "loosened",
            "loosens the rule `ordered`: at most no row → 3 rows",
        ),
        (
            {"rules": [{**RULE, "max_count": 3}]},
            {"rules": [{**RULE, "max_count": 1}]},
            "tightened",
            "tightens the rule `ordered`: at most 3 rows → 1 row",
        ),
        (
            {"rules": [{**RULE, "max_count": 3}]},
            {"rules": [RULE]},
            "tightened",
            "tightens the rule `ordered`: at most 3 rows → no row",
        ),
        (
            {"rules": [{**RULE, "max_count": 3}]},
            {"rules": [{**RULE, "max_share": "3%"}]},
            "unclear",
            "changes the rule `ordered`: at most 3 rows → 3% of the rows",
        ),
        (
            {"rules": [RULE]},
            {"rules": [{**RULE, "when": "a > 0"}]},
            "loosened",
            "loosens the rule `ordered`: `b >= a` → `b >= a` where `a > 0`",
        ),
        (
            {"rules": [{**RULE, "when": "a > 0", "max_count": 2}]},
            {"rules": [{**RULE, "max_count": 2}]},
            "tightened",
            "tightens the rule `ordered`: `b >= a` in all but 2 rows where `a > 0` → `b >= a` in all but 2 rows",
        ),
        (
            {"rules": [{**RULE, "when": "a > 0"}]},
            {"rules": [{**RULE, "when": "a > 1"}]},
            "unclear",
            "changes the rule `ordered`: `b >= a` where `a > 0` → `b >= a` where `a > 1`",
        ),
        (
            {"rules": [{"name": "r", "check": "b > 1", "max_share": "5%"}]},
            {"rules": [{"name": "r", "check": "b > 1", "max_share": "5%", "when": "a > 1"}]},
            "unclear",
            "changes the rule `r`: `b > 1` in all but 5% of the rows → `b > 1` in all but 5% of the rows where `a > 1`",
        ),
        (
            {"rules": [RULE]},
            {"rules": [{**RULE, "severity": "warn"}]},
            "loosened",
            "lets the rule `ordered` only warn (severity: error → warn)",
        ),
        (
            {"rules": [{**RULE, "severity": "warn"}]},
            {"rules": [RULE]},
            "tightened",
            "lets the rule `ordered` reject the data (severity: warn → error)",
        ),
        ({}, {"aggregates": [MEAN]}, "added", "adds the rule `mean`: `mean(a) < 5`"),
        ({"aggregates": [MEAN]}, {}, "removed", "removes the rule `mean`: `mean(a) < 5`"),
        (
            {"aggregates": [MEAN]},
            {"aggregates": [{**MEAN, "by": "b"}]},
            "unclear",
            "changes the rule `mean`: `mean(a) < 5` → `mean(a) < 5` for each `b`",
        ),
        (
            {"aggregates": [MEAN]},
            {"aggregates": [{**MEAN, "severity": "warn"}]},
            "loosened",
            "lets the rule `mean` only warn (severity: error → warn)",
        ),
        ({"keys": [["a", "b"]]}, {}, "removed", "allows rows that have the same `a`, `b`"),
        ({}, {"keys": [["b", "a"]]}, "added", "forbids rows that have the same `b`, `a`"),
        ({}, {"extra": False}, "added", "forbids columns that the contract does not list"),
        ({"extra": False}, {}, "removed", "allows columns that the contract does not list"),
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
        ({"owner": "@acme/data"}, {}),
        ({"deprecated": True}, {}),
        ({"max_null": "0%"}, {}),
        ({"max_null": "100%"}, {"required": False}),
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


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("base", "head", "kind", "sentence"),
    [
        ({"length": 5}, {"length": {"min": 4, "max": 5}}, "loosened", "loosens `a` length min: 5 → 4"),
        ({"length": {"max": 5}}, {"length": {"max": 4}}, "tightened", "tightens `a` length max: 5 → 4"),
        ({}, {"length": {"min": 2}}, "added", "adds `a` length min: 2"),
        ({"pattern": "a+"}, {"pattern": "a*"}, "unclear", "changes `a` pattern: `a+` → `a*`"),
        ({"pattern": "a+"}, {}, "removed", "removes `a` pattern: `a+`"),
        ({"format": "url"}, {"format": "email"}, "unclear", "changes `a` format: url → email"),
        ({}, {"format": "uuid"}, "added", "adds `a` format: uuid"),
    ],
)
def test_compare_constraints__orders_changes_of_text(
    base: dict[str, Any], head: dict[str, Any], kind: ChangeKind, sentence: str
) -> None:
    change = the_change(a_contract(TEXT | base), a_contract(TEXT | head))
    assert (change.kind, change.sentence) == (kind, sentence)


def test_compare_constraints__a_pattern_written_otherwise_is_the_same() -> None:
    base, head = (a_contract(TEXT | {"pattern": text}) for text in (r"\d+", "(?:[0-9]){1,}"))
    assert compare_constraints(base, head) == ()


def test_compare_constraints__a_key_in_another_order_is_the_same() -> None:
    assert compare_constraints(a_contract(keys=[["a", "b"]]), a_contract(keys=[["b", "a"]])) == ()


def test_compare_constraints__a_new_column_loosens_a_closed_list() -> None:
    base = a_contract(extra=False)
    head = Contract.model_validate(
        {"columns": {name: {"type": "number"} for name in ("a", "b", "c")}, "extra": False, "keys": []}
    )
    assert [(each.kind, each.sentence) for each in compare_constraints(base, head)] == [
        ("loosened", "loosens the list of columns: with c"),
        ("added", "adds the column `c`"),
    ]
    assert [each.value for each in combined(base, head) if each.kind == "extra"] == [("a", "b")]


def test_compare_constraints__an_optional_column_that_goes_is_one_change() -> None:
    head = Contract.model_validate({"columns": {"b": {"type": "number"}}})
    assert the_change(a_contract({"optional": True}), head).sentence == "removes the column `a` and all its rules"


@pytest.mark.parametrize(
    ("base", "head", "severity", "origin"),
    [("warn", "error", "error", "head"), ("error", "warn", "error", "base"), ("warn", "warn", "warn", "base")],
)
def test_combined__what_either_side_takes_for_an_error_is_one(base: str, head: str, severity: str, origin: str) -> None:
    checked = combined(a_contract({"max": 60, "severity": base}), a_contract({"max": 60, "severity": head}))
    (found,) = [each for each in checked if each.kind == "max"]
    assert (found.severity, found.origin) == (severity, origin)


def test_combined__base_counts_and_head_only_adds() -> None:
    base = a_contract({"min": 0, "max": 60, "enum": [1, 2]}, rows={"min": 10}, rules=[RULE])
    head = a_contract({"min": -5, "max": 50, "enum": [2, 3], "unique": True}, rules=[{**RULE, "check": "b > a"}])
    checked = [
        (each.key[-1], each.origin, each.value) for each in combined(base, head) if each.key[:2] != ("columns", "b")
    ]
    assert checked == [
        ("present", "base", True),
        ("type", "base", "number"),
        ("required", "base", NONE),
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
        "max_null": st.sampled_from(["0%", "2%", "50%", "100%"]),
        "optional": st.booleans(),
        "severity": st.sampled_from(["error", "warn"]),
        "enum": st.lists(st.integers(0, 3), min_size=1, unique=True),
    },
)


@given(BOUNDS, BOUNDS)
def test_combined__never_demands_less_than_base(base: dict[str, Any], head: dict[str, Any]) -> None:
    ours = combined(a_contract(base), None)
    checked = combined(a_contract(base), a_contract(head))[: len(ours)]
    assert [(each.key, each.value) for each in checked] == [(each.key, each.value) for each in ours]
    assert all(each.severity in {"error", base.severity} for each, base in zip(checked, ours, strict=True))


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


TOLERANCES = st.sampled_from([{}, {"max_share": "10%"}, {"max_share": "50%"}, {"max_count": 1}, {"max_count": 3}])
RULES = st.builds(lambda tolerance, more: RULE | tolerance | more, TOLERANCES, st.sampled_from([{}, {"when": "a > 0"}]))
OUTCOMES = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12)
"""For each row whether `when` is true, and whether the check fails."""


def breaks(rule: dict[str, Any], rows: list[tuple[bool, bool]]) -> bool:
    """Tell whether a data set of these ROWS breaks RULE."""
    seen = [fails for looked_at, fails in rows if looked_at or "when" not in rule]
    return not a_contract(rules=[rule]).rules[0].tolerates(sum(seen), len(seen))


@given(RULES, RULES, OUTCOMES)
def test_compare_constraints__a_tighter_rule_rejects_whatever_the_other_does(
    base: dict[str, Any], head: dict[str, Any], rows: list[tuple[bool, bool]]
) -> None:
    kinds = {each.kind for each in compare_constraints(a_contract(rules=[base]), a_contract(rules=[head]))}
    assert breaks(head, rows) or not breaks(base, rows) or "tightened" not in kinds
    assert breaks(base, rows) or not breaks(head, rows) or "loosened" not in kinds


DATED: dict[str, Any] = {"columns": {"seen": {"type": "date"}, "a": {"type": "number"}, "b": {"type": "number"}}}


@pytest.mark.parametrize(
    ("base", "head", "kind", "sentence"),
    [
        ({"seen": "2d"}, {"seen": "3d"}, "loosened", "loosens the age of `seen`: 2d → 3d"),
        ({"seen": "2d"}, {"seen": "47h"}, "tightened", "tightens the age of `seen`: 2d → 47h"),
        ({"seen": "2d"}, {}, "removed", "removes the age of `seen`: 2d"),
        ({"seen": {"max_age": "2d", "severity": "warn"}}, {"seen": "2d"}, "tightened", None),
    ],
)
def test_compare_constraints__orders_ages(
    base: dict[str, Any], head: dict[str, Any], kind: ChangeKind, sentence: str | None
) -> None:
    change = the_change(*(Contract.model_validate({**DATED, "freshness": each}) for each in (base, head)))
    raised = "lets the age of `seen` reject the data (severity: warn → error)"
    assert (change.kind, change.sentence) == (kind, sentence or raised)


def test_compare_constraints__other_features_have_no_order() -> None:
    base = Contract.model_validate({**DATED, "conflicts": {"a": {}}})
    head = Contract.model_validate({**DATED, "conflicts": {"a": {"ignore": ["seen"]}}})
    assert the_change(base, head) == ConstraintChange(
        ("conflicts", "a"),
        "unclear",
        "changes contradictions in `a`: at most no row with equal `b`, `seen` → at most no row with equal `b`",
    )


@pytest.mark.parametrize(("verb", "kind"), [("adds the column `new`", "added"), ("removes the column", "removed")])
def test_compare_constraints__a_column_that_comes_or_goes_is_no_other_contradiction(verb: str, kind: str) -> None:
    few = Contract.model_validate({**DATED, "conflicts": {"a": {}}})
    columns = {**DATED["columns"], "new": {"type": "number"}}
    many = Contract.model_validate({**DATED, "columns": columns, "conflicts": {"a": {}}})
    change = the_change(few, many) if kind == "added" else the_change(many, few)
    assert (change.key, change.kind, change.sentence[: len(verb)]) == (("columns", "new", "type"), kind, verb)


def test_combined__what_head_loosens_about_the_data_set_does_not_count() -> None:
    base = Contract.model_validate({**DATED, "freshness": {"seen": "2d"}, "references": {"a": "c.id"}})
    head = Contract.model_validate({**DATED, "freshness": {"seen": "9d"}, "balance": {"b": {"min": "1%"}}})
    checked = [(each.key, each.origin) for each in combined(base, head) if each.key[0] != "columns"]
    assert checked == [
        (("references", "a"), "base"),
        (("freshness", "seen"), "base"),
        (("balance", "b", "min"), "head"),
    ]
