"""What a training script may tell mlci, of its own accord: metrics, parameters, files, the model itself.

    import mlci

    mlci.log_params({"depth": 6})
    for epoch in range(20):
        mlci.log_metric("loss", loss, step=epoch)
    mlci.log_artifact("confusion.png")
    mlci.save_model(model)

Outside a run of `mlci train` or `mlci check` all of this does nothing. In a run, each process appends lines to a file
of its own in the folder that `MLCI_RUN` names; mlci reads them when the command has ended. Trouble with that (a full
disk) is a warning: it never ends a training.

This file is also what `import mlci` finds in a training environment that has no mlci: it is laid there as it stands,
so it needs nothing but the standard library of Python 3.8 or newer.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["log_artifact", "log_metric", "log_params", "save_model"]

_VARIABLE = "MLCI_RUN"
_OUTPUT = "MLCI_OUTPUT"
_LONGEST_NAME = 200
_LONGEST_VALUE = 500
_JOBLIB = (".joblib", ".pkl", ".pickle")

_quoted = json.JSONEncoder(ensure_ascii=True).encode


class _Lines:
    """The file of this process in the folder of its run; another one after a fork."""

    def __init__(self) -> None:
        self.descriptor: int | None = None
        self.opened: tuple[int, str] | None = None

    def write(self, line: str) -> None:
        """Append a line in one call of the system, so that threads do not mix and a kill loses nothing."""
        wanted = (os.getpid(), os.environ[_VARIABLE])
        if self.opened != wanted:
            self._open(*wanted)
        if self.descriptor is None:
            return
        try:
            os.write(self.descriptor, line.encode("ascii"))
        except OSError as error:
            self._lose(error)

    def _open(self, process: int, folder: str) -> None:
        name = f"{process}-{os.urandom(6).hex()}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        try:
            self.descriptor = os.open(os.path.join(folder, name), flags, 0o600)  # noqa: PTH118 - pathlib is slow to load
        except OSError as error:
            self._lose(error)
        # Last of all, and without a lock, which a fork could leave closed: of two threads, each may open a file.
        self.opened = (process, folder)

    def _lose(self, error: OSError) -> None:
        """Say once that lines are lost, and write no more of them."""
        self.descriptor = None
        message = f"mlci: what is logged from here on is lost: {error.strerror}"
        warnings.warn(message, RuntimeWarning, stacklevel=4)


_lines = _Lines()


def log_metric(name: str, value: float, step: int | None = None) -> None:
    """Log the VALUE of a metric at a STEP; without a step, each value comes after the one before.

    Any number will do, also one of NumPy or a tensor of one element. Raises `TypeError` for what is no number, and
    `ValueError` for a name that is empty or longer than 200 characters.
    """
    _check(name)
    number = float(value)
    if step is not None:
        step = int(step)
    if not _is_run():
        return
    at = "null" if step is None else str(step)
    # repr writes `nan` and `inf` as JSON does not; Python's reader knows NaN and Infinity.
    shown = repr(number) if number - number == 0 else json.dumps(number)
    _lines.write(f'[{time.time_ns()},"metric",{_quoted(name)},{shown},{at}]\n')


def log_params(params: Mapping[str, Any]) -> None:
    """Log parameters by name; nested mappings and lists become dotted names, other objects their text.

    A parameter that is logged twice has its last value. What looks like a secret is kept out of the record.
    """
    for name, value in _flat(params, ""):
        _check(name)
        if _is_run():
            plain = value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
            shown = json.dumps(plain[:_LONGEST_VALUE] if isinstance(plain, str) else plain)
            _lines.write(f'[{time.time_ns()},"param",{_quoted(name)},{shown}]\n')


def log_artifact(path: str | os.PathLike[str]) -> None:
    """Name a file that the run makes; mlci records its hash and size as they are when the command has ended.

    The file stays where it is; it must lie below the folder of `mlci.yaml`.
    """
    absolute = os.path.abspath(os.fspath(path))  # noqa: PTH100 - pathlib is slow to load
    if _is_run():
        _lines.write(f'[{time.time_ns()},"artifact",{_quoted(absolute)}]\n')


def save_model(estimator: Any) -> None:  # noqa: ANN401 - an object of any library
    """Write the model to where mlci expects it (`MLCI_OUTPUT`), in the format that the file's ending says.

    `.skops`: with skops; `.json`, `.ubj`: with the model's own `save_model` (XGBoost); `.joblib`, `.pkl`: with joblib.
    Outside a run it does nothing. Raises `ImportError` where the library is missing, and `ValueError` for another
    ending.
    """
    output = os.environ.get(_OUTPUT)
    if not output or not _is_run():
        return
    ending = os.path.splitext(output)[1].lower()  # noqa: PTH122 - pathlib is slow to load
    if ending == ".skops":
        import skops.io  # noqa: PLC0415 - only where a model is saved

        skops.io.dump(estimator, output)
    elif ending in {".json", ".ubj"}:
        estimator.save_model(output)
    elif ending in _JOBLIB:
        import joblib  # type: ignore[import-untyped]  # noqa: PLC0415 - only where a model is saved; it has no types

        joblib.dump(estimator, output)
    else:
        raise ValueError(f"mlci.save_model writes no {ending or 'file without an ending'}: write train.model yourself")


def _is_run() -> bool:
    return bool(os.environ.get(_VARIABLE))


def _check(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError("the name of a metric or parameter is text")
    if not name or len(name) > _LONGEST_NAME:
        raise ValueError("the name of a metric or parameter has 1 to 200 characters")


def _flat(value: Any, name: str, depth: int = 0) -> list[tuple[str, Any]]:  # noqa: ANN401 - of any type
    """Return the leaves of nested mappings and lists by dotted names."""
    if depth == 20:  # noqa: PLR2004 - deep enough for any file, and an end for what contains itself
        return [(name, "…")]
    prefix = f"{name}." if name else ""
    if hasattr(value, "items"):
        return [leaf for key, each in value.items() for leaf in _flat(each, f"{prefix}{key}", depth + 1)]
    if isinstance(value, (list, tuple)):
        return [leaf for place, each in enumerate(value) for leaf in _flat(each, f"{prefix}{place}", depth + 1)]
    return [(name, value)]
