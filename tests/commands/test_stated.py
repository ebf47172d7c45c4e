"""The evidence level `predictions`: training hands in what its model answers, and the model stays elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.installed import Installed
from mlci.commands.predict import predict
from mlci.commands.stated import stated
from mlci.commands.verify import verify_registry, worst
from mlci.core.gates import Outcome
from mlci.core.package import read_package
from mlci.core.predictions import read_predictions
from mlci.core.report import Conclusion
from mlci.core.submission import Submission
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.formats.archive import digest, pack, unpack
from mlci.testing import Script
from tests.commands.builders import (
    COMMAND,
    MODEL,
    Project,
    a_configuration,
    a_project,
    a_released_project,
    refused,
    some_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

OF_PREDICTIONS = f"{{run: {COMMAND}, data: [cells], params: params.yaml, predictions: answers.csv}}"
OF_A_MODEL = f"{{run: {COMMAND}, data: [cells], params: params.yaml, model: model.skops}}"
NOT_COMPARABLE_BLOCKS = "on_inconclusive: {pull_request: block}"


def some_answers(*wrong_at: int, rows: Iterable[int] = range(200), edits: Mapping[int, str] | None = None) -> bytes:
    """Return what the model of the same name in `builders` answers, as CSV, with some lines written otherwise."""
    lines = [f"{row},{0.9 if (row % 2 == 1) != (row // 2 % 10 in wrong_at) else 0.1}" for row in rows]
    for place, text in (edits or {}).items():
        lines[place] = text
    return "\n".join(["id,probability", *lines, ""]).encode()


def answers(project: Project, content: bytes, path: str = "answers.csv") -> None:
    """Let the training code, changed, leave these answers."""
    project.write(train_py=f"# answers {digest(content)}\n")
    project.runner.scripts[COMMAND] = Script({path: content})


def a_project_of_predictions(place: Path, content: bytes, *gates: str, extra: str = "", **changes: str) -> Project:
    project = a_project(place, *gates, extra=extra, **({"train": OF_PREDICTIONS} | changes))
    answers(project, content)
    project.land("Predict")
    return project


def a_released_one(place: Path, content: bytes | None = None, extra: str = "") -> Project:
    """Return a project whose predictions, as good as those of `present`, are in production as v1.0.0."""
    project = a_project_of_predictions(place, content or some_answers(0), extra=extra)
    project.train()
    project.promote()
    return project


def test_check__scores_predictions_and_asks_no_model(tmp_path: Path) -> None:
    project = a_project_of_predictions(tmp_path, some_answers(0))
    report = project.check()
    assert report.conclusion is Conclusion.FIRST
    assert project.predictor.asked == []
    assert report.trust.line == (
        "rules from this branch, since the target branch has no `mlci.yaml` yet"
        if not report.trust.has_base
        else "rules, evaluation rows and labels from the target branch"
    ) + (
        " · predicted by the pull request's own job, scored by mlci (evidence level `predictions`) · the labels lie in "
        "the repository, so predictions could have been made from them · no token"
    )


def test_check__the_same_numbers_as_of_the_model(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    of_model = a_released_project(tmp_path / "a")
    of_model.trains("careless")
    of_answers = a_released_one(tmp_path / "b")
    answers(of_answers, some_answers(0, 1, 2, 3))
    verdicts = [project.check().verdict for project in (of_model, of_answers)]
    assert (
        next(verdict and [each.to_dict() for each in verdict.results] for verdict in verdicts)
        == [verdict and [each.to_dict() for each in verdict.results] for verdict in verdicts][1]
    )


def test_check__is_paired_with_the_predictions_in_production(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    answers(project, some_answers(0, 1, 2, 3))
    report = project.check()
    assert report.conclusion is Conclusion.FAIL
    assert report.verdict is not None
    assert next((each.metric, each.production, each.candidate) for each in report.verdict.results) == (
        "accuracy", 0.9, 0.6,
    )  # fmt: skip


def test_check__equal_predictions_are_the_same_model(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(params_yaml="C: 2\n")
    report = project.check()
    assert report.conclusion is Conclusion.PASS
    assert report.verdict is not None
    assert report.verdict.results[0].outcome is Outcome.PASS


def test_report__and_promotion_read_the_package_alone(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.repository.switch("change")
    answers(project, some_answers())
    project.repository.commit("Better answers")
    project.train()
    judged, _ = project.report()
    assert judged.conclusion is Conclusion.PASS
    project.repository.switch("main")
    answers(project, some_answers())
    project.land("Better answers")
    project.train()
    assert project.promote().version == "v1.1.0"
    package = project.work.submission()
    assert package is not None
    assert sorted(unpack(package.archive)) == [
        "README.md", "contract.json", "manifest.json", "package.json", "predictions.jsonl", "requirements.txt",
    ]  # fmt: skip


def test_train__tells_where_the_rows_lie_that_answers_are_for(tmp_path: Path) -> None:
    project = a_project_of_predictions(tmp_path, some_answers())
    project.train()
    (run,) = project.runner.runs
    folder = project.repository.folder
    assert run.variables == {
        "MLCI_DATA_CELLS": f"{folder}/data/cells.csv",
        "MLCI_DATA_HOLDOUT": f"{folder}/data/holdout.csv",
        "MLCI_PARAMS": f"{folder}/params.yaml",
        "MLCI_OUTPUT": f"{folder}/answers.csv",
        "MLCI_SEED": "0",
    }


def test_train__predicts_anew_where_the_evaluation_set_changed(tmp_path: Path) -> None:
    project = a_project_of_predictions(tmp_path, some_answers(rows=range(210)))
    assert project.train().training.outcome == "trained"
    assert project.train().training.outcome == "reused"
    project.write(data__holdout_csv=some_rows(210))
    assert project.train().training.outcome == "trained"


def test_check__rows_that_base_does_not_have_yet_are_answered_ahead(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.repository.switch("change")
    project.write(data__holdout_csv=some_rows(210))
    answers(project, some_answers(0, rows=range(210)))
    report = project.check()
    assert (report.conclusion, report.verdict and report.verdict.rows) == (Conclusion.PASS, 200)


def test_check__rows_of_base_without_an_answer(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    answers(project, some_answers(0, rows=range(3, 200)))
    error = refused(project, "check")
    assert (type(error), error.code) == (IntegrityError, "predictions-incomplete")
    assert error.problem == "3 of 200 rows of the evaluation set have no prediction"


def test_check__production_knows_too_few_rows(tmp_path: Path) -> None:
    project = a_released_one(tmp_path, extra=NOT_COMPARABLE_BLOCKS)
    project.write(data__holdout_csv=some_rows(210))
    project.land("More rows")
    answers(project, some_answers(0, rows=range(210)))
    report = project.check()
    assert (report.conclusion, report.exit_code) == (Conclusion.NOT_COMPARABLE, 3)
    assert report.headline == (
        "Nothing could be compared: production v1.0.0 has no prediction for 10 of the 210 rows, and its model is not "
        "in its package."
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (some_answers(edits={4: "3,0.1"}), "the id of row 4 stands in another row, too"),
        (some_answers(edits={4: ",0.1"}), "row 5 has no id, or one that is very long"),
        (some_answers(edits={4: "4,"}), "row 5 has no finite number"),
        (some_answers(edits={4: "4,nan"}), "row 5 has no finite number"),
        (some_answers(edits={4: "4,1.01"}), "row 5 has a probability outside of 0 to 1"),
    ],
)
def test_train__answers_that_cannot_be_scored(tmp_path: Path, content: bytes, problem: str) -> None:
    error = refused(a_project_of_predictions(tmp_path, content), "train")
    assert (type(error), error.code) == (IntegrityError, "predictions-unusable")
    assert error.problem == f"answers.csv cannot be used: {problem}"


@pytest.mark.parametrize(
    ("header", "absent", "hint"),
    [
        ("id,score", "probability", "Rename one that it has, or let evaluate.prediction name it: id, score"),
        ("row,probability", "id", "Rename one that it has: row, probability"),
        ("id,probabilty", "probability", "Did you mean `probabilty`?"),
    ],
)
def test_train__answers_without_a_column(tmp_path: Path, header: str, absent: str, hint: str) -> None:
    error = refused(
        a_project_of_predictions(tmp_path, some_answers().replace(b"id,probability", header.encode())), "train"
    )
    assert (type(error), error.code) == (RejectedError, "predictions-unusable")
    assert error.problem == f"answers.csv has no column `{absent}`"
    assert (error.cause, error.hint) == ("Answers of a binary task have the columns id, probability.", hint)


def test_train__no_answers(tmp_path: Path) -> None:
    project = a_project_of_predictions(tmp_path, b"")
    project.runner.scripts[COMMAND] = Script({})
    error = refused(project, "train")
    assert error.problem == "`python train.py` ended well and left no `answers.csv`"
    assert (error.cause, error.hint) == (
        "The script writes to another place than train.predictions says.",
        'answers.to_csv("answers.csv", index=False)',
    )


def test_train__answers_that_were_made_elsewhere(tmp_path: Path) -> None:
    project = a_project(tmp_path, train="{predictions: answers.csv}")
    project.write(answers_csv=some_answers())
    assert project.train().training.outcome == "brought in"


def test_check__lowering_the_level_is_named_and_refused(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(train=OF_PREDICTIONS))
    answers(project, some_answers())
    error = refused(project, "check")
    assert (type(error), error.code) == (UsageError, "level-lowered")
    assert error.problem == "the candidate is handed in as predictions, and the rules ask for the model"


def test_promote__lowering_the_level_waits_until_it_is_the_rule(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(train=OF_PREDICTIONS))
    answers(project, some_answers())
    project.land("Hand in predictions")
    project.train()
    assert refused(project, "promote").code == "level-lowered"
    answers(project, some_answers(edits={0: "0,0.2"}))
    before = project.repository.head()
    project.land("Hand in others")
    project.train()
    assert project.promote(base=before).version == "v2.0.0"


def test_check__predictions_beside_a_model_in_production(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(train=OF_PREDICTIONS))
    project.land("Hand in predictions from now on")
    answers(project, some_answers(0, 1, 2, 3))
    report = project.check()
    assert report.conclusion is Conclusion.FAIL
    assert [question.rows for question in project.predictor.asked] == [200]


def test_check__raising_the_level_is_judged_as_what_it_is(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(mlci_yaml=a_configuration(train=OF_A_MODEL))
    project.trains("careless")
    report = project.check()
    assert (report.conclusion, report.trust.level) == (Conclusion.FAIL, "model")
    assert [change.to_dict() for change in report.changes] == [
        {
            "subject": "train",
            "direction": "tighter",
            "sentence": "raises the evidence level: predictions → model",
            "effect": "checked in addition",
        }
    ]


def forged(project: Project, content: bytes) -> None:
    """Let the artifact hold a package with other predictions, its manifest as it should be."""
    submission = project.work.submission()
    assert submission is not None
    package = read_package(unpack(submission.archive))
    files = {**package.files, "predictions.jsonl": content}
    manifest = files["manifest.json"].decode()
    before, after = (digest(each).removeprefix("sha256:") for each in (package.model, content))
    files["manifest.json"] = manifest.replace(before, after).encode()
    project.work.submit(Submission(submission.record, pack(files)), package)


@pytest.mark.parametrize("line", [b'["0",NaN]', b'["0",0.9,0.9]', b'["0",2.0]', b'["1",0.1]', b'["0"'])
def test_report__believes_no_package(tmp_path: Path, line: bytes) -> None:
    project = a_released_one(tmp_path)
    project.repository.switch("change")
    answers(project, some_answers())
    project.repository.commit("Better answers")
    package = project.train().candidate.package
    forged(project, package.model.replace(b'["0",0.1]', line))
    error = refused(project, "report")
    assert (type(error), error.code) == (IntegrityError, "predictions-malformed")


def test_verify__looks_at_the_answers(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    checked = verify_registry(
        MODEL, None,
        repository=project.repository, registry=project.registry, stores=[(None, project.store)],
        predictor=project.predictor,
    )  # fmt: skip
    assert worst(checked) is None
    assert [each.result for each in checked][
        -1
    ] == "holds predictions of a model that is elsewhere, each a finite number"


def test_predict_and_deploy__need_the_model_itself(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    package = read_package(unpack(project.store.archives[project.production.package_sha256]))
    rows = tmp_path / "rows.csv"
    rows.write_bytes(some_rows(3))
    with pytest.raises(UsageError) as caught:
        predict(Installed(package, "0" * 64), rows, data=project.data, predictor=project.predictor)
    assert (caught.value.code, refused(project, "deploy").code) == ("no-model-inside", "no-model-inside")
    assert project.target.current() is None


def test_requirements__there_are_none(tmp_path: Path) -> None:
    project = a_project_of_predictions(tmp_path, some_answers())
    project.write(requirements_txt="numpy==2.2.0\n")
    assert project.train().candidate.package.files["requirements.txt"] == b""


def test_card__says_that_the_model_is_not_there(tmp_path: Path) -> None:
    card = a_project_of_predictions(tmp_path, some_answers()).train().candidate.package.files["README.md"].decode()
    assert card == (
        "# tumour\n\nWhat a model for a binary task answered, positive class `1`, decided positive from 0.5; the model "
        "is not in here.\n\nOwners: @acme/diagnostics\n"
    )


@pytest.mark.parametrize(
    ("task", "rows", "content", "metric"),
    [
        ("regression", "id,y\na,1\nb,2\n", "id,prediction\nb,2.5\na,1\n", "mae"),
        (
            "multiclass",
            "id,y\na,1\nb,2\n",
            "id,probability_2,probability_1,probability_3\nb,0.7,0.2,0.1\na,0.1,0.8,0.1\n",
            "accuracy",
        ),
    ],
)
def test_train__answers_of_other_tasks(tmp_path: Path, task: str, rows: str, content: str, metric: str) -> None:
    project = a_project_of_predictions(
        tmp_path,
        content.encode(),
        f"{{metric: {metric}, require: {'floor' if metric == 'accuracy' else 'ceiling'}, value: 0.5}}",
        model=f"{{name: tumour, task: {task}}}",
        data="{cells: {path: data/cells.csv}, holdout: {path: data/rows.csv}}",
        evaluate="{data: holdout, id: id, label: y}",
    )
    project.write(data__rows_csv=rows)
    project.land("Rows")
    report = project.check()
    assert report.verdict is not None
    assert report.verdict.results[0].candidate == {"mae": 0.25, "accuracy": 1.0}[metric]


@pytest.mark.parametrize(
    ("model", "evaluate", "content", "ours"),
    [
        (
            "binary",
            "label: malignant, positive: 1, prediction: y_hat",
            "id,probability,y_hat\n{},9,0.5\n",
            "probability",
        ),
        ("regression", "label: texture, prediction: Score (%)", "Score (%),id\n2.5,{}\n", "prediction"),
        (
            "multiclass",
            'label: malignant, prediction: "p(*)"',
            "id,p(a),p(b),p()\n{},0.25,0.75,9\n",
            "probability_a probability_b",
        ),
    ],
)
def test_train__answers_that_are_called_otherwise(
    tmp_path: Path, model: str, evaluate: str, content: str, ours: str
) -> None:
    project = a_project_of_predictions(
        tmp_path,
        content.format("a1").encode(),
        "{metric: churn, require: ceiling, value: 0.5}"
        if model != "regression"
        else "{metric: mae, require: ceiling, value: 9}",
        model=f"{{name: tumour, task: {model}}}",
        evaluate=f"{{data: holdout, id: id, {evaluate}}}",
    )
    package = project.train().candidate.package
    assert read_predictions(package.model, package.info.task).columns == tuple(ours.split())
    assert b"y_hat" not in package.model


@pytest.mark.parametrize(
    ("said", "header", "problem", "hint"),
    [
        ("y_hat", "id,yhat", "answers.csv has no column `y_hat`", "Did you mean `yhat`?"),
        (
            "y_hat",
            "id,probability",
            "answers.csv has no column `y_hat`",
            "Rename one that it has, or let evaluate.prediction name it: id, probability",
        ),
    ],
)
def test_train__no_column_is_called_as_was_said(
    tmp_path: Path, said: str, header: str, problem: str, hint: str
) -> None:
    content = some_answers().replace(b"id,probability", header.encode())
    of = f"{{data: holdout, id: id, label: malignant, positive: 1, prediction: {said}}}"
    error = refused(a_project_of_predictions(tmp_path, content, evaluate=of), "train")
    assert (error.code, error.problem, error.hint) == ("predictions-unusable", problem, hint)
    assert error.cause == f"Answers of a binary task have the columns id, {said}, as evaluate.prediction says."


def test_check__what_answers_are_called_is_heads_own(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    evaluate = "{data: holdout, id: id, label: malignant, positive: 1, prediction: y_hat}"
    project.write(mlci_yaml=a_configuration(train=OF_PREDICTIONS, evaluate=evaluate))
    answers(project, some_answers(0).replace(b"id,probability", b"id,y_hat"))
    report = project.check()
    assert (report.conclusion, report.changes) == (Conclusion.PASS, ())


def test_stated__classes_that_are_unknown_have_no_probability(tmp_path: Path) -> None:
    project = a_project_of_predictions(
        tmp_path,
        b"id,probability_b,probability_a\n1,0.2,0.7999\n",
        "{metric: accuracy, require: floor, value: 0.5}",
        model="{name: tumour, task: multiclass}",
        evaluate="{data: holdout, id: id, label: malignant}",
    )
    candidate = project.train().candidate
    found = stated(Installed(candidate.package, candidate.sha256), ["1"], ["a", "b", "c"])
    assert found.shape == (1, 3)
    np.testing.assert_allclose(found, [[0.79998, 0.20002, 0.0]], atol=1e-5)
