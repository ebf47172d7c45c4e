"""kill -9 of what changes registry and store, at every step and at 200 random moments: nothing half done stays."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.clones import ENVIRON
from tests.adapters.killed import INSIDE

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 1500
"""A guard against a hang, not a measure: a machine may be busy."""


@pytest.mark.slow
def test_kills__leave_what_holds_and_the_next_call_converges(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.killed", tmp_path],
        env={**ENVIRON, "PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    found = json.loads(done.stdout)
    listed = [f"{verb}: {len(steps)} steps: {', '.join(steps)}" for verb, steps in found["steps"].items()]
    sys.stdout.write("\n".join([*listed, f"{found['inside']} of {found['trials']} kills inside a mutation", ""]))
    assert found["wrong"] == []
    assert found["inside"] >= INSIDE
    assert {verb: len(steps) > 3 for verb, steps in found["steps"].items()} == dict.fromkeys(found["steps"], True)
