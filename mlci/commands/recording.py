"""What is recorded of a run: what goes in before the command begins, what comes out after it has ended."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.commands.training_data import training_files
from mlci.core.above import places_above
from mlci.core.canonical import canonical_sha256
from mlci.core.data_section import identity
from mlci.core.fingerprint import code_paths
from mlci.core.names import ABOVE
from mlci.core.plain_text import one_line, printable
from mlci.core.runs import Artifact, Cost, DataFile, RunDetails, RunRecord, StageRun
from mlci.core.runs.content import Content, content_of
from mlci.core.runs.parameters import read_parameters, secret_values
from mlci.core.runs.secrets import secrets_in, without
from mlci.core.runs.seeds import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, BinaryIO

    from mlci.commands.ports import Repository, Tree
    from mlci.core.config import Config
    from mlci.core.data_section import DataSection
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.runs.parameters import Plain
    from mlci.core.runs.record import Outcome
    from mlci.core.training import Completed

CHUNK_BYTES = 1 << 20
LONGEST_PATH = 1_000
MOST_ALSO_WRITTEN = 200
OUTPUT = ".mlci"


@dataclass(frozen=True, slots=True)
class Before:
    """What goes into a run, as it was before the command could change it."""

    folder: Path
    fingerprint: Fingerprint
    command: str
    commit: str
    dirty: str | None
    dirty_paths: tuple[str, ...]
    code: Mapping[str, str]
    data: Mapping[str, DataFile]
    params: Mapping[str, Plain]
    secrets: tuple[str, ...]
    """What no log may show."""
    model: str


def before(
    config: Config,
    inputs: Fingerprint,
    ids: Mapping[str, str],
    repository: Repository,
    made: frozenset[str] = frozenset(),
) -> Before:
    """Return what goes into the run that CONFIG describes, on files with the Git ids IDS; what it has MADE does not."""
    train, tree = config.train, repository.work_tree()
    content = tree.read(train.params) or b"" if train.params else b""
    changed = (*_changed_above(config, ids, repository), *repository.dirty_paths())
    return Before(
        folder=repository.folder,
        fingerprint=inputs,
        command="" if train.is_elsewhere else train.title,
        commit=repository.head(),
        dirty=canonical_sha256({path: ids.get(path) for path in changed}) if changed else None,
        dirty_paths=tuple(printable(path, LONGEST_PATH) for path in changed),
        code={printable(path, LONGEST_PATH): ids[path] for path in code_paths(config, ids, made)},
        data={name: _data_file(repository.folder, config.data[name], ids, tree) for name in config.inputs},
        params=(read_parameters(content, train.params) or {}) if train.params else {},
        secrets=(*secrets_in(train.run or ""), *(secret_values(content, train.params) if train.params else ())),
        model=train.output,
    )


def _changed_above(config: Config, ids: Mapping[str, str], repository: Repository) -> tuple[str, ...]:
    """Return the inputs outside of the folder that differ from HEAD."""
    places = places_above(config)
    committed = repository.tree(repository.head()).ids_above(places) if places else {}
    inputs = (path for path in code_paths(config, {**committed, **ids}) if path.startswith(ABOVE))
    return tuple(path for path in inputs if ids.get(path) != committed.get(path))


def recorded(
    given: Before,
    done: Completed,
    outcome: Outcome,
    reason: str = "",
    *,
    seed: int | None = FIRST,
    model_sha256: str | None = None,
    description: Mapping[str, Any] | None = None,
    stages: tuple[StageRun, ...] = (),
    unknown: tuple[str, ...] = (),
    environment: Mapping[str, Any] | None = None,
    also_wrote: tuple[str, ...] = (),
) -> tuple[RunRecord, RunDetails]:
    """Return record and details of a run: what was GIVEN, and how it was DONE."""
    artifacts, left_out = _artifacts(given, done.tracked.artifacts)
    secrets = (*given.secrets, *done.secrets)
    details = RunDetails(
        code=dict(given.code),
        dirty_paths=given.dirty_paths,
        packages=dict(done.machine.packages),
        history=dict(done.tracked.metrics),
        left_out=(*done.tracked.left_out, *left_out),
        description=dict(description or {}),
        stages=stages,
        also_wrote=tuple(printable(path, LONGEST_PATH) for path in also_wrote[:MOST_ALSO_WRITTEN]),
    )
    params = {
        name: without(value, secrets) if isinstance(value, str) else value
        for name, value in {**given.params, **done.tracked.params}.items()
    }
    record = RunRecord(
        fingerprint=given.fingerprint.training,
        inputs=given.fingerprint.to_dict(),
        commit=given.commit,
        dirty=given.dirty,
        started=done.started,
        outcome=outcome,
        reason=one_line(without(reason, secrets)),
        exit_code=done.exit_code,
        command=given.command,
        variables=dict(done.variables),
        seed=seed,
        data=dict(given.data),
        params=dict(sorted(params.items())),
        metrics=dict(done.tracked.last),
        artifacts=artifacts,
        cost=Cost(
            wall_seconds=round(done.seconds, 3),
            cpu_seconds=None if done.cpu_seconds is None else round(done.cpu_seconds, 3),
            peak_bytes=done.peak_bytes,
        ),
        environment=None if environment is None else dict(environment),
        python=done.machine.python,
        platform=done.machine.platform,
        cpu=done.machine.cpu,
        model_sha256=model_sha256,
        unknown=unknown,
        details_sha256=details.sha256,
    )
    return record, details


def _data_file(folder: Path, section: DataSection, ids: Mapping[str, str], tree: Tree) -> DataFile:
    """Return what a data set was when it was read; the hash of several files is over their names and hashes."""
    files = training_files(section, tree, ids, folder)
    found: list[Content] = []
    for path in files.values():
        with path.open("rb") as file:
            found.append(content_of(_chunks(file), is_csv=section.path.endswith(".csv")))
    listed = [[name, each.sha256] for name, each in zip(files, found, strict=True)]
    rows = [each.rows for each in found]
    return DataFile(
        path=section.path,
        git_id=identity(section, ids) or "",
        sha256=found[0].sha256 if list(files) == [section.path] else canonical_sha256(listed),
        bytes=sum(each.bytes for each in found),
        rows=None if None in rows else sum(each or 0 for each in rows),
    )


def _artifacts(given: Before, logged: Sequence[str]) -> tuple[tuple[Artifact, ...], tuple[str, ...]]:
    """Return the files that the run made, and a sentence on each that was logged and is none of the folder's."""
    found: dict[str, Artifact] = {}
    left_out: list[str] = []
    model = given.folder / given.model
    for path in (model, *map(Path, logged)):
        try:
            artifact = _artifact(given.folder, path)
        except (OSError, ValueError):
            artifact = None
        if artifact is not None:
            found[artifact.path] = artifact
        elif path != model:
            left_out.append(f"the artifact {one_line(path.name, 200)}: no plain file below the folder of mlci.yaml")
    return tuple(found[path] for path in sorted(found)), tuple(left_out)


def _artifact(folder: Path, path: Path) -> Artifact | None:
    """Return a file below FOLDER; None for anything that is elsewhere, is reached by a link, or is no plain file."""
    whole = path.resolve()
    if not whole.is_relative_to(folder) or path.is_symlink() or (folder / OUTPUT) in whole.parents:
        return None
    # Nothing of the run lives any more that could put a pipe, which has no end, into the place of the file.
    if not stat.S_ISREG(whole.lstat().st_mode):
        return None
    with whole.open("rb") as file:
        content = content_of(_chunks(file))
    name = printable(whole.relative_to(folder).as_posix(), LONGEST_PATH)
    return Artifact(path=name, sha256=content.sha256, bytes=content.bytes)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK_BYTES), b"")
