"""Predictions by a model that nobody vouches for, in a confined child.

The child gets a copy of the feature columns, in an order that it cannot foresee, and nothing else; what it answers is
measured before it is believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import mlci.formats
from mlci.adapters.files import write_atomically
from mlci.adapters.interruptions import put_off
from mlci.core.prediction import Kind, Prediction
from mlci.core.table import Table
from mlci.errors import IntegrityError, MlciError, OutsideError
from mlci.formats.confinement import Confinement, available
from mlci.formats.description import ModelDescription, classes_from_json
from mlci.formats.repeats import repeats_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.table import Column

PROGRAM: Final = Path(mlci.formats.__file__).parent
SUM_TOLERANCE: Final = 1e-6
SAME: Final = 1e-4
"""How far two answers to one row may lie apart, as a share of the range of all answers: rounding explains no more."""
PRECISION: Final = 1e-6
"""What single precision leaves of a number, as a share of it."""
ODD_ROWS: Final = 20
"""One row in so many (and one at least) may answer otherwise: the nearest of neighbours that are equally near."""
LONGEST_HEADER: Final = 2**20
MOST_CLASSES: Final = 10_000
LONGEST_TAIL: Final = 400
CHUNK: Final = 2**16

DISTRIBUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "skops": ("numpy", "pandas", "scikit-learn", "scipy", "skops"),
    "onnx": ("numpy", "onnxruntime", "pandas"),
    "xgboost": ("numpy", "pandas", "scipy", "xgboost"),
    "lightgbm": ("lightgbm", "numpy", "pandas", "scipy"),
}
"""What a prediction depends on, by format; a package names their versions."""

PICKLE: Final = "pickle"
"""What is converted, and never the format of a package."""

EXTRAS: Final[Mapping[str, str]] = {"onnxruntime": "onnx", "xgboost": "xgboost", "lightgbm": "lightgbm"}
"""The extra of mlci that brings a library, where it is not `ml`."""

VERSIONS_PROGRAM: Final = """
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""

ENVIRONMENT: Final[Mapping[str, str]] = {
    "LANG": "C.UTF-8",
    # One thread each: Landlock binds the thread that asks for it, so libraries may not have started others before.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1",
}


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one child may use: address space, CPU time, wall time, and bytes of its answer."""

    memory_bytes: int = 4 * 1024**3
    cpu_seconds: int = 600
    wall_seconds: float = 900.0
    answer_bytes: int = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a child left behind: its output, the end of its errors, its exit status, and why we ended it if we did."""

    output: bytes
    tail: bytes
    status: int
    ended_for: str | None


