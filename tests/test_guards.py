"""Each guard, taken out, turns its test red."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guards import GUARDS, ROOT, Guard, run_without

if TYPE_CHECKING:
    from pathlib import Path


def test_guards__each_stands_once_where_it_is_looked_for() -> None:
    assert {each.name for each in GUARDS if (ROOT / each.file).read_text().count(each.guarded) != 1} == set()


@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_guard__is_missed_by_its_test(guard: Guard, tmp_path: Path) -> None:
    done = run_without(guard, tmp_path)
    assert (done.returncode, "failed" in done.stdout) == (int(pytest.ExitCode.TESTS_FAILED), True), done.stdout
