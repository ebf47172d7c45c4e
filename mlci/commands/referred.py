"""What a reference of `mlci compare` leads to: a package, the run that made it, the files that it was trained from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.commands.candidate import read_candidate
from mlci.commands.evaluation import fetch
from mlci.commands.inputs import fingerprint_of
from mlci.commands.lineage import CANDIDATE, origin_of
from mlci.commands.package_path import read_path
from mlci.commands.resolving import is_path, names_version, path_hint, resolve_in, run_named
from mlci.commands.sides import head_side
from mlci.core.canonical import canonical_sha256
from mlci.core.lineage import made
from mlci.core.plain_text import one_line
from mlci.core.side_by_side import Referred
from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlci.commands.case import Tools
    from mlci.commands.installed import Installed
    from mlci.commands.ports import Repository, Tree
    from mlci.core.package import Package
    from mlci.core.registry import Registry, Version
    from mlci.core.runs import KeptRun


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what its reference leads to, None for what is not here."""

    named: Referred
    package: Installed | None
    run: KeptRun | None
    tree: Tree | None
    """The files that it was trained from."""
    no_package: str = "the model of that run is here neither as candidate nor as version"
    """Why there is no package."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where references are looked up."""

    repository: Repository
    tools: Tools
    runs: Sequence[KeptRun]
    registry: Registry
    head: Tree

    def side(self, reference: str) -> Side:
        """Return what REFERENCE leads to; raises `UsageError` where it names nothing, and as each kind does."""
        if reference == CANDIDATE:
            return self._of_candidate(reference)
        if is_path(reference):
            package = read_path(Path(reference))
            return self._with(reference, package, self._run_of_model(package.package), None)
        if names_version(reference):
            version = resolve_in(self.registry, reference, hint=path_hint(reference))
            return self._of_version(version, reference)
        run = run_named(self.runs, reference)
        return self._of_run(run, reference)

    def _of_candidate(self, reference: str) -> Side:
        candidate = read_candidate(self.tools.work.submission())
        run = self._first(run for run in self.runs if canonical_sha256(run.record.inputs) == candidate.fingerprint)
        return self._with(reference, candidate.installed, run, self._own(candidate.fingerprint))

    def _own(self, digest: str) -> Tree | None:
        """Return the work tree where a candidate of these inputs was made from it as it is."""
        side = head_side(self.head)
        return self.head if fingerprint_of(side, self.head).digest == digest else None

    def _of_version(self, version: Version, reference: str) -> Side:
        origin = origin_of(version, self.repository)
        run = self._first(run for run in self.runs if made(run, version, origin))
        tree = self.repository.tree(version.commit) if self.repository.has_commit(version.commit) else None
        config = head_side(self.head).config
        try:
            package, why = fetch(version, self.tools.open_store(config.promote)), ""
        except MlciError as error:  # what went into it can be compared all the same
            package, why = None, error.problem
        return self._with(reference, package, run, tree, version=version.number, why=why)

    def _of_run(self, run: KeptRun, reference: str) -> Side:
        """Return a run with the model that it made, where that is here as candidate or is a version."""
        submission = self.tools.work.submission()
        if submission is not None:
            candidate = read_candidate(submission)
            if canonical_sha256(run.record.inputs) == candidate.fingerprint:
                return self._with(reference, candidate.installed, run, None)
        inputs = canonical_sha256(run.record.inputs)
        version = next((each for each in self.registry.versions.values() if each.run == inputs), None)
        if version is None:
            return self._with(reference, None, run, None)
        side = self._of_version(version, reference)
        return self._with(reference, side.package, run, side.tree, version=version.number, why=side.no_package)

    def _run_of_model(self, package: Package) -> KeptRun | None:
        model = hashlib.sha256(package.model).hexdigest()
        return self._first(run for run in self.runs if run.record.model_sha256 == model)

    @staticmethod
    def _first(runs: Iterable[KeptRun]) -> KeptRun | None:
        return next((run for run in runs if run.record.model_sha256 and not run.record.seed), None)

    @staticmethod
    def _with(
        reference: str,
        package: Installed | None,
        run: KeptRun | None,
        tree: Tree | None,
        *,
        version: str | None = None,
        why: str = "",
    ) -> Side:
        named = Referred(
            one_line(reference),
            version,
            package.sha256 if package else None,
            run.id if run else None,
        )
        return Side(named, package, run, tree, **({"no_package": why} if why else {}))
