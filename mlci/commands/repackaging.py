"""The candidate packaged anew by who judges it: of what was submitted, only the model stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.baseline import with_submitted_baseline
from mlci.commands.candidate import Candidate
from mlci.commands.fitting import fitting_package
from mlci.commands.hashing import with_hashes
from mlci.commands.packaging import packaged
from mlci.formats.archive import digest, pack

if TYPE_CHECKING:
    from mlci.commands.case import Case, Tools


def repackaged(candidate: Candidate, case: Case, tools: Tools) -> Candidate:
    """Return the candidate packaged anew by the rules that count: of what was submitted, only the model stays.

    And its baseline, which nobody can count again here; it is checked, and serves no verdict.
    """
    config = case.rules.config
    contract = case.head_side.contracts.get(config.evaluate.data)
    package = packaged(candidate.package.model, config, contract, fitting_package(candidate.package, tools.predictor))
    package = with_submitted_baseline(package, candidate.package, (case.head_side, case.base_side))
    package, _ = with_hashes(package, case.head_side.config, case.head, tools.predictor)
    archive = pack(package.files)
    return Candidate(package, archive, digest(archive), candidate.fingerprint, candidate.train_seconds)
