from __future__ import annotations

import pytest

from mlci.core.units import delivered_unit


@pytest.mark.parametrize(
    ("declared", "ratio", "delivered"),
    [
        ("micrometre", 1000, "nanometre"),
        ("micrometer", 1000, "nanometer"),
        ("µm", 1000, "nm"),
        ("μm", 1000, "nm"),
        ("um", 1000, "nm"),
        ("micrometres", 0.001, "millimetre"),
        ("mm", 0.001, "m"),
        ("inch", 25.4, "millimetre"),
        ("inches", 2.54, "centimetre"),
        ("millimetre", 1 / 25.4, "inch"),
        ("feet", 0.3048, "metre"),
        ("m", 1 / 0.3048, "ft"),
        ("kg", 1 / 0.45359237, "lb"),
        ("seconds", 1000, "millisecond"),
        ("hour", 60, "minute"),
        ("percent", 0.01, "fraction"),
        ("min", 60, "s"),
    ],
)
def test_delivered_unit__names_the_unit_in_the_same_spelling(declared: str, ratio: float, delivered: str) -> None:
    assert delivered_unit(declared, ratio) == delivered


@pytest.mark.parametrize(
    ("declared", "ratio"),
    [(None, 1000), ("widget", 1000), ("celsius", 1.8), ("metre", 1.7), ("metre", 1000.01), ("", 1000), ("s", 0)],
)
def test_delivered_unit__is_none_where_no_unit_fits(declared: str | None, ratio: float) -> None:
    assert delivered_unit(declared, ratio) is None
