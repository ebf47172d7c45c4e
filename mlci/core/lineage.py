"""Lineage: what a thing was made from, and what was made from it, as a tree whose lines are facts of records and Git.

Backwards from a version, a run or a package; forwards from a data set. Nothing is guessed: a thing hangs on another one
only where a hash says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from mlci.core.canonical import canonical_sha256
from mlci.core.plain_text import one_line
from mlci.core.runs.listing import newest_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlci.core.pipeline import Stage
    from mlci.core.registry import Registry
    from mlci.core.registry.entries import Event, Version
    from mlci.core.runs import KeptRun, RunDetails

Kind = Literal["version", "run", "package", "data", "code", "parameters", "evaluation", "environment", "stage", "event"]

SHORT: Final = 12
MOST_RUNS: Final = 10
"""Runs below one thing; further ones are counted."""
MOST_FILES: Final = 20
"""Files of a stage; further ones are counted."""
LONGEST: Final = 160


@dataclass(frozen=True, slots=True)
class Node:
    """One thing, how it hangs on the thing above it, and what hangs on it."""

    kind: Kind
    id: str
    """Names the same thing wherever it stands: a hash, a version, an event."""
    title: str
    relation: str = ""
    inner: tuple[Node, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the tree as a JSON object."""
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "relation": self.relation,
            "inner": [node.to_dict() for node in self.inner],
        }


