from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlci.core.runs.shared import LARGEST_BYTES, can_travel, read_shared
from mlci.errors import IntegrityError
from tests.core.runs.records import a_record, kept

if TYPE_CHECKING:
    from mlci.core.runs import RunRecord

TOKEN = "ghp_" + "a1B2c3D4e5" * 3


def refused(data: bytes) -> str:
    with pytest.raises(IntegrityError) as caught:
        read_shared(data, "candidate.json")
    assert (caught.value.code, caught.value.where) == ("run-malformed", "candidate.json")
    return caught.value.problem.removeprefix("the record of a run is refused: ")


def altered(**changes: object) -> bytes:
    """Return the file of a record as somebody writes it who leaves nothing but the form."""
    content = a_record().to_dict() | changes
    return f"{json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)}\n".encode()


def test_read_shared__what_mlci_wrote() -> None:
    record = a_record()
    run = read_shared(record.to_bytes(), "candidate.json")
    assert (run.id, run.record, run.where) == (record.id, record, "shared")


def test_altered__without_a_change_is_what_mlci_writes() -> None:
    assert altered() == a_record().to_bytes()


@pytest.mark.parametrize(
    "record",
    [
        a_record(command="python train.py \\\n  --depth 3"),
        a_record(params={"api_key": "(withheld)", "C": 0.1}),
        a_record(command="python train.py --api-key (withheld)"),
        a_record(params={"größe": "groß"}, metrics={"loss": "nan", "auc": 1}),
    ],
)
def test_can_travel__what_a_training_writes(record: RunRecord) -> None:
    assert can_travel(kept(record))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 9_000, altered(schema="mlci/run/1")])
def test_read_shared__no_record(data: bytes) -> None:
    assert refused(data) == "it is no record of a run"


@pytest.mark.parametrize(
    "data",
    [
        altered(more="x"),
        altered(exit_code="0"),
        a_record().to_bytes() + b" ",
        a_record().to_bytes().replace(b'"seed": 0', b'"seed": 1,\n "seed": 0'),
    ],
    ids=["unknown key", "another type", "bytes behind it", "a key twice"],
)
def test_read_shared__in_another_form(data: bytes) -> None:
    assert refused(data) == "it is not in the form that mlci writes"


@pytest.mark.parametrize(
    "changes",
    [
        {"commit": "\x1b[2J" + "c" * 35},
        {"fingerprint": "HEAD"},
        {"model_sha256": "b" * 63},
        {"details_sha256": "../../x"},
        {"artifacts": [{"path": "m", "sha256": "\x1b]0;x", "bytes": 1}]},
    ],
)
def test_read_shared__hashes_that_are_none(changes: dict[str, object]) -> None:
    assert refused(altered(**changes)) == "a hash in it is none"


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"C": "\x1b[31mred"}},
        {"params": {"\u202egnp.exe": 1}},
        {"inputs": {"deep": [{"deeper": "\x07"}]}},
        {"reason": "x" * 4_001},
    ],
    ids=["escape", "direction", "deep", "long"],
)
def test_read_shared__text_for_no_terminal(changes: dict[str, object]) -> None:
    assert refused(altered(**changes)) == "it holds text that no terminal should be shown"


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"api_key": "hunter2"}},
        {"params": {"note": TOKEN}},
        {"variables": {"DB_PASSWORD": "hunter2"}},
        {"command": "python train.py --password hunter2"},
        {"reason": TOKEN},
    ],
)
def test_read_shared__a_secret_that_its_maker_did_not_withhold(changes: dict[str, object]) -> None:
    assert refused(altered(**changes)) == "it holds what looks like a secret"


def test_read_shared__too_large() -> None:
    record = a_record(params={f"p{number}": number for number in range(3_000)})
    assert refused(record.to_bytes()) == f"it has more than {LARGEST_BYTES:,} bytes"
    assert not can_travel(kept(record))


def test_read_shared__of_a_newer_mlci() -> None:
    with pytest.raises(IntegrityError) as caught:
        read_shared(altered(schema="mlci/run/99"), "candidate.json")
    assert caught.value.code == "newer-schema"
