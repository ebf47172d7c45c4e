from __future__ import annotations

import subprocess
import sys


def test_help__loads_nothing_that_a_verb_needs() -> None:
    program = "import sys, mlci.cli.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert {"pydantic", "numpy", "duckdb", "yaml", "requests", "mlci.core.config"} & set(done.stdout.split()) == set()


def test_train__loads_nothing_that_only_judging_needs() -> None:
    program = "import sys, mlci.cli.wiring, mlci.cli.judging, mlci.commands.train; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    judging = {
        "mlci.commands.case",
        "mlci.commands.evaluation_set",
        "mlci.commands.taking_over",
        "mlci.render.markdown",
    }
    assert (judging | {"pandas", "scipy", "sklearn", "requests", "numpy", "duckdb"}) & set(done.stdout.split()) == set()
