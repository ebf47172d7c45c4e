"""Predictions by a model that nobody vouches for, in a confined child.

The child gets a copy of the feature columns, in an order that it cannot foresee, and nothing else; what it answers is
measured before it is believed.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import mlci.formats
from mlci.adapters.answering import Answering
from mlci.adapters.child import Child, ChildLimits
from mlci.adapters.installation import state_of
from mlci.adapters.installed_libraries import InstalledLibraries
from mlci.adapters.kept_predictions import KeptPredictions
from mlci.adapters.metric_child import measured
from mlci.adapters.model_answers import refuse_by_batch, validated
from mlci.adapters.model_child import LONGEST_HEADER, PICKLE, ModelQuestion, longest_answer, write_rows
from mlci.adapters.model_refusals import unreadable_answer
from mlci.adapters.timed_prediction import Timed, timed
from mlci.core.libraries import pinned, requirement_lines
from mlci.core.package import PROGRAMS
from mlci.core.prediction import Prediction
from mlci.core.section import TOKEN_VARIABLES
from mlci.core.table import Table
from mlci.errors import UsageError
from mlci.formats.confinement import Confinement, available
from mlci.formats.description import ModelDescription
from mlci.formats.program_archive import read_program
from mlci.formats.repeats import repeats_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlci.adapters.confined_program import ConfinedPrograms
    from mlci.adapters.library_environments import LibraryEnvironments
    from mlci.core.costs import Asked, Timing
    from mlci.core.lock import Dependency
    from mlci.core.metric_function import Measured, MeasuredRows, MetricFunction
    from mlci.core.prediction import AnswerEach
    from mlci.core.predictions import Predictions
    from mlci.core.table import Column

PROGRAM: Final = Path(mlci.formats.__file__).parent
"""The folder that is run as the child."""


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
        self._libraries = InstalledLibraries(self._python, self._limits.wall_seconds)
        self._kept = KeptPredictions(cache, program, self._python)

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
        return self._libraries.requirements(format)

    def dependencies(self, format: str) -> Mapping[str, Dependency]:  # noqa: A002  # the field's own word
        """Return what the children predict with in this format and all that it requires; raises as `requirements`."""
        return self._libraries.dependencies(format)

    def installed(self, format: str) -> Mapping[str, str]:  # noqa: A002  # the field's own word
        """Return the same versions as `requirements`; none where one of the libraries is missing."""
        return self._libraries.found(format)

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
        kept = self._kept.description(model_file, format)
        if kept is not None:
            return kept
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            header, _ = self._ask("describe", Path(folder), model_file, format, LONGEST_HEADER)
        try:
            description = ModelDescription.from_dict(header.get("description"))
        except ValueError as error:
            raise unreadable_answer(str(error)) from error
        self._kept.keep_description(model_file, format, description)
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
        key = self._kept.key(package_digest, model_file, format, rows_digest)
        kept = self._kept.prediction(key, table.rows)
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
        self._kept.keep(key, prediction)
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

    def _ask(
        self, operation: str, folder: Path, model_file: bytes, model_format: str, longest: int
    ) -> tuple[dict[str, Any], bytes]:
        """Return the header and the payload of the child's answer, which may have `longest` bytes."""
        question = ModelQuestion(operation, model_format, folder, self._python)
        request = question.request(model_file, self._limits)
        return question.answer(self._child.run(request, folder, min(longest, self._limits.answer_bytes)))
