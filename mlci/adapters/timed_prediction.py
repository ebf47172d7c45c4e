"""How long models take to answer, and how much memory: measured from outside, in turns.

A child loads its model and answers one row; only then it is given the others, and the clock is ours. Each turn has a
new child for each model, so that nothing is remembered, and the order changes with each turn (A B, B A, …), so that a
machine which grows slower favours nobody. A first turn, which finds cold caches, is not counted. What is answered must
be what the model was judged by.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.adapters.answering import length_of_answer
from mlci.adapters.model_answers import refuse_when_timed, validated
from mlci.adapters.model_child import ModelQuestion, longest_answer, write_rows
from mlci.core.costs import Timing
from mlci.core.table import Table
from mlci.formats.repeats import repeats_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.adapters.child import Child, ChildLimits
    from mlci.core.costs import Asked
    from mlci.core.prediction import Prediction

FIRST: Final = "first"
BATCH: Final = "batch"
"""The folder of the rows that are timed; the first is that of one row, which is answered before."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A model, what it answered before, and the child that it is asked in."""

    asked: Asked
    judged: Prediction
    child: Child
    python: Path


def timed(models: Sequence[Timed], turns: int, limits: ChildLimits) -> tuple[Timing, ...]:
    """Return what it takes each of MODELS to answer its rows, TURNS times.

    Raises `IntegrityError("model-answers-by-batch")`, and what a prediction raises.
    """
    seconds: list[list[float]] = [[] for _ in models]
    peaks: list[int | None] = [None for _ in models]
    for turn in range(turns + 1):
        places = range(len(models)) if turn % 2 == 0 else reversed(range(len(models)))
        for place in places:
            took, peak = _once(models[place], turn, limits)
            peaks[place] = max(filter(None, (peaks[place], peak)), default=None)
            if turn:
                seconds[place].append(took)
    return tuple(Timing(tuple(each), peak) for each, peak in zip(seconds, peaks, strict=True))


def _once(model: Timed, turn: int, limits: ChildLimits) -> tuple[float, int | None]:
    """Return the seconds and the memory of one answer."""
    table = Table(dict(model.asked.columns))
    order = np.random.default_rng(turn).permutation(table.rows)  # one for both models
    longest = min(longest_answer(table.rows), limits.answer_bytes)
    with tempfile.TemporaryDirectory(prefix="mlci-") as place:
        question = ModelQuestion("answer", model.asked.format, Path(place), model.python)
        question.rows.mkdir()
        with model.child.talking(question.request(model.asked.content, limits), Path(place)) as dialogue:
            write_rows(question.rows / FIRST, table, order[:1])
            dialogue.say(f'"{FIRST}"\n'.encode())
            question.answer(dialogue.hear(longest, length_of_answer))
            write_rows(question.rows / BATCH, table, order)
            started = time.perf_counter()
            dialogue.say(f'"{BATCH}"\n'.encode())
            answer = dialogue.hear(longest, length_of_answer)
            seconds, peak = time.perf_counter() - started, dialogue.peak_bytes
        header, payload = question.answer(answer)
    _, _, answered = validated(header, payload, table.rows, repeats_of(table.rows).rows)
    refuse_when_timed(model.judged.values[order], answered)
    return seconds, peak
