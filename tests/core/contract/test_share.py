from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract.share import Share, parse_share


@pytest.mark.parametrize(
    ("text", "percent"), [("0%", "0"), ("0.1%", "0.1"), ("2.50%", "2.5"), ("100%", "100"), ("0.000001%", "0.000001")]
)
def test_parse_share__reads_a_percentage(text: str, percent: str) -> None:
    assert parse_share(text) == Share(Decimal(percent))


@pytest.mark.parametrize(
    "text", ["0.1", "0.1 %", "-1%", "%", "1e1%", "٢%", "1%\n", "1,5%", "0.0000001%", 0.1, 1, None, True]
)
def test_parse_share__refuses_what_has_no_unit_or_is_no_number(text: object) -> None:
    with pytest.raises(ValueError, match="a share is a percentage such as"):
        parse_share(text)


@pytest.mark.parametrize("text", ["100.1%", "101%", "999%"])
def test_parse_share__refuses_more_than_the_whole(text: str) -> None:
    with pytest.raises(ValueError, match="at most 100%"):
        parse_share(text)


def test_parse_share__leaves_a_share_as_it_is() -> None:
    assert parse_share(Share(Decimal(1))) == Share(Decimal(1))


@pytest.mark.parametrize(("text", "shortest"), [("0.10%", "0.1%"), ("2.0%", "2%"), ("100%", "100%"), ("0%", "0%")])
def test_text__has_no_needless_zeros(text: str, shortest: str) -> None:
    assert parse_share(text).text == shortest


@given(st.integers(0, 100_000_000), st.integers(0, 10**9), st.integers(0, 10**9))
def test_allows__is_exact(millionths: int, failing: int, checked: int) -> None:
    share = Share(Decimal(millionths) / 1_000_000)
    assert share.allows(failing, checked) == (failing <= Fraction(millionths, 10**8) * checked)
