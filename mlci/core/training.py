"""A run: what a training command was given, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict

from mlci.core.config import variable_of
from mlci.core.schema_name import read_json, with_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.config import Config

SCHEMA: Final = "mlci/run/1"


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended."""

    exit_code: int | None
    """None when the time was up."""
    seconds: float
    tail: tuple[str, ...]
    """The last lines of its output."""


class RunRecord(BaseModel):
    """What was executed: written once per fingerprint, beside the model that it made."""

    model_config = ConfigDict(frozen=True)
    fingerprint: str
    inputs: dict[str, Any]
    commit: str
    is_dirty: bool
    seconds: float
    model_sha256: str
    description: dict[str, Any]
    """What the model says of itself, as read in the confined child."""
    requirements: dict[str, str]
    """Exact versions of what predicting needs, by distribution."""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        return with_schema(SCHEMA, self.model_dump(mode="json"))


def read_run(data: bytes, path: str) -> RunRecord:
    """Return the record in a file; PATH is how an error calls it.

    Raises `IntegrityError("newer-schema")` for the file of a newer mlci, and `ValueError` for anything else.
    """
    return RunRecord.model_validate(read_json(data, SCHEMA, path))


def variables(config: Config, data: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return the variables that tell a training command where its inputs and outputs lie."""
    train = config.train
    named = {variable_of(name): path for name, path in sorted(data.items())}
    params = {"MLCI_PARAMS": f"{folder}/{train.params}"} if train.params else {}
    return {**named, **params, "MLCI_OUTPUT": f"{folder}/{train.model}", "MLCI_SEED": "0"}
