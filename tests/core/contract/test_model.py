from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import LATER, ColumnRule, ColumnSpec, Contract
from mlci.core.documents import read_model
from mlci.errors import UsageError

CELLS = b"""\
columns:
  id:           {type: integer, unique: true}
  mean_radius:  {type: number, min: 0, max: 60, unit: micrometre, description: of ten cells}
  worst_radius: {type: number, min: 0, max: 80.5, required: false}
  size_band:    {type: string, enum: [small, medium, NO], pii: true}
  malignant:    {type: integer, enum: [0, 1]}
rows: {min: 100}
rules:
  - {name: worst_at_least_mean, check: worst_radius >= mean_radius, max_share: 0.1%}
"""


def read(text: bytes) -> Contract:
    return read_model(text, Contract, "cells.yaml", later=LATER)


def test_contract__reads_the_example_of_the_design() -> None:
    contract = read(CELLS)
    assert list(contract.columns) == ["id", "mean_radius", "worst_radius", "size_band", "malignant"]
    assert contract.columns["size_band"].enum == ("small", "medium", "NO")
    assert contract.columns["worst_radius"] == ColumnRule(type="number", min=0, max=80.5, required=False)
    assert contract.rows is not None
    assert (contract.rows.min, contract.rows.max) == (100, None)
    assert contract.rules[0].check.columns == ("worst_radius", "mean_radius")
    assert contract.rules[0].max_share.text == "0.1%"


def test_contract__knows_how_to_read_a_column() -> None:
    contract = read(CELLS)
    assert contract.column("mean_radius") == ColumnSpec("mean_radius", "number", "micrometre")
    assert contract.column("size_band") == ColumnSpec("size_band", "string", pii=True)


def test_contract__a_length_may_be_one_number() -> None:
    rule = ColumnRule.model_validate({"type": "string", "length": 5})
    assert rule == ColumnRule.model_validate({"type": "string", "length": {"min": 5, "max": 5}})


