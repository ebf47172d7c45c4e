"""Metrics of one's own: functions of labels and predictions, on all rows and without each set of a jackknife.

A function is called as `profit(labels, predictions)`, and by name gets `weights` and `classes` where it has such a
parameter. Its code is that of the target branch; it runs confined all the same, and is held to what a jackknife needs:
one finite number, the same for the same rows, and no total.
"""

from __future__ import annotations

import builtins
import inspect
import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from .refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

QUESTION: Final = "question.json"
"""Lists the functions, `{"name", "file", "function", "code"}` with CODE a file beside it, and the classes."""
MODELS: Final = ("candidate", "production")
LAST_LINES: Final = 2
"""Lines of a function that an error names."""
MOST_GROWTH: Final = 0.1
"""By how much a value may move where every row stands twice; a total doubles."""


class Rows(Protocol):
    """What functions are given, see `mlci.core.metric_function.MeasuredRows`."""

    @property
    def labels(self) -> NDArray[Any]: ...  # noqa: D102 - documented there
    @property
    def candidate(self) -> NDArray[np.float64]: ...  # noqa: D102 - documented there
    @property
    def production(self) -> NDArray[np.float64] | None: ...  # noqa: D102 - documented there
    @property
    def weights(self) -> NDArray[np.float64] | None: ...  # noqa: D102 - documented there
    @property
    def sets(self) -> NDArray[np.intp] | None: ...  # noqa: D102 - documented there
    @property
    def parts(self) -> NDArray[np.integer[Any]] | None: ...  # noqa: D102 - documented there
    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102 - documented there


def write_question(folder: Path, functions: Iterable[tuple[str, str, str, bytes]], rows: Rows) -> None:
    """Write into a new FOLDER what `answers_of_functions` reads; FUNCTIONS are name, file, function and code."""
    folder.mkdir()
    listed = []
    for number, (name, file, function, code) in enumerate(functions):
        (folder / f"{number}.txt").write_bytes(code)
        listed.append({"name": name, "file": file, "function": function, "code": f"{number}.txt"})
    question = json.dumps({"functions": listed, "classes": list(rows.classes)})
    (folder / QUESTION).write_text(question, encoding="utf-8")
    for name in ("labels", "candidate", "production", "weights", "sets", "parts"):
        values = getattr(rows, name)
        if values is not None:
            np.save(folder / f"{name}.npy", values, allow_pickle=False)


