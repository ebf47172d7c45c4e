"""The number of a new version: how far the model lies from what is in production."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.commands.evaluation import fetch
from mlci.commands.inputs import fingerprint_of
from mlci.commands.sides import head_side
from mlci.core.package import change_of_signature
from mlci.errors import MlciError

if TYPE_CHECKING:
    from mlci.commands.case import Case, Tools
    from mlci.commands.ports import Repository
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.package import Package
    from mlci.core.registry import Part, Version


def kind_of_change(case: Case, package: Package, repository: Repository, tools: Tools) -> tuple[Part, str]:
    """Return how far the new version lies from production (in an empty stage: from the latest version), and why."""
    production = case.production or case.registry.registry.latest
    if production is None:
        return "major", "the first version"
    before = fetch(production, tools.open_store(case.rules.config.promote)).package.info.signature
    if change_of_signature(before, package.info.signature) == "major":
        return "major", "the signature changed"
    inputs = _inputs_of(production, repository)
    if inputs is not None and inputs.training == case.inputs.training:
        return "patch", "only the configuration changed"
    if inputs is not None and replace(inputs, data={}, packaging="") == replace(case.inputs, data={}, packaging=""):
        return "patch", "only the data changed"
    return "minor", "code or parameters changed"


def _inputs_of(version: Version, repository: Repository) -> Fingerprint | None:
    """Return what went into VERSION; None where its commit is not here (a shallow clone)."""
    if not repository.has_commit(version.commit):
        return None
    tree = repository.tree(version.commit)
    try:
        return fingerprint_of(head_side(tree), tree)
    except MlciError:  # what was written then cannot be read now
        return None
