"""`mlci init`: the files that make a repository use mlci."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlci.core.config import read_config
from mlci.core.configuration_file import FILE_NAME
from mlci.core.contract.model import Contract
from mlci.core.contract_draft import format_key
from mlci.core.documents import plain_scalar, read_model
from mlci.core.drafted_task import GATES, drafted_task
from mlci.core.names import checked_name
from mlci.core.nearest import did_you_mean
from mlci.core.paths import relative_path
from mlci.core.plain_text import one_line
from mlci.core.positive_class import positive_class
from mlci.core.strict_yaml import LARGEST_DOCUMENT
from mlci.core.words import code, written
from mlci.core.yaml_text import in_quotes
from mlci.errors import OutsideError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.core.config import Config
    from mlci.core.contract_draft import Inferred
    from mlci.core.drafted_task import DraftedTask
    from mlci.core.gates.undecidable import Undecidable
    from mlci.core.positive_class import LabelProfile

IGNORED = (".mlci/", "model.skops", "__pycache__/")
GITIGNORE = ".gitignore"
CONTRACT = "contracts/{name}.yaml"
_PLAIN = re.compile(r"\w[\w./ -]*(?<! )")
_LONGEST_NAME = 63
NO_CSV = "Mend that line, or name a CSV file: mlci init DATA.csv --label COLUMN"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said on the command line."""

    name: str
    train_data: str
    holdout: str
    label: str
    positive: str | None
    """The value of the label that counts as positive; None: the one that does by convention."""
    train: str
    task: str | None = None
    """The task; None: the one that the values of the label speak for."""
    releases: bool = False
    """Whether packages lie in the releases of the host, which its runners share."""


class Infer(Protocol):
    """Drafts a contract."""

    def __call__(self, path: Path, *more: Path, label: str) -> Inferred:
        """Return a contract that the files satisfy, and what the column LABEL holds in each of them."""


def _silent(_: str) -> None:
    """Say nothing."""


def init(wish: Wish, *, folder: Path, infer: Infer, tell: Callable[[str], None] = _silent) -> tuple[str, ...]:
    """Write configuration, contract and `.gitignore` in FOLDER; return their paths.

    TELL hears of gates that the rows to judge on cannot decide.

    Raises `UsageError` before it touches a file, and `OutsideError("not-written")` with all files as they were.
    """
    checked_name(wish.name, "model")
    name = _data_name(wish.train_data)
    contract_path = CONTRACT.format(name=name)
    _check_free(folder, contract_path)
    # Bounds that only the training rows keep would refuse the rows that both models are judged on.
    paths = tuple(dict.fromkeys(_below(path) for path in (wish.train_data, wish.holdout)))
    try:
        inferred = infer(*(folder / path for path in paths), label=wish.label)
    except RejectedError as error:  # nothing was judged: what the user handed over cannot be read
        are_named_so = all(path.lower().endswith(".csv") for path in paths)
        hint = error.hint if are_named_so and error.hint else NO_CSV  # nobody mends the quotes of train.py
        raise UsageError(error.code, error.problem, where=error.where, cause=error.cause, hint=hint) from error
    columns = _read_contract(inferred.contract, contract_path).columns
    if wish.label not in columns:
        raise UsageError(
            "label-unknown",
            f"{wish.train_data} has no column {wish.label!r}",
            hint=did_you_mean(wish.label, columns, one_line(f"One of: {', '.join(columns)}")),
        )
    seen = dict(zip(paths, inferred.labels, strict=True))
    task, sentence = drafted_task(wish.label, seen, wish.task, wish.positive)
    positive = positive_class(wish.label, seen, wish.positive, _command(wish)) if task == "binary" else None
    identifier = next((column for column, rule in columns.items() if rule.unique and column != wish.label), None)
    if identifier is None:
        raise UsageError(
            "no-id",
            f"no column of {' and '.join(paths)} names each row",
            cause="Both models are compared row by row, so every row needs an id"
            + (" of its own, in both files together." if len(paths) > 1 else ".")
            + _what_is_twice(inferred),
            hint="Add a column `id` with a number for each row.",
        )
    form = f", {format_key(inferred.form)}" if inferred.form else ""
    draft = _Draft(name, contract_path, identifier, task, positive, outside=_outside(folder), form=form)
    configuration = _configuration(wish, draft)
    config = read_config(configuration.encode())  # what we write, we can read
    files = {FILE_NAME: configuration.encode(), contract_path: inferred.contract.encode(), GITIGNORE: _ignored(folder)}
    _write(folder, files)
    if sentence is not None:
        tell(sentence)
    for each in _undecidable(config, inferred.labels[-1] if inferred.labels else None):
        tell(each.sentence)
    return tuple(files)