class ChildPredictor:
    """Asks models in confined children; keeps predictions in a folder, by content."""

    def __init__(
        self,
        python: Path | None = None,
        *,
        cache: Path | None = None,
        limits: ChildLimits | None = None,
        program: Path = PROGRAM,
    ) -> None:
        """Use the interpreter `python` (default: this one), which must have the libraries of the model.

        `cache`: the folder for predictions, or None for no cache; `program`: the folder that is run as the child.
        """
        self._python = Path(python or sys.executable)
        self._cache = cache
        self._limits = limits or ChildLimits()
        self._program = program
        self._confinement: Confinement | None = None
        self._requirements: dict[str, dict[str, str]] = {}

    @property
    def confinement(self) -> Confinement:
        """What the children run under; a child that cannot have all of it does not load a model."""
        if self._confinement is None:
            self._confinement = available()
        return self._confinement

    def requirements(self, format: str) -> Mapping[str, str]:  # noqa: A002  # the field's own word
        """Return the exact versions of what the children predict with in this format, by distribution.

        Raises OutsideError `missing-library` if one of them is not installed there.
        """
        if format not in self._requirements:
            self._requirements[format] = self._ask_versions(DISTRIBUTIONS[format])
        return self._requirements[format]

    def describe(self, model_file: bytes, format: str) -> ModelDescription:  # noqa: A002  # the field's own word
        """Return what the model says about itself.

        Raises IntegrityError `model-forbidden-type`, `model-unreadable`, `model-killed` or `model-answers-wrong-shape`
        (several outputs), and OutsideError if no child can be run.
        """
        kept = self._description_file(model_file, format)
        if kept is not None and kept.is_file():
            try:
                return ModelDescription.from_dict(json.loads(kept.read_bytes()))
            except (OSError, ValueError):
                pass  # a damaged entry is worth nothing, and asking again mends it
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            header, _ = self._ask("describe", Path(folder), model_file, format, LONGEST_HEADER)
        try:
            description = ModelDescription.from_dict(header.get("description"))
        except ValueError as error:
            raise _unreadable_answer(str(error)) from error
        if kept is not None:
            write_atomically(kept, json.dumps(description.to_dict()).encode())
        return description

    def convert(self, pickled: bytes) -> tuple[bytes, ModelDescription]:
        """Return a pickled model in a format that is none, and what it says about itself.

        Only the job that ran the training code may ask for it: it runs what the pickle names, if in a confined child.
        Raises IntegrityError `model-forbidden-type` with what the pickle names and may not, and what `describe` raises.
        """
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            longest = self._limits.answer_bytes
            header, content = self._ask("convert", Path(folder), pickled, PICKLE, longest)
        try:
            return content, ModelDescription.from_dict(header.get("description"))
        except ValueError as error:
            raise _unreadable_answer(str(error)) from error

    def predict_pickled(self, pickled: bytes, columns: Mapping[str, Column]) -> Prediction:
        """Return what a pickled model answers, for who compares it with the converted one; raises as `predict`."""
        table = Table(dict(columns))
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            _write_rows(Path(folder) / "rows", table, np.arange(table.rows))
            header, payload = self._ask("predict", Path(folder), pickled, PICKLE, self._limits.answer_bytes)
        kind, classes, values = _validated(header, payload, table.rows, repeats_of(table.rows).rows)
        return Prediction(values, classes, kind)

    def predict(
        self,
        package_digest: str,
        model_file: bytes,
        format: str,  # noqa: A002  # the field's own word
        columns: Mapping[str, Column],
    ) -> Prediction:
        """Return the model's answers for these columns, row by row; equal questions are asked once.

        The model sees exactly these columns in this order, rows shuffled; the answers come back in the given order.
        Raises IntegrityError `model-answers-nan`, `model-answers-wrong-shape`, `model-answers-text`,
        `model-answers-no-probabilities`, `model-answers-by-batch` (some rows are asked twice),
        `model-cannot-predict` (among others: columns that it does not know), and what `describe` raises.
        """
        table = Table(dict(columns))
        rows_digest = table.digest()
        key = self._key(package_digest, model_file, format, rows_digest)
        kept = self._load(key, table.rows)
        if kept is not None:
            return kept
        # A model cannot foresee its place among the rows: the seed depends on its own bytes.
        order = np.random.default_rng(int(key, 16)).permutation(table.rows)
        again = repeats_of(table.rows).rows
        longest = LONGEST_HEADER + CHUNK + 8 * MOST_CLASSES * (table.rows + again)
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            _write_rows(Path(folder) / "rows", table, order)
            header, payload = self._ask("predict", Path(folder), model_file, format, longest)
        kind, classes, shuffled = _validated(header, payload, table.rows, again)
        _refuse_by_batch(shuffled, payload)
        values = np.empty_like(shuffled)
        values[order] = shuffled
        prediction = Prediction(values, classes, kind)
        self._keep(key, prediction)
        return prediction

    def _ask_versions(self, distributions: tuple[str, ...]) -> dict[str, str]:
        try:
            done = subprocess.run(
                [str(self._python), "-I", "-B", "-c", VERSIONS_PROGRAM, *distributions],
                capture_output=True,
                env=dict(ENVIRONMENT),
                timeout=self._limits.wall_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _not_started(self._python, "it does not answer") from error
        except OSError as error:
            raise _not_started(self._python, str(error.strerror)) from error
        if done.returncode:
            raise _refusal("missing-library", _sanitised(done.stderr), self._python)
        versions: dict[str, str] = json.loads(done.stdout)
        return versions

    def _ask(
        self, operation: str, folder: Path, model_file: bytes, model_format: str, longest: int
    ) -> tuple[dict[str, Any], bytes]:
        """Return the header and the payload of the child's answer, which may have `longest` bytes."""
        model = folder / "model" / "model.bin"
        model.parent.mkdir()
        model.write_bytes(model_file)
        rows = folder / "rows"
        request = {
            "operation": operation,
            "format": model_format,
            "model": str(model),
            "rows": str(rows) if rows.exists() else None,
            "limits": {"memory_bytes": self._limits.memory_bytes, "cpu_seconds": self._limits.cpu_seconds},
            "confine": True,
            "may_unpickle": model_format == PICKLE,
        }
        # A child that was given rows may say what stands in them.
        saw_rows = rows.exists()
        answer = self._run(json.dumps(request).encode() + b"\n", folder, min(longest, self._limits.answer_bytes))
        tail = _sanitised(answer.tail)
        if answer.ended_for is not None or answer.status < 0:
            raise _said(_killed(answer, tail), tail, may_hold_data=saw_rows)
        line, _, payload = answer.output.partition(b"\n")
        try:
            header = json.loads(line) if len(line) <= LONGEST_HEADER else None
        except (ValueError, RecursionError):
            header = None
        if not isinstance(header, dict):
            raise _said(_unreadable_answer(tail or f"exit code {answer.status}"), tail, may_hold_data=saw_rows)
        if "error" in header or answer.status:
            message = _sanitised(str(header.get("message")).encode())
            error = _refusal(str(header.get("error")), message, self._python)
            raise _said(error, message, may_hold_data=saw_rows)
        return header, payload

    def _run(self, request: bytes, folder: Path, longest: int) -> _Answer:
        """Run the child to its end, or end it; its whole process group is gone when this returns or raises."""
        child: subprocess.Popen[bytes] | None = None
        try:
            with put_off():
                child = self._start(folder)
            return self._attend(child, request, longest)
        finally:
            if child is not None:
                _end(child)

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [str(self._python), "-I", "-B", str(self._program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=dict(ENVIRONMENT),
                start_new_session=True,
            )
        except OSError as error:
            raise _not_started(self._python, str(error.strerror)) from error

    def _attend(self, child: subprocess.Popen[bytes], request: bytes, longest: int) -> _Answer:
        output, errors = child.stdout, child.stderr
        if child.stdin is None or output is None or errors is None:
            raise AssertionError("the child was started without pipes")
        deadline = time.monotonic() + self._limits.wall_seconds
        _send(child, request)
        parts: list[bytes] = []
        received, tail, ended_for = 0, b"", None
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            selector.register(errors, selectors.EVENT_READ)
            while selector.get_map() and ended_for is None:
                left = deadline - time.monotonic()
                events = selector.select(max(left, 0))
                if left <= 0:
                    ended_for = f"it took longer than {self._limits.wall_seconds:g} seconds"
                for selected, _ in events:
                    chunk = os.read(selected.fd, CHUNK)
                    if not chunk:
                        selector.unregister(selected.fileobj)
                    elif selected.fileobj is output:
                        parts.append(chunk)
                        received += len(chunk)
                    else:
                        tail = (tail + chunk)[-10 * LONGEST_TAIL :]
                if received > longest:
                    ended_for = f"its answer is longer than {longest} bytes"
        if ended_for is not None:
            _end(child)
            return _Answer(b"", tail, child.returncode, ended_for)
        try:
            status = child.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            return _Answer(b"", tail, 0, f"it took longer than {self._limits.wall_seconds:g} seconds")
        return _Answer(b"".join(parts), tail, status, None)

    def _key(self, package_digest: str, model_file: bytes, model_format: str, rows_digest: str) -> str:
        parts = [
            package_digest,
            # The digest is the caller's word for the model; the bytes are the model.
            hashlib.sha256(model_file).hexdigest(),
            model_format,
            rows_digest,
            _program_digest(self._program),
            # Another environment may answer otherwise.
            str(self._python.absolute()),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _description_file(self, model_file: bytes, model_format: str) -> Path | None:
        """Return where the description of a model is kept, None if nothing is kept."""
        if self._cache is None:
            return None
        return self._cache / f"{self._key('description', model_file, model_format, '')}.json"

    def _load(self, key: str, rows: int) -> Prediction | None:
        """Return a kept prediction, or None if there is none that is whole."""
        if self._cache is None:
            return None
        entry = self._cache / key
        try:
            header = json.loads((entry / "header.json").read_bytes())
            payload = (entry / "values.npy").read_bytes()
            if hashlib.sha256(payload).hexdigest() != header["sha256"]:
                return None
            kind, classes, values = _validated(header, payload, rows)
        except (OSError, ValueError, KeyError, TypeError, MlciError):
            # A damaged entry is worth nothing, and computing it again mends it.
            return None
        return Prediction(values, classes, kind)

    def _keep(self, key: str, prediction: Prediction) -> None:
        if self._cache is None:
            return
        self._cache.mkdir(parents=True, exist_ok=True)
        payload = _npy_head(prediction.values.shape) + prediction.values.tobytes()
        classes = None if prediction.classes is None else list(prediction.classes)
        header = {
            "prediction": {"kind": prediction.kind, "shape": list(prediction.values.shape), "classes": classes},
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
        folder = Path(tempfile.mkdtemp(prefix="new-", dir=self._cache))
        (folder / "values.npy").write_bytes(payload)
        (folder / "header.json").write_text(json.dumps(header), encoding="utf-8")
        entry = self._cache / key
        shutil.rmtree(entry, ignore_errors=True)
        try:
            folder.rename(entry)
        except OSError:
            # Another process was faster with the same entry.
            shutil.rmtree(folder, ignore_errors=True)


def _write_rows(folder: Path, table: Table, order: np.ndarray[Any, Any]) -> None:
    folder.mkdir()
    described = []
    for place, (name, column) in enumerate(table.columns.items()):
        entry: dict[str, str | None] = {"name": name, "file": f"{place}.npy", "missing": None}
        np.save(folder / f"{place}.npy", column.values[order], allow_pickle=False)
        if column.missing is not None:
            entry["missing"] = f"{place}.missing.npy"
            np.save(folder / f"{place}.missing.npy", column.missing[order], allow_pickle=False)
        described.append(entry)
    (folder / "columns.json").write_text(json.dumps(described), encoding="utf-8")


def _send(child: subprocess.Popen[bytes], request: bytes) -> None:
    """Write the request, which is smaller than a pipe holds; a child that is gone already is noticed later."""
    if child.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(request)
        child.stdin.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.returncode is None:
        # The child leads a session of its own, so its number is that of the group, and stays until it is awaited.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None and not stream.closed:
            stream.close()


def _validated(
    header: Mapping[str, Any], payload: bytes, rows: int, again: int = 0
) -> tuple[Kind, tuple[str | int | float | bool, ...] | None, np.ndarray[Any, Any]]:
    """Return kind, classes and values of an answer for so many rows; raises IntegrityError if it is no answer.

    AGAIN: how many rows stand behind it once more.
    """
    described = header.get("prediction")
    if not isinstance(described, dict) or described.keys() != {"kind", "shape", "classes"}:
        raise _unreadable_answer("it describes no prediction")
    kind: Kind
    shape: tuple[int, ...]
    try:
        classes = classes_from_json(described["classes"])
    except ValueError as error:
        raise _unreadable_answer(str(error)) from error
    if described["kind"] == "probabilities":
        kind, shape = "probabilities", (rows, len(classes or ()))
    else:
        kind, shape = "labels", (rows,)
    head = _npy_head(shape)
    # The bytes are compared with the only head that the answer may have; nothing of it is parsed.
    if described["shape"] != list(shape) or not payload.startswith(head):
        raise _wrong_shape(str(described["shape"]), str(list(shape)))
    if len(payload) != len(head) + 8 * int(np.prod((rows + again, *shape[1:]))):
        raise _wrong_shape(f"{len(payload)} bytes", str(list(shape)))
    count = int(np.prod(shape))
    values = np.frombuffer(payload, dtype="<f8", count=count, offset=len(head)).reshape(shape).astype(np.float64)
    _check_values(kind, values, classes)
    return kind, classes, values


def _refuse_by_batch(values: np.ndarray[Any, Any], payload: bytes) -> None:
    """Raise where the answers at the end of PAYLOAD, to rows asked again among fewer, are not those in VALUES."""
    if not len(values):
        return
    repeats = repeats_of(len(values))
    first = np.concatenate([values[few] for few in repeats.batches])
    second = np.frombuffer(payload[len(payload) - 8 * first.size :], dtype="<f8").reshape(first.shape)
    tolerance = SAME * np.ptp(values) + PRECISION * np.max(np.abs(values))
    with np.errstate(invalid="ignore"):  # NaN is none of the answers
        differs = ~(np.abs(first - second) <= tolerance).reshape(len(first), -1).all(axis=1)
    for odd in (differs[: repeats.batch], differs[repeats.batch :]):
        if np.count_nonzero(odd) > max(1, len(odd) // ODD_ROWS):
            raise IntegrityError(
                "model-answers-by-batch",
                f"asked again among fewer rows, the model answers otherwise for {np.count_nonzero(odd)} of {len(odd)}",
                cause="its answer to a row depends on the other rows, on how many there are, or on chance",
                hint="keep what is learnt from rows (means, ranks, scales) in the model, as StandardScaler does",
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
    if kind == "probabilities":
        is_probability = bool(np.all((values >= 0) & (values <= 1)))
        if not is_probability or np.any(np.abs(values.sum(axis=1) - 1) > SUM_TOLERANCE):
            raise IntegrityError(
                "model-answers-no-probabilities",
                "the model's probabilities lie outside of 0 to 1, or do not sum to one in every row",
                cause="a multilabel model, or a `predict_proba` that returns scores",
                hint="calibrate the model, for example with scikit-learn's CalibratedClassifierCV",
            )
    elif classes is not None and np.any((values < 0) | (values >= len(classes)) | (values != np.floor(values))):
        raise _unreadable_answer("a label is no position in the classes")


def _npy_head(shape: tuple[int, ...]) -> bytes:
    """Return the head that numpy writes for a float64 array of this shape (format version 1.0)."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    prefix = b"\x93NUMPY\x01\x00"
    # numpy.lib.format: room for the first axis to grow to 21 digits, then spaces up to a multiple of 64 bytes
    text += " " * (21 - len(str(shape[0])))
    padding = -(len(prefix) + 2 + len(text) + 1) % 64
    encoded = (text + " " * padding + "\n").encode("latin1")
    return prefix + len(encoded).to_bytes(2, "little") + encoded


def _program_digest(program: Path) -> str:
    """Return the sha256 over the names and bytes of the child's sources."""
    state = hashlib.sha256()
    for path in sorted(program.glob("*.py")):
        content = path.read_bytes()
        state.update(f"{path.name} {len(content)}\n".encode() + content)
    return state.hexdigest()


def _sanitised(text: bytes) -> str:
    """Return the last 400 characters that a terminal can show without obeying them, in one line."""
    shown = re.sub(r"[^\x20-\x7e]+", " ", text.decode("utf-8", "replace")).strip()
    return shown[-LONGEST_TAIL:]


def _refusal(code: str, message: str, python: Path) -> MlciError:
    """Return the error that a child's answer means."""
    match code:
        case "model-forbidden-type":
            return IntegrityError(
                code,
                f"the model holds types that are not allowed: {message}",
                cause="a function or class of your own, or one that is not known to be harmless when it is loaded",
                hint="build the model from scikit-learn's own estimators (KNeighbors: `algorithm='brute'`)",
            )
        case "model-answers-text":
            return IntegrityError(
                code,
                f"the model answers with text: {message}",
                cause="a regression that was fitted on text",
                hint="fit it on numbers, or use a classifier",
            )
        case "model-answers-wrong-shape":
            return IntegrityError(
                code,
                f"the model answers in the wrong shape: {message}",
                cause="a model with several outputs",
                hint="fit the model on one label column",
            )
        case "model-answers-unknown-class":
            return IntegrityError(
                code,
                f"the model answers inconsistently: {message}",
                cause="its `classes_` were changed after fitting",
                hint="fit the model again",
            )
        case "model-cannot-predict":
            return IntegrityError(
                code,
                f"the model cannot predict these rows: {message}",
                cause="columns that it was fitted on are missing, renamed or of another type",
                hint="compare the model's features with the columns of the evaluation data",
            )
        case "model-killed":
            return IntegrityError(
                code,
                f"the model was ended: {message}",
                cause="the model is too large, or the file is crafted",
                hint="make the model smaller",
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
                cause="the kernel offers a confinement and then refuses it, often because of a container's settings",
                hint="run on the host or in a container that allows Landlock and seccomp",
            )
        case _:
            return IntegrityError(
                "model-unreadable",
                f"the model could not be loaded: {message}",
                cause="the file is damaged, or was written by another version of its libraries",
                hint="save it again with the versions that the package names",
            )


def _extra(message: str) -> str:
    """Return the extra of mlci that brings the library which a message names."""
    return next((extra for library, extra in EXTRAS.items() if library in message), "ml")


def _not_started(python: Path, reason: str) -> OutsideError:
    return OutsideError(
        "child-not-started",
        f"the child that loads models could not be started: {reason}",
        where=str(python),
        hint="check that the Python environment of the model exists",
    )


def _said(error: MlciError, words: str, *, may_hold_data: bool) -> MlciError:
    """Return ERROR with the child's WORDS in it marked as private, where they may hold data."""
    error.private = words if may_hold_data else None
    return error


def _killed(answer: _Answer, tail: str) -> IntegrityError:
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
        cause="the model needs more time or memory than it may have, or its file is crafted",
        hint="make the model smaller or faster, or evaluate on fewer rows",
    )


def _unreadable_answer(reason: str) -> IntegrityError:
    return IntegrityError(
        "model-unreadable",
        f"the child gave no readable answer: {reason}",
        cause="the model broke the process that loaded it",
        hint="load the file with `skops.io.load` in a clean environment to see what happens",
    )


def _wrong_shape(found: str, expected: str) -> MlciError:
    said = _sanitised(found.encode())
    error = IntegrityError(
        "model-answers-wrong-shape",
        f"the model answers in the wrong shape: {said} instead of {expected}",
        cause="a model with several outputs, or one that drops rows",
        hint="fit the model on one label column, and let it answer once a row",
    )
    return _said(error, said, may_hold_data=True)
