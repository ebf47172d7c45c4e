"""Many rows for one model, a part after the other: one child answers them all, and reading goes on meanwhile."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from mlci.adapters.model_answers import refuse_by_batch, validated
from mlci.adapters.model_child import LONGEST_HEADER, ModelQuestion, longest_answer, read_header, write_rows
from mlci.core.prediction import Prediction
from mlci.core.table import Table
from mlci.errors import MlciError
from mlci.formats.repeats import repeats_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from mlci.adapters.child import Child, ChildLimits, Dialogue
    from mlci.core.table import Column

AHEAD_OF_THE_MODEL: Final = 6
"""How many tables are taken while the child still loads its libraries and the model."""
AHEAD: Final = 2
"""How many are taken that it did not answer, once it does."""
PARTS_OF_TIME: Final = 4
"""A child older than one of so many parts of what it may take is replaced, so that each table has most of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A table that lies in a folder for the child, its rows in another order."""

    folder: Path
    order: np.ndarray[Any, Any]


class Answering:
    """One model that answers many tables: a context manager; its child is gone when it ends."""

    def __init__(self, child: Child, python: Path, limits: ChildLimits, model_file: bytes, model_format: str) -> None:
        """Ask the model in MODEL_FILE by CHILD, a program of the interpreter PYTHON, within LIMITS."""
        self._child, self._limits = child, limits
        self._model_file = model_file
        # A model cannot foresee its place among the rows: the seed depends on its own bytes. It is the same for each
        # table, so that another attempt, which begins with another table, asks as the first one did.
        self._seed = int(hashlib.sha256(model_file).hexdigest(), 16)
        self._folder = ExitStack()
        self._dialogue = ExitStack()
        folder = Path(self._folder.enter_context(tempfile.TemporaryDirectory(prefix="mlci-")))
        self._question = ModelQuestion("answer", model_format, folder, python)
        self._taken = 0

    def __enter__(self) -> Self:
        """Start the child."""
        try:
            self._question.rows.mkdir()
            self._request = self._question.request(self._model_file, self._limits)
            self._talking = self._begun()
        except BaseException:
            self._folder.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        self._dialogue.close()
        self._folder.close()

    def answers(self, tables: Iterable[Mapping[str, Column]]) -> Iterator[Prediction]:
        """Yield what the model answers to each of TABLES; the next ones are taken meanwhile.

        Raises what `Predictor.predict` does, and what taking a table raises, once those before it are answered.
        """
        taken = iter(tables)
        asked: deque[_Asked] = deque()
        ahead, is_more, failed = AHEAD_OF_THE_MODEL, True, None
        while is_more or asked:
            while is_more and (not asked or (len(asked) < ahead and not self._is_old)):
                following, failed = self._next(taken)
                is_more = following is not None
                if following is not None:
                    self._ask(following, is_waited_for=bool(asked))
                    asked.append(following)
            if asked:
                yield self._heard(asked.popleft())
                ahead = AHEAD
        if failed is not None:
            raise failed

    def _begun(self) -> Dialogue:
        return self._dialogue.enter_context(self._child.talking(self._request, self._question.folder))

    def _next(self, tables: Iterator[Mapping[str, Column]]) -> tuple[_Asked | None, MlciError | None]:
        """Return the next of TABLES, written for the child, or why there is none."""
        try:
            columns = next(tables, None)
        except MlciError as error:
            return None, error
        if columns is None:
            return None, None
        table = Table(dict(columns))
        self._taken += 1
        folder = self._question.rows / str(self._taken)
        order = np.random.default_rng(self._seed).permutation(table.rows)
        write_rows(folder, table, order)
        return _Asked(folder, order), None

    @property
    def _is_old(self) -> bool:
        return self._talking.age_seconds * PARTS_OF_TIME > min(self._limits.cpu_seconds, self._limits.wall_seconds)

    def _ask(self, asked: _Asked, *, is_waited_for: bool) -> None:
        if self._is_old and not is_waited_for:
            self._dialogue.close()
            self._talking = self._begun()
        self._talking.say(json.dumps(asked.folder.name).encode() + b"\n")

    def _heard(self, asked: _Asked) -> Prediction:
        rows = len(asked.order)
        longest = min(longest_answer(rows), self._limits.answer_bytes)
        header, payload = self._question.answer(self._talking.hear(longest, length_of_answer))
        shutil.rmtree(asked.folder)
        kind, classes, shuffled = validated(header, payload, rows, repeats_of(rows).rows)
        refuse_by_batch(shuffled, payload)
        values = np.empty_like(shuffled)
        values[asked.order] = shuffled
        return Prediction(values, classes, kind)


def length_of_answer(beginning: bytes) -> int | None:
    """Return how long an answer is, by how it begins; None where that is not known yet, or it goes on to the end."""
    line, found, _ = beginning[: LONGEST_HEADER + 1].partition(b"\n")
    if not found:
        return None
    header = read_header(line)
    payload = 0 if header is None else header.get("bytes")
    return len(line) + 1 + payload if isinstance(payload, int) and payload >= 0 else None
