"""How the candidate is made, and what it hands in: `environment` and `train`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mlci.core import pipeline
from mlci.core.duration import Duration  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.evidence_level import LEVELS, Level
from mlci.core.listed_code import CodePath  # noqa: TC001 - as above
from mlci.core.paths import PackedPath, PathBelow  # noqa: TC001 - as above
from mlci.core.runs.secrets import without_secrets
from mlci.core.section import HEAD, RULE, Command, DirectCommand, Identifier, Name, Section, Variable

MOST_FILES = 500
"""Files of a program, and entries of a list of code."""


class EnvironmentSection(Section):
    """The environment that the model is trained in."""

    python: Annotated[Annotated[str, Field(pattern=r"^3\.[0-9]{1,2}$")] | None, HEAD] = None
    install: Annotated[Command | None, HEAD] = None

    @model_validator(mode="after")
    def _is_made_somehow(self) -> Self:
        if self.python is not None and self.install not in {"uv", "pip"}:
            message = "python: needs install: uv or pip; a command of your own chooses its interpreter itself"
            raise ValueError(message)
        return self


class PredictSection(Section):
    """A model that is a program: what answers rows, and the files that it needs."""

    run: Annotated[DirectCommand, HEAD]
    model: Annotated[PackedPath, HEAD]
    files: Annotated[Annotated[tuple[PackedPath, ...], Field(max_length=MOST_FILES)], HEAD] = Field(
        default=(), strict=False
    )
    inputs: Annotated[tuple[Identifier, ...], HEAD] = Field(default=(), strict=False)
    rows: Annotated[Literal["jsonl", "parquet"], HEAD] = "jsonl"
    timeout: Annotated[Duration, HEAD] = timedelta(minutes=10)

    @property
    def packed(self) -> tuple[str, ...]:
        """The files that become part of the package, once each."""
        return tuple(dict.fromkeys((self.model, *self.files)))


class TrainSection(Section):
    """How the candidate is made."""

    run: Annotated[Command | None, HEAD] = None
    dvc: Annotated[bool, HEAD] = False
    data: Annotated[tuple[Name, ...], HEAD] = Field(default=(), strict=False)
    code: Annotated[Annotated[tuple[CodePath, ...], Field(min_length=1, max_length=MOST_FILES)] | None, RULE] = Field(
        default=None, strict=False
    )
    params: Annotated[PathBelow | None, HEAD] = None
    env: Annotated[tuple[Variable, ...], HEAD] = Field(default=(), strict=False)
    seeds: Annotated[int, HEAD] = Field(default=1, ge=1, le=100)
    timeout: Annotated[Duration, HEAD] = timedelta(hours=1)
    convert: Annotated[Literal["onnx"] | None, HEAD] = None
    model: Annotated[PathBelow | None, RULE] = None
    predictions: Annotated[PathBelow | None, RULE] = None
    scores: Annotated[PathBelow | None, RULE] = None
    metrics: Annotated[PathBelow | None, RULE] = None
    predict: Annotated[PredictSection | None, RULE] = None
    allow_pickle: Annotated[bool, RULE] = False

    @property
    def level(self) -> Level:
        """What is handed in for judging: the model itself, or less; of a program nobody who judges sees but answers."""
        if self.predict is not None:
            return "predictions"
        return next(level for level in LEVELS if getattr(self, level) is not None)

    @property
    def least(self) -> Level:
        """The least that may be handed in: of a model that may come as a pickle, its answers."""
        return "predictions" if self.allow_pickle else self.level

    @property
    def output(self) -> str:
        """The file that is handed in: the model, or what stands in its place; of a program what training leaves."""
        if self.predict is not None:
            return self.predict.model
        return str(getattr(self, self.level))

    @property
    def is_elsewhere(self) -> bool:
        """Whether nothing here makes the model: it was trained elsewhere, and is pinned by its hash."""
        return self.run is None and not self.dvc

    @property
    def title(self) -> str:
        """How the model comes about, in a few words, without what looks like a secret."""
        if self.run is not None:
            return without_secrets(self.run)
        return pipeline.COMMAND if self.dvc else f"{self.output}, made elsewhere"

    @model_validator(mode="after")
    def _is_made_one_way(self) -> Self:
        if self.run is not None and self.dvc:
            message = "run: COMMAND, or dvc: true, not both; a stage of dvc.yaml may hold the command"
            raise ValueError(message)
        if self.run is None and self.seeds > 1:
            message = "several seeds need run:, for a pipeline of DVC and a model made elsewhere do not know of them"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_code(self) -> Self:
        if self.code is not None and self.is_elsewhere:
            message = "code: is of what makes the model here, by run: or dvc:"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _converts_a_model(self) -> Self:
        if self.convert is not None and self.model is None:
            message = "convert: is for a model: that training leaves here"
            raise ValueError(message)
        if self.allow_pickle and self.model is None:
            message = "allow_pickle: is for a model: that training leaves here; a program may read a pickle as it is"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _hands_in_one_thing(self) -> Self:
        if sum(getattr(self, key) is not None for key in (*LEVELS, "predict")) != 1:
            message = (
                "name one thing that training leaves: model: FILE, or predictions:, scores:, metrics: or predict: "
                "in its place"
            )
            raise ValueError(message)
        return self
