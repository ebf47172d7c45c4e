"""`mlci package`: the package of a model file that lies here, made by the rules of the work tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.conversion import model_of
from mlci.commands.fitting import fitting_training
from mlci.commands.raw_pickles import raw_pickle
from mlci.commands.sides import head_side
from mlci.commands.whole_package import whole_package
from mlci.errors import IntegrityError, OutsideError, UsageError
from mlci.formats.archive import ArchiveLimits, digest, pack
from mlci.formats.recognition import is_pickle

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Data, Predictor, Repository
    from mlci.commands.pull import Shelf

NAME_LENGTH = 12
"""Digits of the digest in the name of a folder."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A package that is here now."""

    path: Path
    sha256: str
    format: str
    assumption: str | None
    """What was taken for granted when it was made."""
    remarks: tuple[str, ...] = ()
    """What whoever made it should know."""


def package(
    file: Path, *, repository: Repository, predictor: Predictor, data: Data, objects: Path, shelf: Shelf
) -> Packed:
    """Make the package of the model in FILE, in a folder named by its digest: to make it again changes nothing.

    Raises `UsageError("no-model-file")`, and what `whole_package` and the shelf raise.
    """
    tree = repository.work_tree()
    side = head_side(tree)
    content = _content(file)
    predictor = predictor if side.config.train.convert else fitting_training(content, {}, predictor)
    try:
        model = model_of(content, side.config, side.contracts.get(side.config.evaluate.data), predictor).content
    except IntegrityError:
        if not (side.config.train.allow_pickle and is_pickle(content)):
            raise
        model, _ = raw_pickle(
            content, side, repository, ids=tree.ids(), data=data, predictor=predictor, objects=objects
        )  # fmt: skip
    made, remarks, _ = whole_package(
        model, side.config, side, tree, data=data, predictor=predictor, objects=objects
    )  # fmt: skip
    sha256 = digest(pack(made.files))
    path = shelf.lay_out(f"{side.config.model.name}-{sha256[:NAME_LENGTH]}", made.files)
    return Packed(path, sha256, made.info.format, made.assumption, remarks)


def _content(file: Path) -> bytes:
    limit = ArchiveLimits().total_bytes
    try:
        if not file.is_file():
            problem = f"{file} is a folder" if file.is_dir() else f"there is no file {file}"
            hint = "Name the file that the training wrote, such as model.skops or model.txt"
            raise UsageError("no-model-file", problem, hint=hint)
        if file.stat().st_size > limit:
            raise UsageError("no-model-file", f"{file} is larger than any package: {limit:,} bytes")
        return file.read_bytes()
    except OSError as error:
        hint = "Look at its permissions."
        raise OutsideError("model-unread", f"{file} cannot be read: {error.strerror}", hint=hint) from error
