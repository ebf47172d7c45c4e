from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.local_forge import LocalForge
from mlci.core.forge import DeploymentStatus, Status
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "c" * 40
MARKER = "<!-- mlci:report -->"


def test_layout__one_folder_a_branch(tmp_path: Path) -> None:
    forge = LocalForge(tmp_path)
    place = forge.comment(forge.pull_request("feature/x", COMMIT), "<!-- mlci:report -->", "report\n")
    forge.set_status(COMMIT, Status("mlci/gate", "success", "passed"))
    assert place == str(tmp_path / "feature%2Fx/comment.md")
    assert (tmp_path / "feature%2Fx/comment.md").read_text() == "report\n"
    assert json.loads((tmp_path / "feature%2Fx/status.json").read_text()) == {
        "schema": "mlci/local-status/1",
        "commit": COMMIT,
        "statuses": [{"context": "mlci/gate", "state": "success", "description": "passed", "url": None}],
    }


def test_status__of_a_later_commit_begins_anew(tmp_path: Path) -> None:
    forge = LocalForge(tmp_path)
    forge.pull_request("main", COMMIT)
    forge.set_status(COMMIT, Status("mlci/gate", "success", "passed"))
    forge.pull_request("main", "d" * 40)
    assert forge.statuses("d" * 40) == ()
    forge.set_status("d" * 40, Status("other", "pending", "…"))
    assert [status.context for status in forge.statuses("d" * 40)] == ["other"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"commit": "%s", "statuses": []}', '{"schema": "mlci/local-status/1", "commit": "%s"}',
     '{"schema": "mlci/local-status/1", "commit": "%s", "statuses": [{"x": 1}]}'],
)  # fmt: skip
def test_statuses__a_file_that_was_changed_by_hand(tmp_path: Path, content: str) -> None:
    forge = LocalForge(tmp_path)
    forge.pull_request("main", COMMIT)
    (tmp_path / "main/status.json").write_text(content.replace("%s", COMMIT))
    with pytest.raises(IntegrityError) as caught:
        forge.statuses(COMMIT)
    assert caught.value.code == "local-forge-malformed"


def test_comment__branches_whose_names_meet_as_folders(tmp_path: Path) -> None:
    forge = LocalForge(tmp_path)
    forge.comment(forge.pull_request("a", COMMIT), MARKER, "of a")
    forge.comment(forge.pull_request("a/b", COMMIT), MARKER, "of a/b")
    forge.comment(forge.pull_request(None, COMMIT), MARKER, "of a detached HEAD")
    assert forge.comments(forge.pull_request("a", COMMIT)) == {MARKER: "of a"}
    assert forge.comments(forge.pull_request("a/b", COMMIT)) == {MARKER: "of a/b"}
    assert forge.comments(forge.pull_request(None, COMMIT)) == {MARKER: "of a detached HEAD"}


def test_status__of_a_commit_that_no_branch_is_at(tmp_path: Path) -> None:
    forge = LocalForge(tmp_path)
    forge.pull_request("main", "d" * 40)
    forge.set_status(COMMIT, Status("mlci/gate", "failure", "worse"))
    assert forge.statuses(COMMIT) == (Status("mlci/gate", "failure", "worse"),)
    assert forge.statuses("d" * 40) == ()


def test_deployments__as_they_lie_there(tmp_path: Path) -> None:
    forge = LocalForge(tmp_path)
    forge.set_deployment_status(forge.deployment("live", COMMIT, "v1.0.0"), DeploymentStatus("success", "healthy"))
    assert json.loads((tmp_path / "deployments.json").read_text()) == {
        "schema": "mlci/local-deployments/1",
        "deployments": [
            {
                "id": 1,
                "environment": "live",
                "commit": COMMIT,
                "description": "v1.0.0",
                "statuses": [{"state": "success", "description": "healthy", "url": None}],
            }
        ],
    }


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"deployments": []}', '{S, "deployments": [1]}', '{S, "deployments": [{"statuses": [{}]}]}'],
)
def test_deployments__a_file_that_was_changed_by_hand(tmp_path: Path, content: str) -> None:
    (tmp_path / "deployments.json").write_text(content.replace("S", '"schema": "mlci/local-deployments/1"'))
    with pytest.raises(IntegrityError) as caught:
        LocalForge(tmp_path).deployments()
    assert caught.value.code == "local-forge-malformed"


def test_deployments__of_a_newer_mlci_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "deployments.json").write_text('{"schema": "mlci/local-deployments/2"}')
    with pytest.raises(IntegrityError) as caught:
        LocalForge(tmp_path).deployments()
    assert (caught.value.code, "mlci/local-deployments/2" in caught.value.problem) == ("newer-schema", True)


def test_laptop__is_private_and_its_owner_may_everything(tmp_path: Path) -> None:
    forge = LocalForge(tmp_path, default_branch="trunk")
    assert not forge.is_public
    assert (forge.default_branch, forge.permission("anybody")) == ("trunk", "admin")
