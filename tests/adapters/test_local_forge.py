from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.local_forge import LocalForge
from mlci.core.forge import Status
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "c" * 40


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


@pytest.mark.parametrize("marker", ["", "report", "<!-- mlci:../x -->", "<!-- mlci:report --> "])
def test_comment__a_marker_is_one_of_ours(tmp_path: Path, marker: str) -> None:
    forge = LocalForge(tmp_path)
    with pytest.raises(UsageError) as caught:
        forge.comment(forge.pull_request("main", COMMIT), marker, "x")
    assert caught.value.code == "bad-marker"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"commit": "%s"}', '{"commit": "%s", "statuses": [{"x": 1}]}'])
def test_statuses__a_file_that_was_changed_by_hand(tmp_path: Path, content: str) -> None:
    forge = LocalForge(tmp_path)
    forge.pull_request("main", COMMIT)
    (tmp_path / "main/status.json").write_text(content.replace("%s", COMMIT))
    with pytest.raises(IntegrityError) as caught:
        forge.statuses(COMMIT)
    assert caught.value.code == "local-forge-malformed"