def answers_of_functions(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by name of function and model the value of all rows, and those without each set; None is no number.

    Of slices `"slices"` lists the same of each. FOLDER holds the question, `labels.npy`, `candidate.npy`, and perhaps
    `production.npy`, `weights.npy`, `sets.npy` and, of slices, `parts.npy`.
    Raises RefusalError: "metric-failed", "metric-missing", "metric-no-number", "metric-not-finite",
    "metric-ignores-weights", "metric-differs", "metric-is-a-total".
    """
    question = json.loads((folder / QUESTION).read_bytes())
    arrays = {path.stem: np.load(path, allow_pickle=False) for path in sorted(folder.glob("*.npy"))}
    found: dict[str, dict[str, Any]] = {}
    classes = tuple(question["classes"])
    for each in question["functions"]:
        function = _Function(each["name"], each["file"], each["function"], (folder / each["code"]).read_bytes())
        found[each["name"]] = {
            model: function.values(arrays[model], arrays, classes) for model in MODELS if model in arrays
        }
        if "parts" in arrays:
            found[each["name"]]["slices"] = [
                {model: function.values_in(part, arrays[model], arrays, classes) for model in MODELS if model in arrays}
                for part in arrays["parts"]
            ]
    return found


class _Function:
    """A function of somebody's code, and how its values are asked for."""

    def __init__(self, name: str, file: str, function: str, code: bytes) -> None:
        """Load FUNCTION out of the CODE of FILE."""
        self.name, self._file, self._lines = name, file, code.decode("utf-8", "replace").splitlines()
        self._function = self._loaded(function, code)

    def values(
        self, said: NDArray[Any], arrays: Mapping[str, NDArray[Any]], classes: tuple[str, ...]
    ) -> list[float | None]:
        """Return the value of what a model SAID of all rows, then those without each set."""
        sets = arrays.get("sets")

        def value(rows: NDArray[np.intp]) -> float:
            return self._value(said, arrays, classes, rows)

        every = np.arange(len(said))
        whole = value(every)
        if not np.isfinite(whole):
            raise RefusalError("metric-not-finite", f"`{self.name}` is {whole} on all rows")
        if value(every) != whole:
            raise RefusalError("metric-differs", f"`{self.name}` is another number for the same rows")
        if sets is None:
            return [whole]
        without = [value(np.flatnonzero(sets != one)) for one in range(int(sets.max()) + 1)]
        self._refuse_total(whole, value(np.repeat(every, 2)), without)
        return [whole, *(each if np.isfinite(each) else None for each in without)]

    def values_in(
        self,
        part: NDArray[np.integer[Any]],
        said: NDArray[Any],
        arrays: Mapping[str, NDArray[Any]],
        classes: tuple[str, ...],
    ) -> list[float | None]:
        """Return the values of what a model SAID of the rows of a slice, where PART has the numbers of their sets.

        None is each of them where the function fails: it is made for all rows, of which a slice may lack a kind.
        """
        sets = range(-1, int(part.max()) + 1)  # -1: all of it
        try:
            found = [self._value(said, arrays, classes, np.flatnonzero((part >= 0) & (part != one))) for one in sets]
        except RefusalError:
            return [None for _ in sets]
        return [each if np.isfinite(each) else None for each in found]

    def _refuse_total(self, whole: float, twice: float, without: list[float]) -> None:
        """Raise where a value is another with every row TWICE: what sets take away then says nothing of chance."""
        moved = max(abs(each - whole) for each in without)
        if np.isfinite(twice) and abs(twice - whole) > max(MOST_GROWTH * abs(whole), moved):
            raise RefusalError(
                "metric-is-a-total", f"`{self.name}` is {whole:g}, and {twice:g} where every row stands twice"
            )

    def _value(
        self, said: NDArray[Any], arrays: Mapping[str, NDArray[Any]], classes: tuple[str, ...], rows: NDArray[np.intp]
    ) -> float:
        given = {"weights": arrays["weights"][rows]} if "weights" in arrays else {}
        parts = [arrays["labels"][rows], said[rows], *given.values()]
        for part in parts:
            part.flags.writeable = False  # what one model's rows became may not tell of the other's
        known = self._attempt(lambda: _named(self._function, {"weights": None, "classes": classes} | given))
        if given and "weights" not in known:
            raise RefusalError("metric-ignores-weights", f"`{self.name}` takes no weights, and rows have some")
        return self._number(self._attempt(lambda: self._function(parts[0], parts[1], **known)))

    def _number(self, value: Any) -> float:  # noqa: ANN401 - what somebody's function returns is any value
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise RefusalError("metric-no-number", f"`{self.name}` returns a value of type {type(value).__name__}")
        return float(self._attempt(lambda: float(value)))

    def _loaded(self, function: str, code: bytes) -> Callable[..., Any]:
        module = {"__name__": Path(self._file).stem, "__file__": self._file, "__builtins__": builtins}
        self._attempt(lambda: exec(compile(code, self._file, "exec", dont_inherit=True), module))  # noqa: S102 - what it is for
        found = module.get(function)
        if not callable(found):
            raise RefusalError("metric-missing", f"{self._file} has no function `{function}`")
        return found

    def _attempt(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401 - what somebody's code returns
        try:
            return action()
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:
            raise RefusalError("metric-failed", f"`{self.name}`: {self._told(error)}") from error

    def _told(self, error: BaseException) -> str:
        """Return ERROR with the last lines of the file that it came from."""
        numbers = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == self._file]
        if isinstance(error, SyntaxError) and not numbers:
            numbers = [error.lineno]
        lines = [
            f"line {number}: {self._lines[number - 1].strip()}"
            for number in numbers[-LAST_LINES:]
            if number and number <= len(self._lines)
        ]
        return "; ".join([f"{type(error).__name__}: {error}", *lines])


def _named(function: Callable[..., Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the KNOWN arguments that FUNCTION has a parameter for."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in known.items() if name in parameters}
