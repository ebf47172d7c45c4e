"""Which model the work tree is about, for verbs that need no more of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.configuration_file import FILE_NAME, model_name

if TYPE_CHECKING:
    from mlci.commands.ports import Tree


def head_model_name(tree: Tree) -> str:
    """Return the name of the model that TREE is about; raises as `mlci.commands.sides.head_config` where it has none.

    A mistake elsewhere in `mlci.yaml` stands in nobody's way.
    """
    text = tree.read(FILE_NAME)
    name = None if text is None else model_name(text)
    if name is not None:
        return name
    from mlci.commands.sides import head_config  # noqa: PLC0415 - models take longer to load than a registry to read

    return head_config(tree).model.name
