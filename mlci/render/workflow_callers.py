"""The workflows that `mlci init --github` writes: short callers of the reusable ones, each with its permissions."""

from __future__ import annotations

import json
import re
from typing import Final

from mlci.core.forge import checked_repository
from mlci.core.names import checked_branch, checked_name
from mlci.core.plain_text import one_line
from mlci.errors import UsageError

FOLDER: Final = ".github/workflows"
CHECK: Final = f"{FOLDER}/mlci-check.yml"
REPORT: Final = f"{FOLDER}/mlci-report.yml"
MERGE: Final = f"{FOLDER}/mlci-merge.yml"

# A commit, or a tag such as v1.2.3; nothing that could end a line or begin a comment.
_REFERENCE: Final = re.compile(r"[0-9a-f]{40}|v[0-9]+(\.[0-9]+){0,2}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_VERSION: Final = re.compile(r"v[0-9]+(\.[0-9]+){0,2}")


def callers(
    repository: str,
    ref: str,
    *,
    version: str = "",
    install: str = "",
    deploy: str = "",
    default_branch: str = "main",
) -> dict[str, str]:
    """Return the workflows by path.

    REPOSITORY at REF (a full commit, or a tag) holds the reusable workflows; VERSION stands beside a commit for people.
    INSTALL is the shell script that installs what training needs, DEPLOY a deployment of `mlci.yaml`; empty: none.
    Raises `UsageError`: "bad-repository", "bad-reference", "bad-branch", "bad-name", "bad-install".
    """
    if _REFERENCE.fullmatch(ref) is None or (version and _VERSION.fullmatch(version) is None):
        raise UsageError(
            "bad-reference",
            f"“{one_line(f'{ref} {version}'.strip(), 80)}” is neither a full commit nor a tag such as v1.2.3",
            cause="A branch moves with every push. A commit never moves.",
            hint="--mlci OWNER/REPOSITORY@COMMIT, all 40 digits of it",
        )
    if deploy:
        checked_name(deploy, "deployment")
    workflows = f"{checked_repository(repository)}/.github/workflows"
    reference = f"{ref} # {version}" if version else ref
    advice = "" if _COMMIT.fullmatch(ref) else _ADVICE.format(repository=repository, ref=ref)
    prepares = {"install": _install(install)} if install else {}
    branch = json.dumps(checked_branch(default_branch), ensure_ascii=False)
    return {
        CHECK: _advised(_CHECK, advice) + _call(f"{workflows}/mlci-check.yml@{reference}", prepares),
        REPORT: _advised(_REPORT, advice) + _call(f"{workflows}/mlci-report.yml@{reference}", {}),
        MERGE: _advised(_MERGE.replace("BRANCH", branch), advice)
        + _call(f"{workflows}/mlci-merge.yml@{reference}", prepares | ({"deploy": deploy} if deploy else {})),
    }


def _advised(workflow: str, advice: str) -> str:
    """Return WORKFLOW with ADVICE at the end of the comment that it begins with."""
    comment, name, rest = workflow.partition("name: ")
    return comment + advice + name + rest


def _call(workflow: str, inputs: dict[str, str]) -> str:
    lines = [f"    uses: {workflow}", *(["    with:"] if inputs else [])]
    # A JSON string is a YAML string, whatever it holds.
    lines += [f"      {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in inputs.items()]
    return "\n".join(lines) + "\n"


def _install(script: str) -> str:
    if "${{" in script or not all(letter.isprintable() or letter == "\n" for letter in script):
        raise UsageError(
            "bad-install",
            f"“{one_line(script, 80)}” cannot stand in a workflow",
            cause="GitHub would read ${{ }} as an expression of its own.",
            hint='--install "pip install -r requirements.txt"',
        )
    return script


_ADVICE: Final = """\
# {ref} is a tag, which the owner of {repository} could move. To call one commit, which nobody can: remove the three
# workflows that call it, then run init again: mlci init --github --mlci {repository}@COMMIT (all 40 digits).
"""

_CHECK: Final = """\
# Written by `mlci init --github`. Checks each pull request; its code runs here, with the right to read and no other.
name: mlci check
on:
  pull_request:
permissions: {}
concurrency:
  group: mlci-check-${{ github.event.pull_request.number }}
  cancel-in-progress: true
jobs:
  check:
    name: mlci
    permissions:
      contents: read # the repository, the registry and the packages
"""

_REPORT: Final = """\
# Written by `mlci init --github`. Judges what `mlci check` made, by the rules of the target branch, and reports.
# Runs as it stands on the default branch, with a token that may comment; no code of the pull request runs here.
name: mlci report
on:
  workflow_run: # zizmor: ignore[dangerous-triggers] checks out the default branch alone; reads the artifact as hostile
    workflows: [mlci check]
    types: [completed]
permissions: {}
concurrency:
  group: mlci-report-${{ github.event.workflow_run.id }} # of the check, which is of one pull request
  cancel-in-progress: true
jobs:
  report:
    name: mlci
    permissions:
      actions: read # the artifact of the check
      contents: read # rules, rows and registry, and the commits of the pull request
      pull-requests: write # the comment
      statuses: write # the status mlci/gate
"""

_MERGE: Final = """\
# Written by `mlci init --github`. Trains what was merged, takes it into production if it passes, deploys it.
name: mlci merge
on:
  push:
    branches: [BRANCH]
permissions: {}
concurrency:
  group: mlci-merge-${{ github.sha }} # one push does not wait for another; the called jobs wait for their like
  cancel-in-progress: false
jobs:
  merge:
    name: mlci
    permissions:
      actions: read # the model that the pull request was judged with
      contents: write # the registry, its tags and the releases with the packages
      deployments: write # the deployment and its statuses; GitHub wants it here also where nothing is deployed
      pull-requests: read # which pull request was merged
      statuses: read # which model it was judged with
"""
