"""New feature columns for the evaluation rows of the target branch: `evaluate.features`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, UsageError
from tests.commands.builders import a_configuration, a_project, refused, some_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.commands.builders import Project

OTHERS = "cells: {path: data/cells.csv, contract: cells.yaml}, holdout: {path: data/holdout.csv}"
DATA = f"{{{OTHERS}, extra: {{path: data/extra.csv}}}}"
EVALUATE = "{data: holdout, features: extra, id: id, label: malignant, positive: 1}"
ADDS = {"data": DATA, "evaluate": EVALUATE}


def without_texture(rows: int = 200) -> bytes:
    lines = [line.split(",") for line in some_rows(rows).decode().splitlines()]
    return "\n".join([f"{name},{radius},{label}" for name, radius, _, label in lines] + [""]).encode()


def textures(rows: Iterable[int] = range(200), *, more: str = "", values: Iterable[str] | None = None) -> bytes:
    """Return the textures of these rows as CSV, and another column."""
    places = list(rows)
    told = values or [f"{row // 2 % 10}" for row in places]
    lines = [f"{row},{value}" for row, value in zip(places, told, strict=True)]
    return "\n".join(["id,texture", *lines, *([more] if more else []), ""]).encode()


def a_pull_request(place: Path, features: bytes, trains: str = "careful", **changes: str) -> Project:
    """Return a branch that trains on a column which the evaluation set lacks, and brings it."""
    project = a_project(place, trains="narrow", data=f"{{{OTHERS}}}")
    project.write(data__holdout_csv=without_texture())
    project.land("An evaluation set without textures")
    project.train()
    project.promote()
    project.predictor.asked.clear()
    project.repository.switch("change")
    project.write(mlci_yaml=a_configuration(**(ADDS | changes)), data__extra_csv=features)
    project.trains(trains)
    project.repository.commit("Read the texture, too")
    return project


def asked_of_all_rows(project: Project) -> set[tuple[str, ...]]:
    return {question.columns for question in project.predictor.asked if question.rows == 200}


def test_check__both_models_answer_the_same_rows_each_by_what_it_knows(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, textures(reversed(range(200))), trains="present")
    report = project.check()
    assert asked_of_all_rows(project) == {("radius", "texture"), ("radius",)}
    assert report.verdict is not None
    accuracy = report.verdict.results[0]
    assert (accuracy.candidate, accuracy.production) == (0.9, 1.0)
    assert "as submitted: added features" in report.trust.line


def test_check__columns_that_the_target_branch_has_by_now_are_its_own(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, textures())
    project.repository.switch("main")
    project.repository.merge("change")
    project.repository.push()
    project.train()
    project.promote()
    project.predictor.asked.clear()
    project.repository.switch("another")
    project.trains("present")
    project.repository.commit("Another model")
    report = project.check()
    assert asked_of_all_rows(project) == {("radius", "texture")}
    assert report.conclusion is Conclusion.FAIL
    assert "added features" not in report.trust.line


def test_report__reads_them_from_the_commit_that_would_land(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, textures())
    project.check()
    judged, _ = project.report()
    assert judged.conclusion is Conclusion.PASS
    assert "as submitted: training, added features" in judged.trust.line


def test_check__shows_production_nothing_that_the_branch_brings(tmp_path: Path) -> None:
    project = a_project(tmp_path, trains="careful", data=f"{{{OTHERS}}}")
    project.train()
    project.promote()
    project.write(data__holdout_csv=without_texture())
    project.land("Lose the texture")
    project.repository.switch("change")
    project.write(mlci_yaml=a_configuration(**ADDS), data__extra_csv=textures())
    project.trains("present")
    project.repository.commit("Bring it back")
    verdict = project.check().verdict
    assert verdict is not None
    assert verdict.not_comparable == "production v1.0.0 reads `texture`, which the evaluation set no longer has"


@pytest.mark.parametrize(
    ("features", "code", "problem"),
    [
        (
            textures(range(199)),
            "features-unusable",
            "the added features cannot be used: 1 of the 200 rows of the evaluation set are not there",
        ),
        (
            textures(range(201)),
            "features-unusable",
            "the added features cannot be used: 1 row more than the evaluation set has",
        ),
        (textures(more="7,1"), "features-unusable", "the added features cannot be used: `id` names some rows twice"),
        (
            textures().replace(b"id,", b"key,"),
            "features-unusable",
            "the added features cannot be used: there is no column `id`",
        ),
        (
            textures(values=[str(row % 2) for row in range(200)]),
            "label-as-feature",
            "the added column `texture` is the label in every row",
        ),
    ],
)
def test_check__features_that_nobody_is_judged_by(tmp_path: Path, features: bytes, code: str, problem: str) -> None:
    error = refused(a_pull_request(tmp_path, features))
    assert isinstance(error, IntegrityError)
    assert (error.code, error.problem) == (code, problem)


def with_radius(radius: str) -> bytes:
    rows = "".join(f"{row},{row // 2 % 10},{radius if row == 0 else 20 if row % 2 else 10}\n" for row in range(200))
    return f"id,texture,radius\n{rows}".encode()


def test_check__a_column_that_the_target_branch_has_may_not_be_told_otherwise(tmp_path: Path) -> None:
    error = refused(a_pull_request(tmp_path, with_radius("11")))
    assert (error.code, error.problem) == (
        "feature-differs",
        "the added features say otherwise what `radius` is in 1 row",
    )


def test_check__a_number_written_otherwise_is_the_same(tmp_path: Path) -> None:
    assert a_pull_request(tmp_path, with_radius("10.0")).check().conclusion is Conclusion.PASS


def test_check__without_the_column_anywhere_says_how_to_bring_it(tmp_path: Path) -> None:
    error = refused(a_pull_request(tmp_path, textures(), evaluate=EVALUATE.replace("features: extra, ", "")))
    assert isinstance(error, UsageError)
    assert (error.code, error.problem) == ("column-missing", "the evaluation set has no column `texture`")
    assert "features: NAME" in (error.hint or "")


def test_check__rows_that_the_branch_adds_to_the_evaluation_set_may_stand_there(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, textures(range(220)))
    project.write(data__holdout_csv=without_texture(220))
    project.repository.commit("More rows")
    report = project.check()
    assert report.verdict is not None
    assert (report.conclusion, report.verdict.rows) == (Conclusion.PASS, 200)


def test_check__features_that_lack_rows_of_the_branch_s_own_evaluation_set_would_break_the_next(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, textures())
    project.write(data__holdout_csv=without_texture(220))
    project.repository.commit("More rows, and no features of them")
    assert refused(project).problem == (
        "the added features cannot be used: 20 of the 220 rows of the evaluation set are not there"
    )
