from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.case import conclusion_of, open_case, report_on
from mlci.commands.sides import EmptyTree, read_side
from mlci.core.gates import Outcome, Verdict
from mlci.core.report import Conclusion
from mlci.errors import UsageError
from mlci.formats.confinement import Confinement
from mlci.render.markdown import comment
from tests.commands.builders import CONTRACT, GATES, Project, a_configuration, a_project, a_released_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.case import Case


def a_case(project: Project) -> Case:
    """Return the work tree against the target branch."""
    return open_case(project.repository.work_tree(), project.repository.tree(project.base), project.tools)


def test_is_unchanged__where_only_words_differ(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(README_md="# Other words\n", tests__test_train_py="", docs__more_md="")
    assert a_case(project).is_unchanged


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train_py", "# makes another one\n"),
        ("params_yaml", "C: 2\n"),
        ("data__cells_csv", some_rows(99)),
        ("data__holdout_csv", some_rows(199)),
        ("cells_yaml", CONTRACT.replace("max: 30", "max: 40")),
        ("mlci_yaml", a_configuration("{metric: recall, require: floor, value: 0.4}")),
        ("mlci_yaml", a_configuration(*GATES, model="{name: tumour, task: binary, objective: Find them.}")),
        ("new_py", ""),
    ],
)
def test_is_unchanged__not_where_model_or_verdict_could_differ(tmp_path: Path, name: str, content: str | bytes) -> None:
    project = a_released_project(tmp_path)
    project.write(**{name: content})
    assert not a_case(project).is_unchanged


def test_is_unchanged__not_before_the_first_release(tmp_path: Path) -> None:
    assert not a_case(a_project(tmp_path)).is_unchanged


def test_open_case__production_is_that_of_the_rules(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(
        mlci_yaml=a_configuration(
            model="{name: fresh, task: binary}", promote="{stage: staging, store: {directory: ../models}}"
        )
    )
    case = a_case(project)
    assert case.production == project.production
    assert case.rules.config.model.name == "tumour"


def test_open_case__before_the_first_commit_there_is_no_base(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    case = open_case(project.repository.work_tree(), EmptyTree(), project.tools)
    assert (case.base_side, case.rules.has_base, case.is_unchanged) == (None, False, False)


def test_empty_tree__holds_nothing(tmp_path: Path) -> None:
    tree = EmptyTree()
    assert (tree.ids(), read_side(tree)) == ({}, None)
    with pytest.raises(UsageError) as caught:
        tree.materialise("data/holdout.csv", tmp_path)
    assert caught.value.code == "file-missing"


@pytest.mark.parametrize(
    ("outcome", "conclusion"),
    [
        (Outcome.PASS, Conclusion.PASS),
        (Outcome.FIRST, Conclusion.FIRST),
        (Outcome.FAIL, Conclusion.FAIL),
        (Outcome.INCONCLUSIVE, Conclusion.INCONCLUSIVE),
    ],
)
def test_conclusion__follows_the_verdict(outcome: Outcome, conclusion: Conclusion, tmp_path: Path) -> None:
    case = a_case(a_released_project(tmp_path))
    assert conclusion_of(Verdict(outcome, (), None, 0, 0), case) is conclusion


def test_conclusion__by_heads_own_rules_is_at_most_first(tmp_path: Path) -> None:
    case = replace(a_case(a_released_project(tmp_path)), base_side=None)
    assert conclusion_of(Verdict(Outcome.PASS, (), None, 0, 0), case) is Conclusion.FIRST


def test_report_on__leaves_the_report_as_json_and_markdown(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    report = report_on(a_case(project), Conclusion.NOTHING_CHANGED, project.tools)
    assert json.loads(project.work.files["report.json"]) == report.to_dict()
    assert project.work.files["report.md"].decode() == comment(report)


def test_report_on__the_same_twice(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    report_on(a_case(project), Conclusion.NOTHING_CHANGED, project.tools)
    first = dict(project.work.files)
    report_on(a_case(project), Conclusion.NOTHING_CHANGED, project.tools)
    assert project.work.files == first


def test_report_on__names_no_place_on_this_machine(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careful")
    project.check()
    assert str(tmp_path).encode() not in project.work.files["report.json"] + project.work.files["report.md"]


@pytest.mark.parametrize(
    ("confinement", "words"),
    [
        (Confinement(7, seccomp=True), "confined: Landlock 7, seccomp"),
        (Confinement(7, seccomp=False), "partly confined: Landlock 7, no seccomp"),
    ],
)
def test_report_on__says_how_the_models_were_held(tmp_path: Path, confinement: Confinement, words: str) -> None:
    project = a_released_project(tmp_path)
    project.predictor.confinement = confinement
    report = project.check(force=True)
    assert (report.trust.confined, report.trust.confinement) == (confinement.is_complete, words)
    assert f" · {words} · " in report.trust.line


def test_read_side__names_the_commit_that_is_wrong(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml="version: 2\n")
    commit = project.land()
    with pytest.raises(UsageError) as caught:
        read_side(project.repository.tree(commit))
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{commit[:12]}:mlci.yaml")
