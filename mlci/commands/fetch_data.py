"""`mlci fetch --data`: bring the data of both sides, so that the step that runs head's code needs no credentials.

The step that does this has those of the store, and no token of the host. It runs no code of the repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mlci.commands.data import brought
from mlci.commands.sides import AT_FAULT, read_data_side
from mlci.core.data_section import pinned_digests
from mlci.errors import MlciError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mlci.commands.data_sets import Brings
    from mlci.commands.ports import Repository, Tree
    from mlci.core.data_files import Wanted
    from mlci.core.side import DataSide


@dataclass(frozen=True, slots=True)
class BroughtSet:
    """What became of one data set of one side."""

    dataset: str
    side: str
    """`base` or `head`."""
    problem: str | None
    """Why it is not here; None where it is."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"dataset": self.dataset, "side": self.side, "problem": self.problem}


def fetch_data(
    base: str | None,
    *,
    repository: Repository,
    data: Brings,
    place: Callable[[Path, str], None],
    labels: bool = False,
    sealed: bool = False,
) -> tuple[BroughtSet, ...]:
    """Bring what lies outside of Git for the data sets of the commit BASE and of the work tree.

    What DVC keeps for the work tree is PLACED there, as `data_pull` does. Rows of a sealed set and labels that lie
    apart, whatever head calls them, are not among it unless LABELS or, for both, SEALED is said. What cannot be brought
    is told and left to who needs it: they have a report to say so in, and what is wrong with a configuration they say,
    too.
    """
    trees = {"base": repository.tree(base)} if base else {}
    trees["head"] = repository.work_tree()
    sides = {side: (tree, read) for side, tree in trees.items() if (read := _readable(tree)) is not None}
    closed: dict[str, str] = {}
    for pair in sides.values() if not sealed else ():
        closed |= _closed(*pair, labels=labels)
    found: list[BroughtSet] = []
    for side, (tree, read) in sides.items():
        folder = repository.folder if side == "head" else None
        for name, section in read.config.data.items():
            if not sealed and name in read.config.kept_apart and not (labels and name != read.config.sealed_set):
                continue
            problem = None
            try:
                for path, file in brought(section, tree, _Unsealed(data, closed), partial(_is_here, folder)):
                    if folder is not None:
                        place(file, path)
            except MlciError as error:
                problem = error.public().problem
            found.append(BroughtSet(name, side, problem))
    return tuple(found)


def _is_here(folder: Path | None, path: str) -> bool:
    return folder is not None and (folder / path).exists()


@dataclass(frozen=True, slots=True)
class _Unsealed:
    """Brings what is not sealed."""

    data: Brings
    closed: Mapping[str, str]
    """What must not be brought, by its hash, in words."""

    def fetch(self, wanted: Wanted) -> Path:
        """Return a file with these bytes; raises `UsageError("data-sealed")` for what is kept apart."""
        if wanted.pin.digest in self.closed:
            raise UsageError("data-sealed", self.closed[wanted.pin.digest], where=wanted.name)
        return self.data.fetch(wanted)


def _closed(tree: Tree, side: DataSide, *, labels: bool) -> dict[str, str]:
    """Return the hashes by which TREE names what is kept apart, with what it is; LABELS are none of it if wanted."""
    found: dict[str, str] = {}
    for name in sorted(side.config.kept_apart):
        is_sealed = name == side.config.sealed_set
        if labels and not is_sealed:
            continue
        what = "these are rows of the sealed set" if is_sealed else "these are labels, which are kept from who trains"
        found |= dict.fromkeys(pinned_digests(side.config.data[name], tree.ids(), tree.read), what)
    return found


def _readable(tree: Tree) -> DataSide | None:
    try:
        return read_data_side(tree)
    except AT_FAULT:
        return None
