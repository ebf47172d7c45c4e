from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.splitting import Shares, parse_shares, place_of, set_of
from mlci.errors import UsageError


@pytest.mark.parametrize(
    ("key", "salt", "first_bytes"),
    [
        ("", "", "6e340b9cffb37a98"),  # the hash of a single zero byte
        ("42", "", "12c76361ff32013c"),
        ("42", "salt", "5994b815acdc3d97"),
        ("é", "", "7e8d20ac6fc3f5ff"),
    ],
)
def test_place__is_the_documented_hash(key: str, salt: str, first_bytes: str) -> None:
    assert f"{place_of(key, salt):016x}" == first_bytes


def test_set__is_told_by_the_place() -> None:
    shares = parse_shares("80/10/10")
    assert [set_of(str(number), "", shares) for number in range(20)] == [
        *(1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)
    ]
    assert [set_of(str(number), "other", shares) for number in range(6)] == [0, 2, 2, 0, 0, 0]


def test_set__keeps_the_shares() -> None:
    sets = [set_of(str(number), "", parse_shares("70/20/10")) for number in range(10_000)]
    assert [round(sets.count(number) / 10_000, 2) for number in range(3)] == [0.7, 0.2, 0.1]


@given(st.text(), st.text(), st.integers(1, 98))
def test_set__grows_with_its_share_and_loses_no_key(key: str, salt: str, percent: int) -> None:
    smaller, larger = Shares((percent, 100 - percent)), Shares((percent + 1, 99 - percent))
    assert set_of(key, salt, larger) <= set_of(key, salt, smaller)


@pytest.mark.parametrize("text", ["80/20", "80/10/10", "1/99"])
def test_shares__that_are_a_hundred_together(text: str) -> None:
    shares = parse_shares(text)
    assert "/".join(map(str, shares.percents)) == text
    assert (shares.bounds[-1], shares.names[-1], len(shares.names)) == (100, "test", text.count("/") + 1)


@pytest.mark.parametrize(
    "text",
    ["", "100", "80/10", "80/20/0", "0/100", "-10/110", "80/10/5/5", "80.5/19.5", "\N{FULLWIDTH DIGIT EIGHT}0/20"],
)
def test_shares__others_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_shares(text)
    assert caught.value.code == "bad-shares"
