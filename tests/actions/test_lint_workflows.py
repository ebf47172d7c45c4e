"""The linters find nothing in our workflows, and would find something in broken ones."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.actions.lint_workflows import ROOT, lint, write_generated

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs("actionlint")

BROKEN = {
    "actionlint: an output of a step that is not there": (
        ".github/workflows/mlci-check.yml", "steps.check.outputs.conclusion", "steps.chek.outputs.conclusion",
    ),
    "zizmor: credentials stay in the checkout": (
        ".github/workflows/mlci-check.yml", "with:\n          persist-credentials: false", "",
    ),
    "zizmor: an expression in a script": (
        "actions/deploy/action.yml", '-- "$MLCI_NAME"', "-- ${{ inputs.name }}",
    ),
    "zizmor: a permission without its reason": (
        ".github/workflows/mlci-report.yml", "statuses: write # mlci/gate", "statuses: write",
    ),
    "check-jsonschema: a permission that GitHub does not know": (
        ".github/workflows/mlci-report.yml", "statuses: write # mlci/gate", "statues: write # mlci/gate",
    ),
    "check-jsonschema: an action without a description": (
        "actions/setup/action.yml", "description: Makes mlci ready", "summary: Makes mlci ready",
    ),
}  # fmt: skip


def copy_of_ours(place: Path) -> Path:
    shutil.copytree(ROOT / "actions", place / "actions")
    (place / ".github").mkdir()
    shutil.copytree(ROOT / ".github" / "workflows", place / ".github" / "workflows")
    return place


def test_lint__finds_nothing_in_our_own() -> None:
    assert lint(ROOT) == ""


def test_lint__finds_nothing_in_what_init_writes(tmp_path: Path) -> None:
    assert lint(write_generated(tmp_path)) == ""


@pytest.mark.parametrize("broken", sorted(BROKEN))
def test_lint__finds_what_is_broken(broken: str, tmp_path: Path) -> None:
    place = copy_of_ours(tmp_path)
    path, good, bad = BROKEN[broken]
    text = (place / path).read_text()
    assert text.count(good) >= 1
    (place / path).write_text(text.replace(good, bad, 1))
    assert broken.partition(":")[0] in lint(place)