@dataclass(frozen=True, slots=True)
class DataUse:
    """A data set as a commit has it."""

    name: str
    path: str
    git_id: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a version was made from, as the files of its commit say."""

    training: str
    """The fingerprint of the training."""
    subject: str
    code_files: int
    data: tuple[DataUse, ...]
    params: DataUse | None
    evaluation: DataUse
    stages: tuple[Stage, ...] = ()
    """Of its pipeline, where DVC runs one, as `dvc.lock` has them."""
    tracked: frozenset[str] = frozenset()
    """Which of the files that stages read or make lie in Git."""

    def uses(self) -> Iterator[tuple[DataUse, str]]:
        """Yield every data set, and how it was used; of a pipeline each file that DVC knows."""
        yield from ((use, "trained") for use in self.data)
        for stage in self.stages:
            for path, md5 in stage.reads.items():
                yield DataUse(path, path, md5), f"read by stage {stage.name} of"
            for path, md5 in stage.makes.items():
                yield DataUse(path, path, md5), f"made by stage {stage.name} of"
        yield self.evaluation, "evaluated"


@dataclass(frozen=True, slots=True)
class History:
    """All that lineage is read from."""

    registry: Registry
    runs: tuple[KeptRun, ...] = ()
    details: Mapping[str, RunDetails] = field(default_factory=dict)
    """By the name of the run, for runs with something to say there."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """By the number of the version; one whose commit is not here has none."""
    conclusions: Mapping[str, str] = field(default_factory=dict)
    """What an evaluation came to, by its digest, as far as somebody asked."""


def of_version(history: History, version: Version) -> Node:
    """Return what VERSION was made from, and what became of it."""
    origin = history.origins.get(version.number)
    return _version(
        history,
        version,
        inner=(
            Node("package", version.package_sha256, f"package {version.package_sha256[:SHORT]}", "is"),
            *_made_from(version, origin, history),
            *_runs(history, [run for run in history.runs if made(run, version, origin)], "made by"),
            *(_event(event) for event in history.registry.events if event.version == version.number),
        ),
    )


def of_run(history: History, run: KeptRun) -> Node:
    """Return what RUN was made from, and the versions that it became."""
    became = [each for each in history.registry.versions.values() if made(run, each, history.origins.get(each.number))]
    node = _run(history, run)
    return replace(node, inner=(*node.inner, *(_version(history, each, "became") for each in became)))


def of_package(history: History, sha256: str, model_sha256: str, title: str) -> Node:
    """Return the versions that a package is, and the runs that made its model."""
    version = history.registry.version_of(sha256)
    runs = [run for run in history.runs if run.record.model_sha256 == model_sha256]
    whole = of_version(history, version) if version else Node("version", "none", "no version of the registry")
    registered = (replace(whole, relation="is"),)
    known = {node.id for each in registered for node in each.inner}
    others = _runs(history, [run for run in runs if run.id not in known], "made by")
    return Node("package", sha256, title, "", (*registered, *others))


def of_evaluation(history: History, digest: str) -> Node:
    """Return the versions that were promoted on the evaluation with this DIGEST."""
    decided = [each for each in history.registry.versions.values() if each.evaluation == digest]
    title = _concluded(history, digest)
    return Node("evaluation", digest, title, "", tuple(_version(history, each, "decided on") for each in decided))


def of_data(history: History, name: str, hashes: frozenset[str], now: DataUse | None) -> Node:
    """Return what used a data set: called NAME, or with one of HASHES; NOW is how it lies here."""
    names = {name} | ({now.path} if now else set())
    contents: dict[str, list[Node]] = {}
    for run in newest_first(history.runs):
        for used, file in run.record.data.items():
            if used == name or file.path in names or hashes & {file.sha256, file.git_id}:
                contents.setdefault(file.git_id, []).append(_run_line(run, "trained"))
    for version in history.registry.versions.values():
        origin = history.origins.get(version.number)
        for use, relation in origin.uses() if origin else ():
            if names & {use.name, use.path} or use.git_id in hashes:
                contents.setdefault(use.git_id, []).append(_version(history, version, relation))
    if now is not None:
        contents.setdefault(now.git_id, [])
    inner = tuple(
        Node(
            "data",
            git_id,
            f"content {_short(git_id)}" + (", as it is here now" if now and now.git_id == git_id else ""),
            "had",
            _counted(nodes) or (Node("data", "", "nothing that is recorded here", "used by"),),
        )
        for git_id, nodes in contents.items()
    )
    return Node("data", name, f"data set {name}" + (f" ({now.path})" if now else ""), "", inner)


def made(run: KeptRun, version: Version, origin: Origin | None) -> bool:
    """Say whether a run with these very inputs is what VERSION came from."""
    if run.record.outcome not in {"trained", "brought in"}:
        return False
    same_inputs = canonical_sha256(run.record.inputs) == version.run
    return same_inputs or (origin is not None and run.record.fingerprint == origin.training)


def _version(history: History, version: Version, relation: str = "", inner: tuple[Node, ...] = ()) -> Node:
    registry = history.registry
    stages = [stage.name for stage in registry.stages.values() if stage.version == version.number]
    marks = [*stages, *(["quarantined"] if registry.is_quarantined(version.number) else [])]
    marks += ["deprecated"] if registry.is_deprecated(version.number) else []
    name = f"{registry.model}@{version.number}"
    return Node("version", name, name + (f" ({', '.join(marks)})" if marks else ""), relation, inner)


def _made_from(version: Version, origin: Origin | None, history: History) -> Iterator[Node]:
    commit = f"commit {version.commit[:SHORT]}"
    if origin is None:
        yield Node("code", version.commit, f"{commit}, which is not in this clone", "from")
        yield from _decided(history, version)
        return
    yield _code(version.commit, f"{commit}: {origin.subject}", origin.code_files)
    for use in origin.data:
        yield Node("data", use.git_id, f"{use.name}: {use.path}{_rows(history, use)}", "trained on")
    if origin.params:
        yield Node("parameters", origin.params.git_id, origin.params.path, "with")
    yield from (_stage(stage, origin, version.commit) for stage in origin.stages)
    title = f"{origin.evaluation.name}: {origin.evaluation.path}"
    yield Node("evaluation", origin.evaluation.git_id, title, "judged on")
    yield from _decided(history, version)


def _short(digest: str) -> str:
    """Return the beginning of a hash, without the name of its algorithm."""
    return digest.rpartition(":")[2][:SHORT]


def _decided(history: History, version: Version) -> Iterator[Node]:
    """Yield the evaluation that a version was promoted on; one that was only registered has none."""
    if version.evaluation is not None:
        yield Node("evaluation", version.evaluation, _concluded(history, version.evaluation), "promoted on")


def _concluded(history: History, digest: str) -> str:
    told = history.conclusions.get(digest)
    return f"evaluation {digest[:SHORT]}" + (f": {told}" if told else "")


def _stage(stage: Stage, origin: Origin, commit: str) -> Node:
    """Return a stage of a pipeline as `dvc.lock` of a commit has it, with the files that it read and made."""
    files = [(path, md5, "reads") for path, md5 in stage.reads.items()]
    files += [(path, md5, "makes") for path, md5 in stage.makes.items()]
    inner = tuple(
        Node("code" if path in origin.tracked else "data", md5, one_line(path, LONGEST), relation)
        for path, md5, relation in files[:MOST_FILES]
    )
    more = len(files) - MOST_FILES
    inner += (Node("data", "more", f"and {more} more files", ""),) if more > 0 else ()
    return Node("stage", f"{commit}/{stage.name}", one_line(stage.name, LONGEST), "by stage", inner)


def _rows(history: History, use: DataUse) -> str:
    """Return how many rows a file has, as far as a run that read it counted them."""
    found = (run.record.data.get(use.name) for run in history.runs)
    counted = (file.rows for file in found if file is not None and file.git_id == use.git_id and file.rows is not None)
    rows = next(counted, None)
    return "" if rows is None else f" ({rows:,} rows)"


def _code(commit: str, title: str, files: int | None) -> Node:
    counted = "" if files is None else f" ({files:,} file{'s' if files != 1 else ''})"
    return Node("code", commit, one_line(title, LONGEST) + counted, "from")


def _run_line(run: KeptRun, relation: str) -> Node:
    record = run.record
    when = f"{record.started:%Y-%m-%d %H:%M}"
    seed = f", seed {record.seed}" if record.seed else ""
    shared = ", as it was shared" if run.where == "shared" else ""
    return Node("run", run.id, one_line(f"run {run.id[:8]}: {record.outcome} {when}{seed}{shared}", LONGEST), relation)


def _run(history: History, run: KeptRun, relation: str = "") -> Node:
    record, details = run.record, history.details.get(run.id)
    line = _run_line(run, relation)
    files = len(details.code) if details else None
    changed = " with changes that no commit has" if record.dirty else ""
    inner = [_code(record.commit, f"commit {record.commit[:SHORT]}{changed}", files)]
    for name, file in record.data.items():
        rows = "" if file.rows is None else f" ({file.rows:,} rows)"
        inner.append(Node("data", file.git_id, one_line(f"{name}: {file.path}{rows}", LONGEST), "trained on"))
    if record.params:
        count = len(record.params)
        title = f"{count} parameter{'s' if count != 1 else ''}"
        inner.append(Node("parameters", canonical_sha256(dict(record.params)), title, "with"))
    if record.command:
        inner.append(Node("environment", record.command, one_line(record.command, LONGEST), "by"))
    if record.python:
        inner.append(Node("environment", record.python, record.python, "in"))
    for stage in details.stages if details else ():
        made_files = ", ".join(stage.makes)
        title = f"{stage.name} {stage.outcome}" + (f", makes {made_files}" if made_files else "")
        inner.append(Node("stage", f"{run.id}/{stage.name}", one_line(title, LONGEST), "stage"))
    if record.unknown:
        inner.append(Node("environment", "unknown", f"not known: {', '.join(record.unknown)}", "but"))
    if record.model_sha256:
        inner.append(Node("package", record.model_sha256, f"model {record.model_sha256[:SHORT]}", "made"))
    return replace(line, inner=tuple(inner))


def _runs(history: History, runs: list[KeptRun], relation: str) -> tuple[Node, ...]:
    return _counted([_run(history, run, relation) for run in newest_first(runs)])


def _counted(nodes: list[Node]) -> tuple[Node, ...]:
    """Return the first of NODES, and how many more there are."""
    more = len(nodes) - MOST_RUNS
    return (*nodes[:MOST_RUNS], *([Node("run", "more", f"and {more} more", "")] if more > 0 else []))


def _event(event: Event) -> Node:
    by = one_line(event.actor.name.partition(" <")[0], 60)
    where = f" {event.target}" if event.target else f" {event.stage}" if event.stage else ""
    title = f"event {event.sequence}: {event.type}{where}, {event.time:%Y-%m-%d} by {by}"
    return Node("event", f"event {event.sequence}", one_line(title, LONGEST), "then")


def nodes_of(tree: Node) -> Iterable[Node]:
    """Return every node of a tree, the root first."""
    yield tree
    for each in tree.inner:
        yield from nodes_of(each)
