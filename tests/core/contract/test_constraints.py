from __future__ import annotations

from mlci.core.contract.constraints import constraints, row_key
from mlci.core.contract.model import Contract
from mlci.core.words import code, codes, listed, written

CELLS = Contract.model_validate(
    {
        "columns": {
            "id": {"type": "integer", "unique": True},
            "mean_radius": {"type": "number", "min": 0, "max": 60.0, "unit": "µm"},
            "worst_radius": {"type": "number", "required": False},
            "size_band": {"type": "string", "enum": ["small", "large"]},
            "ill": {"type": "boolean"},
        },
        "rows": {"min": 1000, "max": 2000},
        "rules": [
            {"name": "ordered", "check": "worst_radius>=mean_radius", "max_share": "0.10%"},
            {"name": "positive", "check": "id > 0"},
        ],
    }
)


def test_constraints__one_for_everything_that_can_fail_in_the_order_of_the_file() -> None:
    assert [(each.key, each.sentence) for each in constraints(CELLS)] == [
        (("columns", "id", "present"), "`id` is a column of the file"),
        (("columns", "id", "type"), "`id` is a whole number"),
        (("columns", "id", "required"), "`id` has a value in every row"),
        (("columns", "id", "unique"), "`id` is different in every row"),
        (("columns", "mean_radius", "present"), "`mean_radius` is a column of the file"),
        (("columns", "mean_radius", "type"), "`mean_radius` is a number"),
        (("columns", "mean_radius", "required"), "`mean_radius` has a value in every row"),
        (("columns", "mean_radius", "min"), "`mean_radius` is at least 0 µm"),
        (("columns", "mean_radius", "max"), "`mean_radius` is at most 60 µm"),
        (("columns", "worst_radius", "present"), "`worst_radius` is a column of the file"),
        (("columns", "worst_radius", "type"), "`worst_radius` is a number"),
        (("columns", "size_band", "present"), "`size_band` is a column of the file"),
        (("columns", "size_band", "type"), "`size_band` is text"),
        (("columns", "size_band", "required"), "`size_band` has a value in every row"),
        (("columns", "size_band", "enum"), "`size_band` is one of small, large"),
        (("columns", "ill", "present"), "`ill` is a column of the file"),
        (("columns", "ill", "type"), "`ill` is true or false"),
        (("columns", "ill", "required"), "`ill` has a value in every row"),
        (("rows", "min"), "there are at least 1,000 rows"),
        (("rows", "max"), "there are at most 2,000 rows"),
        (("rules", "ordered"), "`worst_radius >= mean_radius` may fail in 0.1% of the rows"),
        (("rules", "positive"), "`id > 0` holds in every row"),
    ]


def test_constraints__keys_of_a_column_named_like_a_section_do_not_collide() -> None:
    contract = Contract.model_validate(
        {
            "columns": {"rows": {"type": "number", "min": 1}, "rules": {"type": "number"}},
            "rows": {"min": 5},
            "rules": [{"name": "min", "check": "rows > rules"}],
        }
    )
    keys = [each.key for each in constraints(contract)]
    assert len(keys) == len(set(keys))


def test_constraints__each_knows_how_to_read_its_columns() -> None:
    rule = constraints(CELLS)[-2]
    assert [(column.name, column.type, column.unit) for column in rule.columns] == [
        ("worst_radius", "number", None),
        ("mean_radius", "number", "µm"),
    ]


def test_written__is_what_a_contract_says() -> None:
    shown = [written(each) for each in (True, 3, 3.0, 0.1, 1e300, -2.5, "NO", "a\nb", "x" * 99)]
    assert shown == ["true", "3", "3", "0.1", "1e+300", "-2.5", "NO", "a b", "x" * 59 + "…"]


def test_listed__shows_ten_and_counts_the_rest() -> None:
    assert listed(tuple(range(10))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert listed(tuple(range(13))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"


def test_code__cannot_be_closed_from_inside() -> None:
    assert code("a` <b>`\nc") == "`a' <b>' c`"


def test_constraints__say_what_is_demanded_of_text_keys_and_columns() -> None:
    contract = Contract.model_validate(
        {
            "columns": {
                "a": {"type": "string", "length": {"min": 1, "max": 1200}, "pattern": "[a-z]+", "max_null": "2%"},
                "b": {"type": "string", "format": "email", "optional": True, "required": False, "severity": "warn"},
            },
            "extra": False,
            "keys": [["b", "a"]],
            "rules": [
                {"name": "some", "check": "a > b", "when": "b == 'x'", "max_count": 1, "owner": "@acme/data"},
                {"name": "none", "check": "a > b", "when": "b == 'x'", "severity": "warn"},
            ],
            "aggregates": [
                {"name": "all", "aggregate": "count(a) > 5"},
                {"name": "each", "aggregate": "count(a) > 5", "by": "b", "severity": "warn"},
            ],
        }
    )
    assert [(each.key, each.sentence, each.severity) for each in constraints(contract)] == [
        (("columns", "a", "present"), "`a` is a column of the file", "error"),
        (("columns", "a", "type"), "`a` is text", "error"),
        (("columns", "a", "required"), "`a` has a value in all but 2% of the rows", "error"),
        (("columns", "a", "length_min"), "`a` has at least 1 character", "error"),
        (("columns", "a", "length_max"), "`a` has at most 1,200 characters", "error"),
        (("columns", "a", "pattern"), "`a` matches `[a-z]+` as a whole", "error"),
        (("columns", "b", "type"), "`b` is text", "warn"),
        (("columns", "b", "format"), "`b` is an email address", "warn"),
        (("extra",), "the file has no column that the contract does not list", "error"),
        (("keys", "a", "b"), "`b`, `a` together are different in every row", "error"),
        (("rules", "some"), "`a > b` may fail in 1 row where `b == 'x'`", "error"),
        (("rules", "none"), "`a > b` holds in every row where `b == 'x'`", "warn"),
        (("aggregates", "all"), "`count(a) > 5` holds", "error"),
        (("aggregates", "each"), "`count(a) > 5` holds for each `b`", "warn"),
    ]
    assert [each.owner for each in constraints(contract) if each.owner] == ["@acme/data"]


def test_codes__shows_ten_names_and_counts_the_rest() -> None:
    assert codes(["a", "", "b`"]) == "`a`, one without a name, `b'`"
    assert codes(list("abcdefghijkl")).endswith("`j` and 2 more")


def test_row_key__is_what_is_wanted_else_what_must_be_unique() -> None:
    demands = constraints(CELLS)
    assert row_key("ill", {"id", "ill"}, demands) == "ill"
    assert row_key("gone", {"id", "ill"}, demands) == "id"
    assert row_key(None, {"id", "ill"}, demands) == "id"
    assert row_key(None, {"ill"}, demands) is None
    assert row_key(None, {"id", "ill"}, []) is None
