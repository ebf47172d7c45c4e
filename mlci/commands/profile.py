"""`mlci profile`: what do the data hold, and how far are they from what they were?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.commands.data_sets import files_of
from mlci.commands.sides import head_data_side, read_data_side
from mlci.commands.validate import refuse_unknown
from mlci.core.data_section import identity
from mlci.core.profile import differences
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlci.commands.ports import Data, Repository, Tree
    from mlci.core.findings import Difference
    from mlci.core.profile import Profile
    from mlci.core.side import DataSide


@dataclass(frozen=True, slots=True)
class Profiled:
    """A data set, and how it differs from what it was."""

    profile: Profile
    differences: tuple[Difference, ...] | None
    """From the revision, the largest first; None where it was not asked for, or had no such data set."""

    def bare(self) -> Profiled:
        """Return it as it may stand where everybody reads: counts and names, no value of the data."""
        apart = self.differences
        return Profiled(self.profile.bare(), None if apart is None else tuple(each.bare() for each in apart))

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        apart = self.differences
        return {
            **self.profile.to_dict(),
            "differences": None if apart is None else [each.to_dict() for each in apart],
        }


def profile(
    names: Sequence[str], *, repository: Repository, data: Data, objects: Path, revision: str | None
) -> tuple[Profiled, ...]:
    """Return what the data sets of the work tree hold, all or those in NAMES, beside REVISION if it is given."""
    head = repository.work_tree()
    side = head_data_side(head)
    refuse_unknown(names, side)
    then = repository.tree(repository.resolve(revision)) if revision else None
    before = read_data_side(then) if then else None
    found: list[Profiled] = []
    for name in names or side.config.open_data:
        now = _profile(name, side, head, data, objects)
        if then is None or before is None or not _has(name, before, then):
            found.append(Profiled(now, None))
            continue
        # By one reading of the columns, or another type would look like other data.
        was = _profile(name, before, then, data, objects, types=side)
        found.append(Profiled(now, differences(was, now)))
    if revision and all(each.differences is None for each in found):
        listed = ", ".join(names or side.config.open_data)
        raise UsageError(
            "nothing-to-compare",
            f"{revision} has no data set to compare with",
            cause=f"It has no mlci.yaml, or none that names {listed} with a file that is there.",
            hint="Name a revision that has them: git log --oneline -- mlci.yaml",
        )
    return tuple(found)


def _has(name: str, side: DataSide, tree: Tree) -> bool:
    return name in side.config.data and identity(side.config.data[name], tree.ids()) is not None


def _profile(
    name: str, side: DataSide, tree: Tree, data: Data, objects: Path, *, types: DataSide | None = None
) -> Profile:
    contract = (types or side).contracts.get(name)
    columns = [contract.column(each) for each in contract.columns] if contract else []
    return data.profile(name, files_of(side.config.data[name], tree, data, objects), columns)