@pytest.mark.parametrize(
    ("rule", "share"),
    [({}, "0%"), ({"max_null": "2%"}, "2%"), ({"max_null": "100%"}, None), ({"required": False}, None)],
)
def test_tolerated_null__is_a_share_or_nothing(rule: dict[str, Any], share: str | None) -> None:
    found = ColumnRule.model_validate({"type": "string", **rule}).tolerated_null
    assert (found.text if found else None) == share


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ("[id, size_band]", "keys: [[id, size_band]]"),
        ('[id, "of, it"]', 'keys: [[id, "of, it"]]'),
        ("[id]", "unique: true, at the column id"),
    ],
)
def test_keys__one_in_place_of_a_list_is_told_how_to_write_it(keys: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(CELLS + f"keys: {keys}\n".encode())
    assert (caught.value.problem, caught.value.where, caught.value.hint) == (
        "`keys`: each key is a list of columns, so keys are a list of lists",
        "cells.yaml:10:1",
        hint,
    )


def test_contract__survives_being_written_and_read() -> None:
    contract = read(CELLS)
    assert Contract.model_validate(contract.model_dump(mode="json", exclude_unset=True)) == contract


def test_contract__has_a_json_schema_that_names_every_key() -> None:
    schema = Contract.model_json_schema()
    assert set(schema["properties"]) == {"columns", "extra", "keys", "rows", "rules", "aggregates"} | {
        *("references", "freshness", "balance", "conflicts"),
    }
    assert set(schema["$defs"]["CrossRule"]["properties"]) == {
        *("name", "check", "when", "max_share", "max_count", "severity", "owner"),
    }


@pytest.mark.parametrize(
    ("before", "after", "where", "problem"),
    [
        (b"max: 60", b"max: true", "3:40", "`columns.mean_radius.max`: input should be a valid integer"),
        (b"max: 60", b"max: .inf", "3:40", "`columns.mean_radius.max`: input should be a finite number"),
        (b"max: 60", b"max: -1", "3:32", "`columns.mean_radius.min`: min is above max, so no value can satisfy both"),
        (b"[0, 1]", b"[0, a]", "6:33", "`columns.malignant.enum`: a in enum is no integer"),
        (
            b"[0, 1]",
            b"[0, true]",
            "6:33",
            "`columns.malignant.enum`: true in enum is no integer",
        ),
        (b"[0, 1]", b"[0, 0]", "6:33", "`columns.malignant.enum`: a value stands in enum twice"),
        (b"[0, 1]", b"[0.5]", "6:33", "`columns.malignant.enum`: 0.5 in enum is no integer"),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: string, max: 3}",
            "6:32",
            "`columns.malignant.max`: max needs numbers, dates or times, this is string",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: integer, max: 1.5}",
            "6:33",
            "`columns.malignant.max`: 1.5 in max is no integer",
        ),
        (b"{min: 100}", b"{min: 100, max: 9}", "7:8", "`rows.min`: min is above max, so no data set can satisfy both"),
        (b">= mean", b"=> mean", "9:33", "`rules[0].check`: character 14: write `>=` instead of `=>`"),
        (
            b">= mean_radius",
            b">= size_band",
            "9:33",
            "`rules[0].check`: `size_band` is text, and a number is needed there",
        ),
        (
            b">= mean_radius",
            b">= radius",
            "9:33",
            "`rules[0].check`: the column radius is not listed under columns:",
        ),
        (b"0.1%", b"0.1", "9:69", "`rules[0].max_share`: a share is a percentage such as 0.1%"),
        (b"name: worst_at_least_mean", b"name: Worst", "9:6", "`rules[0].name`: a name begins with a small letter"),
        (b"rows: {min: 100}", b"freshness: 1d", "7:1", "`freshness`: keys with values are wanted"),
        (
            b"max: 60",
            b"pattern: a",
            "3:40",
            "`columns.mean_radius.pattern`: pattern needs type string, this is number",
        ),
        (
            b"pii: true",
            b"pattern: (a",
            "5:59",
            "`columns.size_band.pattern`: character 1: a group opens here and never closes",
        ),
        (b"pii: true", b"length: 0", "5:59", "`columns.size_band.length`: input should be greater than or equal"),
        (
            b"pii: true",
            b"length: {min: 3, max: 2}",
            "5:68",
            "`columns.size_band.length.min`: min is above max, so no text can satisfy both",
        ),
        (b"pii: true", b"length: {}", "5:59", "`columns.size_band.length.min`: a length has min, max or both"),
        (
            b"pii: true",
            b"pattern: a, format: url",
            "5:59",
            "`columns.size_band.pattern`: format is a pattern with a name; leave one of them out",
        ),
        (
            b"required: false",
            b"required: true, max_null: 1%",
            "4:67",
            "`columns.worst_radius.max_null`: max_null stands instead of required; leave one of them out",
        ),
        (
            b"max_share: 0.1%",
            b"max_share: 0%, max_count: 3",
            "9:84",
            "`rules[0].max_count`: max_share and max_count say the same in two ways; leave one of them out",
        ),
        (
            b"max_share: 0.1%",
            b"when: radius > 1",
            "9:69",
            "`rules[0].when`: the column radius is not listed under columns:",
        ),
        (b"max_share: 0.1%", b"severity: bad", "9:69", "`rules[0].severity`: input should be 'error' or 'warn'"),
        (b"rows: {min: 100}", b"keys: [[id, idd]]", "7:13", "`keys[0][1]`: the column idd is not listed under"),
        (b"rows: {min: 100}", b"keys: [[id, id]]", "7:13", "`keys[0][1]`: the column id stands in this key twice"),
        (
            b"rows: {min: 100}",
            b"keys: [[id, malignant], [malignant, id]]",
            "7:25",
            "`keys[1]`: a key of the same columns stands here again",
        ),
        (b"rows: {min: 100}", b"keys: [[id]]", "7:8", "`keys[0]`: at least 2 are wanted here"),
        (
            b"rows: {min: 100}",
            b"aggregates: [{name: a, aggregate: mean(id) > 1, by: country}]",
            "7:49",
            "`aggregates[0].by`: the column country is not listed under columns:",
        ),
        (
            b"rows: {min: 100}",
            b"aggregates: [{name: a, aggregate: mean(size_band) > 1}]",
            "7:24",
            "`aggregates[0].aggregate`: `size_band` is text, and a number is needed there",
        ),
        (
            b"rows: {min: 100}",
            b"aggregates: [{name: a, aggregate: id > 1}]",
            "7:24",
            "`aggregates[0].aggregate`: character 1: a column stands within one of count, distinct",
        ),
        (
            b"rows: {min: 100}",
            b"aggregates: [{name: a, aggregate: count() > 1}, {name: a, aggregate: count() > 2}]",
            "7:50",
            "`aggregates[1].name`: the rule a stands here again",
        ),
        (b"description", b"descripton", "3:67", "unknown key `descripton`"),
        (
            b"rows: {min: 100}",
            b"references: {id: customers}",
            "7:14",
            "`references.id`: a reference leads to a column of another data set, such as customers.id",
        ),
        (
            b"rows: {min: 100}",
            b"references: {ident: customers.id}",
            "7:14",
            "`references.ident`: the column ident is not listed under columns:",
        ),
        (
            b"rows: {min: 100}",
            b"references: {id: {to: customers.id, max_share: 1%, max_count: 1}}",
            "7:52",
            "`references.id.max_count`: max_share and max_count say the same in two ways",
        ),
        (
            b"rows: {min: 100}",
            b"freshness: {id: 2d}",
            "7:13",
            "`freshness.id`: id is no date and no timestamp, and has no age",
        ),
        (
            b"rows: {min: 100}",
            b"freshness: {id: 2}",
            "7:13",
            "`freshness.id`: keys with values are wanted",
        ),
        (
            b"rows: {min: 100}",
            b"freshness: {id: two days}",
            "7:13",
            "`freshness.id`: a duration with its unit is wanted, such as 90s, 15m or 1h",
        ),
        (
            b"rows: {min: 100}",
            b"balance: {malignant: {}}",
            "7:11",
            "`balance.malignant.min`: a balance has min, max or change",
        ),
        (
            b"rows: {min: 100}",
            b"balance: {malignant: {min: 50%, max: 5%}}",
            "7:23",
            "`balance.malignant.min`: min is above max, so no share can satisfy both",
        ),
        (
            b"rows: {min: 100}",
            b"conflicts: {malignant: {ignore: [colour]}}",
            "7:34",
            "`conflicts.malignant.ignore[0]`: the column colour is not listed under columns:",
        ),
        (
            b"rows: {min: 100}",
            b"conflicts: {malignant: {ignore: [mean_radius, worst_radius, size_band]}}",
            "7:13",
            "`conflicts.malignant`: no column is left that could be a feature",
        ),
        (
            b"rows: {min: 100}",
            b"rows: {change: 20%}",
            "7:8",
            "`rows.change`: keys with values are wanted",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: decimal, precision: 5}",
            "6:18",
            "`columns.malignant.type`: a decimal has a precision and a scale, such as precision: 12, scale: 2",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: integer, scale: 2}",
            "6:18",
            "`columns.malignant.type`: scale needs type decimal, this is integer",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: decimal, precision: 2, scale: 5}",
            "6:47",
            "`columns.malignant.scale`: scale is above precision, so no digit could stand before the point",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: date, min: 2024}",
            "6:30",
            "`columns.malignant.min`: 2024 in min is no date, which is written as '2024-02-29'",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: date, enum: [2024-01-01, 2024-01-32]}",
            "6:30",
            "`columns.malignant.enum`: 2024-01-32 in enum is no date, which is written as '2024-02-29'",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: timestamp_with_zone, enum: ['2024-01-01T12:00Z', '2024-01-01T13:00+01']}",
            "6:45",
            "`columns.malignant.enum`: a value stands in enum twice",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: time, unit: s}",
            "6:30",
            "`columns.malignant.unit`: a time has no unit",
        ),
        (
            b"{type: integer, enum: [0, 1]}",
            b"{type: list, min: 1}",
            "6:30",
            "`columns.malignant.min`: min needs numbers, dates or times, this is list",
        ),
    ],
)
def test_contract__a_mistake_is_told_with_its_place(before: bytes, after: bytes, where: str, problem: str) -> None:
    assert before in CELLS
    with pytest.raises(UsageError) as error:
        read(CELLS.replace(before, after))
    assert error.value.problem.startswith(problem)
    assert error.value.where == f"cells.yaml:{where}"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"columns": {}},
        {"columns": {"": {"type": "number"}}},
        {"columns": {"a\nb": {"type": "number"}}},
        {"columns": {"a\u202eb": {"type": "number"}}},
        {"columns": {"a" * 201: {"type": "number"}}},
        {"columns": {"a": {}}},
        {"columns": {"a": {"type": "float"}}},
        {"columns": {"a": {"type": "number", "unit": "m\u200b"}}},
        {"columns": {"a": {"type": "number", "required": "yes"}}},
        {"columns": {"a": {"type": "integer", "max": 2**63}}},
        {"columns": {"a": {"type": "number", "min": float("nan")}}},
        {"columns": {"a": {"type": "string", "enum": []}}},
        {"columns": {"a": {"type": "string", "enum": [None]}}},
        {"columns": {"a": {"type": "boolean", "enum": ["true"]}}},
        {"columns": {"a": {"type": "number"}}, "rows": {"min": -1}},
        {"columns": {"a": {"type": "number"}}, "rules": [{"name": "r", "check": 5}]},
        {
            "columns": {"a": {"type": "number"}},
            "rules": [{"name": "r", "check": "a > 1"}, {"name": "r", "check": "a > 2"}],
        },
    ],
)
def test_contract__refuses_what_says_nothing_or_twice(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Contract.model_validate(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["columns", "rows", "rules", "a", "type", "min", "enum", "check"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_contract__any_value_is_a_contract_or_a_validation_error(value: object) -> None:
    with suppress(ValidationError):
        assert constraints(Contract.model_validate(value))


def test_contract__needs_neither_an_engine_nor_numpy() -> None:
    script = (
        "import sys, mlci.core.contract.json_schema, mlci.core.contract.changes; "
        "import mlci.core.findings, mlci.core.contract_draft; "
        "print(sorted({'duckdb', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (b"type: integer, unique", b"type: int, unique", "Did you mean `integer`?"),
        (b"size_band:    {type: string", b"size_band:    {type: text", "Did you mean `string`?"),
        (b"size_band:    {type: string", b"size_band:    {type: Varchar", "Did you mean `string`?"),
        (b"check: worst_radius >= ", b"check: worst_radios >= ", "Did you mean `worst_radius`?"),
        (b"rows: {min: 100}", b"keys: [[id, size]]", "Did you mean `size_band`?"),
        (b"rows: {min: 100}", b"balance: {malignent: {min: 5%}}", "Did you mean `malignant`?"),
        (
            b"rows: {min: 100}", b"conflicts: {malignant: {ignore: [hue]}}",
            "There are: id, mean_radius, worst_radius, size_band, malignant.",
        ),
    ],
)  # fmt: skip
def test_contract__what_was_meant_is_offered(old: bytes, new: bytes, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(CELLS.replace(old, new))
    assert caught.value.hint == hint


@pytest.mark.parametrize("number", [b"1e400", b".nan", b"-.inf"])
def test_contract__a_bound_that_is_no_number_is_told_once(number: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read(CELLS.replace(b"max: 60", b"max: " + number))
    assert caught.value.problem == "`columns.mean_radius.max`: input should be a finite number"


def test_contract__several_unlisted_columns_are_told_in_the_order_of_the_file() -> None:
    freshness = b"freshness: {zulu: 1d, alpha: 1d, mike: 1d}"
    with pytest.raises(UsageError, match="the column zulu is not listed"):
        read(CELLS.replace(b"rows: {min: 100}", freshness))
