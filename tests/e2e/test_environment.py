"""An environment of its own, made for real."""

from __future__ import annotations

import json
import site
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

pytestmark = pytest.mark.slow

MAKES = f"""\
import os, pathlib, subprocess, sys
place = pathlib.Path(os.environ["MLCI_ENVIRONMENT"])
subprocess.run([{sys.executable!r}, "-m", "venv", "--without-pip", str(place)], check=True)
(folder,) = place.glob("lib/python*/site-packages")
(folder / "what-is-there.pth").write_text({site.getsitepackages()[0]!r})
"""


def test_environment__is_made_once_used_and_recorded(fresh: Project) -> None:
    (fresh.folder / "environment.py").write_text(MAKES)
    fresh.replace("mlci.yaml", "version: 1\n", "version: 1\nenvironment: {install: python environment.py}\n")
    with (fresh.folder / "train.py").open("a") as file:
        file.write("import sys\nprint('runs in', sys.prefix)\n")
    fresh.commit()
    ended = fresh.mlci("train")
    assert ended.exit_code == 0, ended.err
    (place,) = [path for path in (fresh.folder / ".mlci" / "environments").iterdir() if path.is_dir()]
    assert f"runs in {place}" in ended.err
    made = place.stat().st_ino
    assert fresh.mlci("train", "--force").exit_code == 0
    assert place.stat().st_ino == made
    for run in json.loads(fresh.mlci("runs", "list", "--json").out)["runs"]:
        assert list(run["environment"]["files"]) == ["environment.py"]
        assert run["python"].startswith("CPython ")


def test_environment__a_version_that_left_the_index(fresh: Project) -> None:
    (fresh.folder / "requirements.txt").write_text("scikit-learn==0.0.1\n")
    fresh.replace("mlci.yaml", "version: 1\n", "version: 1\nenvironment: {install: pip}\n")
    fresh.replace("mlci.yaml", "params: params.yaml", "params: params.yaml, env: [PIP_NO_INDEX]")
    fresh.commit()
    ended = fresh.mlci("train", PIP_NO_INDEX="1")
    assert ended.exit_code == 1
    assert "error[environment-failed]" in ended.err
    assert "cause: A version that the lock names is not in the index" in ended.err
    assert [path for path in (fresh.folder / ".mlci" / "environments").iterdir() if path.is_dir()] == []
