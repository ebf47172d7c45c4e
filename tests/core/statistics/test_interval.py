from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from mlci.core.statistics.interval import Interval, check_confidence


def test_interval__is_a_value() -> None:
    interval = Interval(estimate=0.5, lower=0.4, upper=0.6, standard_error=None)

    assert interval == Interval(0.5, 0.4, 0.6, None)
    with pytest.raises(FrozenInstanceError):
        interval.lower = 0.0  # type: ignore[misc]  # that it cannot be assigned is what is tested


@pytest.mark.parametrize("confidence", [0.5001, 0.95, 0.9999])
def test_check_confidence__accepts_one_sided_levels(confidence: float) -> None:
    check_confidence(confidence)


@pytest.mark.parametrize("confidence", [-1.0, 0.0, 0.05, 0.5, 1.0, 95.0, float("nan")])
def test_check_confidence__refuses_what_puts_the_bounds_on_the_wrong_side(confidence: float) -> None:
    with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
        check_confidence(confidence)
