"""What Git remembers of a registry beside its content: the commits of its branch, its tags, and what it was before."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlci.adapters.git import LOST_REFERENCES, REGISTRY_BRANCHES, REGISTRY_REFERENCES
from mlci.adapters.git_reader import reading
from mlci.adapters.leased_push import references_of_origin
from mlci.adapters.registry_files import is_foreign, registry_at
from mlci.core.names import NAME, checked_name
from mlci.core.registry import LoadedRegistry, Trail
from mlci.core.registry.audit import Step
from mlci.core.registry.loss import taken_off
from mlci.core.registry.numbers import NUMBER
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.adapters.git import GitRepository
    from mlci.core.registry import Event

_ATTEMPTS: Final = 5
_STEP: Final = "\x01"
"""Begins the line of a commit; no other line does, since Git quotes such a character in a path."""
_LOST: Final = re.compile(rf"{LOST_REFERENCES}[^/]+/[0-9a-f]{{12}}")


def trail_of(repository: GitRepository, model: str) -> Trail:
    """Ask the origin for the branch and the tags of a model, and return them with the commits of the branch.

    `refs/mlci/registry/MODEL` is at the same commit afterwards. Raises `OutsideError("origin-failed")`.
    """
    reference, branch = REGISTRY_REFERENCES + checked_name(model, "model"), REGISTRY_BRANCHES + model
    for attempt in range(_ATTEMPTS):
        found = references_of_origin(repository, [branch, *_tag_patterns(model)])
        tip = found.pop(branch, None)
        tags = _tags(found)
        if tip is None:
            return Trail(None, (), tags, lost=lost_references(repository, model), foreign=_foreign(repository, tags))
        repository.fetch_references(f"+{branch}:{reference}")
        # Somebody may have pushed between the two: then the tags are not those of this branch.
        if repository.resolve(reference) == tip or attempt + 1 == _ATTEMPTS:
            trail = _commits(repository, tip, reference, tags)
            lost, taken = lost_references(repository, model), _taken_at(repository, model, tip)
            return replace(trail, lost=lost, taken=taken, foreign=_foreign(repository, tags))
    raise AssertionError  # the last attempt returns


def lost_references(repository: GitRepository, model: str, now: str | None = None) -> tuple[str, ...]:
    """Return the references to what the branch was here, the newest first; only those that are not in the commit NOW.

    Without NOW, all of them.
    """
    unmerged = [] if now is None else [f"--no-merged={now}"]
    arguments = [
        "for-each-ref",
        "--format=%(refname)",
        "--sort=-committerdate",
        *unmerged,
        f"{LOST_REFERENCES}{model}/",
    ]
    names = repository.git.run(arguments, folder=repository.folder).decode(errors="replace").split("\n")
    return tuple(name for name in names if _LOST.fullmatch(name))


def taken_from(repository: GitRepository, now: LoadedRegistry) -> dict[str, tuple[Event, ...]]:
    """Return what this clone fetched once and the registry does NOT hold NOW, by the reference that still has it.

    What did not hold together even then was no registry, so whoever took it off mended the branch.
    """
    model = now.registry.model
    taken: dict[str, tuple[Event, ...]] = {}
    for reference in lost_references(repository, model, now.commit):
        try:
            before = registry_at(repository, model, reference).registry
        except IntegrityError:
            continue
        events = taken_off(before, now.registry)
        if events:
            taken[reference] = events
    return taken


def version_tags(repository: GitRepository) -> frozenset[tuple[str, str]]:
    """Ask the origin for the tags of versions, and return model and number of each.

    A tag that names a commit which is here and holds no registry is another tool's, and left out. Raises
    `OutsideError("origin-failed")`.
    """
    tags = _tags(references_of_origin(repository, ["refs/tags/*@v*"]))
    named = {tag: (model, number) for tag in tags for model, _, number in [tag.rpartition("@")]}
    with reading(repository.git, repository.folder) as reader:
        return frozenset(
            version
            for tag, version in named.items()
            if NAME.fullmatch(version[0]) and NUMBER.fullmatch(version[1]) and not is_foreign(reader, tags[tag])
        )


def _taken_at(repository: GitRepository, model: str, tip: str) -> dict[str, tuple[Event, ...]]:
    """Return the same at the commit TIP; nothing where that holds no registry, which is said elsewhere."""
    try:
        return taken_from(repository, registry_at(repository, model, tip))
    except IntegrityError:
        return {}


def _foreign(repository: GitRepository, tags: Mapping[str, str]) -> frozenset[str]:
    with reading(repository.git, repository.folder) as reader:
        return frozenset(commit for commit in set(tags.values()) if is_foreign(reader, commit))


def _commits(repository: GitRepository, tip: str, reference: str, tags: Mapping[str, str]) -> Trail:
    arguments = [
        "-c",
        "log.showRoot=true",
        "log",
        "--topo-order",
        "--reverse",
        "--no-renames",
        "--no-relative",
        "--no-show-signature",
        "--no-ext-diff",
        "--encoding=UTF-8",
        "--name-status",
        f"--format={_STEP}%H%x1f%P%x1f%T%x1f%an <%ae>",
        reference,
        "--",
    ]
    output = repository.git.run(arguments, folder=repository.folder).decode(errors="replace")
    steps = tuple(_step(text) for text in f"\n{output}".split(f"\n{_STEP}")[1:])
    if not repository.is_shallow():
        return Trail(tip, steps, tags)
    # A clone without the older commits shows its oldest one as if it had no parent; the commit itself knows better.
    is_cut_off = not steps[0].parents and bool(repository.parents(steps[0].commit))
    return Trail(tip, steps, tags, is_shallow=is_cut_off, in_shallow_clone=True)


def _step(text: str) -> Step:
    head, _, rest = text.partition("\n")
    commit_id, parents, tree, author = head.split("\x1f", 3)
    changes = (line.partition("\t") for line in rest.splitlines() if line)
    return Step(commit_id, author, len(parents.split()), tuple((status, path) for status, _, path in changes), tree)


def _tag_patterns(model: str) -> tuple[str, str]:
    return f"refs/tags/{model}@*", f"refs/tags/{model}#*"


def _tags(found: Mapping[str, str]) -> dict[str, str]:
    """Return tag → the commit that it names in the end: an annotated one is listed a second time with `^{}`."""
    names = {name.removesuffix("^{}") for name in found}
    return {name.removeprefix("refs/tags/"): found.get(f"{name}^{{}}", found.get(name, "")) for name in sorted(names)}
