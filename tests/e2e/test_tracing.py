"""Where a model comes from, as a user asks for it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project


def test_lineage__is_told_in_text_json_and_mermaid(released: Project) -> None:
    shown = released.mlci("lineage", "#production").out
    assert shown.startswith("tumour@v1.0.0 (production)\n├─ is package ")
    tree = json.loads(released.mlci("lineage", "v1.0.0", "--json").out)["tree"]
    assert (tree["kind"], tree["inner"][0]["relation"]) == ("version", "is")
    assert released.mlci("lineage", "cells", "--mermaid").out.startswith('flowchart LR\n  n0["data set cells')
    assert released.mlci("lineage", ".mlci/candidate").out.splitlines()[1] == "└─ is tumour@v1.0.0 (production)"


def test_lineage__answers_one_way(released: Project) -> None:
    ended = released.mlci("lineage", "cells", "--json", "--mermaid")
    assert (ended.exit_code, json.loads(ended.out)["code"]) == (2, "wrong-usage")


@pytest.mark.slow
def test_reproduce__works_after_work_folder_and_caches_are_deleted(released: Project) -> None:
    shutil.rmtree(released.folder / ".mlci")
    released.replace("train.py", "import", "import os as operating_system\nimport")  # what is not asked for
    ended = released.mlci("reproduce", "#production", "--json")
    answer = json.loads(ended.out)
    assert (ended.exit_code, answer["outcome"], answer["differences"]) == (0, "identical", [])
    assert [path.name for path in (released.folder / ".mlci").iterdir() if path.name.startswith("again-")] == []


@pytest.mark.slow
def test_tumour__is_made_the_same_elsewhere_by_somebody_else(released: Project) -> None:
    other, home = type(released)(released.place / "some where" / "else" / "tumour"), released.place / "home"
    released.git("clone", "--quiet", "../origin.git", str(other.folder))
    (other.place / "models").symlink_to(released.place / "models")
    home.mkdir()
    elsewhere = {
        "HOME": str(home), "TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "7",
        "SOURCE_DATE_EPOCH": "1800000000",
    }  # fmt: skip
    made = other.mlci("reproduce", "#production", "--json", **elsewhere)
    assert made.exit_code == 0, made.err
    assert json.loads(made.out)["reason"] == "the package has the same bytes"
    trained = [json.loads(each.mlci("train", "--json", **elsewhere).out) for each in (released, other)]
    assert trained[0]["package"] == trained[1]["package"]
    assert other.mlci("verify", ".mlci/candidate", **elsewhere).exit_code == 0


@pytest.mark.slow
def test_reproduce__says_what_differs_first(released: Project) -> None:
    run = json.loads(released.mlci("runs", "list", "--json").out)["runs"][0]["id"]
    released.replace("params.yaml", "C: 0.1", "C: 0.2")
    assert released.mlci("train").exit_code == 0
    dirty = next(
        each["id"] for each in json.loads(released.mlci("runs", "list", "--json").out)["runs"] if each["id"] != run
    )
    ended = released.mlci("reproduce", dirty)
    assert ended.exit_code == 1
    assert [" ".join(line.split()) for line in released.told(ended.out).splitlines()[:4]] == [
        f"run {released.told(dirty)}: different",
        "differs then now",
        "params <id> <id>",
        "work tree with changes that no commit has: params.yaml as committed",
    ]
    assert "other answers: 16 golden rows at most " in ended.out
    assert " apart, 285 evaluation rows at most " in ended.out
