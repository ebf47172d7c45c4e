"""`mlci evaluate`, as a user types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project


@pytest.mark.slow
def test_evaluate__scores_and_draws(fresh: Project) -> None:
    assert fresh.mlci("train").exit_code == 0
    ended = fresh.mlci("evaluate", "--figures", "figures", "--json")
    assert ended.exit_code == 0, ended.err
    report = json.loads(ended.out)
    assert (report["schema"], report["conclusion"]) == ("mlci/report/1", "first")
    assert sorted(path.name for path in (fresh.folder / "figures").iterdir()) == [
        "calibration.svg", "confusion.svg", "precision-recall.svg", "roc.svg", "scores.svg",
    ]  # fmt: skip
    assert not (fresh.folder / ".mlci" / "report.json").exists()
