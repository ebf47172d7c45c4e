"""Predictions by a model that nobody vouches for, in a confined child.

The child gets a copy of the feature columns, in an order that it cannot foresee, and nothing else; what it answers is
measured before it is believed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import mlci.formats
from mlci.adapters.answering import Answering
from mlci.adapters.child import ENVIRONMENT, Child, ChildLimits, not_started
from mlci.adapters.files import write_atomically
from mlci.adapters.installation import state_of
from mlci.adapters.metric_child import measured
from mlci.adapters.model_answers import npy_head, refuse_by_batch, validated
from mlci.adapters.model_child import LONGEST_HEADER, PICKLE, ModelQuestion, longest_answer, write_rows
from mlci.adapters.model_refusals import refusal, sanitised, unreadable_answer
from mlci.adapters.timed_prediction import Timed, timed
from mlci.core.libraries import DISTRIBUTIONS, pinned, requirement_lines
from mlci.core.lock import Dependency
from mlci.core.package import PROGRAMS
from mlci.core.prediction import Prediction
from mlci.core.section import TOKEN_VARIABLES
from mlci.core.table import Table
from mlci.errors import MlciError, OutsideError, UsageError
from mlci.formats.confinement import Confinement, available
from mlci.formats.description import ModelDescription
from mlci.formats.program_archive import read_program
from mlci.formats.repeats import repeats_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlci.adapters.confined_program import ConfinedPrograms
    from mlci.adapters.library_environments import LibraryEnvironments
    from mlci.core.costs import Asked, Timing
    from mlci.core.metric_function import Measured, MeasuredRows, MetricFunction
    from mlci.core.prediction import AnswerEach
    from mlci.core.predictions import Predictions
    from mlci.core.table import Column

PROGRAM: Final = Path(mlci.formats.__file__).parent


VERSIONS_PROGRAM: Final = """
import importlib.metadata, json, re, sys
found, waiting = {}, [(name, "") for name in sys.argv[1:]]
while waiting:
    name, marker = waiting.pop(0)
    name = re.sub("[-_.]+", "-", name).lower()
    if found.get(name, [None])[0] is not None:
        continue
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        if name in sys.argv:
            raise
        found[name] = [None, marker]
        continue
    found[name] = [distribution.version, ""]
    for line in distribution.requires or ():
        needed, _, marker = line.partition(";")
        if "extra" not in marker:
            waiting.append((re.match("[A-Za-z0-9._-]+", needed.strip())[0], marker.strip()))
