from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.table import Column, Table

NUMBERS = Column(np.array([1.0, 2.0]))
TEXTS = Column(np.array(["a", "bc"]))


def a_table(**columns: Column) -> Table:
    return Table(columns)


def values(*items: object, dtype: str | None = None) -> Column:
    return Column(np.array(items, dtype=dtype))


def test_rows__counts() -> None:
    assert (a_table(a=NUMBERS, b=TEXTS).rows, Table({}).rows) == (2, 0)


def test_select__takes_columns_in_the_order_asked_for() -> None:
    assert list(a_table(a=NUMBERS, b=TEXTS, c=NUMBERS).select(["c", "a"]).columns) == ["c", "a"]


def test_select__knows_no_other_column() -> None:
    with pytest.raises(KeyError, match="z"):
        a_table(a=NUMBERS).select(["z"])


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.array([None]), np.array([b"a"]), np.array([1j])])
def test_column__refuses(array: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ValueError, match="a column is no array"):
        Column(array)


@pytest.mark.parametrize("missing", [np.array([True]), np.array([0, 1])])
def test_column__refuses_masks_that_do_not_fit(missing: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ValueError, match="mask"):
        Column(np.array([1, 2]), missing)


def test_table__refuses_different_lengths() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        a_table(a=NUMBERS, b=values(1.0))


def test_digest__is_known() -> None:
    # Cached predictions are found by it: it may not differ between machines or change by accident.
    assert a_table(a=NUMBERS, b=TEXTS).digest() == "5dcc50bfc8dc5da2e6c0246192bd2180ebc4e80a742ca94bf52429c2a31a5e47"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_table(a=values("a", "bc", dtype="<U2")), a_table(a=values("a", "bc", dtype="<U9"))),
        (a_table(a=values(1, 2, dtype="<i4")), a_table(a=values(1, 2, dtype=">i4"))),
        (a_table(a=values(1, 2)), a_table(a=Column(np.array([1, 2]), np.array([False, False])))),
        (
            a_table(a=Column(np.array([1, 2]), np.array([False, True]))),
            a_table(a=Column(np.array([1, 9]), np.array([False, True]))),
        ),
        (a_table(a=Column(np.arange(6)[::3])), a_table(a=values(0, 3))),
    ],
    ids=["width of text", "byte order", "a mask of nothing", "what lies under a mask", "strides"],
)
def test_digest__does_not_depend_on(one: Table, other: Table) -> None:
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    "other",
    [
        a_table(b=values(1, 2)),
        a_table(a=values(1, 3)),
        a_table(a=values(2, 1)),
        a_table(a=values(1.0, 2.0)),
        a_table(a=values("1", "2")),
        a_table(a=values(1)),
        a_table(a=values(1, 2), b=values(1, 2)),
        a_table(a=Column(np.array([1, 2]), np.array([False, True]))),
    ],
)
def test_digest__depends_on(other: Table) -> None:
    assert other.digest() != a_table(a=values(1, 2)).digest()


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\0"), max_size=5), max_size=5))
def test_digest__takes_any_text(texts: list[str]) -> None:
    table = Table({"a": Column(np.array(texts, dtype="<U8"))})
    assert table.digest() == Table({"a": Column(np.array(texts, dtype="<U5"))}).digest()
