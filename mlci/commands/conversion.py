"""What is shipped is converted where it is trained: a pickle always, a model of scikit-learn to ONNX on request.

Both forms are asked golden rows, and only the result travels.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.golden import ABSOLUTE, RELATIVE, golden_table
from mlci.core.package import build_signature
from mlci.errors import IntegrityError, UsageError
from mlci.formats.model_file import read_model
from mlci.formats.recognition import is_pickle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.ports import Predictor
    from mlci.core.config import Config
    from mlci.core.contract.model import Contract
    from mlci.core.prediction import Prediction
    from mlci.core.table import Column
    from mlci.formats.description import ModelDescription
    from mlci.formats.model_file import ModelFile


def model_of(content: bytes, config: Config, contract: Contract | None, predictor: Predictor) -> ModelFile:
    """Return the model in CONTENT as it is shipped: no pickle, in the one form of its format or of what CONFIG asks.

    Raises IntegrityError `model-forbidden-type` with what cannot be converted, `model-not-convertible`,
    `conversion-differs`, UsageError `conversion-unknown`, and what `read_model` raises. For the job that trains alone:
    who judges calls `read_model`, which refuses pickles.
    """
    file = _unpickled(content, config, contract, predictor) if is_pickle(content) else read_model(content)
    if config.train.convert is None or file.format == config.train.convert:
        return file
    if file.format != "skops":
        raise UsageError(
            "conversion-unknown",
            f"train.convert asks for {config.train.convert}, and the model is one of {file.format}",
            cause="Only what scikit-learn fitted is converted; LightGBM and XGBoost have formats of their own.",
            hint="Leave out train.convert, or save the model in ONNX yourself.",
        )
    return _as_onnx(file, config, contract, predictor)


def _unpickled(content: bytes, config: Config, contract: Contract | None, predictor: Predictor) -> ModelFile:
    try:
        converted, said = predictor.convert(content)
    except IntegrityError as error:
        if error.code != "model-forbidden-type":
            raise
        raise IntegrityError(
            error.code,
            error.problem.replace("the model holds", "the pickle cannot be converted: it holds"),
            cause="A pickle runs what it names, so what is shipped is skops, which knows types of scikit-learn only.",
            hint="Build the model from scikit-learn's own estimators; save LightGBM and XGBoost with save_model. Else "
            "land `train: {allow_pickle: true}` first, which ships it raw, judged by its answers.",
        ) from error
    file = read_model(converted)
    columns = _golden_columns(said, config, contract)
    before, after = predictor.predict_pickled(content, columns), _answers(file, columns, predictor)
    cause = "The format does not hold all that the model is, such as the names of its classes."
    _refuse_other_answers(before, after, f"from a pickle to {file.format}", cause)
    return file


def _as_onnx(file: ModelFile, config: Config, contract: Contract | None, predictor: Predictor) -> ModelFile:
    columns = _golden_columns(predictor.describe(file.content, file.format), config, contract)
    content = predictor.convert_to_onnx(file.content, columns)
    try:
        converted = read_model(content)
    except IntegrityError as error:
        raise IntegrityError(
            "model-not-convertible",
            f"in ONNX the model would hold what mlci does not read: {error.problem.rpartition(': ')[2]}",
            cause="A step becomes a graph within the graph, or an operator that is not on mlci's list.",
            hint="Leave out train.convert: the model is shipped as skops.",
        ) from error
    before, after = _answers(file, columns, predictor), _answers(converted, columns, predictor)
    cause = (
        "ONNX computes in single precision: a value that lies at the threshold of a tree may fall on its other side."
    )
    _refuse_other_answers(before, after, f"from {file.format} to {converted.format}", cause)
    return converted


def _golden_columns(said: ModelDescription, config: Config, contract: Contract | None) -> Mapping[str, Column]:
    signature = build_signature(
        said.feature_names,
        said.n_features,
        said.classes,
        config,
        contract,
        estimator=said.estimator,
        has_probabilities=said.has_probabilities,
        labels=said.labels,
    )
    return golden_table(signature).columns


def _answers(file: ModelFile, columns: Mapping[str, Column], predictor: Predictor) -> Prediction:
    return predictor.predict(hashlib.sha256(file.content).hexdigest(), file.content, file.format, columns)


def _refuse_other_answers(before: Prediction, after: Prediction, how: str, cause: str) -> None:
    is_alike = before.classes == after.classes and before.values.shape == after.values.shape
    if not is_alike or not np.allclose(after.values, before.values, rtol=RELATIVE, atol=ABSOLUTE):
        raise IntegrityError(
            "conversion-differs",
            f"the model answers golden rows otherwise once it is converted {how}",
            cause=cause,
            hint="Save it in another format; `mlci package FILE` tells whether it can be read.",
        )
