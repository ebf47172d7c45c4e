from __future__ import annotations

import ast
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mlci.formats
from mlci.formats.frame import MATRIX, read_frame, write_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = Path(mlci.formats.__file__).parent
PARENT_SIDE = {"archive.py", "canonical.py", "model_file.py", "program_archive.py"}
ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
LIMITS = {"memory_bytes": 4 * 1024**3, "cpu_seconds": 60}


def run(program: Path, request: object, environment: Mapping[str, str] = ENVIRONMENT) -> tuple[int, Any, bytes]:
    """Exit code, header and payload of one child."""
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(program)],
        input=json.dumps(request).encode() + b"\n",
        env=dict(environment),
        capture_output=True,
        timeout=120,
        check=False,
    )
    line, _, payload = done.stdout.partition(b"\n")
    return done.returncode, json.loads(line), payload


def a_rows_folder(folder: Path, columns: Mapping[str, tuple[np.ndarray, np.ndarray | None]]) -> str:
    write_columns(folder, columns, np.arange(3)[: len(next(iter(columns.values()))[0])])
    return str(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    linear = importlib.import_module("sklearn.linear_model").LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])
    # What a model prints goes to standard error: this one has nothing to print, but its class name tells that it ran.
    path = tmp_path_factory.mktemp("model") / "model.bin"
    path.write_bytes(importlib.import_module("skops.io").dumps(linear))
    return path


def test_child__runs_where_mlci_is_not_installed(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(FORMATS, tmp_path / "somewhere else", ignore=shutil.ignore_patterns(*PARENT_SIDE))
    rows = a_rows_folder(tmp_path / "rows", {"x": (np.array([0.0, 2.0]), None)})
    request = {"operation": "predict", "format": "skops", "model": str(model), "rows": rows, "limits": LIMITS}
    code, header, payload = run(copy, request | {"confine": True})
    assert (code, header) == (0, {"prediction": {"kind": "labels", "shape": [2], "classes": None}})
    np.testing.assert_allclose(np.frombuffer(payload[-16:]), [1.0, 5.0])


def test_child__describes(model: Path) -> None:
    request = {"operation": "describe", "format": "skops", "model": str(model), "rows": None, "limits": LIMITS}
    code, header, payload = run(FORMATS, request | {"confine": True})
    assert (code, header["description"]["estimator"], payload) == (0, "LinearRegression", b"")


def test_child__refuses_another_format(model: Path) -> None:
    request = {"operation": "describe", "format": "pickle", "model": str(model), "rows": None, "limits": LIMITS}
    assert run(FORMATS, request | {"confine": True}) == (
        3,
        {"error": "model-unreadable", "message": "the format 'pickle' is not known here"},
        b"",
    )


def test_child__does_not_load_a_model_that_it_cannot_confine_itself_for(model: Path, tmp_path: Path) -> None:
    rows = str(tmp_path / "nowhere")
    request = {"operation": "predict", "format": "skops", "model": str(model), "rows": rows, "limits": LIMITS}
    code, header, _ = run(FORMATS, request | {"confine": True})
    assert (code, header["error"]) == (3, "not-confined")


@pytest.mark.needs("landlock")
def test_child__reads_only_the_folder_of_its_model(model: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "model.skops").symlink_to(model)
    request = {"operation": "describe", "format": "skops", "model": str(inside / "model.skops"), "rows": None}
    code, header, _ = run(FORMATS, request | {"limits": LIMITS, "confine": True})
    assert (code, header["error"]) == (3, "model-unreadable")
    assert "Permission denied" in header["message"]


@pytest.mark.parametrize("path", sorted(FORMATS.glob("*.py")), ids=lambda path: path.name)
def test_modules__import_only_what_a_bare_child_has(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    absolute = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.level == 0
            else []
        )
    }
    allowed = {"numpy", *({"mlci"} if path.name in PARENT_SIDE else set())}
    assert absolute - set(sys.stdlib_module_names) <= allowed


def test_read_frame__keeps_columns_in_order_and_types_of_read_csv(tmp_path: Path) -> None:
    some = np.array([False, True, False])
    folder = a_rows_folder(
        tmp_path / "rows",
        {
            "whole": (np.array([1, 2, 3]), None),
            "gaps": (np.array([1, 2, 3]), some),
            "text": (np.array(["a", "b", "c"]), None),
            "text with gaps": (np.array(["a", "", "c"]), some),
            "truth": (np.array([True, False, True]), None),
            "truth with gaps": (np.array([True, False, True]), some),
        },
    )
    csv = tmp_path / "rows.csv"
    csv.write_text(
        "whole,gaps,text,text with gaps,truth,truth with gaps\n1,1,a,a,True,True\n2,,b,,False,\n3,3,c,c,True,True\n",
        encoding="utf-8",
    )
    pandas = importlib.import_module("pandas")
    pandas.testing.assert_frame_equal(read_frame(folder), pandas.read_csv(csv))


def test_read_frame__loads_no_pickles(tmp_path: Path) -> None:
    folder = Path(a_rows_folder(tmp_path / "rows", {"x": (np.array([1.0]), None)}))
    np.save(folder / MATRIX, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_frame(str(folder))
