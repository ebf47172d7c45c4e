"""The data sets that a configuration names, as files that a reader can open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.data_files import one_file

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Tree
    from mlci.core.config import DataSection
    from mlci.core.data_files import DataFiles


def files_of(section: DataSection, tree: Tree, objects: Path) -> DataFiles:
    """Return the files of SECTION as TREE has them; those of a commit are laid out in the folder OBJECTS.

    Raises `UsageError("data-missing")` where there are none.
    """
    return one_file(tree.materialise(section.path, objects), section.path)
