"""Making the package of a model: from its bytes, the rules that count and what the child says, nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlci.commands.programs import golden_of
from mlci.core.configuration_file import FILE_NAME
from mlci.core.fitted_signature import assumption
from mlci.core.golden import GOLDEN_FILE, Golden, golden_table
from mlci.core.mlflow_model import LOADER_FILE
from mlci.core.package import REQUIREMENTS_FILE, build_package, build_signature
from mlci.core.predictions import Predictions, read_predictions, signature_of
from mlci.core.program import program_signature
from mlci.core.scores import Scores
from mlci.core.signature import Signature
from mlci.core.stated_metrics import StatedMetrics
from mlci.core.words import counted
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.formats.canonical import fitted_version
from mlci.formats.loaders import loader, program_loader
from mlci.formats.model_file import read_model
from mlci.formats.program_archive import is_program, read_program

if TYPE_CHECKING:
    from mlci.commands.ports import Predictor
    from mlci.core.config import Config
    from mlci.core.contract.model import Contract
    from mlci.core.package import ModelFormat, Package
    from mlci.formats.model_file import ModelFile
    from mlci.formats.recognition import Format

UNLISTED = b"# Nobody knows what a pickle imports, and no requirements.txt beside mlci.yaml lists it.\n"
NO_ANSWER = frozenset({"model-cannot-predict", "model-answers-nan"})
"""What a model may do with rows that nobody measured, and still be right about those of the data."""


def packaged(model: bytes, config: Config, contract: Contract | None, predictor: Predictor) -> Package:
    """Return the package of MODEL (a file of any format) under CONFIG, with names and ranges of CONTRACT.

    Who judges makes the package anew: name, threshold, positive class and requirements of a submission are its
    maker's words; PREDICTOR has the versions that the model was made with. `Package.assumption` says what nobody
    could check, for who shows it. Raises `RejectedError("version-differs")`, and what a model, its signature or its
    form can break.
    """
    if is_program(model):
        return _of_program(model, config, contract)
    if Predictions.wrote(model):
        signature = signature_of(read_predictions(model, config.model.task), config)
        return _in_place(model, "predictions", signature, config, contract)
    if Scores.wrote(model):
        Scores.read(model)
        return _in_place(model, "scores", Signature(inputs=(), classes=()), config, contract)
    if StatedMetrics.wrote(model):
        StatedMetrics.read(model)
        return _in_place(model, "metrics", Signature(inputs=(), classes=()), config, contract)
    file = read_model(model)
    requirements = dict(predictor.requirements(file.format))
    if file.format == "skops":
        _refuse_other_version(file.content, requirements)
    description = predictor.describe(file.content, file.format)
    signature = build_signature(
        description.feature_names,
        description.n_features,
        description.classes,
        config,
        contract,
        estimator=description.estimator,
        has_probabilities=description.has_probabilities,
        labels=description.labels,
    )
    golden = golden_rows(file, signature, predictor)
    _refuse_other_numbers(golden, signature, config)
    return build_package(
        file.content,
        description.estimator,
        signature,
        requirements,
        config,
        model_format=file.format,
        contract=contract,
        more={GOLDEN_FILE: golden.to_bytes(), LOADER_FILE: _loader(file.format, signature)},
        assumption=assumption(description.feature_names, signature),
    )


def _loader(model_format: Format, signature: Signature) -> bytes:
    return loader(model_format, has_labels=signature.is_multilabel, has_quantiles=bool(signature.quantiles))


def _refuse_other_numbers(golden: Golden, signature: Signature, config: Config) -> None:
    """Raise where a model without classes answers another number of numbers a row than the task asks for."""
    if signature.classes or golden.answers is None:
        return
    found = 1 if golden.answers.ndim == 1 else golden.answers.shape[1]
    wanted = len(signature.quantiles)
    if wanted and found != wanted:
        raise UsageError(
            "quantiles-differ",
            f"the model answers {counted(found, 'number')} a row, and evaluate.quantiles names {wanted}",
            where=FILE_NAME,
            cause="A quantile was added or left out on one side only; evaluate.quantiles is the target branch's.",
            hint="Let the model answer one number a row for each of evaluate.quantiles, in their order.",
        )
    if not wanted and found > 1:
        raise UsageError(
            "several-numbers",
            f"the model answers {found} numbers a row; this {config.model.task} task asks for one",
            cause="It was fitted on a table of outcomes, or answers several quantiles.",
            hint="Fit it on one column; or model: {…, task: quantile} and evaluate: {…, quantiles: [0.1, 0.5, 0.9]}",
        )


def _of_program(content: bytes, config: Config, contract: Contract | None) -> Package:
    """Return the package of a program: nothing of it is started, and its answers are as its maker says."""
    program = read_program(content)
    if program.info.pickle and not config.train.allow_pickle:
        raise UsageError(
            "pickle-not-allowed",
            "the candidate is a pickle, and the rules take none",
            where="mlci.yaml",
            cause="train.allow_pickle is a rule, read from the target branch, and takes effect with the next push.",
            hint="Land `train: {allow_pickle: true}` by itself first; or build the model from types that convert.",
        )
    answers = read_predictions(program.answers, config.model.task)
    several = {} if program.info.labels else {"classes": answers.classes or program.info.classes}
    info = program.info.model_copy(update=several)
    signature = program_signature(info, config, contract)
    golden = golden_of(program, signature)
    required = program.files.get(REQUIREMENTS_FILE, UNLISTED if info.pickle else None)
    more = {
        LOADER_FILE: program_loader(
            has_names=info.prediction is not None,
            has_labels=signature.is_multilabel,
            has_quantiles=bool(signature.quantiles),
        ),
        **({} if golden is None else {GOLDEN_FILE: golden}),
        **({} if required is None else {REQUIREMENTS_FILE: required}),
    }
    return build_package(
        content, info.text, signature, {}, config,
        model_format="pickle" if info.pickle else "program", contract=contract, more=more,
    )  # fmt: skip


def _in_place(
    content: bytes, kind: ModelFormat, signature: Signature, config: Config, contract: Contract | None
) -> Package:
    """Return the package of what stands in place of a model; nothing is loaded, and there is nothing to ask."""
    return build_package(content, kind, signature, {}, config, model_format=kind, contract=contract)


def golden_rows(file: ModelFile, signature: Signature, predictor: Predictor) -> Golden:
    """Return golden rows with the model's answers; without answers where it takes no row that was made up."""
    table = golden_table(signature)
    digest = hashlib.sha256(file.content).hexdigest()
    try:
        found = predictor.predict(digest, file.content, file.format, table.columns)
    except IntegrityError as error:
        if error.code not in NO_ANSWER:
            raise
        return Golden(table, None)
    return Golden(table, found.values)


def _refuse_other_version(model: bytes, requirements: dict[str, str]) -> None:
    fitted, named = fitted_version(model), requirements.get("scikit-learn")
    if fitted is not None and named is not None and fitted != named:
        raise RejectedError(
            "version-differs",
            f"the model was fitted with scikit-learn {fitted}, and its package names {named}",
            cause="The package was put together by hand, or by another version of mlci.",
            hint="mlci train --force",
        )
