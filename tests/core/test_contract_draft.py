from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract.constraints import constraints, row_key
from mlci.core.contract.model import Contract
from mlci.core.contract_draft import (
    ColumnProfile,
    LabelProfile,
    LabelValue,
    draft,
    in_quotes,
    positive_class,
)
from mlci.core.documents import read_document, read_model
from mlci.errors import UsageError

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


COMMAND = "mlci init cells.csv --label ill"
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def holding(*values: LabelValue, distinct: int | None = None) -> LabelProfile:
    type_ = read(f"columns: {{a: {{type: {TYPES[type(values[0])] if values else 'string'}}}}}").columns["a"].type
    return LabelProfile(type_, len(values) if distinct is None else distinct, values)


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


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_in_quotes__reads_back_as_the_same_text(text: str) -> None:
    assert read_document(f"{{key: {in_quotes(text)}}}".encode(), "text").value == {"key": text}
