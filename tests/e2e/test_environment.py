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


ANSWERS = """
import csv, os, sys

print("runs in", sys.prefix)
with open(os.environ["MLCI_DATA_HOLDOUT"]) as rows, open("answers.csv", "w") as answers:
    print("id,probability", file=answers)
    for row in csv.DictReader(rows):
        print(row["id"], 0.9 if float(row["mean_area"]) > 700 else 0.1, sep=",", file=answers)
"""
# Nothing is in them, so that no index is asked.
LOCKS = {
    "uv": {
        "pyproject.toml": '[project]\nname = "tumour"\nversion = "1"\nrequires-python = ">=3.11"\n',
        "uv.lock": 'version = 1\nrequires-python = ">=3.11"\n\n'
        '[[package]]\nname = "tumour"\nversion = "1"\nsource = { virtual = "." }\n',
    },
    "pip": {"requirements.lock": "# nothing is needed\n"},
}


@pytest.mark.parametrize("install", LOCKS)
def test_environment__of_a_real_lock_trains_and_is_made_anew_to_reproduce(install: str, fresh: Project) -> None:
    for name, text in LOCKS[install].items():
        (fresh.folder / name).write_text(text)
    (fresh.folder / "train.py").write_text(ANSWERS)
    fresh.replace("mlci.yaml", "version: 1\n", f"version: 1\nenvironment: {{install: {install}}}\n")
    fresh.replace("mlci.yaml", "model: model.skops", "predictions: answers.csv")
    with (fresh.folder / ".gitignore").open("a") as ignored:
        print("answers.csv", file=ignored)
    fresh.commit("Train in an environment of its own")
    ended = fresh.mlci("train")
    assert ended.exit_code == 0, ended.err
    assert f"runs in {fresh.folder / '.mlci' / 'environments'}" in ended.err
    run = json.loads(fresh.mlci("runs", "list", "--json").out)["runs"][0]
    assert sorted(run["environment"]["files"]) == sorted(LOCKS[install])
    made = fresh.mlci("reproduce", run["id"], "--json")
    assert made.exit_code == 0, made.err
    assert f"runs in {fresh.folder / '.mlci' / 'again-'}" in made.err
    assert json.loads(made.out)["outcome"] == "identical"
