from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import stat
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.library_environments import LibraryEnvironments
from mlci.adapters.prediction import ChildPredictor
from mlci.core.libraries import DISTRIBUTIONS
from mlci.errors import IntegrityError, OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERPRETER = """\
#!/bin/sh
# As the interpreter: `-I -m venv PATH` leaves another of it, and whatever it is told, it writes down.
echo "$@" >> {log}
env >> {log}.env
if [ "$3" = venv ]; then mkdir -p "$4/bin" && cp "$0" "$4/bin/python"; exit 0; fi
if [ "$4" = config ]; then cat {log}.settings 2>/dev/null; exit 0; fi
{installing}
"""
SAYS_WHERE = """\
import json, sys
said = {"estimator": sys.prefix, "feature_names": ["x"], "n_features": 1, "classes": [0, 1], "has_probabilities": True}
said["labels"] = None
print(json.dumps({"description": said}))
"""
LINES = ("numpy==2.2.0", "skops>=0.13")


class Stage:
    """An interpreter that is a script of the test, and what it was told."""

    def __init__(self, folder: Path, installing: str = "exit 0", environ: Mapping[str, str] | None = None) -> None:
        self.log, self.told = folder / "log", list[str]()
        python = folder / "python"
        python.write_text(INTERPRETER.format(log=self.log, installing=installing))
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        self.environ = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(folder / "cache"), **(environ or {})}
        self.made = LibraryEnvironments(self.environ, self.told.append, python=python)

    @property
    def commands(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


def test_interpreter__is_made_once_from_wheels_alone(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    first = stage.made.interpreter(LINES)
    assert stage.made.interpreter(LINES) == first
    assert first.is_relative_to(tmp_path / "cache" / "mlci" / "environments")
    venv, settings, install = stage.commands
    assert venv == f"-I -m venv {first.parent.parent}"
    assert settings == "-I -m pip config list"
    assert install.startswith("-I -m pip install --only-binary=:all: --no-input")
    assert install.endswith(" -- numpy==2.2.0 skops>=0.13")
    assert stage.told == ["install numpy==2.2.0, skops>=0.13 to ask the model with, once"]


def test_interpreter__that_is_gone_is_made_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.made.interpreter(LINES).unlink()
    assert stage.made.interpreter(LINES).exists()
    assert len(stage.told) == 2


def test_interpreter__of_other_versions_is_another(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.made.interpreter(["numpy==2.2.0"]) != stage.made.interpreter(["numpy==2.2.1"])


def test_interpreter__sees_where_the_index_is_and_no_token(tmp_path: Path) -> None:
    settings: dict[str, str] = {"PIP_INDEX_URL": "https://mirror.test", "HTTPS_PROXY": "http://proxy.test"}
    tokens = dict.fromkeys(("MLCI_TOKEN", "GITHUB_TOKEN", "MLCI_SIGNING_KEY", "AWS_SECRET_ACCESS_KEY"), "hidden")
    stage = Stage(tmp_path, environ={**settings, **tokens, "PYTHONPATH": "/evil"})
    stage.made.interpreter(LINES)
    seen = Path(f"{stage.log}.env").read_text()
    assert all(f"{name}={value}" in seen for name, value in settings.items())
    assert "hidden" not in seen
    assert "/evil" not in seen


@pytest.mark.parametrize("cache", ["", "cache", "./cache"])
def test_interpreter__of_a_cache_folder_that_is_relative_lies_in_the_home_folder(tmp_path: Path, cache: str) -> None:
    stage = Stage(tmp_path, environ={"XDG_CACHE_HOME": cache, "HOME": str(tmp_path / "home")})
    assert stage.made.interpreter(LINES).is_relative_to(tmp_path / "home" / ".cache" / "mlci")
    assert f"XDG_CACHE_HOME={tmp_path}/home/.cache\n" in Path(f"{stage.log}.env").read_text()


def test_interpreter__is_not_led_elsewhere_by_settings_of_pip(tmp_path: Path) -> None:
    names = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_DRY_RUN", "PIP_NO_DEPS")
    stage = Stage(tmp_path, environ=dict.fromkeys(names, "1"))
    stage.made.interpreter(LINES)
    seen = Path(f"{stage.log}.env").read_text().splitlines()
    assert {line for line in seen if line.startswith("PIP_")} == {"PIP_USER=0", "PIP_CONFIG_FILE=/dev/null"}


def test_interpreter__takes_from_files_of_settings_where_the_index_is_and_nothing_else(tmp_path: Path) -> None:
    stage = Stage(tmp_path, environ={"PIP_RETRIES": "2"})
    Path(f"{stage.log}.settings").write_text(
        ":env:.retries='2'\n"
        "global.extra-index-url='\\nhttps://one.test\\nhttps://two.test'\n"
        "global.index-url='https://mirror.test/simple'\n"
        "global.retries='9'\n"
        "global.user='true'\n"
        "install.index-url='https://other.test/simple'\n"
        "install.target='/elsewhere'\n"
        "install.prefix='/elsewhere'\n"
        "freeze.timeout='3'\n"
        "global.cert=no text\n"
    )
    stage.made.interpreter(LINES)
    seen = Path(f"{stage.log}.env").read_text().splitlines()
    assert {line for line in seen if line.startswith("PIP_")} == {
        "PIP_USER=0", "PIP_RETRIES=2", "PIP_CONFIG_FILE=/dev/null", "PIP_INDEX_URL=https://other.test/simple",
        "PIP_EXTRA_INDEX_URL=https://one.test https://two.test",
    }  # fmt: skip
    assert not [line for line in seen if "elsewhere" in line]


def test_interpreter__that_is_made_keeps_others_out_although_who_asked_for_it_is_gone(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 'ls -l /proc/$$/fd > "$0.open"')
    python = stage.made.interpreter(LINES)
    assert f" -> {python.parent.parent}.lock\n" in Path(f"{python}.open").read_text()


def test_interpreter__of_versions_that_the_index_lacks(tmp_path: Path) -> None:
    says = "echo 'ERROR: No matching distribution found for numpy==2.2.0' >&2; exit 1"
    stage = Stage(tmp_path, says)
    with pytest.raises(OutsideError) as raised:
        stage.made.interpreter(LINES)
    python = ".".join(platform.python_version_tuple()[:2])
    assert raised.value.code == "libraries-not-installed"
    assert raised.value.problem == (
        "the model needs numpy==2.2.0, skops>=0.13, which could not be installed:\n"
        "ERROR: No matching distribution found for numpy==2.2.0"
    )
    assert (
        raised.value.cause == f"The index has no wheels of these versions for Python {python} on {platform.machine()}."
    )
    assert [path.suffix for path in stage.made.folder.iterdir()] == [".lock"]


def test_interpreter__whose_index_is_out_of_reach_keeps_passwords_to_itself(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "echo 'no answer from https://me:pa55word@mirror.test/simple' >&2; exit 2")
    with pytest.raises(OutsideError) as raised:
        stage.made.interpreter(LINES)
    assert "pa55word" not in str(raised.value.to_dict())
    assert raised.value.cause == "The package index cannot be reached from here, or refused."


def test_interpreter__whose_index_does_not_answer_pip_at_all(tmp_path: Path) -> None:
    says = "Could not find a version that satisfies the requirement numpy==2.2.0 (from versions: none)"
    stage = Stage(tmp_path, f"echo 'ERROR: {says}' >&2; exit 1")
    with pytest.raises(OutsideError) as raised:
        stage.made.interpreter(LINES)
    assert raised.value.cause == "The package index cannot be reached from here, or refused."


def test_interpreter__where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OutsideError, match="cannot be written: Not a directory"):
        Stage(tmp_path).made.interpreter(LINES)


def test_fitting__of_the_versions_that_are_here_is_the_predictor_itself() -> None:
    predictor = ChildPredictor()
    assert predictor.fitting("skops", {**predictor.requirements("skops"), "evil": "1.0"}) is predictor
    assert predictor.fitting("predictions", {}) is predictor


def test_fitting__of_another_version_where_no_environment_is_made() -> None:
    with pytest.raises(UsageError, match=r"the model needs numpy 0\.0\.1, and .* is here") as raised:
        ChildPredictor().fitting("skops", {"numpy": "0.0.1"})
    assert raised.value.hint == "pip install numpy==0.0.1"


def test_fitting__an_environment_that_is_damaged_is_named_with_what_mends_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    asked = ChildPredictor(environments=stage.made, program=tmp_path).fitting("skops", {"numpy": "0.0.7"})
    with pytest.raises(IntegrityError) as raised:
        asked.describe(b"a model", "skops")
    (made,) = [path for path in stage.made.folder.iterdir() if path.is_dir()]
    assert raised.value.code == "model-unreadable"
    assert raised.value.cause == (
        "The environment that mlci made for it is damaged. Or: The model broke the process that loaded it."
    )
    assert (raised.value.hint or "").startswith(f"rm -r {made} lets the next command make it anew. Else: ")


@pytest.mark.slow
def test_fitting__asks_in_an_environment_that_pip_made(tmp_path: Path) -> None:
    wanted = {name: importlib.metadata.version(name) for name in DISTRIBUTIONS["skops"]} | {"numpy": "0.0.7"}
    wheels, program = tmp_path / "wheels", tmp_path / "program"
    for folder in (wheels, program):
        folder.mkdir()
    for name, version in wanted.items():
        a_wheel(wheels, name, version)
    (program / "__main__.py").write_text(SAYS_WHERE)
    environ = {
        "PATH": os.environ["PATH"], "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "XDG_CACHE_HOME": str(tmp_path),
    }  # fmt: skip
    environments = LibraryEnvironments(environ, list[str]().append)
    predictor = ChildPredictor(environments=environments, program=program)
    asked = predictor.fitting("skops", wanted)
    assert asked.requirements("skops") == wanted
    assert predictor.requirements("skops") != wanted
    (made,) = [path for path in environments.folder.iterdir() if path.is_dir()]
    assert asked.describe(b"a model", "skops").estimator == str(made)
    assert predictor.describe(b"a model", "skops").estimator == sys.prefix


def a_wheel(folder: Path, name: str, version: str) -> None:
    """Write a wheel of this name and version with nothing in it."""
    stem = f"{re.sub('-', '_', name)}-{version}"
    info = f"{stem}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
