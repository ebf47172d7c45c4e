"""The record of a run: everything that went in and came out, by hash, and what it cost.

Two files. `record.json` is small, so that thousands are read in a second and the record can travel; `details.json` has
what is long: every code file, every package, every step of a metric. A run is called by the hash of its record, which
names the hash of its details: neither can change without the other or the name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - pydantic reads annotations at run time
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from mlci.core.runs.parameters import Plain  # noqa: TC001 - as datetime
from mlci.core.runs.tracked import Number  # noqa: TC001 - as datetime
from mlci.core.schema_name import read_json, with_schema

SCHEMA: Final = "mlci/run/2"
DETAILS_SCHEMA: Final = "mlci/run-details/1"
KEPT_SCHEMA: Final = "mlci/trained/1"
ID_LENGTH: Final = 16
_OURS: Final = f'"schema": "{SCHEMA}"'.encode()

Outcome = Literal["trained", "brought in", "failed", "timed out", "interrupted"]
"""A model that was `brought in` was made elsewhere."""

Where = Literal["here", "shared"]
"""In `.mlci/runs` of this folder, or on the branch `mlci/runs` of the origin."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class DataFile(_Part):
    """A data set as it was read."""

    path: str
    git_id: str
    sha256: str
    bytes: int
    rows: int | None = None
    """None where counting would need more than one look at the bytes."""


class Artifact(_Part):
    """A file that the run made."""

    path: str
    sha256: str
    bytes: int


class Cost(_Part):
    """What the command and every process below it took."""

    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_bytes: int | None = None
    """The most resident memory at one time; pages that processes share count for each."""


class StageRun(_Part):
    """A stage of a pipeline of DVC: what became of it, and what `dvc.lock` says that it read and made (MD5)."""

    name: str
    outcome: str
    reads: dict[str, str] = Field(default_factory=dict)
    makes: dict[str, str] = Field(default_factory=dict)


class RunRecord(_Part):
    """What was executed, and how it ended."""

    fingerprint: str
    """Of what the training depends on: equal inputs, equal fingerprint."""
    inputs: dict[str, Any]
    commit: str
    dirty: str | None = None
    """The hash of what differs from the commit; None where nothing does."""
    started: datetime
    outcome: Outcome
    reason: str = ""
    """How it failed, in one sentence without the command's own words."""
    exit_code: int | None = None
    command: str
    """Without what looks like a secret."""
    variables: dict[str, str] = Field(default_factory=dict)
    """What `train.env` names, and no other variable of the caller."""
    seed: int | None = 0
    data: dict[str, DataFile] = Field(default_factory=dict)
    params: dict[str, Plain] = Field(default_factory=dict)
    metrics: dict[str, Number] = Field(default_factory=dict)
    """The last value of each."""
    artifacts: tuple[Artifact, ...] = ()
    cost: Cost
    environment: dict[str, Any] | None = None
    """How the environment was made and from which files; None where the caller's served."""
    python: str | None = None
    """Implementation and version of the interpreter that trained; None where the command does not name one."""
    platform: str | None = None
    cpu: str | None = None
    model_sha256: str | None = None
    unknown: tuple[str, ...] = ()
    """What nobody here can say of a model that was made elsewhere."""
    details_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        return with_schema(SCHEMA, self.model_dump(mode="json"))

    def to_bytes(self) -> bytes:
        """Return the file of the record."""
        return _file(self.to_dict())

    @property
    def id(self) -> str:
        """The name of the run, the beginning of the sha256 of its file."""
        return run_id(self.to_bytes())


class RunDetails(_Part):
    """What of a run is too long for its record."""

    code: dict[str, str] = Field(default_factory=dict)
    """The Git id of every code file."""
    dirty_paths: tuple[str, ...] = ()
    packages: dict[str, str] = Field(default_factory=dict)
    """Version of every distribution that the interpreter which trained has."""
    history: dict[str, tuple[tuple[int, Number], ...]] = Field(default_factory=dict)
    """Step and value of every metric."""
    left_out: tuple[str, ...] = ()
    """What was logged and not kept, in sentences."""
    description: dict[str, Any] = Field(default_factory=dict)
    """What the model says of itself, as read in the confined child."""
    stages: tuple[StageRun, ...] = ()
    """The stages of its pipeline, where DVC ran one."""
    also_wrote: tuple[str, ...] = ()
    """Files that it wrote and that nothing declares as its output."""

    def to_dict(self) -> dict[str, Any]:
        """Return the details as a JSON object."""
        return with_schema(DETAILS_SCHEMA, self.model_dump(mode="json"))

    def to_bytes(self) -> bytes:
        """Return the file of the details."""
        return _file(self.to_dict())

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A record under its name, and where it was found."""

    id: str
    record: RunRecord
    where: Where = "here"


class KeptModel(_Part):
    """The model that a fingerprint leads to, kept so that equal inputs need not be trained again."""

    fingerprint: str
    run: str
    """The run that made it."""
    model_sha256: str
    description: dict[str, Any]
    requirements: dict[str, str]
    """Exact versions of what predicting needs, by distribution."""

    @classmethod
    def of(cls, record: RunRecord, description: dict[str, Any], requirements: dict[str, str]) -> Self:
        """Return what is kept of a run that made a model."""
        return cls(
            fingerprint=record.fingerprint,
            run=record.id,
            model_sha256=record.model_sha256 or "",
            description=description,
            requirements=requirements,
        )

    def to_bytes(self) -> bytes:
        """Return the file."""
        return _file(with_schema(KEPT_SCHEMA, self.model_dump(mode="json")))


def run_id(file: bytes) -> str:
    """Return the name of the run whose record this file is."""
    return hashlib.sha256(file).hexdigest()[:ID_LENGTH]


def read_run(data: bytes, path: str) -> RunRecord:
    """Return the record in a file; PATH is how an error calls it.

    Raises `IntegrityError("newer-schema")` for the file of a newer mlci, and `ValueError` for anything else.
    """
    if data.count(_OURS) == 1:  # several times as fast, for thousands of records
        return RunRecord.model_validate_json(data)
    return RunRecord.model_validate(read_json(data, SCHEMA, path))


def read_details(data: bytes, path: str) -> RunDetails:
    """Return the details in a file; raises as `read_run`."""
    return RunDetails.model_validate(read_json(data, DETAILS_SCHEMA, path))


def read_kept_model(data: bytes, path: str) -> KeptModel:
    """Return what is said of a kept model; raises as `read_run`."""
    return KeptModel.model_validate(read_json(data, KEPT_SCHEMA, path))


def _file(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode(errors="backslashreplace")
