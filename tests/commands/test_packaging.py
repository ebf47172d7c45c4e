from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.packaging import packaged
from mlci.core.config import read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from mlci.core.fitted_signature import assumption
from mlci.core.package import read_package
from mlci.errors import UsageError
from mlci.testing import ScriptedPredictor, model_file
from tests.commands.builders import CONTRACT, a_configuration, a_model

if TYPE_CHECKING:
    from mlci.core.package import Package

ASSUMED = assumption(None)


def package_of(*, knows_names: bool) -> Package:
    predictor = ScriptedPredictor({"model": replace(a_model(), knows_names=knows_names)})
    contract = read_model(CONTRACT.encode(), Contract, "cells.yaml")
    return packaged(model_file("model"), read_config(a_configuration().encode()), contract, predictor)


@pytest.mark.parametrize(("knows_names", "told"), [(True, None), (False, ASSUMED)])
def test_packaged__tells_what_was_assumed_of_columns_without_names(knows_names: bool, told: str | None) -> None:  # noqa: FBT001 - a case of the table
    assert package_of(knows_names=knows_names).assumption == told


def test_packaged__a_model_without_probabilities_is_refused() -> None:
    predictor = ScriptedPredictor({"model": replace(a_model(), has_probabilities=False, estimator="SVC")})
    with pytest.raises(UsageError) as caught:
        packaged(model_file("model"), read_config(a_configuration().encode()), None, predictor)
    assert (caught.value.code, caught.value.problem) == (
        "no-probabilities",
        "the model, a `SVC`, has no predict_proba",
    )


def test_packaged__the_card_of_a_model_without_names_says_so_too() -> None:
    package = package_of(knows_names=False)
    assert str(ASSUMED) in package.files["README.md"].decode()
    assert [item.name for item in package.info.signature.inputs] == ["radius", "texture"]
    assert read_package(package.files) == package
