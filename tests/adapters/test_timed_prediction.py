"""Timing from outside: what a child does before it has rows, or instead of answering them, helps nobody."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.adapters.child import ChildLimits, peak_bytes
from mlci.adapters.prediction import ChildPredictor
from mlci.core.costs import Asked, Timing
from mlci.core.table import Column
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {"x": Column(np.arange(40.0))}
CHILD = """
import io, json, os, sys, time
from pathlib import Path
import numpy
request = json.loads(sys.stdin.buffer.readline())
rows, is_timed = Path(request["rows"]), request["operation"] == "answer"
name = Path(request["model"]).read_text()
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
def log(text):
    with open({log!r}, "a") as file: file.write(text + "\\n")
def answer(folder):
    values = numpy.load(folder / "numbers.npy")[0] * 2
    is_batch = folder.name == "batch"
    {predicting}
    buffer = io.BytesIO()
    numpy.save(buffer, values)
    half = min(len(values) // 2, 64)
    again = numpy.concatenate([values[:half], values[half:][-4:]]).tobytes()
    payload = buffer.getvalue() + again
    header = {{"prediction": {{"kind": "labels", "shape": [len(values)], "classes": None}}, "bytes": len(payload)}}
    out.write(json.dumps(header).encode() + b"\\n" + payload)
    out.flush()
log(f"{{name}} {{'timed' if is_timed else 'judged'}} {{sorted(each.name for each in rows.iterdir())}}")
{loading}
if is_timed:
    for line in iter(sys.stdin.buffer.readline, b""):
        log(f"{{name}} asked {{line.decode().strip()}} of {{sorted(each.name for each in rows.iterdir())}}")
        answer(rows / json.loads(line))
else:
    answer(rows)
"""


class Fake:
    """A predictor whose child is a script of the test: it doubles a number, and does something else besides."""

    def __init__(
        self, folder: Path, loading: str = "", predicting: str = "", limits: ChildLimits | None = None
    ) -> None:
        self.log = folder / "log"
        program = folder / "program"
        program.mkdir()
        text = CHILD.format(log=str(self.log), loading=loading, predicting=predicting)
        (program / "__main__.py").write_text(text, encoding="utf-8")
        self.predictor = ChildPredictor(program=program, limits=limits)

    def time(self, *names: str, turns: int = 1) -> tuple[Timing, ...]:
        models = [Asked(name * 64, name.encode(), "skops", ROWS, {}) for name in names]
        return self.predictor.time(models, turns)

    def refusal(self) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            self.time("a")
        return caught.value

    @property
    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()


def test_time__models_take_turns_and_each_begins_as_often(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    found = fake.time("a", "b", turns=3)
    assert [len(each.seconds) for each in found] == [3, 3]
    order = "".join(line[0] for line in fake.lines if " timed " in line)
    assert order == "abbaabba"


def test_time__the_rows_are_not_there_before_they_are_timed(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.time("a")
    asked = [line for line in fake.lines if " asked " in line]
    once = ["""a asked "first" of ['first']""", """a asked "batch" of ['batch', 'first']"""]
    assert asked == [*once, *once]
    assert not any("batch" in line or "all" in line for line in fake.lines if " timed " in line)


def test_time__what_comes_before_the_rows_is_not_counted_and_predicting_is(tmp_path: Path) -> None:
    slow = "time.sleep(0.1 if is_batch else 1 if is_timed else 0)"
    (found,) = Fake(tmp_path, "time.sleep(1 if is_timed else 0)", slow).time("a")
    assert 0.1 <= found.seconds[0] < 1


def test_time__other_answers_than_the_model_was_judged_by_are_refused(tmp_path: Path) -> None:
    error = Fake(tmp_path, predicting="values = values * (0 if is_batch else 1)").refusal()
    assert (error.code, "while it is timed" in error.problem) == ("model-answers-by-batch", True)


def test_time__a_model_that_answers_before_it_was_asked_is_refused(tmp_path: Path) -> None:
    early = """out.write(b'{"bytes": 0}\\n' if is_timed else b''); out.flush()"""
    assert Fake(tmp_path, early).refusal().code == "model-answers-wrong-shape"


def test_time__an_error_while_loading_is_that_of_a_prediction(tmp_path: Path) -> None:
    failing = """
if is_timed:
    out.write(b'{"error": "model-unreadable", "message": "it is damaged"}\\n'); out.close(); sys.exit(3)
"""
    assert "it is damaged" in Fake(tmp_path, failing).refusal().problem


@pytest.mark.slow
def test_time__a_model_that_does_not_answer_is_ended(tmp_path: Path) -> None:
    limits = ChildLimits(wall_seconds=5.0)
    assert (
        Fake(tmp_path, predicting="time.sleep(60 if is_batch else 0)", limits=limits).refusal().code == "model-killed"
    )


def test_time__memory_is_the_most_that_the_process_had(tmp_path: Path) -> None:
    held = "block = bytearray(80_000_000) if name == 'b' else None; del block"
    small, large = Fake(tmp_path, predicting=held).time("a", "b")
    assert small.peak_bytes is not None
    assert large.peak_bytes is not None
    assert 70e6 < large.peak_bytes - small.peak_bytes < 95e6


def test_peak__of_a_process_that_is_gone_is_none() -> None:
    assert peak_bytes(2**30) is None
    assert (peak_bytes(os.getpid()) is None) == (sys.platform != "linux")
