from __future__ import annotations

import pytest

from mlci.commands.fitting import fitting_kept, fitting_training
from mlci.testing.predictor import PICKLED, REQUIREMENTS, ScriptedPredictor, model_file

OLDER = {"numpy": "1.26.4", "scikit-learn": "1.5.2", "flask": "3.0.0"}


def fitted(model: bytes, installed: dict[str, str]) -> list[dict[str, str]]:
    predictor = ScriptedPredictor({})
    fitting_training(model, installed, predictor)
    return predictor.fitted


@pytest.mark.parametrize("model", [model_file("any"), PICKLED + b"any"], ids=["skops", "pickle"])
def test_fitting_training__with_another_framework_takes_the_versions_of_the_training(model: bytes) -> None:
    assert fitted(model, OLDER) == [{"numpy": "1.26.4", "scikit-learn": "1.5.2"}]


def test_fitting_training__with_the_same_framework_takes_what_is_here() -> None:
    assert fitted(model_file("any"), OLDER | {"scikit-learn": REQUIREMENTS["scikit-learn"]}) == []


def test_fitting_training__of_which_nothing_is_known_takes_what_is_here() -> None:
    assert fitted(model_file("any"), {}) == []


def test_fitting_kept__takes_the_versions_that_the_model_was_asked_with() -> None:
    predictor = ScriptedPredictor({})
    kept = {**REQUIREMENTS, "scikit-learn": "1.5.2"}
    fitting_kept(model_file("any"), kept, predictor)
    fitting_kept(b"", {}, predictor)
    assert predictor.fitted == [kept]
