"""`mlci lineage`: what a version, run or package was made from, and which models used a data set."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.commands.candidate import read_candidate
from mlci.commands.references import read_path
from mlci.commands.resolving import resolve_in
from mlci.commands.sides import head_side
from mlci.core.fingerprint import code_paths, fingerprint
from mlci.core.lineage import DataUse, History, Node, Origin, of_data, of_package, of_run, of_version
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.runs.listing import found
from mlci.errors import MlciError, UsageError

if TYPE_CHECKING:
    from mlci.commands.ports import RegistryBranch, Repository, Tree, Workbench
    from mlci.core.config import Config
    from mlci.core.registry import Registry, Version

_HASH: Final = re.compile(r"[0-9a-f]{4,64}")
_RUN: Final = "run:"
CANDIDATE: Final = "candidate"


def lineage(reference: str, *, repository: Repository, registry: RegistryBranch, work: Workbench) -> Node:
    """Return the lineage of what REFERENCE names; raises `UsageError("unknown-reference")`, and as each kind does."""
    tree = repository.work_tree()
    config = head_side(tree).config
    state = registry.load(config.model.name).registry
    history = History(
        state,
        tuple(work.runs()),
        origins={
            number: origin
            for number, version in state.versions.items()
            if (origin := origin_of(version, repository)) is not None
        },
    )
    if reference in config.data or reference in {section.path for section in config.data.values()}:
        name = next(name for name, section in config.data.items() if reference in {name, section.path})
        return of_data(history, name, frozenset(), _use(name, config, tree))
    if reference.startswith(_RUN) or _is_run(reference, history):
        run = found(history.runs, reference)
        return of_run(_with_details(history, work, run.id), run)
    if reference == CANDIDATE or Path(reference).exists():
        return _of_package(reference, history, work)
    if any(sign in reference for sign in "@#") or reference in state.versions:
        version = resolve_in(state, reference)
        origin = history.origins.get(version.number)
        training = origin.training if origin else None
        runs = (run.id for run in history.runs if run.record.fingerprint == training)
        return of_version(_with_details(history, work, *runs), version)
    hashes = _hashes_of_data(reference, history)
    if hashes:
        return of_data(history, one_line(reference, 80), hashes, None)
    raise _unknown(reference, config, state)


def origin_of(version: Version, repository: Repository) -> Origin | None:
    """Return what VERSION was made from, as its commit says; None where it is not here or cannot be read any more."""
    if not repository.has_commit(version.commit):
        return None
    tree = repository.tree(version.commit)
    try:
        side, ids = head_side(tree), tree.ids()
    except MlciError:  # what was written then cannot be read now
        return None
    config = side.config
    params = config.train.params
    return Origin(
        training=fingerprint(config, ids, side.made).training,
        subject=repository.subject(version.commit),
        code_files=len(code_paths(config, ids, side.made)),
        data=tuple(_use(name, config, tree) for name in config.train.data),
        params=DataUse("parameters", params, ids.get(params, "missing")) if params else None,
        evaluation=_use(config.evaluate.data, config, tree),
    )


def _use(name: str, config: Config, tree: Tree) -> DataUse:
    path = config.data[name].path
    return DataUse(name, path, tree.ids().get(path, "missing"))


def _with_details(history: History, work: Workbench, *names: str) -> History:
    """Return HISTORY with what is too long for the records of the runs with these NAMES."""
    wanted = set(names)
    found_details = {run.id: work.details(run) for run in history.runs if run.id in wanted}
    return replace(history, details={name: details for name, details in found_details.items() if details})


def _of_package(reference: str, history: History, work: Workbench) -> Node:
    if reference == CANDIDATE:
        candidate = read_candidate(work.submission())
        package, sha256 = candidate.package, candidate.sha256
    else:
        installed = read_path(Path(reference))
        package, sha256 = installed.package, installed.sha256
    model = hashlib.sha256(package.model).hexdigest()
    runs = (run.id for run in history.runs if run.record.model_sha256 == model)
    title = f"{'candidate' if reference == CANDIDATE else 'package'} {sha256[:12]}"
    return of_package(_with_details(history, work, *runs), sha256, model, title)


def _is_run(reference: str, history: History) -> bool:
    return _HASH.fullmatch(reference) is not None and any(run.id.startswith(reference) for run in history.runs)


def _hashes_of_data(reference: str, history: History) -> frozenset[str]:
    """Return the hashes of data sets, of records and commits, that begin with REFERENCE."""
    if _HASH.fullmatch(reference) is None:
        return frozenset()
    files = {(file.sha256, file.git_id) for run in history.runs for file in run.record.data.values()}
    uses = {use.git_id for origin in history.origins.values() for use in (*origin.data, origin.evaluation)}
    named = {each for pair in files if any(each.startswith(reference) for each in pair) for each in pair}
    return frozenset(named | {each for each in uses if each.startswith(reference)})


def _unknown(reference: str, config: Config, state: Registry) -> UsageError:
    there = (*config.data, *state.versions, CANDIDATE)
    return UsageError(
        "unknown-reference",
        f"{one_line(reference, 80)!r} names nothing here",
        cause="A version, a stage, run:ID, candidate, a package's path, a data set's name, path or hash is wanted.",
        hint=did_you_mean(reference, there, f"There are: {', '.join(there[-8:])}"),
    )
