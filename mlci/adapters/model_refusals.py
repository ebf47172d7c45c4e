"""What goes wrong when a model is asked in a child, as errors that users meet."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Final

from mlci.errors import IntegrityError, MlciError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.adapters.child import Outcome

LONGEST_TAIL: Final = 400

EXTRAS: Final[Mapping[str, str]] = {
    "onnxruntime": "onnx",
    "skl2onnx": "onnx",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
}
"""The extra of mlci that brings a library, where it is not `ml`."""


def refusal(code: str, message: str, python: Path) -> MlciError:
    """Return the error that a child's answer means."""
    match code:
        case "model-forbidden-type":
            return IntegrityError(
                code,
                f"the model holds types that are not allowed: {message}",
                cause="A function or class of your own, or one that is not known to be harmless when it is loaded.",
                hint="Build the model from scikit-learn's own estimators (KNeighbors: `algorithm='brute'`).",
            )
        case "model-answers-text":
            return IntegrityError(
                code,
                f"the model answers with text: {message}",
                cause="A regression that was fitted on text.",
                hint="Fit it on numbers, or use a classifier.",
            )
        case "model-answers-wrong-shape":
            return IntegrityError(
                code,
                f"the model answers in the wrong shape: {message}",
                cause="A model with several outputs.",
                hint="Fit the model on one label column.",
            )
        case "model-answers-unknown-class":
            return IntegrityError(
                code,
                f"the model answers inconsistently: {message}",
                cause="Its `classes_` were changed after fitting.",
                hint="Fit the model again.",
            )
        case "model-cannot-predict":
            return IntegrityError(
                code,
                f"the model cannot predict these rows: {message}",
                cause="Columns that it was fitted on are missing, renamed or of another type.",
                hint="Compare the model's features with the columns of the evaluation data.",
            )
        case "model-not-convertible":
            return IntegrityError(
                code,
                f"the model cannot be written in ONNX: {message}",
                cause="A step for which skl2onnx knows no operator, or a value that no column of these types holds.",
                hint="Leave out `train: {convert: onnx}`, or build the model from steps that skl2onnx lists.",
            )
        case "model-killed":
            return IntegrityError(
                code,
                f"the model was ended: {message}",
                cause="The model is too large, or the file is crafted.",
                hint="Make the model smaller.",
            )
        case "missing-library":
            return OutsideError(
                code,
                f"a library that loads models is missing: {message}",
                where=str(python),
                hint=f"pip install 'mlci[{_extra(message)}]'",
            )
        case "not-confined":
            return OutsideError(
                code,
                f"the child could not be confined: {message}",
                cause="The kernel offers a confinement and then refuses it, often because of a container's settings.",
                hint="Run on the host or in a container that allows Landlock and seccomp.",
            )
        case _:
            return IntegrityError(
                "model-unreadable",
                f"the model could not be loaded: {message}",
                cause="The file is damaged, or was written by another version of its libraries.",
                hint="Save it again with the versions that the package names.",
            )


def killed(answer: Outcome, tail: str) -> IntegrityError:
    """Return the error for a child that was ended, by us or by the system, with what it said last."""
    if answer.ended_for is not None:
        reason = answer.ended_for
    elif -answer.status == signal.SIGXCPU:
        reason = "it used more CPU time than it may"
    elif -answer.status in (signal.SIGKILL, signal.SIGABRT):
        reason = f"{signal.Signals(-answer.status).name}, usually for want of memory"
    else:
        reason = f"signal {-answer.status}"
    return IntegrityError(
        "model-killed",
        f"the model was ended: {reason}" + (f" ({tail})" if tail else ""),
        cause="The model needs more time or memory than it may have, or its file is crafted.",
        hint="Make the model smaller or faster, or evaluate on fewer rows.",
    )


def unreadable_answer(reason: str) -> IntegrityError:
    """Return the error for an answer that is none."""
    return IntegrityError(
        "model-unreadable",
        f"the child gave no readable answer: {reason}",
        cause="The model broke the process that loaded it.",
        hint="Load the file with `skops.io.load` in a clean environment to see what happens.",
    )


def wrong_shape(found: str, expected: str) -> MlciError:
    """Return the error for answers that are not one a row; FOUND is the model's word and may hold data."""
    words = sanitised(found.encode())
    error = IntegrityError(
        "model-answers-wrong-shape",
        f"the model answers in the wrong shape: {words} instead of {expected}",
        cause="A model with several outputs, or one that drops rows.",
        hint="Fit the model on one label column, and let it answer once a row.",
    )
    return said(error, words, may_hold_data=True)


def said(error: MlciError, words: str, *, may_hold_data: bool) -> MlciError:
    """Return ERROR with the child's WORDS in it marked as private, where they may hold data."""
    error.private = words if may_hold_data else None
    return error


def sanitised(text: bytes) -> str:
    """Return the last 400 characters that a terminal can show without obeying them, in one line."""
    shown = re.sub(r"[^\x20-\x7e]+", " ", text.decode("utf-8", "replace")).strip()
    return shown[-LONGEST_TAIL:]


def _extra(message: str) -> str:
    """Return the extra of mlci that brings the library which a message names."""
    return next((extra for library, extra in EXTRAS.items() if library in message), "ml")
