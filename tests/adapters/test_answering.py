"""A child of the test that answers many tables; what the real ones answer is in `tests/testing/test_predictor.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.adapters.child import ChildLimits
from mlci.adapters.prediction import ChildPredictor
from mlci.core.table import Column
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
import json, sys
import numpy
request = json.loads(sys.stdin.buffer.readline())
with open({log!r}, "a") as log: log.write("run\\n")
def say(values, shape=None, more=b"", again=None):
    import io
    half = min(len(values) // 2, 64)
    few = numpy.concatenate([values[:half], values[half:][-4:]]) if again is None else again
    buffer = io.BytesIO()
    numpy.save(buffer, values)
    payload = buffer.getvalue() + few.tobytes()
    shape = list(values.shape) if shape is None else shape
    header = {{"prediction": {{"kind": "labels", "shape": shape, "classes": None}}, "bytes": len(payload)}}
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\\n" + payload + more)
    sys.stdout.buffer.flush()
for line in iter(sys.stdin.buffer.readline, b""):
    rows = numpy.load(request["rows"] + "/" + json.loads(line) + "/numbers.npy")
    x = rows[0]
    {body}
"""
TABLES = [np.arange(10.0), np.arange(3.0) * 10, np.array([]), np.array([7.0])]


class Asked:
    """A model that is the body of a child, and what it answers to `TABLES`."""

    def __init__(self, folder: Path, body: str, limits: ChildLimits | None = None) -> None:
        self.log = folder / "log"
        program = folder / "program"
        program.mkdir()
        (program / "__main__.py").write_text(CHILD.format(log=str(self.log), body=body), encoding="utf-8")
        self.predictor = ChildPredictor(program=program, limits=limits)
        self.taken: list[int] = []

    def answers(self, tables: list[np.ndarray]) -> list[list[float]]:
        with self.predictor.answering("digest", b"model", "skops") as answer_each:
            return [each.values.tolist() for each in answer_each({"x": Column(values)} for values in tables)]

    def refusal(self) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            self.answers(TABLES)
        return caught.value

    @property
    def runs(self) -> int:
        return self.log.read_text(encoding="utf-8").count("run")


def test_answers__of_one_child_in_the_order_of_the_rows(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "say(x + 1)")
    assert asked.answers(TABLES) == [(values + 1).tolist() for values in TABLES]
    assert asked.runs == 1


def test_answers__to_rows_in_an_order_that_the_model_does_not_foresee(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "say(numpy.arange(10.0) * 0 + 5 if (x == numpy.arange(10.0)).all() else x)")
    assert asked.answers(TABLES[:1]) == [TABLES[0].tolist()]


def test_answers__of_no_table(tmp_path: Path) -> None:
    assert Asked(tmp_path, "say(x)").answers([]) == []


def test_answers__by_another_child_where_one_took_its_time(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "say(x + 1)", ChildLimits(cpu_seconds=0))
    assert asked.answers(TABLES) == [(values + 1).tolist() for values in TABLES]
    assert asked.runs >= len(TABLES)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("say(x, shape=[11])", "model-answers-wrong-shape"),
        ("say(x * numpy.nan)", "model-answers-nan"),
        ("say(x, again=x[:1].repeat(min(len(x) // 2, 64) + 4) + 100)", "model-answers-by-batch"),
        ("say(x, more=b'{}')", "model-unreadable"),
        ("print('no JSON'); break", "model-unreadable"),
        ("print('[1]', flush=True); break", "model-unreadable"),
        ("print('{\"bytes\": -1}', flush=True); break", "model-unreadable"),
        ("break", "model-unreadable"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "model-killed"),
        ("import time; time.sleep(60)", "model-killed"),
        ("sys.stdout.buffer.write(b'x' * 200_000_000)", "model-killed"),
    ],
)
def test_answers__that_are_none_are_refused(body: str, code: str, tmp_path: Path) -> None:
    limits = ChildLimits(wall_seconds=2) if "sleep" in body else None
    assert Asked(tmp_path, body, limits).refusal().code == code
