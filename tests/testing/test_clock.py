from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlci.adapters.clock import SystemClock
from mlci.testing import FixedClock


def test_now__is_utc_in_whole_seconds() -> None:
    for now in (SystemClock({}).now(), FixedClock().now()):
        assert (now.tzinfo, now.microsecond) == (UTC, 0)


def test_fixed_clock__moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 2, 1, tzinfo=UTC))
    clock.advance(timedelta(hours=1))
    assert clock.now() == clock.now() == datetime(2026, 2, 1, 1, tzinfo=UTC)
