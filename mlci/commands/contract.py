"""`mlci contract`: a contract from data, what changed between two, and a contract for other tools."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Protocol

from mlci.commands.sides import named_in
from mlci.core.contract.compatibility import classified
from mlci.core.contract.model import LATER, Contract
from mlci.core.documents import read_model
from mlci.core.plain_text import one_line
from mlci.core.strict_yaml import LARGEST_DOCUMENT
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.commands.ports import Repository
    from mlci.core.contract.compatibility import ContractChange
    from mlci.core.contract_draft import Inferred


_COMPARED: Final = "mlci contract diff origin/main:contracts/cells.yaml contracts/cells.yaml"
"""The command, for who named a file that is not there."""


class Infer(Protocol):
    """Drafts a contract."""

    def __call__(self, path: Path) -> Inferred:
        """Return a contract that a file satisfies, or all files of a folder or pattern together."""


def infer(path: Path, *, infer: Infer) -> str:
    """Return the YAML of a contract that the data at PATH satisfy, with a comment at each guess.

    Raises `UsageError("too-many-columns")` where nobody could read it back, and what reading the data raises.
    """
    text = infer(path).contract
    if len(text.encode()) > LARGEST_DOCUMENT:
        raise UsageError(
            "too-many-columns",
            f"the contract would have {len(text.encode()):,} bytes; at most {LARGEST_DOCUMENT:,} are read",
            where=str(path),
            cause="The data have thousands of columns, and a contract says something about each.",
            hint="Leave columns that nobody reads out of the file.",
        )
    read_model(text.encode(), Contract, "the draft")  # what we write, we can read
    return text


def diff(one: str, other: str, *, folder: Path, repository: Callable[[], Repository]) -> tuple[ContractChange, ...]:
    """Return what changed from the contract ONE to OTHER, each a path or `REVISION:PATH`; what breaks comes first."""
    before, after = (read_contract(each, folder=folder, repository=repository) for each in (one, other))
    return classified(before, after)


def read_contract(
    reference: str, *, folder: Path, repository: Callable[[], Repository], hint: str = _COMPARED
) -> Contract:
    """Return the contract that REFERENCE names: a path below FOLDER or anywhere, or `REVISION:PATH`.

    A path of a revision is relative to FOLDER. Raises `UsageError("contract-missing")`, with the HINT, and what reading
    it raises.
    """
    path = folder / reference
    revision, colon, inside = reference.partition(":")
    if path.is_file() or not colon:
        text, name = _file(path, reference, hint), reference
    else:
        place = repository()
        tree = place.tree(place.resolve(revision))
        found = tree.read(os.path.normpath(inside))
        if found is None:
            raise _missing(reference, f"{one_line(revision, 80)} has no file {one_line(inside, 200)}", hint)
        text, name = found, named_in(inside, tree)
    return read_model(text, Contract, name, later=LATER)


def _file(path: Path, reference: str, hint: str) -> bytes:
    if not path.is_file():
        raise _missing(reference, f"there is no file {one_line(reference, 200)}", hint)
    try:
        return path.read_bytes()
    except OSError as error:
        raise OutsideError("contract-unreadable", f"{one_line(reference, 200)}: {error.strerror}") from error


def _missing(reference: str, problem: str, hint: str) -> UsageError:
    return UsageError(
        "contract-missing",
        problem,
        where=one_line(reference, 200),
        cause="The path is mistyped; it is relative to the folder that you are in.",
        hint=hint,
    )
