from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlci.core.nearest import MOST_COMPARED, did_you_mean, nearest


@given(st.text(), st.lists(st.text()))
def test_nearest__is_one_of_the_known_or_none(name: str, known: list[str]) -> None:
    assert nearest(name, known) in {None, *known}


@given(st.lists(st.text(st.characters(categories=["Ll"]), min_size=1), min_size=1, max_size=9, unique=True))
def test_nearest__of_a_known_name_is_itself_in_small_letters(known: list[str]) -> None:
    found = nearest(known[0], known)
    assert found is not None
    assert found.casefold() == known[0].casefold()


def test_nearest__looks_at_so_many_only() -> None:
    known = [*(f"{number}" for number in range(MOST_COMPARED)), "malignant"]
    assert (nearest("malignant", known), nearest("malignant", known[1:])) == (None, "malignant")


def test_did_you_mean__says_something_else_where_nothing_is_like_it() -> None:
    assert did_you_mean("x", ["cells"], "One of: cells") == "One of: cells"


def test_did_you_mean__hides_nothing() -> None:
    assert did_you_mean("ab", ["ab\u202e"]) == "Did you mean `ab\N{REPLACEMENT CHARACTER}`?"