print(json.dumps(found))
"""
"""Prints the version of each distribution and of what it requires; none and for which machines, of what is not here."""


class ChildPredictor:
    """Asks models in confined children; keeps predictions in a folder, by content."""

    def __init__(
        self,
        python: Path | None = None,
        *,
        cache: Path | None = None,
        limits: ChildLimits | None = None,
        program: Path = PROGRAM,
        programs: ConfinedPrograms | None = None,
        environments: LibraryEnvironments | None = None,
    ) -> None:
        """Use the interpreter `python` (default: this one), which must have the libraries of the model.

        `cache`: the folder for predictions, or None for no cache; `program`: the folder that is run as the child;
        `programs`: what starts the programs of packages, None where none may be started; `environments`: where other
        versions of libraries come from, None where these are all that there is.
        """
        self._python = Path(python or sys.executable)
        self._cache = cache
        self._limits = limits or ChildLimits()
        self._program = program
        self._programs = programs
        self._environments = environments
        self._child = Child(self._python, program, self._limits)
        self._confinement: Confinement | None = None
        self._dependencies: dict[str, dict[str, Dependency]] = {}

    @property
    def confinement(self) -> Confinement:
        """What the children run under; a child that cannot have all of it does not load a model."""
        if self._confinement is None:
            self._confinement = available()
        return self._confinement

    def state(self) -> str:
        """Return the hash of what answers depend on beside model and rows: interpreter, libraries, mlci itself."""
        return state_of(self._python)

    def requirements(self, format: str) -> Mapping[str, str]:  # noqa: A002  # the field's own word
        """Return the exact versions of what the children predict with in this format, by distribution.

        Raises OutsideError `missing-library` if one of them is not installed there.
        """
        needed = self.dependencies(format)
        return {name: version for name in DISTRIBUTIONS[format] if (version := needed[name].version) is not None}

    def dependencies(self, format: str) -> Mapping[str, Dependency]:  # noqa: A002  # the field's own word
        """Return what the children predict with in this format and all that it requires; raises as `requirements`."""
        if format not in self._dependencies:
            self._dependencies[format] = self._ask_versions(DISTRIBUTIONS[format])
        return self._dependencies[format]

    def installed(self, format: str) -> Mapping[str, str]:  # noqa: A002  # the field's own word
        """Return the same versions as `requirements`; none where one of the libraries is missing."""
        try:
            return self.requirements(format)
        except OutsideError as error:
            if error.code != "missing-library":
                raise
            return {}

    def fitting(self, format: str, versions: Mapping[str, str]) -> ChildPredictor:  # noqa: A002  # the field's own word
        """Return what asks models of this format with these versions of its libraries: this, where it has them.

        Other distributions that `versions` names are nothing that a model is asked with. Raises
        `UsageError("version-differs")` where no environment is made, and what `LibraryEnvironments` raises.
        """
        wanted, here = pinned(format, versions), self.installed(format) if versions else {}
        if all(here.get(name) == version for name, version in wanted.items()):
            return self
        if self._environments is None:
            name, version = next(each for each in wanted.items() if here.get(each[0]) != each[1])
            problem = f"the model needs {name} {version}, and {here.get(name, 'none')} is here"
            raise UsageError("version-differs", problem, hint=f"pip install {name}=={version}")
        return self._like(self._environments.interpreter(requirement_lines(format, versions)), self._programs)

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
            raise unreadable_answer(str(error)) from error
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
            raise unreadable_answer(str(error)) from error

    def convert_to_onnx(self, model_file: bytes, columns: Mapping[str, Column]) -> bytes:
        """Return a skops model as a graph of ONNX, for columns called and typed as these.

        Raises IntegrityError `model-not-convertible` with what has no operator, OutsideError `missing-library`, and
        what `describe` raises.
        """
        table = Table(dict(columns))
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            write_rows(Path(folder) / "rows", table)
            _, content = self._ask("to_onnx", Path(folder), model_file, "skops", self._limits.answer_bytes)
        return content

    def predict_pickled(self, pickled: bytes, columns: Mapping[str, Column]) -> Prediction:
        """Return what a pickled model answers, for who compares it with the converted one; raises as `predict`."""
        table = Table(dict(columns))
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            write_rows(Path(folder) / "rows", table)
            header, payload = self._ask("predict", Path(folder), pickled, PICKLE, self._limits.answer_bytes)
        kind, classes, values = validated(header, payload, table.rows, repeats_of(table.rows).rows)
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
        Raises IntegrityError `model-answers-nan`, `model-answers-beyond` (numbers that no loss could be computed of),
        `model-answers-wrong-shape`, `model-answers-text`,
        `model-answers-no-probabilities`, `model-answers-by-batch` (some rows are asked twice),
        `model-cannot-predict` (among others: columns that it does not know), and what `describe` raises.
        """
        if format in PROGRAMS:
            return read_program(model_file).prediction(self.run_program(model_file, columns))
        table = Table(dict(columns))
        rows_digest = table.digest()
        key = self._key(package_digest, model_file, format, rows_digest)
        kept = self._load(key, table.rows)
        if kept is not None:
            return kept
        # A model cannot foresee its place among the rows: the seed depends on its own bytes.
        order = np.random.default_rng(int(key, 16)).permutation(table.rows)
        again = repeats_of(table.rows).rows
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            write_rows(Path(folder) / "rows", table, order)
            header, payload = self._ask("predict", Path(folder), model_file, format, longest_answer(table.rows))
        kind, classes, shuffled = validated(header, payload, table.rows, again)
        refuse_by_batch(shuffled, payload)
        values = np.empty_like(shuffled)
        values[order] = shuffled
        prediction = Prediction(values, classes, kind)
        self._keep(key, prediction)
        return prediction

    @contextmanager
    def answering(
        self,
        package_digest: str,
        model_file: bytes,
        format: str,  # noqa: A002  # the field's own word
    ) -> Iterator[AnswerEach]:
        """Yield what answers tables of columns one after the other as `predict` does, and keeps none of them."""
        if format in PROGRAMS:
            yield partial(map, partial(self.predict, package_digest, model_file, format))
            return
        with Answering(self._child, self._python, self._limits, model_file, format) as asked:
            yield asked.answers

    @property
    def starts_programs(self) -> bool:
        """Whether programs of packages are started here."""
        return self._programs is not None

    def on_path(self, search_path: str) -> ChildPredictor:
        """Return one that looks for programs of packages on another SEARCH_PATH, where it starts any."""
        programs = None if self._programs is None else self._programs.on_path(search_path)
        return self._like(self._python, programs)

    def _like(self, python: Path, programs: ConfinedPrograms | None) -> ChildPredictor:
        """Return one with another interpreter, or that starts programs otherwise."""
        return ChildPredictor(
            python, cache=self._cache, limits=self._limits, program=self._program,
            programs=programs, environments=self._environments,
        )  # fmt: skip

    def run_program(self, content: bytes, columns: Mapping[str, Column]) -> Predictions:
        """Return what the program of a package answers to these columns, by the number of the row.

        Raises `UsageError("program-beside-token")` where none may be started, and what `ConfinedPrograms.ask` raises.
        """
        if self._programs is None:
            raise UsageError(
                "program-beside-token",
                "the model is a program, and none is started where a token of a job is at hand",
                cause="A program is code of whoever trained it, and this process could push or publish.",
                hint=f"env -u {' -u '.join(TOKEN_VARIABLES[:4])} mlci …",
            )
        return self._programs.ask(content, Table(dict(columns)))

    def measure(self, functions: Sequence[MetricFunction], rows: MeasuredRows) -> Mapping[str, Measured]:
        """Return what functions of one's own come to; raises as `mlci.adapters.metric_child.measured`."""
        return measured(functions, rows, child=self._child, limits=self._limits, python=self._python)

    def time(self, models: Sequence[Asked], turns: int) -> tuple[Timing, ...]:
        """Return what it takes each of some models to answer its rows, in turns with the others.

        Raises `model-answers-by-batch` where answers are not those of `predict`, and what that raises.
        """
        fitting = (self.fitting(each.format, each.requirements) for each in models)
        return timed([who.to_time(each) for who, each in zip(fitting, models, strict=True)], turns, self._limits)

    def to_time(self, asked: Asked) -> Timed:
        """Return a model as it is timed here: with what it answers, and the child that it is asked in."""
        judged = self.predict(asked.package_sha256, asked.content, asked.format, asked.columns)
        return Timed(asked, judged, self._child, self._python)

    def _ask_versions(self, distributions: tuple[str, ...]) -> dict[str, Dependency]:
        try:
            done = subprocess.run(
                [str(self._python), "-I", "-B", "-c", VERSIONS_PROGRAM, *distributions],
                capture_output=True,
                env=dict(ENVIRONMENT),
                timeout=self._limits.wall_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise not_started(self._python, "it does not answer") from error
        except OSError as error:
            raise not_started(self._python, str(error.strerror)) from error
        if done.returncode:
            raise refusal("missing-library", sanitised(done.stderr), self._python)
        return {name: Dependency(version, marker) for name, (version, marker) in json.loads(done.stdout).items()}

    def _ask(
        self, operation: str, folder: Path, model_file: bytes, model_format: str, longest: int
    ) -> tuple[dict[str, Any], bytes]:
        """Return the header and the payload of the child's answer, which may have `longest` bytes."""
        question = ModelQuestion(operation, model_format, folder, self._python)
        request = question.request(model_file, self._limits)
        return question.answer(self._child.run(request, folder, min(longest, self._limits.answer_bytes)))

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
            kind, classes, values = validated(header, payload, rows)
        except (OSError, ValueError, KeyError, TypeError, MlciError):
            # A damaged entry is worth nothing, and computing it again mends it.
            return None
        return Prediction(values, classes, kind)

    def _keep(self, key: str, prediction: Prediction) -> None:
        if self._cache is None:
            return
        self._cache.mkdir(parents=True, exist_ok=True)
        payload = npy_head(prediction.values.shape) + prediction.values.tobytes()
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


def _program_digest(program: Path) -> str:
    """Return the sha256 over the names and bytes of the child's sources."""
    state = hashlib.sha256()
    for path in sorted(program.glob("*.py")):
        content = path.read_bytes()
        state.update(f"{path.name} {len(content)}\n".encode() + content)
    return state.hexdigest()
