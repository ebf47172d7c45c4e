"""Models that are functions of a test: their files name them, and nothing is loaded."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.answer_names import NUMBER, OF_CLASS, PROBABILITY
from mlci.core.canonical import canonical_sha256
from mlci.core.costs import Timing
from mlci.core.lock import Dependency
from mlci.core.magnitude import LARGEST, is_beyond
from mlci.core.metric_function import Measured
from mlci.core.package import PROGRAMS
from mlci.core.prediction import Class, Prediction
from mlci.core.predictions import Predictions
from mlci.errors import IntegrityError, UsageError
from mlci.formats.canonical import SCHEMA, canonical_skops
from mlci.formats.confinement import Confinement
from mlci.formats.description import ModelDescription
from mlci.formats.measuring import answers_of_functions, write_question
from mlci.formats.program_archive import read_program
from mlci.formats.refusal import RefusalError
from mlci.formats.zip_members import MalformedZipError, Member, ZipLimits, read_members, write_members

if TYPE_CHECKING:
    from mlci.core.costs import Asked
    from mlci.core.metric_function import MeasuredRows, MetricFunction
    from mlci.core.prediction import AnswerEach
    from mlci.core.table import Column

Columns = Mapping[str, np.ndarray[Any, Any]]
Probability = Callable[[Columns], np.ndarray[Any, Any]]

REQUIREMENTS: Final = {"numpy": "2.2.0", "scikit-learn": "1.6.0", "skops": "0.13.0"}
_LOADER: Final = "ScriptedModel"
PICKLED: Final = b"\x80"
"""What a pickle begins with; the name of the model follows."""


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """A model as a function of its features, (n_rows,) each.

    With two classes `probability` returns that of the second, (n_rows,), with more that of each, (n_rows, n_classes);
    without classes it is a regression, and returns the numbers that it predicts, (n_rows,) or several a row.
    """

    features: tuple[str, ...]
    probability: Probability
    classes: tuple[Class, ...] | None = (0, 1)
    knows_names: bool = True
    """Whether it knows the names of its features, or only their number."""
    has_probabilities: bool = True
    estimator: str = "LogisticRegression"
    labels: int | None = None
    """How many labels it answers at once; then it has no classes, and `probability` returns that of each."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a model was asked: the package's digest, and which columns of how many rows it was given."""

    package_digest: str
    columns: tuple[str, ...]
    rows: int


def model_file(name: str) -> bytes:
    """Return a file for the model called NAME: canonical as a skops file, with nothing in it but the name."""
    schema = json.dumps({"__loader__": _LOADER, "name": name}).encode()
    return canonical_skops(write_members([(SCHEMA, Member(schema, deflated=False))]))


