"""What a child answered for a model, measured before it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.adapters.model_refusals import unreadable_answer, wrong_shape
from mlci.core.magnitude import LARGEST, is_beyond
from mlci.errors import IntegrityError
from mlci.formats.description import classes_from_json
from mlci.formats.repeats import repeats_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.prediction import Kind

SUM_TOLERANCE: Final = 1e-6
MOST_LABELS: Final = 10_000
SAME: Final = 1e-4
"""How far two answers to one row may lie apart, as a share of the range of all answers: rounding explains no more."""
PRECISION: Final = 1e-6
"""What single precision leaves of a number, as a share of it."""
ODD_ROWS: Final = 20
"""One row in so many (and one at least) may answer otherwise: the nearest of neighbours that are equally near."""


def validated(
    header: Mapping[str, Any], payload: bytes, rows: int, again: int = 0
) -> tuple[Kind, tuple[str | int | float | bool, ...] | None, np.ndarray[Any, Any]]:
    """Return kind, classes and values of an answer for so many rows; raises IntegrityError if it is no answer.

    AGAIN: how many rows stand behind it once more.
    """
    described = header.get("prediction")
    if not isinstance(described, dict) or described.keys() != {"kind", "shape", "classes"}:
        raise unreadable_answer("it describes no prediction")
    kind: Kind
    shape: tuple[int, ...]
    try:
        classes = classes_from_json(described["classes"])
    except ValueError as error:
        raise unreadable_answer(str(error)) from error
    if described["kind"] == "probabilities":
        kind, shape = "probabilities", (rows, len(classes or ()))
    elif described["kind"] == "multilabel" and classes is None:
        kind, shape = "multilabel", (rows, _columns_of(described["shape"]))
    elif described["kind"] == "numbers" and classes is None:
        kind, shape = "numbers", (rows, _columns_of(described["shape"]))
    else:
        kind, shape = "labels", (rows,)
    head = npy_head(shape)
    # The bytes are compared with the only head that the answer may have; nothing of it is parsed.
    if described["shape"] != list(shape) or not payload.startswith(head):
        raise wrong_shape(str(described["shape"]), str(list(shape)))
    if len(payload) != len(head) + 8 * int(np.prod((rows + again, *shape[1:]))):
        raise wrong_shape(f"{len(payload)} bytes", str(list(shape)))
    count = int(np.prod(shape))
    values = np.frombuffer(payload, dtype="<f8", count=count, offset=len(head)).reshape(shape).astype(np.float64)
    _check_values(kind, values, classes)
    return kind, classes, values


def _columns_of(shape: object) -> int:
    """Return how many answers a row has by a SHAPE, which is hostile; the bytes must be as many."""
    count = shape[1] if isinstance(shape, list) and len(shape) == 2 else None  # noqa: PLR2004 - rows and labels
    if type(count) is not int or not 1 <= count <= MOST_LABELS:
        raise wrong_shape(str(shape), "[rows, answers]")
    return count


def refuse_by_batch(values: np.ndarray[Any, Any], payload: bytes) -> None:
    """Raise where the answers at the end of PAYLOAD, to rows asked again among fewer, are not those in VALUES."""
    if not len(values):
        return
    repeats = repeats_of(len(values))
    first = np.concatenate([values[few] for few in repeats.batches])
    second = np.frombuffer(payload[len(payload) - 8 * first.size :], dtype="<f8").reshape(first.shape)
    differs = _differ(first, second, values)
    for odd in (differs[: repeats.batch], differs[repeats.batch :]):
        if np.count_nonzero(odd) > max(1, len(odd) // ODD_ROWS):
            raise IntegrityError(
                "model-answers-by-batch",
                f"asked again among fewer rows, the model answers otherwise for {np.count_nonzero(odd)} of {len(odd)}",
                cause="its answer to a row depends on the other rows, on how many there are, or on chance",
                hint="keep what is learnt from rows (means, ranks, scales) in the model, as StandardScaler does",
            )


def refuse_when_timed(judged: np.ndarray[Any, Any], timed: np.ndarray[Any, Any]) -> None:
    """Raise where a model answers otherwise while it is TIMED than it was JUDGED by: it could answer anything fast."""
    odd = int(np.count_nonzero(_differ(judged, timed, judged)))
    if odd > max(1, len(judged) // ODD_ROWS):
        raise IntegrityError(
            "model-answers-by-batch",
            f"while it is timed, the model answers otherwise for {odd} of {len(judged)} rows",
            cause="its answer to a row depends on the other rows, on how many there are, on chance, or on the clock",
            hint="keep what is learnt from rows (means, ranks, scales) in the model, as StandardScaler does",
        )


def _differ(
    first: np.ndarray[Any, Any], second: np.ndarray[Any, Any], values: np.ndarray[Any, Any]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which rows have other answers, (n_rows,), by more than rounding explains of all VALUES."""
    tolerance = SAME * np.ptp(values) + PRECISION * np.max(np.abs(values))
    with np.errstate(invalid="ignore"):  # NaN is none of the answers
        return np.asarray(~(np.abs(first - second) <= tolerance).reshape(len(first), -1).all(axis=1))


def npy_head(shape: tuple[int, ...]) -> bytes:
    """Return the head that numpy writes for a float64 array of this shape (format version 1.0)."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    prefix = b"\x93NUMPY\x01\x00"
    # numpy.lib.format: room for the first axis to grow to 21 digits, then spaces up to a multiple of 64 bytes
    text += " " * (21 - len(str(shape[0])))
    padding = -(len(prefix) + 2 + len(text) + 1) % 64
    encoded = (text + " " * padding + "\n").encode("latin1")
    return prefix + len(encoded).to_bytes(2, "little") + encoded


def _refuse_beyond(values: np.ndarray[Any, Any]) -> None:
    cells = is_beyond(values)
    beyond = np.count_nonzero(cells if values.ndim == 1 else cells.any(axis=1))
    if beyond:
        raise IntegrityError(
            "model-answers-beyond",
            f"the model answers with numbers beyond {LARGEST:g} for {beyond} of {len(values)} rows",
            cause="its parameters are absurd, usually because training diverged, or a unit is wrong",
            hint="look at the training loss, or scale features and label in the model's pipeline",
        )


def _check_values(
    kind: Kind, values: np.ndarray[Any, Any], classes: tuple[str | int | float | bool, ...] | None
) -> None:
    is_finite = np.isfinite(values)
    broken = np.count_nonzero(~(is_finite if values.ndim == 1 else is_finite.all(axis=1)))
    if broken:
        raise IntegrityError(
            "model-answers-nan",
            f"the model answers with NaN or infinity for {broken} of {len(values)} rows",
            cause="its parameters are NaN, usually because training diverged, or it cannot cope with missing values",
            hint="look at the training loss, or impute missing values in the model's pipeline",
        )
    if kind in {"probabilities", "multilabel"}:
        is_probability = bool(np.all((values >= 0) & (values <= 1)))
        is_one_together = kind == "multilabel" or not np.any(np.abs(values.sum(axis=1) - 1) > SUM_TOLERANCE)
        if not is_probability or not is_one_together:
            raise IntegrityError(
                "model-answers-no-probabilities",
                "the model's probabilities lie outside of 0 to 1, or do not sum to one in every row",
                cause="a `predict_proba` that returns scores, or several labels at once",
                hint="calibrate the model, for example with scikit-learn's CalibratedClassifierCV",
            )
    elif classes is None:
        _refuse_beyond(values)
    elif np.any((values < 0) | (values >= len(classes)) | (values != np.floor(values))):
        raise unreadable_answer("a label is no position in the classes")
