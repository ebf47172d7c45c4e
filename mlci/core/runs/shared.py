"""Records of runs that travel: from the job that trained, through the branch `mlci/runs`, to everybody's terminal.

Who wrote one is not known, so that it is read as hostile input: only the very bytes that mlci writes are a record, and
only if nothing in it could do harm where it is shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mlci.core.plain_text import is_visible
from mlci.core.runs.record import KeptRun, RunRecord, read_run, run_id
from mlci.core.runs.secrets import WITHHELD, shown_value
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST_BYTES: Final = 32 * 1024
"""Of a record that travels; a larger one stays where it was made."""
LONGEST_TEXT: Final = 4_000
FILE: Final = re.compile(r"(?P<folder>[0-9a-f]{2})/(?P<id>(?P=folder)[0-9a-f]{14})\.json")
"""Where a record lies on the branch; 256 folders keep each of them, and so each commit, small."""

_HASH: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def run_path(name: str) -> str:
    """Return where the record of a run lies on the branch.

    >>> run_path("3f2a91c400d1e2f3")
    '3f/3f2a91c400d1e2f3.json'
    """
    return f"{name[:2]}/{name}.json"


def can_travel(run: KeptRun) -> bool:
    """Say whether who reads the record of a run elsewhere would take it."""
    try:
        read_shared(run.record.to_bytes(), run.id)
    except IntegrityError:
        return False
    return True


def read_shared(data: bytes, path: str) -> KeptRun:
    """Return the run whose record came from somebody else; PATH is how an error calls it.

    Raises `IntegrityError`: "newer-schema", "run-malformed" with the reason.
    """
    if len(data) > LARGEST_BYTES:
        raise _malformed(path, f"it has more than {LARGEST_BYTES:,} bytes")
    try:
        record = read_run(data, path)
        written = record.to_bytes()
    except (ValueError, RecursionError):  # pydantic's errors are among them
        raise _malformed(path, "it is no record of a run") from None
    if written != data:
        raise _malformed(path, "it is not in the form that mlci writes")
    if not all(_HASH.fullmatch(each) for each in _hashes(record)):
        raise _malformed(path, "a hash in it is none")
    if not all(len(text) <= LONGEST_TEXT and is_visible(text.replace("\n", " ")) for text in _texts(record.to_dict())):
        raise _malformed(path, "it holds text that no terminal should be shown")
    if any(shown_value(name, value) != value for name, value in _told(record)):
        raise _malformed(path, "it holds what looks like a secret")
    return KeptRun(run_id(data), record, "shared")


def _hashes(record: RunRecord) -> Iterable[str]:
    yield from (record.fingerprint, record.commit, record.details_sha256)
    yield from (each for each in (record.dirty, record.model_sha256) if each is not None)
    yield from (each.sha256 for each in record.data.values())
    yield from (each.sha256 for each in record.artifacts)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - anything that JSON can hold
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _told(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Yield what people and scripts wrote, under the name that it goes by."""
    yield from (("command", record.command), ("reason", record.reason))
    for name, value in (*record.variables.items(), *record.params.items()):
        if isinstance(value, str) and value != WITHHELD:
            yield name, value


def _malformed(path: str, reason: str) -> IntegrityError:
    return IntegrityError(
        "run-malformed",
        f"the record of a run is refused: {reason}",
        where=path,
        cause="It was made by something else than mlci, by another version of it, or it was altered.",
        hint="mlci train --force",
    )
