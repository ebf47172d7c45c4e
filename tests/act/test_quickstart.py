"""`docs/quickstart-github.md` to the letter: what it says is typed, and what GitHub would start is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.act.lab import NAME, Lab, Pushed, WorkflowRun
from tests.docs.blocks import ROOT, Block, blocks, matches, run, typed
from tests.docs.conftest import START
from tests.e2e.conftest import Project
from tests.fakegithub.ref_rules import Rule

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.needs("act"), pytest.mark.needs("landlock")]

PAGE = ROOT / "docs" / "quickstart-github.md"


def start(lab: Lab, place: Path) -> Project:
    """Return a clone of a repository on GitHub that has data and a training script, and no mlci."""
    example = lab.example()
    lab.arrange({path: content for path, content in example.items() if path.split("/")[0] in START})
    project = Project(place / "tumour")
    token = lab.fake.issue_user_token("ana")
    address = lab.fake.clone_url(NAME).replace("://", f"://ana:{token}@")
    project.folder.mkdir(parents=True)
    project.git("clone", "--quiet", address, ".")
    return project


def follow(block: Block, project: Project) -> None:
    """Type what a block says, and see what it shows."""
    for each in typed(block):
        printed = run(each.command, project)
        assert matches(each.shown, printed), f"{block.name}: {each.command}\n{printed}"


def merged(lab: Lab) -> WorkflowRun:
    """Run what the last push to main starts."""
    push = [each for each in lab.fake.pushes if each.ref == "refs/heads/main"][-1]
    return lab.run_merge(Pushed(push.before, push.after))


def test_quickstart__ends_with_a_blocked_pull_request(lab: Lab, tmp_path: Path) -> None:
    project = start(lab, tmp_path / "clone")
    initialise, bring, worsen = [block for block in blocks(PAGE) if block.kind == "console"]

    follow(initialise, project)
    follow(bring, project)
    assert merged(lab).results == {"train": "success", "decide": "success", "deploy": "skipped", "record": "skipped"}
    assert "refs/tags/tumour@v1.0.0" in lab.refs()
    lab.fake.protect(NAME, Rule("refs/heads/main", required_status="mlci/gate"))

    follow(worsen, project)
    opened = lab.fake.open_pull_request(NAME, "stronger-regularisation", title="Regularise more")
    report = lab.run_report(lab.run_check(opened))

    assert report is not None
    (comment,) = lab.comments(opened)
    assert "❌ `tumour`: fail" in comment.body
    assert "floor" in comment.body
    assert {each.context: each.state for each in lab.statuses(lab.head(opened))}["mlci/gate"] == "failure"
    assert lab.fake.objections_to_merging(NAME, opened.number) != []
