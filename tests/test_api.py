"""`import mlci` in a training script, here in this process; several processes stand in tests/adapters."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

import mlci
from mlci import api, notebook
from mlci.core.runs.tracked import Tracked, read_lines

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that this process is a part of."""
    folder = tmp_path / "lines"
    folder.mkdir()
    monkeypatch.setenv("MLCI_RUN", str(folder))
    return folder


def logged(folder: Path) -> Tracked:
    return read_lines(file.read_bytes() for file in sorted(folder.iterdir()))


def test_import__offers_the_api_and_nothing_that_is_not_there() -> None:
    offered = {name: getattr(mlci, name) for name in mlci.__all__}
    assert offered.pop("compare") is notebook.compare
    assert offered == {name: getattr(api, name) for name in api.__all__}
    with pytest.raises(AttributeError, match="no attribute 'log_everything'"):
        _ = mlci.log_everything


def test_import__loads_nothing() -> None:
    program = "import sys; before = set(sys.modules); import mlci; print(sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program], env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    loaded = json.loads(done.stdout.decode().replace("'", '"'))
    assert loaded == ["__future__", "mlci"]


def test_outside_a_run__nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLCI_RUN", raising=False)
    monkeypatch.setenv("MLCI_OUTPUT", str(tmp_path / "model.skops"))
    mlci.log_metric("loss", 0.5)
    mlci.log_params({"C": 1})
    mlci.log_artifact("plot.svg")
    mlci.save_model(object())
    assert list(tmp_path.iterdir()) == []


def test_log_metric__with_and_without_steps(run: Path) -> None:
    for value in (0.5, 1, math.nan, math.inf, -math.inf):
        mlci.log_metric("loss", value)
    mlci.log_metric('größe "x"', 0.1 + 0.2, step=7)
    assert logged(run).metrics == {
        'größe "x"': ((7, 0.1 + 0.2),),
        "loss": ((0, 0.5), (1, 1.0), (2, "nan"), (3, "inf"), (4, "-inf")),
    }  # fmt: skip


class Tensor:
    """One element, as a library wraps it."""

    def __float__(self) -> float:
        return 0.25


def test_log_metric__takes_what_becomes_a_number(run: Path) -> None:
    mlci.log_metric("loss", Tensor())  # type: ignore[arg-type]  # typed as a number, and more is taken
    assert logged(run).last == {"loss": 0.25}


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("loss", "high", ValueError),
        ("loss", None, TypeError),
        (7, 1, TypeError),
        ("", 1, ValueError),
        ("x" * 201, 1, ValueError),
    ],
)
def test_log_metric__what_is_wrong_is_told_at_once(
    run: Path, name: str, value: float, problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        mlci.log_metric(name, value)
    assert logged(run) == Tracked()


def test_log_params__nested_ones_become_dotted_names(run: Path) -> None:
    mlci.log_params({"model": {"C": 1, "layers": [8, 4]}, "path": Path("a/b"), "long": "x" * 2_000, "none": None})
    found = logged(run).params
    assert (found["model.C"], found["model.layers.1"], found["path"], found["none"]) == (1, 4, "a/b", None)
    assert len(str(found["long"])) <= 500


def test_log_params__what_contains_itself_ends(run: Path) -> None:
    params: dict[str, object] = {}
    params["again"] = params
    mlci.log_params(params)
    assert list(logged(run).params.values()) == ["…"]


def test_log_artifact__is_named_whole(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    mlci.log_artifact("plots/größe.svg")
    assert logged(run).artifacts == (f"{run}/plots/größe.svg",)


def test_threads__lose_no_line(run: Path) -> None:
    def log(name: str) -> None:
        for step in range(500):
            mlci.log_metric(name, step, step=step)

    threads = [threading.Thread(target=log, args=(f"m{place}",)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = logged(run)
    assert ([len(points) for points in found.metrics.values()], found.left_out) == ([500] * 4, ())


def test_trouble__is_a_warning_and_only_one(run: Path) -> None:
    run.rmdir()
    with pytest.warns(RuntimeWarning, match="what is logged from here on is lost: No such file or directory"):
        mlci.log_metric("loss", 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlci.log_metric("loss", 0.25)


class Booster:
    """A model that knows how to save itself, as XGBoost's do."""

    def save_model(self, path: str) -> None:
        Path(path).write_text("{}")


@pytest.mark.parametrize("name", ["model.json", "model.UBJ"])
def test_save_model__with_the_models_own_method(run: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MLCI_OUTPUT", str(run / name))
    mlci.save_model(Booster())
    assert (run / name).read_text() == "{}"


@pytest.mark.parametrize("name", ["model.skops", "model.joblib", "model.pkl"])
def test_save_model__in_the_format_of_the_ending(run: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MLCI_OUTPUT", str(run / name))
    mlci.save_model({"a": 1})
    assert (run / name).stat().st_size > 0


@pytest.mark.parametrize("name", ["model", "model.bin"])
def test_save_model__of_another_ending(run: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MLCI_OUTPUT", str(run / name))
    with pytest.raises(ValueError, match=r"mlci\.save_model writes no"):
        mlci.save_model({})


def test_call__takes_microseconds(run: Path) -> None:
    count = 20_000
    began = time.process_time()
    for step in range(count):
        mlci.log_metric("loss", 0.5, step=step)
    assert (time.process_time() - began) / count < 20e-6
    assert len(list(run.iterdir())) == 1