class ScriptedPredictor:
    """Answers as the model that a file names; `models` may change, `asked` is what predictions were made for."""

    def __init__(self, models: Mapping[str, ScriptedModel]) -> None:
        """Know `models` by their names."""
        self.models = dict(models)
        self.confinement = Confinement(landlock_abi=7, seccomp=True)
        self.asked: list[Question] = []
        self.measured: list[str] = []
        """The names of the functions that were computed."""
        self.versions: Mapping[str, str] = REQUIREMENTS
        """What is installed here."""
        self.fitted: list[dict[str, str]] = []
        """Versions that somebody wanted models to be asked with, and that are not those of here."""
        self.times: dict[str, Timing] = {}
        """What models take, by their names."""
        self.timed: list[str] = []
        """The names of the models that were timed."""
        self.converted_to: dict[str, str] = {}
        """Names of models that a conversion turns into others, as one that goes wrong would."""
        self.unconvertible: set[str] = set()
        """Names of models whose pickles hold what no other format does."""

    def state(self) -> str:
        """Return a hash of what is installed here; models are functions, which nobody can hash."""
        return canonical_sha256(dict(self.versions))

    def requirements(self, format: str) -> Mapping[str, str]:  # noqa: A002, ARG002 - the field's own word, and of the port
        """Return what is installed here."""
        return self.versions

    def dependencies(self, format: str) -> Mapping[str, Dependency]:  # noqa: A002 - the field's own word
        """Return the requirements, and one that they require."""
        known = {**self.requirements(format), "joblib": "1.5.0"}
        return {name: Dependency(version) for name, version in known.items()}

    def installed(self, format: str) -> Mapping[str, str]:  # noqa: A002 - the field's own word
        """Return the requirements."""
        return self.requirements(format)

    def fitting(self, format: str, versions: Mapping[str, str]) -> ScriptedPredictor:  # noqa: A002 - as above
        """Return itself, for functions of a test need no library."""
        here = self.requirements(format)
        if any(here.get(name) != version for name, version in versions.items()):
            self.fitted.append(dict(versions))
        return self

    def describe(self, model_file: bytes, format: str) -> ModelDescription:  # noqa: A002 - the field's own word
        """Return what the model says about itself."""
        model = self._load(model_file, format)
        return ModelDescription(
            estimator=model.estimator,
            feature_names=model.features if model.knows_names else None,
            n_features=len(model.features),
            classes=model.classes,
            has_probabilities=model.has_probabilities,
            labels=model.labels,
        )

    def convert(self, pickled: bytes) -> tuple[bytes, ModelDescription]:
        """Return the file of the model that a pickle names."""
        name = pickled.removeprefix(PICKLED).decode()
        if name not in self.models or name in self.unconvertible:
            raise IntegrityError("model-forbidden-type", f"the model holds types that are not allowed: {name}")
        content = model_file(self.converted_to.get(name, name))
        return content, self.describe(model_file(name), "skops")

    def convert_to_onnx(self, model_file: bytes, columns: Mapping[str, Column]) -> bytes:  # noqa: ARG002 - of the port
        """Refuse, as the real one does where a model has steps that ONNX lacks: no graph names a function of a test."""
        self._load(model_file, "skops")
        raise IntegrityError("model-not-convertible", "the model cannot be written in ONNX: it is a function of a test")

    def predict_pickled(self, pickled: bytes, columns: Mapping[str, Column]) -> Prediction:
        """Return the answers of the model that a pickle names."""
        file = model_file(pickled.removeprefix(PICKLED).decode())
        return self.predict("0" * 64, file, "skops", columns)

    @property
    def starts_programs(self) -> bool:
        """Whether programs of packages are started: here they are."""
        return True

    def on_path(self, search_path: str) -> ScriptedPredictor:  # noqa: ARG002 - of the port
        """Return itself: a function of a test lies on no path."""
        return self

    def run_program(self, content: bytes, columns: Mapping[str, Column]) -> Predictions:
        """Return what the model answers whose file is among those of a program."""
        program = read_program(content)
        files = program.files
        file = model_file(files["model.pkl"][1:].decode()) if program.info.pickle else next(iter(files.values()))
        said = self.predict("0" * 64, file, "skops", columns)
        ids = tuple(str(place + 1) for place in range(len(said.values)))
        if program.info.answered:
            return Predictions(ids, program.info.answered, said.values)
        if said.classes is None:
            return Predictions(ids, (NUMBER,), said.values.reshape(-1, 1))
        if program.info.positive is None:
            return Predictions(ids, tuple(f"{OF_CLASS}{each}" for each in said.classes), said.values)
        place = said.classes.index(program.info.positive)
        return Predictions(ids, (PROBABILITY,), said.values[:, [place]])

    def predict(
        self,
        package_digest: str,
        model_file: bytes,
        format: str,  # noqa: A002 - the field's own word
        columns: Mapping[str, Column],
    ) -> Prediction:
        """Return the model's answers; as with the real one, it reads its own columns in its own order and no other."""
        if format in PROGRAMS:
            return read_program(model_file).prediction(self.run_program(model_file, columns))
        model = self._load(model_file, format)
        values = {name: column.values for name, column in columns.items()}
        self.asked.append(Question(package_digest, tuple(columns), max(map(len, values.values()), default=0)))
        if tuple(columns) != model.features:
            raise IntegrityError("model-cannot-predict", f"the model reads {model.features}, not {tuple(columns)}")
        second = np.asarray(model.probability(values), dtype=np.float64)
        if not np.isfinite(second).all():
            raise IntegrityError("model-answers-nan", "the model answers with NaN or infinity")
        if model.labels is not None:
            return Prediction(second, None, "multilabel")
        if model.classes is None:
            if is_beyond(second).any():
                raise IntegrityError("model-answers-beyond", f"the model answers with numbers beyond {LARGEST:g}")
            return Prediction(second, None, "labels" if second.ndim == 1 else "numbers")
        if second.ndim > 1:
            return Prediction(second, model.classes, "probabilities")
        if not model.has_probabilities:
            return Prediction((second >= 0.5).astype(np.float64), model.classes, "labels")  # noqa: PLR2004 - the likelier class
        return Prediction(np.column_stack([1 - second, second]), model.classes, "probabilities")

    @contextmanager
    def answering(
        self,
        package_digest: str,
        model_file: bytes,
        format: str,  # noqa: A002 - the field's own word
    ) -> Iterator[AnswerEach]:
        """Yield what asks the model for one table after the other."""
        yield partial(map, partial(self.predict, package_digest, model_file, format))

    def time(self, models: Sequence[Asked], turns: int) -> tuple[Timing, ...]:
        """Return the times that `times` has by the name of a model, one second where it has none."""
        for each in models:
            self.predict(each.package_sha256, each.content, each.format, each.columns)
        names = [json.loads(read_members(each.content, ZipLimits())[SCHEMA].content)["name"] for each in models]
        self.timed += names
        found = (self.times.get(name, Timing((1.0,) * turns, 100_000_000)) for name in names)
        return tuple(found)

    def measure(self, functions: Sequence[MetricFunction], rows: MeasuredRows) -> Mapping[str, Measured]:
        """Return what functions come to, by the code that the real child runs, without its walls."""
        self.measured += [each.name for each in functions]
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "rows"
            write_question(place, [(each.name, each.file, each.function, each.code) for each in functions], rows)
            try:
                found = answers_of_functions(place)
            except RefusalError as error:
                raise UsageError(error.code, error.message) from error
        return {name: _measured(each) for name, each in found.items()}

    def _load(self, content: bytes, model_format: str) -> ScriptedModel:
        try:
            schema = json.loads(read_members(content, ZipLimits())[SCHEMA].content)
        except (MalformedZipError, KeyError, ValueError):
            raise IntegrityError("model-unreadable", "the model is damaged") from None
        if model_format != "skops" or schema.get("__loader__") != _LOADER or schema.get("name") not in self.models:
            raise IntegrityError("model-unreadable", "the model is none that this test knows")
        return self.models[schema["name"]]


def _measured(found: Mapping[str, Any]) -> Measured:
    slices = tuple(map(_measured, found.get("slices", ())))
    return Measured(_values(found["candidate"]), _values(found.get("production")), slices)


def _values(found: Sequence[float | None] | None) -> Any:  # noqa: ANN401 - an array, or None where there is no model
    return None if found is None else np.array(found, dtype=np.float64)
