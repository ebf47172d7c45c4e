"""A verb pays only for what it uses: which modules bring numpy, and that none brings scipy."""

from __future__ import annotations

import subprocess
import sys

import pytest


def imported_with(*modules: str) -> set[str]:
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return {name for name in run.stdout.split() if "." not in name}


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(["delong", "effective", "losses"], id="methods on arrays"),
        pytest.param(["interval", "quantiles", "wilson", "tango", "power"], id="methods on counts"),
    ],
)
def test_statistics__imports_neither_scipy_nor_scikit_learn(modules: list[str]) -> None:
    imported = imported_with(*(f"mlci.core.statistics.{module}" for module in modules))

    assert not imported & {"scipy", "sklearn", "pandas", "statsmodels"}


def test_statistics__on_counts_needs_no_numpy() -> None:
    modules = ("interval", "quantiles", "wilson", "tango", "power")

    assert "numpy" not in imported_with(*(f"mlci.core.statistics.{module}" for module in modules))
