"""Reading the zip archive that a host hands out as a run's artifact: hostile, so measured before it is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib

from mlci.core.submission import ARCHIVE, LARGEST_RECORD, RECORD, Submission
from mlci.errors import IntegrityError

LARGEST_ARCHIVE = 256 << 20
"""Bytes of a package that are read from an artifact."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def read_submission(data: bytes, *, largest: int = LARGEST_ARCHIVE) -> Submission:
    """Return the submission in a zip archive; raises `IntegrityError("submission-malformed")` for anything else.

    Exactly the two files that mlci writes may be in it. What a member claims to be is not believed: at most the limit,
    for a package LARGEST, and one byte more are unpacked.
    """
    limits = {RECORD: LARGEST_RECORD, ARCHIVE: largest}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [member.filename for member in archive.infolist()]
            if not {member.compress_type for member in archive.infolist()} <= _METHODS:
                raise _malformed("it is packed in a way that no host packs")
            if sorted(names) != sorted(limits):
                raise _malformed("it holds other files than the two of mlci")
            found = {name: _read(archive, name, limit) for name, limit in limits.items()}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError, OSError):
        # What zipfile raises for damage, encryption and methods that it does not know.
        raise _malformed("it is no zip archive that can be read") from None
    return Submission(found[RECORD], found[ARCHIVE])


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with archive.open(name) as member:
        content = member.read(limit + 1)
    if len(content) > limit:
        raise _malformed(
            f"{name} has more than {limit:,} bytes",
            cause="The model, or what is handed in in its place, is larger than what a job hands on to be judged.",
            hint="Make the model smaller, or the evaluation set that answers are handed in for.",
        )
    return content


def _malformed(
    reason: str,
    *,
    cause: str = "It was made by something else than mlci's check, or it was altered.",
    hint: str = "Run the check again.",
) -> IntegrityError:
    return IntegrityError(
        "submission-malformed", f"the artifact of the run is refused: {reason}", cause=cause, hint=hint
    )
