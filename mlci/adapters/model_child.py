"""A model in a child: what the child is sent about it, and what its answer says."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.adapters.made_once import is_made
from mlci.adapters.model_refusals import killed, refusal, said, sanitised, unreadable_answer
from mlci.adapters.pipes import CHUNK
from mlci.formats.frame import write_columns
from mlci.formats.repeats import repeats_of

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.adapters.child import ChildLimits, Outcome
    from mlci.core.table import Table
    from mlci.errors import MlciError

LONGEST_HEADER: Final = 2**20
MOST_CLASSES: Final = 10_000
PICKLE: Final = "pickle"
"""What is converted, and never the format of a package."""


@dataclass(frozen=True, slots=True)
class ModelQuestion:
    """What is asked about a model, whose file and rows lie in a folder that the child may read."""

    operation: str
    format: str
    folder: Path
    python: Path
    """The interpreter of the child, as errors name it."""

    @property
    def rows(self) -> Path:
        """The folder for the rows, which is there if the question has any."""
        return self.folder / "rows"

    def request(self, model_file: bytes, limits: ChildLimits) -> bytes:
        """Put the model into the folder, and return the line that the child is sent."""
        model = self.folder / "model" / "model.bin"
        model.parent.mkdir()
        model.write_bytes(model_file)
        request = {
            "operation": self.operation,
            "format": self.format,
            "model": str(model),
            "rows": str(self.rows) if self.rows.exists() else None,
            "limits": {"memory_bytes": limits.memory_bytes, "cpu_seconds": limits.cpu_seconds},
            "confine": True,
            "may_unpickle": self.format == PICKLE,
        }
        return json.dumps(request).encode() + b"\n"

    def answer(self, outcome: Outcome) -> tuple[dict[str, Any], bytes]:
        """Return the header and the payload of what the child said; raises IntegrityError with what it refuses."""
        # A child that was given rows may say what stands in them.
        saw_rows = self.rows.exists()
        tail = sanitised(outcome.tail)
        if outcome.ended_for is not None or outcome.status < 0:
            raise said(killed(outcome, tail), tail, may_hold_data=saw_rows)
        line, _, payload = outcome.output.partition(b"\n")
        header = read_header(line)
        if header is None:
            error: MlciError = unreadable_answer(tail or f"exit code {outcome.status}")
            raise said(self._with_environment(error), tail, may_hold_data=saw_rows)
        if "error" in header or outcome.status:
            message = sanitised(str(header.get("message")).encode())
            error = refusal(str(header.get("error")), message, self.python)
            raise said(self._with_environment(error), message, may_hold_data=saw_rows)
        return header, payload

    def _with_environment(self, error: MlciError) -> MlciError:
        """Return ERROR with what mends it, where it may be the fault of an environment that mlci made for the model."""
        made = self.python.parent.parent
        if error.code in {"model-unreadable", "missing-library"} and is_made(made):
            otherwise = f" Or: {error.cause}" if error.cause else ""
            error.cause = f"The environment that mlci made for it is damaged.{otherwise}"
            error.hint = f"rm -r {shlex.quote(str(made))} lets the next command make it anew. Else: {error.hint}"
        return error


def longest_answer(rows: int) -> int:
    """Return how many bytes the answer to so many rows may have."""
    return LONGEST_HEADER + CHUNK + 8 * MOST_CLASSES * (rows + repeats_of(rows).rows)


def read_header(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object that an answer begins with, None where it is none."""
    try:
        header = json.loads(line) if len(line) <= LONGEST_HEADER else None
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


def write_rows(folder: Path, table: Table, order: np.ndarray[Any, Any] | None = None) -> None:
    """Write the rows of TABLE into a new FOLDER, in ORDER."""
    columns = {name: (column.values, column.missing) for name, column in table.columns.items()}
    write_columns(folder, columns, np.arange(table.rows) if order is None else order)
