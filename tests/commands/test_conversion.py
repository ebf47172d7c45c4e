from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.conversion import model_of
from mlci.commands.packaging import packaged
from mlci.errors import IntegrityError
from mlci.testing.predictor import PICKLED, model_file
from mlci.testing.runner import Script
from tests.commands.builders import COMMAND, a_project
from tests.core.configurations import a_config

if TYPE_CHECKING:
    from pathlib import Path


def test_train__converts_a_pickle_and_ships_only_the_result(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script({"model.skops": PICKLED + b"present"})
    files = project.train().candidate.package.files
    assert files["model.skops"] == model_file("present")
    assert not any(PICKLED + b"present" in content for content in files.values())


def test_train__a_conversion_that_changes_answers_is_refused(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.predictor.converted_to["present"] = "careless"
    project.runner.scripts[COMMAND] = Script({"model.skops": PICKLED + b"present"})
    with pytest.raises(IntegrityError) as caught:
        project.train()
    assert (caught.value.code, caught.value.problem) == (
        "conversion-differs",
        "the model answers golden rows otherwise once it is converted from a pickle to skops",
    )


def test_train__what_cannot_be_converted_is_named(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script({"model.skops": PICKLED + b"features.Ratio"})
    with pytest.raises(IntegrityError) as caught:
        project.train()
    assert (caught.value.code, caught.value.problem) == (
        "model-forbidden-type",
        "the pickle cannot be converted: it holds types that are not allowed: features.Ratio",
    )


def test_packaged__who_judges_reads_no_pickle(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    with pytest.raises(IntegrityError) as caught:
        packaged(PICKLED + b"present", a_config(), None, project.predictor)
    assert caught.value.code == "pickle-refused"


def test_model_of__another_format_is_read_as_it_is(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    assert model_of(model_file("present"), a_config(), None, project.predictor).content == model_file("present")
    assert project.predictor.asked == []
