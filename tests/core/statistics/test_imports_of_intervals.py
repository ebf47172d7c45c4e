"""A verb pays only for what it uses: none of these modules brings scipy, and those on counts no numpy."""

from __future__ import annotations

import subprocess
import sys

import pytest

ON_COUNTS = ["p_values", "holm", "mcnemar", "worst_case", "sealed_budget", "sealed_plan", "requirement_text"]
ON_ARRAYS = ["weighted", "paired", "sampling", "row_losses", "regression", "ranking_metrics", "jackknife"]


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        pytest.param(ON_COUNTS, {"numpy", "scipy", "sklearn", "pandas"}, id="counts"),
        pytest.param(ON_ARRAYS, {"scipy", "sklearn", "pandas", "statsmodels"}, id="arrays"),
    ],
)
def test_modules__import_nothing_heavy(modules: list[str], heavy: set[str]) -> None:
    names = ", ".join(f"mlci.core.statistics.{module}" for module in modules)

    run = subprocess.run(
        [sys.executable, "-c", f"import sys, {names}; print(*sys.modules)"], check=True, capture_output=True, text=True
    )

    assert not set(run.stdout.split()) & heavy
