"""Scoring several quantiles at once: what children and files answer, what fits neither, and what a report says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typing_extensions import override

from mlci.commands.evaluation import evaluate
from mlci.commands.installed import Installed
from mlci.commands.packaging import packaged
from mlci.commands.verify import verify_package
from mlci.core.config import read_config
from mlci.core.fitted_signature import assumption, build_signature
from mlci.core.gates import Outcome
from mlci.core.package import Signature, build_package
from mlci.core.report import Conclusion
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import IntegrityError, MlciError, UsageError
from mlci.formats.archive import digest, pack
from mlci.formats.program_archive import read_program
from mlci.render.markdown import comment
from mlci.render.terminal import report_text
from mlci.testing import MemoryData, MemoryTree, ScriptedModel, ScriptedPredictor, model_file
from tests.commands.builders import a_configuration, refused
from tests.commands.test_evaluation_tasks import SIZE, Scoring
from tests.commands.test_programs import a_program_project, package_of
from tests.commands.test_stated import OF_PREDICTIONS, a_project_of_predictions, answers

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.signature import ModelClass
    from mlci.testing.predictor import Columns
    from tests.commands.builders import Project
    from tests.conftest import Golden

LEVELS = (0.1, 0.5, 0.9)
NAMES = tuple(map(str, LEVELS))
ROWS = 300
# Outcomes lie evenly about their row, so that its quantiles are known.
OFFSETS = (np.arange(ROWS) * 37 % 100 - 49.5) / 50


def rows_of(extra: str = "") -> bytes:
    lines = [f"{row},{row},{row + offset:.6f}" for row, offset in enumerate(OFFSETS.tolist())]
    return "\n".join(["id,size,stage", *lines, extra]).encode()


def quantiles(width: float, *, columns: tuple[int, ...] = (0, 1, 2)) -> ScriptedModel:
    """Return a model whose quantiles lie so far apart; right is 0.8. COLUMNS is the order of its answers."""

    def answer(given: Columns) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        row = given["size"].astype(float)
        return np.column_stack([row - width, row, row + width])[:, list(columns)]

    return ScriptedModel(("size",), answer, None, has_probabilities=False, estimator="MultiOutputRegressor")


@dataclass
class QuantileScoring(Scoring):
    """An evaluation set of numbers, and models that answer quantiles."""

    more: str = ", quantiles: [0.1, 0.5, 0.9]"
    levels: tuple[float, ...] = LEVELS

    @override
    def package(self, name: str, classes: tuple[ModelClass, ...] = (), version: str | None = None) -> Installed:
        signature = Signature(inputs=(SIZE,), classes=classes, quantiles=self.levels)
        package = build_package(model_file(name), "Any", signature, {"skops": "0.13.0"}, read_config(self.written()))
        return Installed(package, digest(pack(package.files)), version)


@pytest.fixture
def scoring(tmp_path: Path) -> QuantileScoring:
    models = {"good": quantiles(0.8), "wide": quantiles(3.0), "crossing": quantiles(0.8, columns=(2, 1, 0))}
    gates = (
        "{metric: crps, require: not_worse, margin: 0.02}",
        "{metric: pinball@0.9, require: not_worse, margin: 5%}",
        "{metric: crps, require: ceiling, value: 0.5}",
    )
    return QuantileScoring(tmp_path, "quantile", rows_of(), models, gates)


def test_quantiles__both_models_on_the_same_rows(scoring: QuantileScoring) -> None:
    verdict = scoring.verdict(scoring.package("good"), scoring.package("wide", version="v1.0.0"))
    assert verdict.outcome is Outcome.PASS
    missed = OFFSETS[:, None] - 0.8 * np.array([-1, 0, 1])
    expected = 2 * np.where(missed >= 0, np.array(LEVELS) * missed, (np.array(LEVELS) - 1) * missed).mean()
    assert verdict.results[0].candidate == pytest.approx(expected, abs=1e-6)  # the file has six places


def test_quantiles__a_worse_candidate_fails(scoring: QuantileScoring) -> None:
    verdict = scoring.verdict(scoring.package("wide"), scoring.package("good", version="v1.0.0"))
    assert [each.outcome for each in verdict.results] == [Outcome.FAIL, Outcome.FAIL, Outcome.FAIL]
    assert (verdict.flips, verdict.positives) == (None, None)


def test_quantiles__that_cross_are_scored_and_named(scoring: QuantileScoring) -> None:
    assert scoring.verdict(scoring.package("good")).notes == ()
    verdict = scoring.verdict(scoring.package("crossing"), scoring.package("good", version="v1.0.0"))
    sentence = (
        "the quantiles of the candidate cross in 300 of 300 rows, a lower one above a higher one: sort them within "
        "each row, or look at the order of `evaluate.quantiles`"
    )
    assert (verdict.notes, verdict.outcome) == ((sentence,), Outcome.FAIL)


def told(scoring: QuantileScoring, name: str) -> MlciError:
    with pytest.raises(MlciError) as caught:
        scoring.verdict(scoring.package(name))
    return caught.value


@pytest.mark.parametrize("columns", [(0, 1), (0, 1, 2, 2)])
def test_quantiles__a_signature_that_lies_about_them(scoring: QuantileScoring, columns: tuple[int, ...]) -> None:
    scoring.models["other"] = quantiles(0.8, columns=columns)
    error = told(scoring, "other")
    assert (type(error), error.code) == (IntegrityError, "signature-differs")


def test_quantiles__of_a_model_of_one_number(scoring: QuantileScoring) -> None:
    scoring.models["one"] = ScriptedModel(("size",), lambda given: given["size"] / 2, None)
    assert told(scoring, "one").code == "signature-differs"


def test_quantiles__a_candidate_that_lacks_one(scoring: QuantileScoring) -> None:
    scoring.levels = (0.1, 0.9)
    error = told(scoring, "good")
    assert (error.code, error.problem) == (
        "quantiles-differ",
        "the candidate does not answer the quantile `0.5`, which the rules judge by",
    )


@pytest.mark.parametrize(
    ("more", "levels", "problem"),
    [
        (", quantiles: [0.1, 0.5, 0.9]", (0.1, 0.9), "production v1.0.0 does not answer the quantile `0.5`"),
        (", quantiles: [0.1, 0.5, 0.9]", (), "production v1.0.0 does not answer the quantile `0.1`"),
        ("", LEVELS, "production v1.0.0 does not answer a single number"),
    ],
)
def test_quantiles__production_that_answers_others(
    scoring: QuantileScoring, more: str, levels: tuple[float, ...], problem: str
) -> None:
    scoring.more, scoring.gates = more, ("{metric: pinball@0.9, require: not_worse}",)
    scoring.models["one"] = ScriptedModel(("size",), lambda given: given["size"] / 2, None)
    scoring.levels = levels
    production = scoring.package("good", version="v1.0.0")
    scoring.levels = LEVELS if more else ()
    verdict = scoring.verdict(scoring.package("good" if more else "one"), production)
    assert (verdict.outcome, verdict.not_comparable) == (Outcome.NOT_COMPARABLE, problem)


def test_signature__takes_the_levels_of_the_configuration(scoring: QuantileScoring) -> None:
    found = build_signature(("size",), 1, None, read_config(scoring.written()), None)
    assert found.quantiles == LEVELS
    assert assumption(("size",), found) == (
        "The model does not know which quantiles it answers: they are taken to be those of evaluate.quantiles, in that "
        "order; their number fits, their order nothing can check."
    )


@pytest.mark.parametrize(
    ("columns", "task", "more", "code", "problem"),
    [
        ((0, 1), "quantile", ", quantiles: [0.1, 0.5, 0.9]", "quantiles-differ",
         "the model answers 2 numbers a row, and evaluate.quantiles names 3"),
        ((0, 1, 2), "regression", "", "several-numbers",
         "the model answers 3 numbers a row; this regression task asks for one"),
    ],
)  # fmt: skip
def test_packaged__a_model_of_another_number_of_numbers(
    scoring: QuantileScoring, columns: tuple[int, ...], task: str, more: str, code: str, problem: str
) -> None:
    scoring.models["other"], scoring.task, scoring.more = quantiles(0.8, columns=columns), task, more
    scoring.gates = ("{metric: pinball@0.9, require: not_worse}",)
    with pytest.raises(UsageError) as caught:
        packaged(model_file("other"), read_config(scoring.written()), None, ScriptedPredictor(scoring.models))
    assert (caught.value.code, caught.value.problem) == (code, problem)


def test_packaged__its_card_and_loader_name_the_quantiles(scoring: QuantileScoring) -> None:
    predictor = ScriptedPredictor(scoring.models)
    package = packaged(model_file("good"), read_config(scoring.written()), None, predictor)
    assert b"1 inputs, the quantiles 0.1, 0.5, 0.9 of a number." in package.files["README.md"]
    assert b'f"quantile_{level}"' in package.files["mlci_model.py"]
    assert verify_package(Installed(package, "0" * 64), "here", predictor)[1].result.startswith("answers 16")


OF_QUANTILES = {
    "model": "{name: tumour, task: quantile}",
    "data": "{cells: {path: data/cells.csv}, holdout: {path: data/rows.csv}}",
    "evaluate": "{data: holdout, id: id, label: stage, quantiles: [0.1, 0.5, 0.9]}",
}
GATES = (
    "{metric: crps, require: not_worse, margin: 0.02}",
    "{metric: pinball@0.9, require: not_worse, margin: 5%}",
    "{metric: pinball@0.1, require: ceiling, value: 0.3}",
)


def answers_of(width: float, *, crossing: int = 0) -> bytes:
    widths = [width if row >= crossing else -width for row in range(ROWS)]
    lines = [f"{row},{row + each},{row},{row - each}" for row, each in enumerate(widths)]
    return "\n".join(["id,quantile_0.9,quantile_0.5,quantile_0.1", *lines, ""]).encode()


def hands_in(place: Path, content: bytes, **changes: str) -> Project:
    """Return a project that hands in quantiles, landed with the rows that they are for."""
    project = a_project_of_predictions(place, content, *GATES, **(OF_QUANTILES | changes))
    project.write(data__rows_csv=rows_of().decode())
    project.land("Rows")
    return project


def test_check__quantiles_of_a_model_that_stays_elsewhere(tmp_path: Path, golden: Golden) -> None:
    project = hands_in(tmp_path, answers_of(0.8))
    project.train()
    project.promote()
    answers(project, answers_of(3.0, crossing=60))
    report = project.check()
    assert report.conclusion is Conclusion.FAIL
    golden("comment/quantiles.md", comment(report))
    golden("terminal/quantiles.txt", report_text(report))
    assert report.to_dict()["notes"] == list(report.verdict.notes if report.verdict else ())


def test_check__a_gate_on_a_quantile_of_head_s_own_waits_for_the_merge(tmp_path: Path) -> None:
    project = hands_in(tmp_path, answers_of(0.8))
    project.train()
    project.promote()
    more = OF_QUANTILES["evaluate"].replace("0.9]", "0.9, 0.95]")
    changed = OF_QUANTILES | {"train": OF_PREDICTIONS, "evaluate": more}
    project.write(mlci_yaml=a_configuration(*GATES, "{metric: pinball@0.95, require: ceiling, value: 1}", **changed))
    lines = [f"{row},{row - 0.8},{row},{row + 0.8},{row + 0.9}" for row in range(ROWS)]
    answers(project, "\n".join(["id,quantile_0.1,quantile_0.5,quantile_0.9,quantile_0.95", *lines]).encode())
    report = project.check()
    assert [each.sentence for each in report.changes] == [
        "adds the gate `pinball@0.95` ceiling 1, a quantile that the target branch does not list",
        "changes `evaluate.quantiles`: 0.1, 0.5, 0.9 → 0.1, 0.5, 0.9, 0.95",
    ]
    assert report.verdict is not None
    assert [each.metric for each in report.verdict.results] == ["crps", "pinball@0.9", "pinball@0.1"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"quantile_0.5", b"quantile_0.50", "answers.csv has no column `quantile_0.5`"),
        (b"\n0,0.8,", b"\n0,inf,", "answers.csv cannot be used: row 1 has no finite number"),
    ],
)
def test_train__quantiles_that_are_none(tmp_path: Path, old: bytes, new: bytes, problem: str) -> None:
    error = refused(hands_in(tmp_path, answers_of(0.8).replace(old, new)), "train")
    assert (error.code, error.problem) == ("predictions-unusable", problem)


def test_train__quantiles_under_names_of_their_own(tmp_path: Path) -> None:
    named = OF_QUANTILES["evaluate"].replace("0.9]", '0.9], prediction: "q(*)"')
    content = answers_of(0.8)
    for name in NAMES:
        content = content.replace(f"quantile_{name}".encode(), f"q({name})".encode())
    project = hands_in(tmp_path, content, evaluate=named)
    assert project.train().candidate.package.info.signature.quantiles == LEVELS


def test_evaluate__handed_in_quantiles_where_one_number_is_asked(tmp_path: Path) -> None:
    project = hands_in(tmp_path, answers_of(0.8))
    installed = Installed(project.train().candidate.package, "0" * 64)
    config = a_configuration(
        "{metric: pinball@0.9, require: not_worse}",
        train="{run: python train.py, data: [cells], predictions: answers.csv}",
        model="{name: tumour, task: quantile}",
        data=OF_QUANTILES["data"],
        evaluate="{data: holdout, id: id, label: stage}",
    )
    rules, _ = effective(None, Side(read_config(config.encode()), {}))
    with pytest.raises(UsageError) as caught:
        evaluate(
            rules,
            rows_from=MemoryTree({"data/rows.csv": rows_of()}),
            candidate=installed,
            production=None,
            data=MemoryData(),
            predictor=ScriptedPredictor({}),
            objects=tmp_path,
        )
    assert (caught.value.code, caught.value.problem, caught.value.cause, caught.value.hint) == (
        "quantiles-differ",
        "the candidate answers several quantiles, and the rules judge by a single number",
        "evaluate.quantiles is a rule, read from the target branch, which lists none; this branch adds it.",
        "Land evaluate.quantiles first, then the model; or answer one number a row.",
    )


def test_train__a_program_that_answers_quantiles(tmp_path: Path) -> None:
    def answer(columns: Columns) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        radius = np.asarray(columns["radius"], dtype=np.float64)
        return np.column_stack([radius - 1, radius + 1])

    project = a_program_project(
        tmp_path,
        "{metric: crps, require: not_worse, margin: 0.05}",
        trains="quantiles",
        model="{name: tumour, task: quantile}",
        evaluate="{data: holdout, id: id, label: texture, quantiles: [0.1, 0.9]}",
    )
    project.predictor.models["quantiles"] = ScriptedModel(("radius", "malignant"), answer, None)
    package = package_of(project)
    assert package.info.signature.quantiles == (0.1, 0.9)
    assert read_program(package.model).info.quantiles == (0.1, 0.9)
    assert b'about["quantiles"]' in package.files["mlci_model.py"]
    assert verify_package(Installed(package, "0" * 64), "here", project.predictor)[1].result.startswith("answers 16")
