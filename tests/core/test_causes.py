from __future__ import annotations

import math

import pytest

from mlci.core.causes import RatioEvidence, unit_change


def evidence(
    failing: int = 12,
    matched: int = 12,
    smallest: float | None = 1000.0,
    largest: float | None = 1000.0,
    passing: int = 0,
) -> RatioEvidence:
    return RatioEvidence(failing, matched, smallest, largest, passing)


def test_unit_change__names_the_unit_where_it_is_known() -> None:
    cause = unit_change("mean_radius", "micrometre", evidence())
    assert cause is not None
    assert cause.code == "unit-changed"
    assert cause.ratio == 1000
    assert cause.sentence == (
        "every failing row has 1000 × its value of `mean_radius` in base: delivered in nanometre instead of micrometre?"
    )


@pytest.mark.parametrize("unit", [None, "widget"])
def test_unit_change__gives_the_ratio_where_the_unit_is_not_known(unit: str | None) -> None:
    cause = unit_change("x", unit, evidence(smallest=0.3048, largest=0.3048))
    assert cause is not None
    assert cause.sentence == "every failing row has 0.3048 × its value of `x` in base: delivered in another unit?"


@pytest.mark.parametrize(
    ("passing", "ending"),
    [
        (1, " 1 more row changed by the same ratio and passed."),
        (4200, " 4,200 more rows changed by the same ratio and passed."),
    ],
)
def test_unit_change__tells_of_rows_that_passed_although_they_changed(passing: int, ending: str) -> None:
    cause = unit_change("x", "m", evidence(passing=passing))
    assert cause is not None
    assert cause.sentence.endswith("delivered in mm instead of m?" + ending)


def test_unit_change__allows_for_values_printed_with_seven_digits() -> None:
    assert unit_change("x", None, evidence(smallest=999.9999, largest=1000.0001)) is not None


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(evidence(smallest=999.9, largest=1000.0), id="ratios differ slightly"),
        pytest.param(evidence(matched=11), id="a failing row whose key is not in base"),
        pytest.param(evidence(smallest=1.0, largest=1.0), id="nothing changed"),
        pytest.param(evidence(smallest=1.0000005, largest=1.0000005), id="nothing but rounding changed"),
        pytest.param(evidence(failing=2, matched=2), id="two rows may be chance"),
        pytest.param(evidence(failing=0, matched=0, smallest=None, largest=None), id="no row fails"),
        pytest.param(evidence(smallest=-1.0, largest=-1.0), id="the sign changed"),
        pytest.param(evidence(smallest=0.0, largest=0.0), id="all values became zero"),
        pytest.param(evidence(smallest=math.inf, largest=math.inf), id="the ratio overflows"),
        pytest.param(evidence(smallest=math.nan, largest=math.nan), id="the ratio is none"),
    ],
)
def test_unit_change__does_not_name_a_near_miss(near_miss: RatioEvidence) -> None:
    assert unit_change("x", "micrometre", near_miss) is None
