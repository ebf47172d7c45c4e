"""A registry branch in memory: several clients of one origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlci.core.git_objects import blob, commit, trees
from mlci.core.names import checked_name
from mlci.core.registry import Change, LoadedRegistry, Registry, read, stale_promotion
from mlci.core.registry.history import PAGE
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class FakeOrigin:
    """What clients share: commits by id, the tip of each model's branch, and tags."""

    commits: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    tips: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class FakeRegistryBranch:
    """A client of a `FakeOrigin`; it sees what others pushed at once, as after a fetch."""

    def __init__(self, origin: FakeOrigin | None = None) -> None:
        """Use `origin`, or one of its own."""
        self.origin = FakeOrigin() if origin is None else origin

    def load(self, model: str) -> LoadedRegistry:
        """Return the registry of a model."""
        tip = self.origin.tips.get(checked_name(model, "model"))
        if tip is None:
            return LoadedRegistry(Registry.empty(model), None)
        files = {path: content for path, content in self.origin.commits[tip].items() if path != PAGE}
        return LoadedRegistry(read(model, files), tip)

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
        self.origin.tags.update({tag.name: made for tag in change.tags})
        return made
