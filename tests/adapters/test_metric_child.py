"""Functions of one's own in a real child: what it computes, and what it may not do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.adapters.child import ChildLimits
from mlci.adapters.prediction import PROGRAM, ChildPredictor
from mlci.core.metric_function import MeasuredRows, MetricFunction
from mlci.core.statistics.jackknife import jackknife_of, sets_of
from mlci.core.statistics.sampling import Independent, NotTrusted
from mlci.errors import MlciError, OutsideError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = 400
LABELS = np.arange(ROWS) % 4 == 0
CANDIDATE = (np.arange(ROWS) * 37 % 100) / 100
PRODUCTION = (np.arange(ROWS) * 61 % 100) / 100
PROFIT = """
def profit(labels, predictions):
    return ((predictions > 0.5) * (labels * 10.0 - 4.0)).mean()
"""


def rows() -> MeasuredRows:
    sets = sets_of(ROWS, Independent())
    assert not isinstance(sets, NotTrusted)
    return MeasuredRows(LABELS, CANDIDATE, PRODUCTION, None, sets)


def named(code: str, name: str = "profit") -> MetricFunction:
    return MetricFunction(name, "lib/metrics.py", name, code.encode())


def refusal(code: str, limits: ChildLimits | None = None, program: Path = PROGRAM) -> MlciError:
    with pytest.raises(MlciError) as caught:
        ChildPredictor(limits=limits, program=program).measure([named(code)], rows())
    return caught.value


def test_measure__in_slices() -> None:
    part = np.where(np.arange(ROWS) < 150, np.arange(ROWS) % 50, -1)
    found = ChildPredictor().measure([named(PROFIT)], replace(rows(), parts=part[None, :]))["profit"]
    gains = np.where(CANDIDATE > 0.5, np.where(LABELS, 6.0, -4.0), 0.0)
    (inside,) = found.slices
    assert inside.production is not None
    assert (inside.candidate.shape, inside.production.shape) == ((51,), (51,))
    expected = [gains[part >= 0].mean(), gains[(part >= 0) & (part != 7)].mean()]
    assert [inside.candidate[0], inside.candidate[8]] == pytest.approx(expected, abs=1e-12)


def test_measure__is_the_jackknife_of_both_models_on_the_same_rows() -> None:
    asked = rows()
    assert asked.sets is not None
    found = ChildPredictor().measure([named(PROFIT), named("def two(a, b): return 2", "two")], asked)

    def profit(said: NDArray[np.float64], kept: NDArray[np.bool_]) -> float:
        gains = np.where(said > 0.5, np.where(LABELS, 6.0, -4.0), 0.0)
        return float(gains[kept].mean())

    masks = [np.ones(ROWS, dtype=np.bool_), *(np.not_equal(asked.sets, one) for one in range(50))]
    for values, said in ((found["profit"].candidate, CANDIDATE), (found["profit"].production, PRODUCTION)):
        assert values is not None
        assert values.tolist() == pytest.approx([profit(said, kept) for kept in masks], rel=1e-13)
    assert found["two"].candidate.tolist() == [2.0] * 51
    assert found["profit"].production is not None
    paired = jackknife_of(found["profit"].candidate - found["profit"].production)
    assert not isinstance(paired, NotTrusted)


def test_measure__says_what_went_wrong_and_what_mends_it() -> None:
    error = refusal("def profit(labels, predictions):\n    raise ValueError(f'row {labels[0]}')\n")
    told = "`profit`: ValueError: row True; line 2: raise ValueError(f'row {labels[0]}')"
    assert (type(error), error.code, error.where) == (UsageError, "metric-failed", "lib/metrics.py")
    assert error.problem == f"a metric of evaluate.metrics cannot be computed: {told}"
    assert error.public().problem == "a metric of evaluate.metrics cannot be computed: …"
    assert error.hint == "def profit(labels, predictions): …, with numpy and one file alone; try it on a few rows"


def test_measure__what_a_function_prints_is_no_answer() -> None:
    code = "print('{}')\ndef profit(labels, predictions):\n    print('{\"values\": {}}')\n    return 1.0\n"
    assert ChildPredictor().measure([named(code)], rows())["profit"].candidate.tolist() == [1.0] * 51


def test_measure__reads_no_file_but_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("7")
    error = refusal(f"def profit(labels, predictions):\n    return float(open({str(tmp_path / 'secret')!r}).read())\n")
    assert "PermissionError" in error.problem


@pytest.mark.parametrize(
    "action",
    [
        "__import__('os').fork()",
        "__import__('subprocess').run(['true'])",
        "__import__('socket').create_connection(('127.0.0.1', 9))",
        "open('/tmp/left-behind', 'w')",
    ],
)
def test_measure__does_nothing_but_compute(action: str) -> None:
    error = refusal(f"def profit(labels, predictions):\n    return {action}\n")
    assert (error.code, "Error: [Errno " in error.problem) == ("metric-failed", True)


def test_measure__sees_no_variable_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCI_TOKEN", "secret")
    code = "import os\ndef profit(labels, predictions):\n    return float('MLCI_TOKEN' in os.environ)\n"
    assert ChildPredictor().measure([named(code)], rows())["profit"].candidate[0] == 0.0


def test_measure__ends_what_never_ends() -> None:
    code = "def profit(labels, predictions):\n    while True: pass\n"
    error = refusal(code, ChildLimits(cpu_seconds=1))
    assert error.code == "metric-killed"
    assert error.problem == "a metric of evaluate.metrics cannot be computed: it used more CPU time than it may"
    assert (
        error.hint == "make it faster: it is called about 53 times a model, and 51 a slice; or evaluate on fewer rows"
    )


def test_measure__ends_what_waits() -> None:
    code = "import time\ndef profit(labels, predictions):\n    time.sleep(60)\n"
    error = refusal(code, ChildLimits(wall_seconds=1.5))
    assert (error.code, "it took longer than 1.5 seconds" in error.problem) == ("metric-killed", True)


def test_measure__ends_what_wants_all_memory() -> None:
    code = "import numpy as np\ndef profit(labels, predictions):\n    return np.ones(10**10).mean()\n"
    assert refusal(code).code in {"metric-killed", "metric-failed"}


def a_program(folder: Path, answer: object) -> Path:
    """Return a child that answers so, whatever it is asked."""
    (folder / "__main__.py").write_text(f"print({json.dumps(answer)!r})\n")
    return folder


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        3,
        {"values": {}},
        {"values": {"profit": {"candidate": [1.0] * 51}}},
        {"values": {"profit": {"candidate": [1.0] * 50, "production": [1.0] * 51}}},
        {"values": {"profit": {"candidate": [None] * 51, "production": [1.0] * 51}}},
        {"values": {"profit": {"candidate": ["x"] * 51, "production": [1.0] * 51}}},
        {"error": "other", "message": "broken"},
    ],
)
def test_measure__believes_no_other_answer_than_it_asked_for(tmp_path: Path, answer: object) -> None:
    assert refusal("", program=a_program(tmp_path, answer)).code == "metric-failed"


def test_measure__a_child_that_could_not_be_confined_computes_nothing(tmp_path: Path) -> None:
    program = a_program(tmp_path, {"error": "not-confined", "message": "Landlock"})
    error = refusal("", program=program)
    assert (type(error), error.code) == (OutsideError, "not-confined")
