"""A model that is a program of the user's own: what it is called with, what it reads, and what it answered."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import AfterValidator, Field, ValidationError

from mlci.core.answer_names import OF_CLASS, OF_LEVEL
from mlci.core.fitted_signature import NOT_READABLE, build_signature, is_readable
from mlci.core.plain_text import one_line
from mlci.core.prediction import Prediction
from mlci.core.quantile_levels import LevelsField, level_names
from mlci.core.schema_name import read_json, with_schema
from mlci.core.section import LONGEST_IDENTIFIER, Identifier
from mlci.core.signature import Frozen, ModelClass, Signature, first_problem
from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.config import Config
    from mlci.core.contract.model import Contract
    from mlci.core.predictions import Predictions

SCHEMA: Final = "mlci/program/1"
ABOUT: Final = "PROGRAM.json"
ANSWERS: Final = "answers.jsonl"
FOLDER: Final = "files/"
ROW: Final = "row"
"""What a row and its answer are told apart by: its number, from 1."""
MOST_LISTED: Final = 5
"""Columns that a hint lists."""
LONGEST_WORD: Final = 2_000
LONGEST_TIMEOUT: Final = 7 * 86_400


def _printable(word: str) -> str:
    if not word.isprintable():
        message = "a command is printable text"
        raise ValueError(message)
    return word


Word = Annotated[str, Field(min_length=1, max_length=LONGEST_WORD), AfterValidator(_printable)]


class ProgramInfo(Frozen):
    """What `PROGRAM.json` says."""

    command: Annotated[tuple[Word, ...], Field(min_length=1, max_length=100)]
    rows: Literal["jsonl", "parquet"]
    timeout_seconds: Annotated[int, Field(ge=1, le=LONGEST_TIMEOUT)]
    inputs: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """The columns that it is given."""
    classes: tuple[ModelClass, ...] = ()
    positive: ModelClass | None = None
    labels: tuple[Identifier, ...] = ()
    """Of a multilabel task those that it answers, which have no classes."""
    quantiles: LevelsField = ()
    """The levels of several quantiles."""
    prediction: Identifier | None = None
    """How it calls its answers, see `answer_names`; None where as we do."""
    pickle: bool = False
    """Whether it does nothing but load a pickle, which could not be converted, and ask it; written only where so."""

    @property
    def text(self) -> str:
        """The command as a line."""
        return shlex.join(self.command)

    @property
    def answered(self) -> tuple[str, ...]:
        """The columns of its answers, under our names, where it answers several labels or quantiles; else none."""
        return (
            *(f"{OF_CLASS}{each}" for each in self.labels),
            *(f"{OF_LEVEL}{each}" for each in level_names(self.quantiles)),
        )

    def to_bytes(self) -> bytes:
        """Return the file."""
        names = {
            "labels": bool(self.labels),
            "quantiles": bool(self.quantiles),
            "prediction": self.prediction is not None,
            "pickle": self.pickle,
        }
        unsaid = {name for name, is_said in names.items() if not is_said}  # which earlier versions did not know
        return _pretty(with_schema(SCHEMA, self.model_dump(mode="json", exclude=unsaid)))


@dataclass(frozen=True, slots=True)
class Program:
    """A program with its files, and what it answered to evaluation rows and to golden ones."""

    info: ProgramInfo
    files: Mapping[str, bytes]
    """By the path that they had below the folder of `mlci.yaml`."""
    answers: bytes = b""
    """Predictions of the evaluation rows, as a package holds them that has nothing else."""
    golden: bytes | None = None

    def prediction(self, said: Predictions) -> Prediction:
        """Return what it SAID as an answer like those of models."""
        if self.info.answered:
            places = [said.columns.index(name) for name in self.info.answered]
            return Prediction(said.values[:, places], None, "multilabel" if self.info.labels else "numbers")
        if said.classes:
            return Prediction(said.values / said.values.sum(axis=1, keepdims=True), self.info.classes, "probabilities")
        if not self.info.classes:
            return Prediction(said.values[:, 0], None, "labels")
        positive = said.values[:, 0]
        both = [positive if each == self.info.positive else 1 - positive for each in self.info.classes]
        return Prediction(np.column_stack(both), self.info.classes, "probabilities")


def read_info(data: bytes) -> ProgramInfo:
    """Return what a hostile `PROGRAM.json` says; raises `ValueError` for any bytes that mlci would not write."""
    try:
        info = ProgramInfo.model_validate(read_json(data, SCHEMA, ABOUT))
    except ValidationError as error:
        raise ValueError(first_problem(error)) from None
    if info.to_bytes() != data:
        raise ValueError("it is not in the form that mlci writes")
    return info


def program_signature(info: ProgramInfo, config: Config, contract: Contract | None) -> Signature:
    """Return the signature of a program: types, units and ranges are the CONTRACT's; raises as `build_signature`."""
    task = config.model.task
    classes = _both_classes(config, contract) if task == "binary" else info.classes or None
    try:
        return build_signature(
            info.inputs,
            len(info.inputs),
            classes,
            config,
            contract,
            estimator=info.text[:LONGEST_IDENTIFIER],
            labels=info.labels or None,
            quantiles=info.quantiles,
        )
    except UsageError as error:
        if error.code != NOT_READABLE or info.pickle or contract is None:
            raise
        raise _handed_unreadable(error, info, contract) from error


def inputs_of(config: Config, contract: Contract) -> tuple[str, ...]:
    """Return the columns that a program reads which names none: all but those that `evaluate` speaks of."""
    section = config.evaluate
    own = {section.id, *section.label_columns, section.weight, section.group, section.time}
    return tuple(name for name in contract.columns if name not in own)


def _handed_unreadable(error: UsageError, info: ProgramInfo, contract: Contract) -> UsageError:
    """Return the ERROR of a program that would be handed a column which no model reads, with the others it could."""
    columns = contract.columns
    others = [name for name in info.inputs if name not in columns or is_readable(columns[name].type)]
    listed = json.dumps(others[:MOST_LISTED], ensure_ascii=False) if others else "[COLUMN, COLUMN]"
    if len(others) > MOST_LISTED:
        listed = f"{listed[:-1]}, …]"
    return UsageError(
        error.code,
        error.problem,
        cause="A program is handed numbers, text, true and false; where train.predict.inputs lists no columns, it is "
        "handed all that evaluate does not name.",
        hint=f"List those that it needs: train: {{predict: {{…, inputs: {one_line(listed)}}}}}",
    )


def _both_classes(config: Config, contract: Contract | None) -> tuple[ModelClass, ...]:
    """Return the two classes of the label, which a probability alone does not tell."""
    (label,) = config.evaluate.label_columns
    column = contract.columns.get(label) if contract else None
    if column is not None and column.type == "boolean":
        return (False, True)
    listed = tuple(column.enum or ()) if column is not None else ()
    if len(listed) == 2:  # noqa: PLR2004 - as binary says
        return listed
    is_apart = config.evaluate.labels is not None
    why = "A program answers with the probability of one class; what the other is called, the contract must say"
    raise UsageError(
        "program-classes",
        f"the contract of {config.evaluate.data} does not list the two values of {code(label)}",
        cause=f"{why}: that of the rows, which labels that lie elsewhere are not seen beside."
        if is_apart
        else f"{why}.",
        hint=f"columns: {{{label}: {{type: integer, enum: [0, 1]{', optional: true' if is_apart else ''}}}}}",
    )


def _pretty(content: dict[str, Any]) -> bytes:
    """Return CONTENT as JSON in one form."""
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()
