"""A submission: the candidate as it travels from the job that trained it to the job that judges it.

Two files. To who judges they are hostile input, of which only the model itself is used in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from mlci.core.canonical import canonical_json
from mlci.core.schema_name import read_json, with_schema
from mlci.errors import IntegrityError

SCHEMA: Final = "mlci/candidate/1"
RECORD = "candidate.json"
ARCHIVE = "package.tar"
LARGEST_RECORD = 128 * 1024


@dataclass(frozen=True, slots=True)
class Submission:
    """The bytes of both files."""

    record: bytes
    archive: bytes


class CandidateRecord(BaseModel):
    """Which inputs the candidate was made from, as its maker says."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    fingerprint: str
    inputs: dict[str, Any]
    run: str | None = None
    """The file of the record of the run that made it; None where none is known, or it is too large to travel."""

    def to_bytes(self) -> bytes:
        """Return the file of the record."""
        return canonical_json(with_schema(SCHEMA, self.model_dump(mode="json"))) + b"\n"


def read_record(data: bytes) -> CandidateRecord:
    """Return the record in DATA.

    Raises `IntegrityError`: "newer-schema", and "submission-malformed" for anything but the form that mlci writes.
    """
    if len(data) > LARGEST_RECORD:
        raise _malformed()
    try:
        return CandidateRecord.model_validate(read_json(data, SCHEMA, RECORD))
    except ValueError:  # pydantic's errors are among them
        raise _malformed() from None


def _malformed() -> IntegrityError:
    return IntegrityError(
        "submission-malformed",
        f"{RECORD} is not in the form that mlci writes",
        cause="The artifact was made by something else, or by another version of mlci.",
        hint="mlci check",
    )
