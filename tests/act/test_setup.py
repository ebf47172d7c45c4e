"""The setup action for real: its own environment from the package index, in a workspace that wants to be in the way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.act.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.needs("act")]

TRAP = b"raise SystemExit('the workspace was imported')\n"
HOSTILE = {
    "yaml.py": TRAP,
    "mlci/__init__.py": TRAP,
    "mlci/__main__.py": TRAP,
    "sitecustomize.py": TRAP,
    "usercustomize.py": TRAP,
    "venv.py": TRAP,
    "pip.py": TRAP,
    "requirements/bootstrap.py": TRAP,
    "uv.toml": b'[[index]]\nurl = "http://127.0.0.1:9/simple"\ndefault = true\n',
    "pip.conf": b"[global]\nindex-url = http://127.0.0.1:9/simple\n",
    "pyproject.toml": b'[tool.uv]\nindex-url = "http://127.0.0.1:9/simple"\n',
    ".python-version": b"2.7\n",
}


def network() -> dict[str, str]:
    """Return how this machine reaches the package index; a cache of what was downloaded before serves as well."""
    names = [name for name in os.environ if name.startswith(("PIP_", "UV_", "SSL_CERT_")) or name.endswith("_proxy")]
    cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    return {name: os.environ[name] for name in names} | {"UV_CACHE_DIR": cache}


def test_setup__takes_nothing_from_a_hostile_workspace(lab: Lab) -> None:
    lab.arrange()
    lab.real_setup = network()
    # What trains does run in the workspace; it gets out of its own traps.
    train = b"import sys; sys.path.pop(0)\n" + lab.example()["train.py"]
    opened = lab.pull_request_opened("traps", HOSTILE | {"train.py": train})
    run = lab.run_check(opened)
    assert (run.results, "the workspace was imported" in run.job("check").log) == ({"check": "success"}, False)
    assert run.job("check").outputs == {"conclusion": "first", "submitted": "true"}
    assert run.job("check").used == run.job("check").declared
