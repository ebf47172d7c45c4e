"""The wheel: what it carries, and the demo from it, in an environment of the lock without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHAT_HAPPENED = """\
What happened
  act                  verdict                  production afterwards
  1 a first model      first                    v1.0.0
  2 a better model     pass                     v2.0.0
  3 a careless change  fail, promotion refused  v2.0.0
  4 broken data        data rejected            v2.0.0
  5 a cheat            fail                     v2.0.0
  6 a tie              inconclusive             v2.0.0
  7 a rollback         rolled back              v1.0.0
"""

pytestmark = pytest.mark.slow


def environment() -> dict[str, str]:
    """Return this environment without what would lead to the checkout or to another interpreter."""
    foreign = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name not in foreign}


def run(*command: str | Path, folder: Path) -> str:
    """Return what COMMAND prints; it must end well."""
    done = subprocess.run(
        command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (found,) = folder.glob("mlci-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a virtual environment with the lock of the demo and the wheel."""
    venv = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).parent / "uv"
    lock = ROOT / "requirements" / "demo.txt"
    pip: list[str | Path] = [uv, "--no-config", "--quiet", "pip"]
    where: list[str | Path] = ["--python", venv / "bin" / "python", "--link-mode", "copy"]
    run(uv, "--no-config", "--quiet", "venv", "--python", sys.executable, venv, folder=venv.parent)
    run(*pip, "sync", *where, "--require-hashes", "--no-build", lock, folder=venv.parent)
    run(*pip, "install", *where, "--no-deps", "--offline", wheel, folder=venv.parent)
    return venv / "bin"


def test_wheel__carries_the_example_the_schemas_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    version = wheel.name.split("-")[1]
    assert {
        "mlci/examples/tumour/mlci.yaml",
        "mlci/examples/tumour/data/cells.csv",
        "mlci/examples/tumour/.gitignore",
        "mlci/examples/tumour_acts/loosen-gates/mlci.yaml",
        "mlci/schemas/mlci.schema.json",
        "mlci/schemas/contract.schema.json",
        "mlci/py.typed",
        f"mlci-{version}.dist-info/licenses/LICENSE",
    } <= names
    assert [name for name in names if not name.startswith(("mlci/", f"mlci-{version}.dist-info/"))] == []


def test_wheel__plays_the_demo_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-I", "-c", "import mlci; print(mlci.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert WHAT_HAPPENED in run(installed / "mlci", "demo", "--keep", "demo", folder=tmp_path)
    assert (tmp_path / "demo" / "live" / "current" / "model.skops").is_file()
