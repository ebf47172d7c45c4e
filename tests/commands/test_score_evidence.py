"""The evidence level `scores`: training hands in a number for each row and metric, and nothing is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.compare import compare
from mlci.core.gates import Outcome
from mlci.core.report import Conclusion
from mlci.core.statistics.quantiles import t_quantile
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError
from mlci.formats.archive import digest, unpack
from mlci.testing import FakeRunsBranch, Script
from tests.commands.builders import COMMAND, Project, a_configuration, a_project, a_released_project, refused, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.core.report import Report

    Floats = NDArray[np.float64]

OF_SCORES = {
    "train": f"{{run: {COMMAND}, data: [cells], scores: scores.csv}}",
    "evaluate": "{data: holdout, id: id}",
}
NOT_WORSE = "{metric: score@help, require: not_worse, margin: 0.05}"
CEILING = "{metric: loss@cost, require: ceiling, value: 3}"
UNUSABLE = "scores.csv cannot be used: "
HELP = 0.5 + np.sin(np.arange(200)) / 4
COST = 2 + np.cos(np.arange(200)) / 4


def some_scores(
    help_: NDArray[np.float64] = HELP, cost: NDArray[np.float64] = COST, columns: str = "help,cost"
) -> bytes:
    lines = [f"{row},{float(one)!r},{float(other)!r}" for row, (one, other) in enumerate(zip(help_, cost, strict=True))]
    return "\n".join([f"id,{columns}", *lines, ""]).encode()


def scores(project: Project, content: bytes) -> None:
    """Let the training code, changed, leave these scores."""
    project.write(train_py=f"# scores {digest(content)}\n")
    project.runner.scripts[COMMAND] = Script({"scores.csv": content})


def a_project_of_scores(place: Path, content: bytes, *gates: str, **changes: str) -> Project:
    project = a_project(place, *(gates or (NOT_WORSE, CEILING)), **(OF_SCORES | changes))
    scores(project, content)
    project.land("Score")
    return project


def a_released_one(place: Path, *gates: str, extra: str = "", **changes: str) -> Project:
    project = a_project_of_scores(place, some_scores(), *gates, **({"extra": extra} | changes))
    project.train()
    project.promote()
    return project


def outcomes(report: Report) -> list[str]:
    assert report.verdict is not None
    return [str(result.outcome) for result in report.verdict.results]


def test_check__without_a_label_and_without_a_model(tmp_path: Path) -> None:
    project = a_project_of_scores(tmp_path, some_scores())
    report = project.check()
    assert (report.conclusion, project.predictor.asked) == (Conclusion.FIRST, [])
    assert report.trust.line == (
        "rules and evaluation rows from the target branch · scored by the pull request's own job, as submitted "
        "(evidence level `scores`) · no token"
    )
    assert report.verdict is not None
    assert (report.verdict.flips, report.verdict.positives, report.verdict.rows) == (None, None, 200)


def test_check__a_paired_t_on_the_rows(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    change = -0.03 + np.sin(7 * np.arange(200)) / 50
    scores(project, some_scores(HELP + change))
    report = project.check()
    assert report.verdict is not None
    interval = report.verdict.results[0].interval
    assert interval is not None
    half = t_quantile(0.95, 199) * change.std(ddof=1) / np.sqrt(200)
    np.testing.assert_allclose(
        [interval.estimate, interval.lower, interval.upper],
        [change.mean(), change.mean() - half, change.mean() + half],
        atol=2e-4,  # the interval is a little wider for skewness
    )
    assert outcomes(report) == ["pass", "pass"]


@pytest.mark.parametrize(
    ("gate", "shift", "outcome"),
    [
        ("{metric: score@help, require: not_worse, margin: 0.05}", -0.2, Outcome.FAIL),
        ("{metric: score@help, require: better}", 0.2, Outcome.PASS),
        ("{metric: loss@help, require: better}", 0.2, Outcome.FAIL),
        ("{metric: loss@help, require: not_worse, margin: 0.05}", -0.2, Outcome.PASS),
    ],
)
def test_check__a_score_is_better_higher_and_a_loss_lower(
    tmp_path: Path, gate: str, shift: float, outcome: Outcome
) -> None:
    project = a_released_one(tmp_path, gate)
    scores(project, some_scores(HELP + shift + np.sin(7 * np.arange(200)) / 50))
    assert outcomes(project.check()) == [str(outcome)]


def test_check__in_clusters_and_slices(tmp_path: Path) -> None:
    gate = "{metric: score@help, require: not_worse, margin: 0.05, slices: [texture]}"
    project = a_released_one(
        tmp_path, gate, evaluate="{data: holdout, id: id, slices: [texture]}", statistics="{min_rows: 10}"
    )
    scores(project, some_scores(HELP - 0.2 * (np.arange(200) // 2 % 10 == 3) - np.sin(7 * np.arange(200)) / 50))
    report = project.check()
    assert report.verdict is not None
    assert report.verdict.results[0].slices[0].label == "texture = 3"
    assert report.conclusion is Conclusion.FAIL


def test_check__equal_scores_are_the_same_model(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(train_py="# another\n")
    assert project.check().conclusion is Conclusion.PASS


def test_promote__ships_the_scores(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    scores(project, some_scores(HELP + 0.1))
    project.land("Better")
    project.train()
    assert project.promote().version == "v1.1.0"
    files = unpack(project.store.archives[project.production.package_sha256])
    assert files["scores.jsonl"].startswith(b'["mlci/scores/1","help","cost"]\n["0",')
    assert files["README.md"].decode().splitlines()[2] == (
        "Scores of a model for a binary task, computed elsewhere; the model is not in here."
    )


def test_check__a_score_that_a_gate_of_base_names_is_missing(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    scores(project, some_scores(columns="other,cost"))
    error = refused(project)
    assert (type(error), error.code) == (IntegrityError, "scores-incomplete")
    assert error.problem == "there is no score `help`, which a gate names"


def test_check__a_row_of_base_is_missing(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    scores(project, some_scores(HELP[:190], COST[:190]))
    error = refused(project)
    assert (error.code, error.problem) == (
        "scores-incomplete", "10 of 200 rows of the evaluation set have no score",
    )  # fmt: skip


def test_check__a_score_that_production_lacks(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    tone = NOT_WORSE.replace("help", "tone")
    project.write(mlci_yaml=a_configuration(NOT_WORSE, CEILING, tone, **OF_SCORES))
    project.land("Ask for another score")
    scores(project, some_scores().replace(b"help,cost", b"help,tone").replace(b"id,", b"id,", 1))
    project.runner.scripts[COMMAND] = Script({"scores.csv": b"id,help,cost,tone\n" + b"".join(
        f"{row},0.5,2,0.5\n".encode() for row in range(200)
    )})  # fmt: skip
    report = project.check()
    assert report.conclusion is Conclusion.NOT_COMPARABLE
    assert report.verdict is not None
    assert report.verdict.not_comparable == "production v1.0.0 has no score `tone`"


def test_check__production_lacks_rows(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(data__holdout_csv=some_rows(210))
    project.land("More rows")
    scores(project, some_scores(np.append(HELP, HELP[:10]), np.append(COST, COST[:10])))
    report = project.check()
    assert report.verdict is not None
    assert report.verdict.not_comparable == "production v1.0.0 has no score of 10 of the 210 rows"


def test_check__production_is_a_model(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(NOT_WORSE, CEILING, **OF_SCORES))
    project.land("Hand in scores from now on")
    scores(project, some_scores())
    report = project.check()
    assert report.verdict is not None
    assert report.verdict.not_comparable == "production v1.0.0 holds its model, and no scores"


def test_check__production_is_scores_and_the_candidate_a_model(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(mlci_yaml=a_configuration())
    project.land("Hand in the model from now on")
    project.trains("careful")
    report = project.check()
    assert report.verdict is not None
    assert report.verdict.not_comparable == "production v1.0.0 holds scores, and no answers that could be scored"


def test_check__more_than_the_rules_can_judge(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(mlci_yaml=a_configuration())
    project.trains("careful")
    error = refused(project)
    assert (type(error), error.code) == (UsageError, "level-differs")
    assert error.problem == "the candidate is handed in as model, and the rules ask for scores"


@pytest.mark.parametrize(
    ("content", "kind", "problem"),
    [
        (
            b"id,help\n1,0.5\n1,0.5\n",
            IntegrityError,
            "scores.csv cannot be used: the id of row 1 stands in another row, too",
        ),
        (b"id,help\n1,nan\n", IntegrityError, f"{UNUSABLE}row 1 has no finite number"),
        (b"id\n1\n", RejectedError, "scores.csv has no column but `id`"),
        (b"row,help\n1,0.5\n", RejectedError, "scores.csv has no column `id`"),
    ],
)
def test_train__scores_that_cannot_be_used(tmp_path: Path, content: bytes, kind: type[MlciError], problem: str) -> None:
    error = refused(a_project_of_scores(tmp_path, content), "train")
    assert (type(error), error.code, error.problem) == (kind, "scores-unusable", problem)


def test_compare__shows_the_scores_that_gates_name(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    scores(project, some_scores(HELP + 0.1))
    project.train()
    found = compare(
        "#production", "candidate",
        base=None, repository=project.repository, shared=FakeRunsBranch(), tools=project.tools,
    )  # fmt: skip
    assert found.scored is not None
    assert [each.metric for each in found.scored.metrics] == ["score@help", "loss@cost"]
