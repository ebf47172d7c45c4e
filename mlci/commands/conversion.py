"""What people have is a pickle: the job that trains converts it, compares the answers, and ships only the result."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.golden import ABSOLUTE, RELATIVE, golden_table
from mlci.core.package import build_signature
from mlci.errors import IntegrityError
from mlci.formats.model_file import read_model
from mlci.formats.recognition import is_pickle

if TYPE_CHECKING:
    from mlci.commands.ports import Predictor
    from mlci.core.config import Config
    from mlci.core.contract import Contract
    from mlci.formats.model_file import ModelFile


def model_of(content: bytes, config: Config, contract: Contract | None, predictor: Predictor) -> ModelFile:
    """Return the model in CONTENT in the one form of its format; a pickle is converted first.

    Raises IntegrityError `model-forbidden-type` with what cannot be converted, `conversion-differs`, and what
    `read_model` raises. For the job that trains alone: who judges calls `read_model`, which refuses pickles.
    """
    if not is_pickle(content):
        return read_model(content)
    try:
        converted, said = predictor.convert(content)
    except IntegrityError as error:
        if error.code != "model-forbidden-type":
            raise
        raise IntegrityError(
            error.code,
            error.problem.replace("the model holds", "the pickle cannot be converted: it holds"),
            cause="A pickle runs what it names, so what is shipped is skops, which knows types of scikit-learn only.",
            hint="Build the model from scikit-learn's own estimators; save LightGBM and XGBoost with save_model.",
        ) from error
    file = read_model(converted)
    signature = build_signature(
        said.feature_names,
        said.n_features,
        said.classes,
        config,
        contract,
        estimator=said.estimator,
        has_probabilities=said.has_probabilities,
    )
    columns = golden_table(signature).columns
    before = predictor.predict_pickled(content, columns)
    after = predictor.predict(hashlib.sha256(file.content).hexdigest(), file.content, file.format, columns)
    is_alike = before.classes == after.classes and before.values.shape == after.values.shape
    if not is_alike or not np.allclose(after.values, before.values, rtol=RELATIVE, atol=ABSOLUTE):
        raise IntegrityError(
            "conversion-differs",
            f"the model answers golden rows otherwise once it is converted from a pickle to {file.format}",
            cause="The format does not hold all that the model is, such as the names of its classes.",
            hint="Save it in another format; `mlci package FILE` tells whether it can be read.",
        )
    return file
