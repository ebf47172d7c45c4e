"""Models that are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from mlci.core.costs import Asked, Timing
    from mlci.core.lock import Dependency
    from mlci.core.metric_function import Measured, MeasuredRows, MetricFunction
    from mlci.core.prediction import AnswerEach, Prediction
    from mlci.core.predictions import Predictions
    from mlci.core.table import Column
    from mlci.formats.confinement import Confinement
    from mlci.formats.description import ModelDescription


class Predictor(Protocol):
    """Models that nobody vouches for, asked in confined children."""

    @property
    def confinement(self) -> Confinement:
        """What the children run under."""

    def state(self) -> str:
        """Return the hash of what answers depend on beside model and rows: interpreter, libraries, mlci itself."""

    def requirements(self, format: str) -> Mapping[str, str]:  # noqa: A002 - the field's own word
        """Return the exact versions of what the children predict with in this format, by distribution."""

    def dependencies(self, format: str) -> Mapping[str, Dependency]:  # noqa: A002 - the field's own word
        """Return what the children predict with in this format, and all that it requires, by distribution."""

    def installed(self, format: str) -> Mapping[str, str]:  # noqa: A002 - the field's own word
        """Return the same as `requirements`; nothing where a library is missing."""

    def fitting(self, format: str, versions: Mapping[str, str]) -> Predictor:  # noqa: A002 - the field's own word
        """Return what asks models of this format with these versions of its libraries."""

    def convert(self, pickled: bytes) -> tuple[bytes, ModelDescription]:
        """Return a pickled model in a format that is none, and what it says; for the job that trains alone."""

    def convert_to_onnx(self, model_file: bytes, columns: Mapping[str, Column]) -> bytes:
        """Return a skops model in ONNX, for columns called and typed as these; for the job that trains alone."""

    def predict_pickled(self, pickled: bytes, columns: Mapping[str, Column]) -> Prediction:
        """Return what a pickled model answers; for the job that trains alone."""

    def describe(self, model_file: bytes, format: str) -> ModelDescription:  # noqa: A002 - the field's own word
        """Return what a model says about itself."""

    @property
    def starts_programs(self) -> bool:
        """Whether programs of packages are started here: never beside a token."""

    def on_path(self, search_path: str) -> Predictor:
        """Return one that looks for programs of packages on another search path: that of an environment."""

    def run_program(self, content: bytes, columns: Mapping[str, Column]) -> Predictions:
        """Return what the program of a package answers to these columns, by the number of the row."""

    def predict(
        self,
        package_digest: str,
        model_file: bytes,
        format: str,  # noqa: A002 - the field's own word
        columns: Mapping[str, Column],
    ) -> Prediction:
        """Return a model's answers for these columns, row by row."""

    def answering(
        self,
        package_digest: str,
        model_file: bytes,
        format: str,  # noqa: A002 - the field's own word
    ) -> AbstractContextManager[AnswerEach]:
        """Begin to ask a model for many tables, one after the other."""

    def time(self, models: Sequence[Asked], turns: int) -> tuple[Timing, ...]:
        """Return what it takes each of some models to answer its rows, in turns with the others."""

    def measure(self, functions: Sequence[MetricFunction], rows: MeasuredRows) -> Mapping[str, Measured]:
        """Return what functions of the target branch come to on what models answered, by their names."""
