"""`mlci init`: the files that make a repository use mlci."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlci.core.config import FILE_NAME, read_config
from mlci.core.contract import Contract
from mlci.core.documents import plain_scalar, read_model
from mlci.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

IGNORED = (".mlci/", "model.skops", "__pycache__/")
CONTRACT = "contracts/{name}.yaml"
_PLAIN = re.compile(r"\w[\w./ -]*(?<! )")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said on the command line."""

    name: str
    train_data: str
    holdout: str
    label: str
    positive: str
    train: str
    releases: bool = False
    """Whether packages lie in the releases of the host, which its runners share."""


class Infer(Protocol):
    """Drafts a contract."""

    def __call__(self, path: Path, *more: Path) -> str:
        """Return the YAML of a contract that the files satisfy."""


def init(wish: Wish, *, folder: Path, infer: Infer) -> tuple[str, ...]:
    """Write configuration, contract and `.gitignore` in FOLDER; raises `UsageError` before it touches a file."""
    if (folder / FILE_NAME).exists():
        raise UsageError(
            "configuration-exists",
            f"there is a {FILE_NAME} already",
            hint=f"Edit it, or remove it first: rm {FILE_NAME}",
        )
    name = _data_name(wish.train_data)
    contract_path = CONTRACT.format(name=name)
    if (folder / contract_path).exists():
        raise UsageError(
            "contract-exists", f"there is a {contract_path} already", hint=f"Remove it first: rm {contract_path}"
        )
    # Bounds that only the training rows keep would refuse the rows that both models are judged on.
    contract = infer(*(folder / path for path in dict.fromkeys((wish.train_data, wish.holdout))))
    columns = read_model(contract.encode(), Contract, contract_path).columns
    if wish.label not in columns:
        raise UsageError(
            "label-unknown",
            f"{wish.train_data} has no column {wish.label!r}",
            hint=f"One of: {', '.join(columns)}",
        )
    if columns[wish.label].type == "integer" and re.fullmatch(r"[+-]?[0-9]+", wish.positive) is None:
        raise UsageError(
            "positive-unknown",
            f"{wish.label} holds integers, and {wish.positive!r} is none",
            hint="--positive 1",
        )
    identifier = next((column for column, rule in columns.items() if rule.unique and column != wish.label), None)
    if identifier is None:
        raise UsageError(
            "no-id",
            f"no column of {wish.train_data} names each row",
            cause="Both models are compared row by row, so every row needs an id.",
            hint="Add a column `id` with a number for each row.",
        )
    configuration = _configuration(wish, name, contract_path, identifier, columns[wish.label].type)
    read_config(configuration.encode())  # what we write, we can read
    written = {FILE_NAME: configuration, contract_path: contract, ".gitignore": _gitignore(folder)}
    for path, text in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return tuple(written)


def _data_name(path: str) -> str:
    """Return the name of a data set after its file."""
    stem = path.rsplit("/", 1)[-1].split(".", 1)[0].lower()
    name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in stem).strip("_")
    return name if name and name[0].isalpha() and name != "holdout" else "rows"


def _configuration(wish: Wish, name: str, contract: str, identifier: str, label_type: str) -> str:
    positive = wish.positive if label_type in {"integer", "boolean"} else _quoted(wish.positive)
    store = "{releases: true}" if wish.releases else "{directory: ../models}"
    return f"""\
version: 1
model: {{name: {_scalar(wish.name)}, task: binary, objective: "", owners: []}}
data:
  {name}: {{path: {_scalar(wish.train_data)}, contract: {contract}}}
  holdout: {{path: {_scalar(wish.holdout)}, contract: {contract}}}
train: {{run: {_scalar(wish.train)}, data: [{name}], model: model.skops}}
evaluate: {{data: holdout, id: {_scalar(identifier)}, label: {_scalar(wish.label)}, positive: {positive}}}
gates:
  - {{metric: roc_auc, require: not_worse, margin: 0.01}}
  - {{metric: recall, require: not_worse, margin: 0.02}}
  - {{metric: recall, require: floor, value: 0.70}}
promote: {{stage: production, store: {store}}}
deploy: {{live: {{stage: production, target: directory, path: ../live}}}}
"""


def _scalar(text: str) -> str:
    """Return TEXT as YAML: plain where it can only be read as this text, else quoted."""
    return text if _PLAIN.fullmatch(text) and plain_scalar(text) == text else _quoted(text)


def _quoted(text: str) -> str:
    # A JSON string is a double-quoted scalar of YAML 1.2.
    return json.dumps(text, ensure_ascii=False)


def _gitignore(folder: Path) -> str:
    """Return `.gitignore` with what is there and what mlci makes."""
    path = folder / ".gitignore"
    present = path.read_text() if path.is_file() else ""
    missing = [line for line in IGNORED if line not in present.splitlines()]
    separator = "" if not present or present.endswith("\n") else "\n"
    return present + separator + "".join(f"{line}\n" for line in missing)
