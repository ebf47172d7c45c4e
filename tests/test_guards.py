"""Each guard, taken out, turns its test red."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guards import GUARDS, Guard, run_without

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_guard__is_missed_by_its_test(guard: Guard, tmp_path: Path) -> None:
    done = run_without(guard, tmp_path)
    assert (done.returncode, "failed" in done.stdout) == (int(pytest.ExitCode.TESTS_FAILED), True), done.stdout
