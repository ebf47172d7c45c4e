"""Data of a commit, restored by hash into a work tree of its own: from DVC's cache or remote, or from an address."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mlci.commands.data_sets import parts_of, wanted_at
from mlci.commands.training_data import CACHE
from mlci.core.data_files import Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Data, Repository
    from mlci.core.config import Config


def restore(config: Config, place: Repository, data: Data) -> None:
    """Bring what lies outside of Git of the rows that CONFIG trains and judges on, each file verified by its hash.

    Raises as `Data.fetch` does.
    """
    tree = place.work_tree()
    for name in dict.fromkeys((*config.train.data, config.evaluate.data)):
        section = config.data[name]
        if section.is_remote:
            _lay(data.fetch(wanted_at(section)), place.folder / CACHE / f"sha256-{section.sha256}")
            continue
        for path, pin in parts_of(section, tree, data).items():
            if pin is not None:
                _lay(data.fetch(Wanted(path, pin, section.limits.size)), place.folder / path)


def _lay(file: Path, where: Path) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, where)
