"""A fresh clone on a machine that has Git, make, Python and the usual tools, and nothing else."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = (
    "git", "make", "sh", "bash", "env", "cat", "chmod", "cp", "dirname", "echo", "expand", "grep", "ls", "mkdir", "mv",
    "rm", "sed", "sort", "uname",
)  # fmt: skip
NETWORK = ("PIP_", "SSL_", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""How this machine reaches its package index: variables by their beginnings."""

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a fresh machine: an empty HOME, and a PATH with a handful of programs."""
    tools, home = tmp_path / "tools", tmp_path / "home"
    tools.mkdir()
    home.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(str(shutil.which(name)))
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    # A link would make Python look for its library beside the link.
    (tools / "python3").write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} "$@"\n')
    (tools / "python3").chmod(0o755)
    reached = {name: value for name, value in os.environ.items() if name.upper().startswith(NETWORK)}
    return {**reached, "PATH": str(tools), "HOME": str(home), "LANG": "C.UTF-8"}


def test_fresh_clone__plays_the_demo(environment: dict[str, str], tmp_path: Path) -> None:
    clone = tmp_path / "mlci"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], env=environment, check=True)
    done = subprocess.run(
        ["make", "demo"], cwd=clone, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "7 a rollback         rolled back              v1.0.0" in done.stdout
    assert subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, env=environment, capture_output=True, text=True, check=True
    ).stdout == "", "what the demo makes is ignored by Git"  # fmt: skip


def test_fresh_clone__make_alone_lists_the_targets(environment: dict[str, str], tmp_path: Path) -> None:
    clone = tmp_path / "mlci"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], env=environment, check=True)
    done = subprocess.run(["make"], cwd=clone, env=environment, capture_output=True, text=True, check=True)
    targets = [line.split()[1] for line in done.stdout.splitlines()]
    assert {"demo", "test", "test-slow", "lint", "bench"} <= set(targets)
