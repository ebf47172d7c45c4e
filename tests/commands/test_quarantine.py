from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.case import open_case
from mlci.commands.installed import Installed
from mlci.commands.quarantine import quarantined_version
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, OutsideError
from mlci.render.markdown import MARKER
from tests.commands.builders import CONTRACT, Project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.report import Report

OTHER_PACKAGE = CONTRACT.replace("max: 30", "max: 25")
"""A contract that puts the same model into another package."""
REFUSED = (
    "The candidate is `tumour@v1.1.0`, byte for byte, which is quarantined; make another model, or take its commit out "
    "(`git revert`)."
)


def a_rolled_back_project(place: Path) -> Project:
    """Return a project on a branch from main, whose model `careful` was v1.1.0 and was taken back."""
    project = a_released_project(place)
    project.release("careful")
    project.rollback()
    project.repository.switch("change")
    return project


def checked_and_reported(project: Project) -> tuple[Report, Report]:
    """Return what the check and, from its submission, the report say."""
    project.repository.commit("A change")
    checked = project.check()
    reported, _ = project.report()
    return checked, reported


@pytest.mark.parametrize(
    "files",
    [
        {"README_md": "# Other words\n"},
        {"params_yaml": "C: 1.0\n"},
        {"cells_yaml": OTHER_PACKAGE},
    ],
    ids=["nothing", "other inputs", "another package"],
)
def test_a_quarantined_model__fails_in_the_pull_request(tmp_path: Path, files: dict[str, str]) -> None:
    project = a_rolled_back_project(tmp_path)
    project.write(**files)
    for report in checked_and_reported(project):
        assert (report.conclusion, report.exit_code, report.headline) == (Conclusion.FAIL, 1, REFUSED)
        assert (report.verdict, report.trust.is_scored) == (None, False)
        assert report.subject.candidate_sha256 is not None
    head = project.repository.head()
    (status,) = project.forge.statuses(head)
    assert (status.state, "The candidate is tumour@v1.1.0, byte for byte" in status.description) == ("failure", True)
    assert f"**{REFUSED}**" in project.forge.comments(project.forge.pull_request("change", head))[MARKER]


def test_a_quarantined_model__is_refused_by_the_promotion_with_the_way_out(tmp_path: Path) -> None:
    project = a_rolled_back_project(tmp_path)
    project.repository.switch("main")
    with pytest.raises(IntegrityError) as caught:
        project.promote()
    error = caught.value
    assert (error.code, error.hint) == (
        "quarantined",
        "Make another model, or take its commit out: mlci registry show v1.1.0, git revert COMMIT",
    )


def test_another_model__is_judged_as_ever(tmp_path: Path) -> None:
    project = a_rolled_back_project(tmp_path)
    project.trains("tied")
    assert [report.conclusion for report in checked_and_reported(project)] == [Conclusion.INCONCLUSIVE] * 2


def test_the_model_in_production__is_not_refused_for_another_package_of_it(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.write(cells_yaml=OTHER_PACKAGE)
    project.release("careful")
    project.rollback()
    assert (project.production.number, project.history.is_quarantined("v2.0.0")) == ("v1.1.0", True)
    project.repository.switch("change")
    project.write(cells_yaml=CONTRACT)
    assert [report.conclusion for report in checked_and_reported(project)] == [Conclusion.PASS] * 2


def asked(project: Project) -> str | None:
    """Return which quarantined version the candidate is that the work tree makes."""
    case = open_case(project.repository.work_tree(), project.repository.tree(project.base), project.tools)
    candidate = project.train().candidate
    return quarantined_version(Installed(candidate.package, candidate.sha256), case, project.tools)


def test_quarantined_version__of_the_very_package_needs_no_store(tmp_path: Path) -> None:
    project = a_rolled_back_project(tmp_path)
    project.store.archives.clear()
    assert asked(project) == "v1.1.0"


def test_quarantined_version__none_where_nothing_is_quarantined(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careful")
    project.store.archives.clear()
    assert asked(project) is None


def without_the_package_of(project: Project, number: str) -> None:
    del project.store.archives[project.history.version(number).package_sha256]


def test_quarantined_version__whose_package_is_not_there_cannot_be_ruled_out(tmp_path: Path) -> None:
    project = a_rolled_back_project(tmp_path)
    project.write(cells_yaml=OTHER_PACKAGE)
    without_the_package_of(project, "v1.1.0")
    with pytest.raises(OutsideError) as caught:
        asked(project)
    assert caught.value.code == "package-missing"


def test_check__leaves_what_it_cannot_see_to_who_can(tmp_path: Path) -> None:
    project = a_rolled_back_project(tmp_path)
    project.write(cells_yaml=OTHER_PACKAGE)
    project.repository.commit("A change")
    without_the_package_of(project, "v1.1.0")
    assert project.check().conclusion is Conclusion.PASS
    with pytest.raises(OutsideError):
        project.report()