def _undecidable(config: Config, holdout: LabelProfile | None) -> tuple[Undecidable, ...]:
    """Return the gates of CONFIG that rows with the labels of HOLDOUT cannot decide."""
    if holdout is None or not holdout.counts:
        return ()
    import numpy as np  # noqa: PLC0415 - once, after everything is written

    from mlci.core.evidence import Evidence  # noqa: PLC0415 - with numpy
    from mlci.core.gates.undecidable import undecidable  # noqa: PLC0415 - with numpy
    from mlci.core.owned_gates import OwnedGate  # noqa: PLC0415 - with numpy

    task = config.model.task
    if task == "regression":
        return ()
    if task == "multiclass":
        codes = np.repeat(np.arange(len(holdout.values)), holdout.counts)
        classes = tuple(str(value) for value in holdout.values)
        rows = Evidence((), codes, np.eye(len(classes))[codes], None, task=task, classes=classes)
    else:
        are_positive = [value == config.evaluate.positive for value in holdout.values]
        labels = np.repeat(np.array(are_positive, dtype=np.bool_), holdout.counts)
        rows = Evidence((), labels, labels.astype(np.float64), None)
    return undecidable([OwnedGate(gate, "head") for gate in config.gates], rows, config.statistics)


def judges_on_training_rows(wish: Wish) -> bool:
    """Tell whether the rows to judge on are those to train on, which flatters a model."""
    return _below(wish.holdout) == _below(wish.train_data)


def _outside(folder: Path) -> str:
    """Return the way from FOLDER to what surrounds its repository, where `git add` does not reach.

    Without a repository that is the folder above: one that is made later begins here.
    """
    here = folder.resolve()
    return way_out(here, next((each for each in (here, *here.parents) if os.path.lexists(each / ".git")), here))


def way_out(folder: Path, top: Path) -> str:
    """Return the way from FOLDER to the folder around TOP, which FOLDER is or lies below.

    Raises `UsageError("no-place-outside")` where nothing is around it.

    >>> way_out(Path("/repository/models/tumour"), Path("/repository"))
    '../../..'
    """
    if top == top.parent:
        raise UsageError(
            "no-place-outside",
            f"the repository is all of {top}, so packages and deployments would lie in it",
            cause="`git add --all` would commit them.",
            hint="Let the repository begin in a folder below.",
        )
    return "/".join([".."] * (len(folder.relative_to(top).parts) + 1))


def _what_is_twice(inferred: Inferred) -> str:
    if inferred.repeated is None:
        return ""
    column, value = inferred.repeated
    return f" {code(column)} would do, but {code(one_line(value, 80))} stands there more than once."


def _check_free(folder: Path, contract_path: str) -> None:
    """Raise where something is in the way of what is to be written."""
    for path, slug, hint in (
        (FILE_NAME, "configuration-exists", f"Edit it, or remove it first: rm {FILE_NAME}"),
        (contract_path, "contract-exists", f"Remove it first: rm {contract_path}"),
    ):
        if os.path.lexists(folder / path):
            raise UsageError(slug, f"there is a {path} already", hint=hint)
    parent = Path(contract_path).parent
    wrong = [
        *([f"{parent} is a file"] if os.path.lexists(folder / parent) and not (folder / parent).is_dir() else []),
        *([f"{GITIGNORE} is a folder"] if (folder / GITIGNORE).is_dir() else []),
    ]
    if wrong:
        raise UsageError("in-the-way", wrong[0], hint="Rename it, and run this again.")


