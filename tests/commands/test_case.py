from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.case import conclusion_of, open_case, report_on
from mlci.commands.sides import EmptyTree, head_config, read_side
from mlci.core.gates import Outcome, Verdict
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, UndecidedError, UsageError
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


def locked(project: Project, **files: str | bytes) -> Case:
    """Return the case of a change after these FILES were pushed to the target branch."""
    own = {path: project.repository.work_tree().files[path] for path in ("mlci.yaml", "data/holdout.csv")}
    project.write(**files)
    project.land("Break the rules")
    for path, content in own.items():
        project.repository.write(path, content)
    return a_case(project)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"mlci_yaml": "version: 2\n"}, "mlci.yaml"),
        (
            {"mlci_yaml": a_configuration(evaluate="{data: holdout, id: id, label: diagnosis, positive: 1}")},
            "(the evaluation set has no column `diagnosis`)",
        ),
        (
            {"mlci_yaml": a_configuration(evaluate="{data: holdout, id: name, label: malignant, positive: 1}")},
            "(the evaluation set has no column `name`)",
        ),
        (
            {"data__holdout_csv": some_rows().replace(b"malignant", b"diagnosis")},
            "(the evaluation set has no column `malignant`)",
        ),
        (
            {"mlci_yaml": a_configuration(evaluate="{data: holdout, id: id, label: malignant, positive: 7}")},
            "(no row of the evaluation set has `malignant = 7`; …)",
        ),
        ({"data__holdout_csv": some_rows(200, {7: "7,20,3,"})}, "(`malignant` is empty in row 8 of the evaluation set"),
        ({"data__holdout_csv": some_rows(200, {7: ",20,3,1"})}, "(`id` is empty in row 8 of the evaluation set"),
        ({"data__holdout_csv": some_rows(200, {7: "6,20,3,1"})}, "(`id` names some rows of the evaluation set twice)"),
        ({"data__holdout_csv": some_rows(0)}, "(the evaluation set has no rows)"),
        ({"data__holdout_csv": some_rows(200, {7: "7,20,3,x"})}, "(holdout.csv: `malignant` is not all number)"),
    ],
    ids=[
        "unreadable",
        "label",
        "id",
        "columns",
        "positive",
        "label-empty",
        "id-empty",
        "id-twice",
        "no-rows",
        "ill-typed",
    ],
)
def test_open_case__rules_that_cannot_be_used_are_replaced_by_heads(
    tmp_path: Path, files: dict[str, str | bytes], problem: str
) -> None:
    case = locked(a_released_project(tmp_path), **files)
    assert (case.base_side, case.rules.has_base, case.replaces_rules, case.is_unchanged) == (None, False, True, False)
    assert problem in case.changes[0].sentence


