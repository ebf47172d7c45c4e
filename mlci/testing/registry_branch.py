"""A registry branch in memory: several clients of one origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlci.core.git_objects import blob, commit, trees
from mlci.core.names import checked_name, checked_sha256
from mlci.core.registry import Change, LoadedRegistry, Registry, Trail, read, stale_promotion
from mlci.core.registry.audit import Step, places
from mlci.core.registry.entries import evaluation_path, version_path
from mlci.core.registry.history import PAGE
from mlci.core.registry.loss import branch_rewritten, registry_gone, taken_off
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping


SEEN: Final = "what was seen here before"


@dataclass(slots=True)
class FakeOrigin:
    """What clients share: commits by id, the tip of each model's branch, and tags."""

    commits: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    tips: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    steps: dict[str, list[Step]] = field(default_factory=dict)


class FakeRegistryBranch:
    """A client of a `FakeOrigin`; it sees what others pushed at once, as after a fetch."""

    def __init__(self, origin: FakeOrigin | None = None) -> None:
        """Use `origin`, or one of its own."""
        self.origin = FakeOrigin() if origin is None else origin
        self._seen: dict[str, Registry] = {}

    def load(self, model: str) -> LoadedRegistry:
        """Return the registry of a model."""
        tip = self.origin.tips.get(checked_name(model, "model"))
        found = LoadedRegistry(Registry.empty(model), None) if tip is None else self.load_at(model, tip)
        taken = taken_off(self._seen.get(model, found.registry), found.registry)
        if taken:
            raise registry_gone(model, SEEN) if tip is None else branch_rewritten(model, {SEEN: taken})
        self._seen[model] = found.registry
        return found

    def refreshed(self, model: str) -> LoadedRegistry:
        """Return the registry of a model, which is always as the origin has it now."""
        return self.load(model)

    def load_at(self, model: str, commit: str) -> LoadedRegistry:
        """Return the registry as a commit of its branch holds it."""
        tip = commit
        files = {path: content for path, content in self.origin.commits[tip].items() if path != PAGE}
        return LoadedRegistry(read(model, files), tip)

    def evaluation(self, model: str, digest: str) -> bytes | None:
        """Return the evaluation with this sha256."""
        tip = self.origin.tips.get(checked_name(model, "model"))
        return None if tip is None else self.origin.commits[tip].get(evaluation_path(checked_sha256(digest)))

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that have a branch."""
        return tuple(sorted(self.origin.tips))

    def trail(self, model: str) -> Trail:
        """Return the commits of the branch and the model's tags."""
        own = (f"{checked_name(model, 'model')}@", f"{model}#")
        tags = {name: target for name, target in sorted(self.origin.tags.items()) if name.startswith(own)}
        tip = self.origin.tips.get(model)
        seen = self._seen.get(model)
        if tip is None:
            return Trail(None, (), tags)
        taken = taken_off(seen, self.load_at(model, tip).registry) if seen else ()
        return Trail(tip, tuple(self.origin.steps.get(model, ())), tags, taken={SEEN: taken} if taken else {})

    def version_tags(self) -> frozenset[tuple[str, str]]:
        """Return model and number of every version that has a tag."""
        named = (tag.rpartition("@") for tag in self.origin.tags if "#" not in tag)
        return frozenset((model, number) for model, _, number in named)

    def push(self, model: str, change: Change, parent: str | None) -> str:
        """Write a change on top of `parent` or not at all."""
        now = self.load(model).registry
        if self.origin.tips.get(model) != parent or now.events != change.before.events:
            raise stale_promotion(now, change.stage, change.expected)
        foreign = next((tag.name for tag in change.tags if tag.name in self.origin.tags), None)
        if foreign is not None:
            raise IntegrityError("foreign-tag", f"the origin has a tag {foreign} already", where=foreign)
        files = dict(self.origin.commits[parent] if parent is not None else {}) | dict(change.files)
        tree, _ = trees({path: blob(content).id("sha1") for path, content in files.items()}, "sha1")
        made = commit(tree, parent, change.actor.name, change.time, change.message).id("sha1")
        self.origin.commits[made] = files
        self.origin.tips[model] = made
        before = self.origin.commits[parent] if parent is not None else {}
        changes = tuple(("M" if path in before else "A", path) for path in sorted(change.files))
        step = Step(made, change.actor.name, 0 if parent is None else 1, changes)
        self.origin.steps.setdefault(model, []).append(step)
        registered = places(self.trail(model))
        self.origin.tags |= {tag.name: registered.get(version_path(tag.version or ""), made) for tag in change.tags}
        return made
