"""Reading what a commit, or the work tree, says: its configuration and the contracts that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core import pipeline
from mlci.core.config import Config, read_data_config
from mlci.core.configuration_file import FILE_NAME
from mlci.core.documents import read_located_model
from mlci.core.side import DataSide, Side
from mlci.errors import IntegrityError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from mlci.commands.ports import Tree
    from mlci.core.contract.lines import Lines
    from mlci.core.contract.model import Contract


AT_FAULT = (UsageError, RejectedError, IntegrityError)
"""What a commit's own files are to blame for; what fails outside (Git, memory) is no reason to do without its rules."""


class EmptyTree:
    """What stands before the first commit: nothing."""

    label = "nothing"

    def ids(self) -> Mapping[str, str]:
        """Return no file."""
        return {}

    def ids_above(self, places: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002 - the port's argument
        """Return no file."""
        return {}

    def read(self, path: str) -> None:
        """Return that there is no file."""

    def read_above(self, path: str) -> None:
        """Return that there is no file."""

    def materialise(self, path: str, folder: Path) -> Path:  # noqa: ARG002 - the port's argument
        """Raise, since there is no file."""
        raise UsageError("data-missing", f"There is no file {path} before the first commit.")


def read_data_side(tree: Tree) -> DataSide | None:
    """Return what TREE says, a `Side` where it speaks of a model; None where it has no `mlci.yaml`."""
    text = tree.read(FILE_NAME)
    if text is None:
        return None
    config = read_data_config(text, named_in(FILE_NAME, tree))
    contracts: dict[str, Contract] = {}
    lines: dict[str, Lines] = {}
    read: dict[str, tuple[Contract, Lines]] = {}  # several data sets may have one contract
    for name, section in config.data.items():
        if section.contract is None:
            continue
        if section.contract not in read:
            read[section.contract] = _contract(tree, name, section.contract)
        contracts[name], lines[name] = read[section.contract]
    if not isinstance(config, Config):
        return DataSide(config, contracts, lines=lines)
    made = pipeline.made_by(tree.read(pipeline.FILE)) if config.train.dvc else frozenset[str]()
    return Side(config, contracts, made, lines=lines)


def _contract(tree: Tree, name: str, path: str) -> tuple[Contract, Lines]:
    """Return the contract of the data set NAME that TREE has at PATH, and where it says what."""
    from mlci.core.contract.lines import lines_of  # noqa: PLC0415 - verbs of the registry read no contract
    from mlci.core.contract.model import LATER, Contract  # noqa: PLC0415 - as above

    written = tree.read(path)
    if written is None:
        raise UsageError(
            "contract-missing",
            f"the contract of `{name}` is not there: {path}",
            where=named_in(FILE_NAME, tree),
            cause="It was removed or renamed, or its path is mistyped.",
            hint=f"git checkout HEAD -- {path}, or mend the path in {FILE_NAME}",
        )
    contract, document = read_located_model(written, Contract, named_in(path, tree), later=LATER)
    return contract, lines_of(contract, document, path)


def read_side(tree: Tree) -> Side | None:
    """Return what TREE says of a model, None where it has no `mlci.yaml`; raises where that speaks of data alone."""
    side = read_data_side(tree)
    return None if side is None else _with_a_model(side, tree)


def head_data_side(tree: Tree) -> DataSide:
    """Return what head says; raises `UsageError` where it has no configuration."""
    side = read_data_side(tree)
    if side is None:
        raise _no_configuration(tree)
    return side


def head_side(tree: Tree) -> Side:
    """Return what head says of a model; raises `UsageError` where it has no configuration, or one of data alone."""
    return _with_a_model(head_data_side(tree), tree)


def head_config(tree: Tree) -> Config:
    """Return what head's `mlci.yaml` says of a model, without a look at contracts; raises as `head_side` does."""
    text = tree.read(FILE_NAME)
    if text is None:
        raise _no_configuration(tree)
    config = read_data_config(text, named_in(FILE_NAME, tree))
    if not isinstance(config, Config):
        raise _no_model(tree)
    return config


def _with_a_model(side: DataSide, tree: Tree) -> Side:
    if isinstance(side, Side):
        return side
    raise _no_model(tree)


def _no_configuration(tree: Tree) -> UsageError:
    return UsageError(
        "no-configuration",
        f"there is no {FILE_NAME} here",
        where=tree.label,
        cause="The command runs in another folder, or the repository does not use mlci yet.",
        hint="mlci init DATA.csv --label COLUMN",
    )


def _no_model(tree: Tree) -> UsageError:
    return UsageError(
        "no-model",
        f"{FILE_NAME} speaks of data alone, and this needs a model",
        where=named_in(FILE_NAME, tree),
        cause="It has no model: and what belongs to one; mlci validate, profile and data do without.",
        hint="mlci init DATA.csv --label COLUMN, in an empty folder, writes them all",
    )


def named_in(path: str, tree: Tree) -> str:
    """Return PATH, with the commit where it is not the work tree's."""
    return path if tree.label == "work tree" else f"{tree.label}:{path}"
