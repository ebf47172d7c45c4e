"""Our own workflow asks for as little as it can, and runs nothing that is not pinned."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.docs.blocks import ROOT

CI = ROOT / ".github" / "workflows" / "ci.yml"


def jobs() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(CI.read_text())["jobs"]
    return found


def test_ci__pins_actions_by_commit_with_their_version_beside() -> None:
    used = re.findall(r" uses: (.*)", CI.read_text())
    loose = [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", each)]
    assert (len(used), loose) == (4, [])


def test_ci__has_no_permission_but_to_read() -> None:
    assert yaml.safe_load(CI.read_text())["permissions"] == {}
    assert [job["permissions"] for job in jobs().values()] == [{"contents": "read"}] * 2


def test_ci__leaves_no_credentials_in_the_clone_and_ends_in_time() -> None:
    checkouts = [job["steps"][0]["with"] for job in jobs().values()]
    assert checkouts == [{"persist-credentials": False}] * 2
    assert [job["timeout-minutes"] <= 90 for job in jobs().values()] == [True, True]


def test_ci__runs_what_contributing_names() -> None:
    assert [job["steps"][-1]["run"] for job in jobs().values()] == [".ci/run", "make test"]
