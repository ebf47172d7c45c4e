from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract.constraints import constraints, row_key
from mlci.core.contract.model import Contract
from mlci.core.contract_draft import ColumnProfile, draft
from mlci.core.documents import read_model

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ID = ColumnProfile("id", "integer", rows=569, present=569, distinct=569, smallest=1, largest=569)
RADIUS = ColumnProfile("mean radius", "number", rows=569, present=567, distinct=450, smallest=6.981, largest=28.11)
BAND = ColumnProfile(
    "size_band", "string", rows=569, present=569, distinct=3, values=(("NO", 200), ("true", 169), ("a, b", 200))
)


def read(text: str) -> Contract:
    return read_model(text.encode(), Contract, "draft.yaml")


def test_draft__is_read_as_prose() -> None:
    empty = ColumnProfile("note", "string", rows=569, present=0, distinct=0)
    nameless = ColumnProfile("", "integer", rows=569, present=569, distinct=569, smallest=0, largest=568)
    flag = ColumnProfile("ill", "boolean", rows=569, present=569, distinct=2)
    code = ColumnProfile("code", "string", rows=569, present=569, distinct=569)
    assert draft("cells.csv", 569, [nameless, ID, RADIUS, BAND, empty, flag, code]) == (
        "# Drafted by mlci from cells.csv (569 rows). Read it once: what is marked was guessed.\n"
        "columns:\n"
        "  id:            {type: integer, unique: true}  # guessed: the id of a row\n"
        '  "mean radius": {type: number, required: false, min: 0, max: 39}  '
        "# 2 of 569 rows have no value; guessed from 6.981 to 28.11\n"
        '  size_band:     {type: string, enum: [NO, "true", "a, b"]}  # guessed: every value that was seen\n'
        "  note:          {type: string, required: false}  # 569 of 569 rows have no value\n"
        "  ill:           {type: boolean}\n"
        "  code:          {type: string}  # all values differ; add `unique: true` if they must\n"
        "  # column 1 has no name that can be read, and is not checked\n"
        "rows: {min: 200}  # guessed: at least about half of today's rows\n"
    )


def key_of(contract: Contract) -> str | None:
    return row_key(None, contract.columns, constraints(contract))


def test_draft__reads_back_as_the_contract_that_it_shows() -> None:
    contract = read(draft("cells.csv", 569, [ID, RADIUS, BAND]))
    assert key_of(contract) == "id"
    assert contract.columns["size_band"].enum == ("NO", "true", "a, b")
    assert not contract.columns["mean radius"].required


@pytest.mark.parametrize("name", ["id", "ID", "cell_id", "Cell ID", "customerID", "uuid", "key"])
def test_draft__a_column_named_like_an_id_is_the_key_wherever_it_stands(name: str) -> None:
    other = ColumnProfile("first", "integer", rows=569, present=569, distinct=569, smallest=1, largest=569)
    assert key_of(read(draft("x", 569, [other, replace(ID, name=name)]))) == name


def test_draft__else_the_first_column_if_its_values_differ() -> None:
    assert key_of(read(draft("x", 569, [replace(ID, name="cell"), BAND]))) == "cell"
    assert key_of(read(draft("x", 569, [BAND, replace(ID, name="cell")]))) is None


@pytest.mark.parametrize("profile", [replace(ID, distinct=568), replace(ID, present=568, distinct=568), RADIUS])
def test_draft__no_key_where_values_repeat_or_lack_or_measure(profile: ColumnProfile) -> None:
    assert key_of(read(draft("x", 569, [profile]))) is None


@pytest.mark.parametrize(
    "band",
    [
        replace(BAND, values=(("a", 565), ("b", 4)), distinct=2),
        replace(BAND, values=(("a", 10), ("b", 10)), distinct=3),
        replace(BAND, values=(("a", 10), ("x" * 61, 10)), distinct=2),
        replace(BAND, values=(), distinct=500),
    ],
)
def test_draft__no_enumeration_that_may_be_incomplete(band: ColumnProfile) -> None:
    assert read(draft("x", 569, [band])).columns["size_band"].enum is None


def test_draft__a_file_without_rows_demands_no_values() -> None:
    contract = read(draft("x", 0, [ColumnProfile("a", "string", rows=0, present=0, distinct=0)]))
    assert contract.rows is None
    assert not contract.columns["a"].required


def test_draft__the_name_of_the_file_stays_in_its_comment() -> None:
    text = draft("x\ncolumns: {}", 569, [ID])
    assert text.startswith("# Drafted by mlci from x?columns: {} (569 rows).")
    assert list(read(text).columns) == ["id"]


COLUMN = st.builds(
    ColumnProfile,
    name=st.text(max_size=10),
    type=st.sampled_from(["integer", "number", "string"]),
    rows=st.just(100),
    present=st.integers(0, 100),
    distinct=st.just(1),
    values=st.text(min_size=1, max_size=10).map(lambda text: ((text, 50),)) | st.just(()),
).map(lambda each: each if each.type == "string" else replace(each, values=((7, 50),)))
RANGES = st.tuples(FINITE, FINITE).map(sorted)


@given(st.lists(COLUMN, max_size=4, unique_by=lambda each: each.name), RANGES)
def test_draft__is_always_a_contract(columns: list[ColumnProfile], seen: list[float]) -> None:
    ranged = ColumnProfile("ranged", "number", rows=100, present=100, distinct=90, smallest=seen[0], largest=seen[1])
    contract = read(draft("x", 100, [*(each for each in columns if each.name != "ranged"), ranged]))
    assert contract.columns["ranged"].type == "number"


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_draft__bounds_of_integers_are_integers_that_can_be_read(one: int, other: int) -> None:
    profile = ColumnProfile(
        "a", "integer", rows=9, present=9, distinct=8, smallest=min(one, other), largest=max(one, other)
    )
    rule = read(draft("x", 9, [profile])).columns["a"]
    low, high = rule.min, rule.max
    assert low is None or (isinstance(low, int) and low <= min(one, other))
    assert high is None or (isinstance(high, int) and high >= max(one, other))
