from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.submission import ARCHIVE, LARGEST_RECORD, RECORD, CandidateRecord, Submission, read_record
from mlci.core.submission_zip import read_submission
from mlci.errors import IntegrityError


def a_zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(IntegrityError) as caught:
        read_submission(data)
    assert caught.value.code == "submission-malformed"
    return caught.value.problem


def outcome(data: bytes) -> str:
    try:
        read_submission(data)
    except IntegrityError as error:
        return error.code
    return "read"


WHOLE = a_zip((RECORD, b"{}"), (ARCHIVE, b"package"))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_read__gives_both_files(method: int) -> None:
    data = a_zip((ARCHIVE, b"package"), (RECORD, b"{}"), method=method)
    assert read_submission(data) == Submission(b"{}", b"package")


@pytest.mark.parametrize(
    "members",
    [
        [(RECORD, b"{}")],
        [(RECORD, b"{}"), (ARCHIVE, b""), ("more", b"")],
        [(RECORD, b"{}"), (f"../{ARCHIVE}", b"")],
        [(RECORD, b"{}"), (f"./{ARCHIVE}", b"")],
        [],
    ],
    ids=["one is missing", "one too many", "above", "dotted", "none"],
)
def test_read__other_files_than_the_two_are_refused(members: list[tuple[str, bytes]]) -> None:
    assert refused(a_zip(*members)) == "the artifact of the run is refused: it holds other files than the two of mlci"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_read__a_file_that_is_there_twice_is_refused() -> None:
    assert refused(a_zip((RECORD, b"{}"), (ARCHIVE, b"one"), (ARCHIVE, b"two"))).endswith("than the two of mlci")


def test_read__a_record_that_is_too_large_is_refused() -> None:
    data = a_zip((RECORD, b" " * (LARGEST_RECORD + 1)), (ARCHIVE, b""))
    assert refused(data) == "the artifact of the run is refused: candidate.json has more than 131,072 bytes"


def test_read__a_package_that_is_too_large_says_what_mends_it() -> None:
    data = a_zip((RECORD, b"{}"), (ARCHIVE, b"12345678901"))
    with pytest.raises(IntegrityError) as caught:
        read_submission(data, largest=10)
    assert (caught.value.problem, caught.value.hint) == (
        f"the artifact of the run is refused: {ARCHIVE} has more than 10 bytes",
        "Make the model smaller, or the evaluation set that answers are handed in for.",
    )
    assert read_submission(data, largest=11).archive == b"12345678901"


def test_read__a_size_that_lies_is_not_believed() -> None:
    # The directory says that the record has one byte; what counts is what comes out.
    bomb = bytearray(a_zip((RECORD, b" " * (LARGEST_RECORD + 1)), (ARCHIVE, b"")))
    place = bomb.rindex(b"PK\x01\x02", 0, bomb.rindex(RECORD.encode()))
    bomb[place + 24 : place + 28] = (1).to_bytes(4, "little")
    refused(bytes(bomb))


@given(st.binary(max_size=300))
def test_read__any_bytes_are_a_submission_or_refused(data: bytes) -> None:
    refused(data)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_read__a_damaged_archive_is_refused_or_read_as_two_files(place: int, change: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] ^= change
    assert outcome(bytes(damaged)) in {"read", "submission-malformed"}


def test_record__is_read_as_it_was_written() -> None:
    record = CandidateRecord(fingerprint="a" * 64, inputs={"command": "python train.py"})
    assert read_record(record.to_bytes()) == record


@given(st.binary(max_size=200))
def test_record__any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_record(data)
