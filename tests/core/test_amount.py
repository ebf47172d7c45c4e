from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.amount import Unit, parse_amount, shown_amount, written_amount


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("20MB", "bytes", 20e6), ("1.5GB", "bytes", 1.5e9), ("64MiB", "bytes", 2.0**26), ("5ms", "seconds", 0.005)],
)
def test_amount__is_read(text: str, unit: Unit, value: float) -> None:
    assert parse_amount(text, unit) == pytest.approx(value)


@pytest.mark.parametrize("written", ["20", 20, "20 MB", "-1MB", "5ms", "0MB", "1e3MB", "", True, None, "²MB"])
def test_amount__without_a_unit_of_its_own_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="such as 20MB"):
        parse_amount(written, "bytes")


@given(st.integers(1, 999_999), st.sampled_from(["kB", "MB", "MiB", "GB"]))
def test_amount__is_the_same_after_writing(number: int, unit: str) -> None:
    value = parse_amount(f"{number}{unit}", "bytes")
    assert parse_amount(written_amount(value, "bytes"), "bytes") == value


def test_amount__is_shown_in_three_digits() -> None:
    assert shown_amount(64 << 20, "bytes") == "67.1 MB"
    assert [shown_amount(each, "seconds") for each in (0.0000021, 0.25, 61.0, 7200.0)] == [
        "2.1 us", "250 ms", "61 s", "7200 s",
    ]  # fmt: skip
