from __future__ import annotations

import pytest

from mlci.core.words import percent


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0%"), (0.0004, "<0.1%"), (0.001, "0.1%"), (0.5, "50%"), (0.054, "5.4%"), (0.9999, ">99.9%"), (1.0, "100%")],
)
def test_percent__never_rounds_something_to_nothing_or_to_all(share: float, shown: str) -> None:
    assert percent(share) == shown
