from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlci.adapters.clock import SystemClock
from mlci.errors import UsageError


def test_now__is_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= SystemClock({"SOURCE_DATE_EPOCH": ""}).now() <= datetime.now(UTC)


def test_now__is_fixed_by_the_environment() -> None:
    assert SystemClock({"SOURCE_DATE_EPOCH": "1769860800"}).now() == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "1.5", "9" * 30, "0x10", "-1", " 1", "1_000"])
def test_now__a_time_that_is_none(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        SystemClock({"SOURCE_DATE_EPOCH": text})
    assert caught.value.code == "bad-source-date-epoch"