def _below(path: str) -> str:
    """Return PATH as the configuration says it; raises unless it is below the folder."""
    try:
        return str(relative_path(path))
    except ValueError:
        raise UsageError(
            "data-outside",
            f"{one_line(path, 120)} is no path that a configuration can name",
            cause="Rows are read from commits, so they lie below the folder of mlci.yaml: no `..`, no `/` in front.",
            hint=f"mkdir -p data && cp {shlex.quote(one_line(path, 120))} data/",
        ) from None


def _read_contract(text: str, path: str) -> Contract:
    size = len(text.encode())
    if size > LARGEST_DOCUMENT:
        raise UsageError(
            "too-many-columns",
            f"the contract would have {size:,} bytes; at most {LARGEST_DOCUMENT:,} are read",
            cause="The data have thousands of columns, and a contract says something about each.",
            hint="Leave columns that no model reads out of the file.",
        )
    return read_model(text.encode(), Contract, path)


def _command(wish: Wish) -> str:
    """Return what the user typed, in short."""
    holdout = [] if wish.holdout == wish.train_data else ["--holdout", wish.holdout]
    return shlex.join(["mlci", "init", wish.train_data, *holdout, "--label", wish.label])


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files or none; the last may be there already."""
    *created, _ = (folder / path for path in files)
    try:
        for path, content in files.items():
            target = (folder / path).resolve()
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f"{target.name}.mlci-unfinished")
            try:
                unfinished.write_bytes(content)
                unfinished.replace(target)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as error:
        for each in created:
            each.unlink(missing_ok=True)
        raise OutsideError(
            "not-written",
            f"{error.filename} cannot be written: {error.strerror}",
            cause="The folder belongs to somebody else, or the disk is full.",
            hint="Look at `ls -ld .` and `df .`; nothing was changed.",
        ) from error


def _data_name(path: str) -> str:
    """Return the name of a data set after its file."""
    stem = path.rsplit("/", 1)[-1].split(".", 1)[0].lower()
    name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in stem)[:_LONGEST_NAME].strip(
        "_"
    )
    return name if name and name[0].isalpha() and name != "holdout" else "rows"


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a configuration says beside the wishes of the user."""

    name: str
    contract: str
    identifier: str
    task: DraftedTask
    positive: str | int | bool | None
    outside: str
    """The way to what surrounds the repository."""
    form: str
    """The key `format` of the data sets, with a comma before it; nothing where their names tell it."""


def _configuration(wish: Wish, draft: _Draft) -> str:
    train_data, holdout = _below(wish.train_data), _below(wish.holdout)
    dataset, files = _scalar(draft.name), f"contract: {draft.contract}{draft.form}"
    store = "{releases: true}" if wish.releases else f"{{directory: {draft.outside}/models}}"
    return f"""\
version: 1
model: {{name: {_scalar(wish.name)}, task: {draft.task}, objective: "", owners: []}}
data:
  {dataset}: {{path: {_scalar(train_data)}, {files}}}
  holdout: {{path: {_scalar(holdout)}, {files}}}
train: {{run: {_scalar(wish.train)}, data: [{dataset}], model: model.skops}}
evaluate: {{data: holdout, id: {_scalar(draft.identifier)}, label: {_scalar(wish.label)}{_positive(draft.positive)}}}
gates:
{GATES[draft.task]}promote: {{stage: production, store: {store}}}
deploy: {{live: {{stage: production, target: directory, path: {draft.outside}/live}}}}
"""


def _positive(value: str | int | bool | None) -> str:  # noqa: FBT001 - one of the classes
    """Return the key `positive` with a comma before it; nothing where no class is."""
    if value is None:
        return ""
    return f", positive: {in_quotes(value) if isinstance(value, str) else written(value)}"


def _scalar(text: str) -> str:
    """Return TEXT as YAML: plain where it can only be read as this text, else quoted."""
    return text if _PLAIN.fullmatch(text) and plain_scalar(text) == text else in_quotes(text)


def _ignored(folder: Path) -> bytes:
    """Return `.gitignore`, which may be in any encoding, with what is there and what mlci makes."""
    path = folder / GITIGNORE
    present = path.read_bytes() if path.is_file() else b""
    missing = [line for line in IGNORED if line.encode() not in present.splitlines()]
    separator = b"" if not present or present.endswith(b"\n") else b"\n"
    return present + separator + "".join(f"{line}\n" for line in missing).encode()
