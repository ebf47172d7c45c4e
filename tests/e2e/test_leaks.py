"""A leak as a user sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Project


def test_a_leak__ends_validate_and_check_with_what_was_found(fresh: Project) -> None:
    fresh.replace("mlci.yaml", "gates:", "leaks: [{sets: [cells, holdout], label: malignant}]\ngates:")
    assert fresh.mlci("validate").exit_code == 0
    _, first, second, *_ = (fresh.folder / "data" / "holdout.csv").read_text().splitlines()
    with (fresh.folder / "data" / "cells.csv").open("a") as file:
        file.writelines(f"{90_000 + place},{row.partition(',')[2]}\n" for place, row in enumerate((first, second)))
    ended = fresh.mlci("validate")
    assert ended.exit_code == 4
    assert "  ✗ 2 of 285 rows (0.7%) stand in cells, too\n    first rows: line 2, line 3\n" in ended.out
    checked = fresh.mlci("check")
    assert checked.exit_code == 4
    assert "a leak in holdout: 2 of 285 rows (0.7%) stand in cells, too; nothing was trained." in checked.out
