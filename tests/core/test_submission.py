from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.submission import LARGEST_RECORD, CandidateRecord, read_record
from mlci.errors import IntegrityError

RECORD = CandidateRecord(fingerprint="f" * 64, inputs={"command": "python train.py", "data": {"cells": "c" * 40}})
WRITTEN = json.loads(RECORD.to_bytes())


def refused(data: bytes) -> str:
    with pytest.raises(IntegrityError) as caught:
        read_record(data)
    return caught.value.code


def with_changes(**changes: object) -> bytes:
    return json.dumps(WRITTEN | changes).encode()


def test_record__as_it_is_written() -> None:
    assert WRITTEN == {
        "schema": "mlci/candidate/1",
        "run": None,
        "fingerprint": "f" * 64,
        "inputs": {"command": "python train.py", "data": {"cells": "c" * 40}},
    }
    assert read_record(RECORD.to_bytes()) == RECORD


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", b"[" * 60_000, RECORD.to_bytes().replace(b"schema", b"schema_"), with_changes(more=1),
     with_changes(schema="mlci/run/1"), with_changes(fingerprint=None), with_changes(fingerprint="\ud800"),
     with_changes(inputs=[]), RECORD.to_bytes().ljust(LARGEST_RECORD + 1)],
)  # fmt: skip
def test_record__that_mlci_did_not_write(data: bytes) -> None:
    assert refused(data) == "submission-malformed"


def test_record__of_a_newer_mlci_is_refused_by_name() -> None:
    assert refused(with_changes(schema="mlci/candidate/2", more=1)) == "newer-schema"


@given(st.binary(max_size=400))
def test_record__of_any_bytes_is_refused(data: bytes) -> None:
    assert refused(data) == "submission-malformed"
