"""What a commit or the work tree has of a run's inputs, wherever in the repository they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.above import places_above
from mlci.core.fingerprint import fingerprint
from mlci.core.names import ABOVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.ports import Tree
    from mlci.core.config import Config
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.side import Side


def input_ids(tree: Tree, *configs: Config) -> Mapping[str, str]:
    """Return the Git ids of the files of TREE, and of those outside of its folder that any of CONFIGS names."""
    places = tuple(dict.fromkeys(place for config in configs for place in places_above(config)))
    return {**tree.ids(), **tree.ids_above(places)} if places else tree.ids()


def input_content(tree: Tree, path: str) -> bytes | None:
    """Return the content of a file of TREE, or of one outside of its folder; raises as `Tree.read` does."""
    return tree.read_above(path) if path.startswith(ABOVE) else tree.read(path)


def fingerprint_of(side: Side, tree: Tree) -> Fingerprint:
    """Return the fingerprint of the run that SIDE describes on the files of TREE."""
    return fingerprint(side.config, input_ids(tree, side.config), side.made)