@pytest.mark.parametrize(
    "files",
    [
        {"data__holdout_csv": some_rows(199)},
        {"mlci_yaml": a_configuration(evaluate="{data: holdout, id: id, label: malignant, positive: 0}")},
    ],
    ids=["rows", "positive"],
)
def test_open_case__rules_that_can_be_used_never_give_way(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    case = locked(a_released_project(tmp_path), **files)
    assert (case.rules.has_base, case.replaces_rules) == (True, False)


def test_open_case__reads_no_rows_where_the_evaluation_is_as_it_was(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(data__holdout_csv=some_rows(0))
    project.land("Empty the rows")
    vars(project.data).clear()  # it would fail at the first question
    project.trains("careful")
    assert (a_case(project).rules.has_base, a_case(project).replaces_rules) == (True, False)


def test_open_case__rows_that_the_target_branch_does_not_have_are_mended_by_head(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.repository.remove("data/holdout.csv")
    project.land("Remove the rows")
    project.write(data__holdout_csv=some_rows())
    case = a_case(project)
    assert (case.rules.has_base, case.replaces_rules) == (False, True)


def test_open_case__labels_of_the_target_branch_that_identify_people_are_not_told(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    contract = CONTRACT.replace("{type: integer, enum: [0, 1]}", "{type: integer, pii: true}")
    bad = a_configuration(evaluate="{data: holdout, id: id, label: malignant, positive: 7}")
    (change,) = locked(project, mlci_yaml=bad, cells_yaml=contract).changes
    assert change.sentence == (
        "replaces rules of the target branch that cannot be used (no row of the evaluation set has `malignant = 7`; …)"
    )


def test_open_case__no_pull_request_makes_the_rules_of_the_target_branch_unusable(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(
        mlci_yaml=a_configuration(evaluate="{data: holdout, id: id, label: diagnosis, positive: 1}"),
        data__holdout_csv=some_rows().replace(b"malignant", b"diagnosis"),
    )
    case = a_case(project)
    assert (case.rules.has_base, case.replaces_rules) == (True, False)


def test_open_case__what_mlci_keeps_comes_from_no_commit(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.repository.write(".mlci/candidate/package.tar", b"forged")
    project.repository.commit("Add what mlci is to find")
    with pytest.raises(IntegrityError) as caught:
        a_case(project)
    assert (caught.value.code, caught.value.where) == ("output-committed", ".mlci/candidate/package.tar")


def test_open_case__before_the_first_commit_there_is_no_base(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    case = open_case(project.repository.work_tree(), EmptyTree(), project.tools)
    assert (case.base_side, case.rules.has_base, case.is_unchanged) == (None, False, False)


def test_empty_tree__holds_nothing(tmp_path: Path) -> None:
    tree = EmptyTree()
    assert (tree.ids(), read_side(tree)) == ({}, None)
    with pytest.raises(UsageError) as caught:
        tree.materialise("data/holdout.csv", tmp_path)
    assert caught.value.code == "data-missing"


def test_promotion__by_rules_that_could_not_be_used_before_the_push_is_refused(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(evaluate="{data: holdout, id: id, label: diagnosis, positive: 1}"))
    project.land("Break the rules")
    project.write(mlci_yaml=a_configuration())
    with pytest.raises(UndecidedError) as caught:
        project.release("careful")
    assert (caught.value.code, project.production.number) == ("no-rules", "v1.0.0")


def ready_to_promote(project: Project) -> str:
    """Merge a narrow model after a column, which production reads, was renamed; return the commit before."""
    project.write(data__holdout_csv=some_rows().replace(b"texture", b"structure"))
    base = project.land("Call it otherwise")
    project.trains("narrow")
    project.land("Read the radius alone")
    project.train()
    return base


def test_promotion__of_what_is_not_comparable_is_refused(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    base = ready_to_promote(project)
    with pytest.raises(UndecidedError) as caught:
        project.promote(base=base)
    assert (caught.value.code, caught.value.exit_code) == ("promotion-refused", 3)
    assert caught.value.problem == (
        "not promoted: Nothing could be compared: production v1.0.0 reads `texture`, which the evaluation set no "
        "longer has."
    )


def test_promotion__of_what_is_not_comparable_where_the_policy_allows_it(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, extra="on_inconclusive: {promotion: warn}")
    assert project.promote(base=ready_to_promote(project)).verdict == "not comparable"
    assert project.production.number == "v2.0.0"


@pytest.mark.parametrize(
    ("outcome", "conclusion"),
    [
        (Outcome.PASS, Conclusion.PASS),
        (Outcome.FIRST, Conclusion.FIRST),
        (Outcome.FAIL, Conclusion.FAIL),
        (Outcome.INCONCLUSIVE, Conclusion.INCONCLUSIVE),
        (Outcome.NOT_COMPARABLE, Conclusion.NOT_COMPARABLE),
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


def test_head_config__needs_no_contract_so_that_a_rollback_works_where_one_is_broken(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(cells_yaml="columns: [")
    tree = project.repository.work_tree()
    with pytest.raises(UsageError, match="not valid YAML"):
        read_side(tree)
    assert head_config(tree).model.name == "tumour"


def test_head_config__of_data_alone_is_refused(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml="version: 1\ndata: {cells: {path: data/cells.csv}}\n")
    with pytest.raises(UsageError, match="speaks of data alone"):
        head_config(project.repository.work_tree())
