"""The configuration speaks of contracts and loads none: every verb reads it, and few check data."""

from __future__ import annotations

import subprocess
import sys

import pytest

OF_CONTRACTS = {
    f"mlci.core.{name}" for name in ("contract.model", "contract.constraints", "contract.changes", "findings", "rules")
}


def loaded_with(*modules: str) -> set[str]:
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(("mlci.core.config",), id="configuration"),
        pytest.param(("mlci.cli.wiring", "mlci.cli.registry", "mlci.commands.registry"), id="registry"),
    ],
)
def test_contracts__are_not_loaded_by_what_checks_no_data(modules: tuple[str, ...]) -> None:
    assert not loaded_with(*modules) & OF_CONTRACTS


def test_contracts__are_loaded_by_what_checks_data() -> None:
    assert loaded_with("mlci.commands.validate", "mlci.adapters.duckdb") >= OF_CONTRACTS
