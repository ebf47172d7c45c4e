"""A model that is a program: made of what training left and asked the evaluation rows, where it was trained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.commands.data_sets import files_of
from mlci.core.answer_names import OF_CLASS, OF_LEVEL
from mlci.core.command_words import words_of
from mlci.core.configuration_file import FILE_NAME
from mlci.core.contract.model import ColumnSpec
from mlci.core.golden import Golden, golden_table, read_answers
from mlci.core.package import PROGRAMS
from mlci.core.predictions import Predictions, has_columns_of
from mlci.core.program import ROW, Program, ProgramInfo, inputs_of, program_signature
from mlci.core.words import code
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.formats.program_archive import read_program, write_program

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlci.commands.ports import Data, Predictor, Tree
    from mlci.core.config import Config
    from mlci.core.contract.model import Contract
    from mlci.core.package import Package
    from mlci.core.side import Side
    from mlci.core.signature import Signature
    from mlci.core.table import Table
    from mlci.core.training_sections import PredictSection

LARGEST_FILES = 2 * 1024**3
"""Bytes of all files of a program."""


def program_of(
    section: PredictSection, side: Side, folder: Path, tree: Tree, *, data: Data, predictor: Predictor, objects: Path
) -> tuple[bytes, Predictions]:
    """Return the file of the program that SECTION describes, with its answers to evaluation rows and to golden ones.

    SIDE describes TREE, whose files lie in FOLDER. The program sees neither labels nor ids. Raises `UsageError`:
    "program-contract", "program-inputs", "program-file", "program-classes", and what a signature raises;
    `RejectedError("program-answers")`, and what a program raises.
    """
    info = ProgramInfo(
        command=words_of(section.run),
        rows=section.rows,
        timeout_seconds=int(section.timeout.total_seconds()),
        inputs=section.inputs or inputs_of(side.config, contract_of(side)),
        positive=side.config.evaluate.positive,
        labels=side.config.evaluate.label_columns if side.config.model.task == "multilabel" else (),
        quantiles=side.config.evaluate.quantiles,
        prediction=side.config.evaluate.prediction,
    )
    asked = Program(info, files_below(folder, section.packed))
    return answered(asked, side, tree, data=data, predictor=predictor, objects=objects)


def contract_of(side: Side) -> Contract:
    """Return the contract of SIDE's evaluation rows; raises `UsageError("program-contract")` where there is none."""
    name = side.config.evaluate.data
    contract = side.contracts.get(name)
    if contract is None:
        raise UsageError(
            "program-contract",
            f"the data set {name} has no contract, and a program or a pickle does not tell what it reads",
            where=FILE_NAME,
            hint=f"data: {{{name}: {{…, contract: contracts/{name}.yaml}}}}",
        )
    return contract


def answered(
    asked: Program, side: Side, tree: Tree, *, data: Data, predictor: Predictor, objects: Path
) -> tuple[bytes, Predictions]:
    """Return the file of a program that was ASKED the evaluation rows of SIDE and golden ones, with its answers.

    Raises as `program_of` does.
    """
    config, contract, info = side.config, contract_of(side), asked.info
    if not info.inputs or ROW in info.inputs:
        raise UsageError(
            "program-inputs",
            f"a program reads a column at least, and none called `{ROW}`, which numbers the rows",
            where=FILE_NAME,
            hint="train: {predict: {…, inputs: [mean_radius, mean_texture]}}",
        )
    # The classes of several are known from what it answers; the columns that it reads are the same for any.
    signature = program_signature(_with_classes(info, config, contract, ("a", "b")), config, contract)
    ids, rows = _evaluation_rows(config, tree, signature, data, objects)
    said = predictor.run_program(write_program(asked), rows.columns)
    if not has_columns_of(config.model.task, said.columns):
        raise RejectedError(
            "program-answers",
            f"`{info.text}` answers with {', '.join(map(code, said.columns[:5]))}, as no {config.model.task} task does",
            hint=f"probability of a binary task, {OF_CLASS}NAME of each class or label of several, {OF_LEVEL}LEVEL of "
            "each quantile of several, else prediction",
        )
    answers = _by_id(ids, said)
    info = _with_classes(info, config, contract, said.classes)
    program = replace(asked, info=info, answers=answers.to_bytes())
    signature = program_signature(info, config, contract)
    return write_program(replace(program, golden=_golden(program, signature, predictor).to_bytes())), answers


def golden_of(program: Program, signature: Signature) -> bytes | None:
    """Return the golden rows of a hostile PROGRAM; None where they are not those of SIGNATURE."""
    if program.golden is None:
        return None
    try:
        answers = read_answers(program.golden)
    except (ValueError, IntegrityError):
        return None
    table = golden_table(signature)
    if answers is not None and len(answers) != table.rows:
        return None
    return program.golden if Golden(table, answers).to_bytes() == program.golden else None


def stated_bytes(package: Package) -> bytes:
    """Return what stands in PACKAGE for judging in place of its model."""
    return read_program(package.model).answers if package.info.format in PROGRAMS else package.model


def _with_classes(info: ProgramInfo, config: Config, contract: Contract, several: tuple[str, ...]) -> ProgramInfo:
    if info.labels:
        return info
    if config.model.task == "multiclass":
        return info.model_copy(update={"classes": several})
    return info.model_copy(update={"classes": program_signature(info, config, contract).classes})


def files_below(folder: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the files at PATHS below FOLDER; raises `UsageError("program-file")`, also for a link to elsewhere."""
    root = folder.resolve()
    found: dict[str, bytes] = {}
    for path in paths:
        file = folder / path
        if not file.resolve().is_relative_to(root) or not file.is_file():
            raise UsageError(
                "program-file",
                f"there is no file {path}, which the program needs",
                where=FILE_NAME,
                cause="It was renamed or never written, or it is a link to a file elsewhere.",
                hint="Name files below the folder of mlci.yaml.",
            )
        found[path] = file.read_bytes()
        if sum(map(len, found.values())) > LARGEST_FILES:
            raise UsageError("program-file", f"the files of the program are larger than {LARGEST_FILES:,} bytes")
    return found


def _evaluation_rows(
    config: Config, tree: Tree, signature: Signature, data: Data, objects: Path
) -> tuple[tuple[str, ...], Table]:
    """Return the ids of the evaluation rows, and what the program sees of them."""
    files = files_of(config.data[config.evaluate.data], tree, data, objects)
    ids = ColumnSpec(config.evaluate.id, "string", is_name=True)
    table = data.read_table(files, [ids, *(ColumnSpec(each.name, each.type) for each in signature.inputs)])
    names = [each.name for each in signature.inputs]
    return tuple(table.columns[config.evaluate.id].values.tolist()), table.select(names)


def _by_id(ids: tuple[str, ...], said: Predictions) -> Predictions:
    try:
        return Predictions(ids, said.columns, said.values)
    except ValueError as error:
        raise IntegrityError(
            "predictions-unusable",
            f"the evaluation rows cannot be answered: {error}",
            cause="Each id stands once.",
            hint="mlci validate",
        ) from error


def _golden(program: Program, signature: Signature, predictor: Predictor) -> Golden:
    """Return golden rows with the program's answers; without where it takes no row that was made up."""
    table = golden_table(signature)
    try:
        said = predictor.run_program(write_program(program), table.columns)
        return Golden(table, program.prediction(said).values)
    except RejectedError:
        return Golden(table, None)
