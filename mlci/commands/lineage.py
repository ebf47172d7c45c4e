"""`mlci lineage`: what a version, run or package was made from, and which models used a data set."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.commands.candidate import read_candidate
from mlci.commands.inputs import input_ids
from mlci.commands.package_path import read_path
from mlci.commands.resolving import is_path, path_hint, resolve_in
from mlci.commands.runs import list_runs
from mlci.commands.sides import head_side
from mlci.core import pipeline
from mlci.core.data_section import identity
from mlci.core.evaluation import read_evaluation
from mlci.core.fingerprint import code_paths, fingerprint
from mlci.core.lineage import (
    DataUse,
    History,
    Node,
    Origin,
    made,
    of_data,
    of_evaluation,
    of_package,
    of_run,
    of_version,
)
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.runs.listing import found
from mlci.errors import IntegrityError, MlciError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.ports import RegistryBranch, Repository, RunsBranch, Workbench
    from mlci.core.config import Config
    from mlci.core.registry import Registry, Version

_HASH: Final = re.compile(r"[0-9a-f]{4,64}")
_RUN: Final = "run:"
CANDIDATE: Final = "candidate"


def lineage(
    reference: str, *, repository: Repository, registry: RegistryBranch, work: Workbench, shared: RunsBranch
) -> Node:
    """Return the lineage of what REFERENCE names; raises `UsageError("unknown-reference")`, and as each kind does."""
    tree = repository.work_tree()
    config = head_side(tree).config
    state = registry.load(config.model.name).registry
    origins = {number: origin_of(version, repository) for number, version in state.versions.items()}
    history = History(
        state,
        tuple(list_runs(work, shared)),
        origins={number: origin for number, origin in origins.items() if origin is not None},
    )
    if reference in config.data or reference in {section.path for section in config.data.values()}:
        name = next(name for name, section in config.data.items() if reference in {name, section.path})
        return of_data(history, name, frozenset(), _use(name, config, tree.ids()))
    if reference.startswith(_RUN) or _is_run(reference, history):
        run = found(history.runs, reference)
        return of_run(_with_details(history, work, run.id), run)
    if any(use.path == reference for origin in history.origins.values() for use, _ in origin.uses()):
        return of_data(history, reference, frozenset(), None)
    if reference == CANDIDATE or is_path(reference):
        return _of_package(reference, history, work, registry)
    if any(sign in reference for sign in "@#") or reference in state.versions:
        version = resolve_in(state, reference, hint=path_hint(reference))
        origin = history.origins.get(version.number)
        runs = (run.id for run in history.runs if made(run, version, origin))
        return of_version(_with_details(_concluded(history, registry, version), work, *runs), version)
    tree_of_hash = _of_hash(reference, history, registry)
    if tree_of_hash is None:
        raise _unknown(reference, config, state)
    return tree_of_hash


def origin_of(version: Version, repository: Repository) -> Origin | None:
    """Return what VERSION was made from, as its commit says; None where it is not here or cannot be read any more."""
    if not repository.has_commit(version.commit):
        return None
    tree = repository.tree(version.commit)
    try:
        side = head_side(tree)
        ids = input_ids(tree, side.config)
    except MlciError:  # what was written then cannot be read now
        return None
    config = side.config
    params = config.train.params
    stages = pipeline.locked_stages(tree.read(pipeline.LOCK)) if config.train.dvc else ()
    return Origin(
        training=fingerprint(config, ids, side.made).training,
        subject=repository.subject(version.commit),
        code_files=len(code_paths(config, ids, side.made)),
        data=tuple(_use(name, config, ids) for name in config.inputs),
        params=DataUse("parameters", params, ids.get(params, "missing")) if params else None,
        evaluation=_use(config.evaluate.data, config, ids),
        stages=stages,
        tracked=frozenset(path for stage in stages for path in (*stage.reads, *stage.makes) if path in ids),
    )


def _use(name: str, config: Config, ids: Mapping[str, str]) -> DataUse:
    section = config.data[name]
    return DataUse(name, section.path, identity(section, ids) or "missing")


def _concluded(history: History, registry: RegistryBranch, version: Version | None) -> History:
    """Return HISTORY with what the evaluation came to that VERSION was promoted on."""
    if version is None or version.evaluation is None:
        return history
    try:
        content = registry.evaluation(version.model, version.evaluation)
        evaluation = None if content is None else read_evaluation(content, version.evaluation)
    except IntegrityError as error:
        told = error.problem
    else:
        told = "not on the branch" if evaluation is None else evaluation.conclusion
        told += f" on {evaluation.rows:,} rows" if evaluation and evaluation.rows is not None else ""
    return replace(history, conclusions={**history.conclusions, version.evaluation: told})


def _with_details(history: History, work: Workbench, *names: str) -> History:
    """Return HISTORY with what is too long for the records of the runs with these NAMES."""
    wanted = set(names)
    found_details = {run.id: work.details(run) for run in history.runs if run.id in wanted}
    return replace(history, details={name: details for name, details in found_details.items() if details})


def _of_package(reference: str, history: History, work: Workbench, registry: RegistryBranch) -> Node:
    if reference == CANDIDATE:
        candidate = read_candidate(work.submission())
        package, sha256 = candidate.package, candidate.sha256
    else:
        installed = read_path(Path(reference))
        package, sha256 = installed.package, installed.sha256
    model = hashlib.sha256(package.model).hexdigest()
    runs = (run.id for run in history.runs if run.record.model_sha256 == model)
    title = f"{'candidate' if reference == CANDIDATE else 'package'} {sha256[:12]}"
    history = _concluded(history, registry, history.registry.version_of(sha256))
    return of_package(_with_details(history, work, *runs), sha256, model, title)


def _of_hash(reference: str, history: History, registry: RegistryBranch) -> Node | None:
    """Return the lineage of the evaluation or the data set whose hash begins with REFERENCE, None of neither."""
    if _HASH.fullmatch(reference) is None:
        return None
    versions = history.registry.versions.values()
    judged = next((each for each in versions if (each.evaluation or "").startswith(reference)), None)
    if judged is not None and judged.evaluation is not None:
        return of_evaluation(_concluded(history, registry, judged), judged.evaluation)
    hashes = _hashes_of_data(reference, history)
    return of_data(history, reference, hashes, None) if hashes else None


def _is_run(reference: str, history: History) -> bool:
    return _HASH.fullmatch(reference) is not None and any(run.id.startswith(reference) for run in history.runs)


def _hashes_of_data(reference: str, history: History) -> frozenset[str]:
    """Return the hashes of data sets, of records and commits, that begin with REFERENCE."""
    files = {(file.sha256, file.git_id) for run in history.runs for file in run.record.data.values()}
    uses = {use.git_id for origin in history.origins.values() for use, _ in origin.uses()}
    named = {each for pair in files if any(_is_named(each, reference) for each in pair) for each in pair}
    return frozenset(named | {each for each in uses if _is_named(each, reference)})


def _is_named(digest: str, reference: str) -> bool:
    """Say whether a hash, which may have its algorithm before it, begins so."""
    return digest.rpartition(":")[2].startswith(reference)


def _unknown(reference: str, config: Config, state: Registry) -> UsageError:
    there = (*config.data, *state.versions, CANDIDATE)
    return UsageError(
        "unknown-reference",
        f"{one_line(reference, 80)!r} names nothing here",
        cause="A version, a stage, run:ID, candidate, a package's path, a data set's name, path or hash is wanted.",
        hint=did_you_mean(reference, there, f"There are: {', '.join(there[-8:])}"),
    )
