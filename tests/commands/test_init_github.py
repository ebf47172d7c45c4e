from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.init_github import Hosting, init_github
from mlci.errors import UsageError
from mlci.render.workflow_callers import CHECK, MERGE, REPORT, callers

if TYPE_CHECKING:
    from pathlib import Path

HOSTING = Hosting("mlci/mlci", "1f" * 20)
CONFIGURATION = """\
version: 1
model: {name: tumour, task: binary}
data:
  cells: {path: data/cells.csv}
train: {run: python train.py, data: [cells], model: model.skops}
evaluate: {data: cells, id: id, label: malignant, positive: 1}
promote: {stage: production, store: {releases: true}}
deploy: {live: {stage: production, target: directory, path: ../live}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mlci.yaml").write_text(CONFIGURATION)
    return tmp_path


def written(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yml")}


def refusal(hosting: Hosting, folder: Path) -> UsageError:
    with pytest.raises(UsageError) as refused:
        init_github(hosting, folder=folder)
    return refused.value


def test_init_github__writes_the_three_callers(folder: Path) -> None:
    hosting = replace(HOSTING, install="pip install .", deploy="live", default_branch="trunk")
    assert init_github(hosting, folder=folder) == (CHECK, REPORT, MERGE)
    expected = callers("mlci/mlci", "1f" * 20, install="pip install .", deploy="live", default_branch="trunk")
    assert written(folder) == expected


def test_init_github__a_second_time_writes_nothing(folder: Path) -> None:
    init_github(HOSTING, folder=folder)
    assert init_github(HOSTING, folder=folder) == ()


def test_init_github__adds_the_one_that_is_missing(folder: Path) -> None:
    init_github(HOSTING, folder=folder)
    (folder / REPORT).unlink()
    assert init_github(HOSTING, folder=folder) == (REPORT,)


def test_init_github__changes_no_workflow_that_was_edited(folder: Path) -> None:
    (folder / MERGE).parent.mkdir(parents=True)
    (folder / MERGE).write_text("name: mine\n")
    error = refusal(HOSTING, folder)
    assert (error.code, error.hint) == ("workflow-exists", f"Remove it first: git rm {MERGE}")
    assert written(folder) == {MERGE: "name: mine\n"}


def test_init_github__wants_a_store_that_runners_share(folder: Path) -> None:
    (folder / "mlci.yaml").write_text(CONFIGURATION.replace("{releases: true}", "{directory: ../models}"))
    error = refusal(HOSTING, folder)
    assert (error.code, error.hint) == (
        "store-not-shared",
        "promote: {stage: production, store: {releases: true}}",
    )
    assert written(folder) == {}


def test_init_github__names_the_deployments_that_there_are(folder: Path) -> None:
    error = refusal(replace(HOSTING, deploy="staging"), folder)
    assert (error.code, error.hint) == ("unknown-target", "Listed under deploy: live")


def test_init_github__wants_a_configuration_first(tmp_path: Path) -> None:
    assert refusal(HOSTING, tmp_path).code == "no-configuration"


def test_init_github__belongs_to_the_top_of_a_repository(folder: Path) -> None:
    inner = folder / "models" / "tumour"
    inner.mkdir(parents=True)
    (inner / "mlci.yaml").write_text(CONFIGURATION)
    (folder / ".git").mkdir()
    error = refusal(HOSTING, inner)
    assert (error.code, error.problem) == (
        "not-the-top",
        "this is the folder models/tumour of a repository, not its top",
    )
    assert written(folder) == {}
    assert init_github(HOSTING, folder=folder) == (CHECK, REPORT, MERGE)


@pytest.mark.parametrize("content", [b"name: gr\xf6\xdfe\n", None])
def test_init_github__leaves_what_is_no_workflow_of_ours(folder: Path, content: bytes | None) -> None:
    path = folder / CHECK
    path.parent.mkdir(parents=True)
    path.symlink_to("nowhere") if content is None else path.write_bytes(content)
    assert refusal(HOSTING, folder).code == "workflow-exists"
    assert path.is_symlink() == (content is None)
