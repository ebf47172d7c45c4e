"""Workflows and actions as plain values, for tests that read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from mlci.render.workflow_callers import callers
from tests.actions.lint_workflows import REFERENCE

ROOT = Path(__file__).parents[2]

Document = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML as GitHub reads it: `on` is a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), ["t", "f"])


def parse(text: str) -> Document:
    """Return the document in TEXT."""
    document: Document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    return document


REUSABLE = {
    name: parse((ROOT / ".github" / "workflows" / f"mlci-{name}.yml").read_text())
    for name in ("check", "report", "merge")
}
"""Our reusable workflows, by verb."""

CALLERS = {
    Path(path).stem.removeprefix("mlci-"): parse(text)
    for path, text in callers("mlci/mlci", REFERENCE, install="pip install .", deploy="live").items()
}
"""What `mlci init --github` writes, by verb."""

ACTIONS = {path.parent.name: parse(path.read_text()) for path in sorted((ROOT / "actions").glob("*/action.yml"))}
"""Our composite actions, by verb."""

JOBS = {(name, job): content for name, document in REUSABLE.items() for job, content in document["jobs"].items()}
"""The jobs of the reusable workflows, by workflow and name."""


def steps() -> dict[str, Document]:
    """Return every step of ours, by where it stands and what it is called."""
    found = {
        f"{workflow}/{job}: {step['name']}": step
        for (workflow, job), content in JOBS.items()
        for step in content["steps"]
    }
    return found | {
        f"actions/{name}: {step['name']}": step for name, action in ACTIONS.items() for step in action["runs"]["steps"]
    }
