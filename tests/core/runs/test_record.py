from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.runs import KeptModel, RunDetails, read_details, read_kept_model, read_run
from mlci.core.runs.record import run_id
from mlci.errors import IntegrityError
from tests.core.runs.records import DETAILS, a_record

READERS = [(read_run, "mlci/run/3"), (read_details, "mlci/run-details/2"), (read_kept_model, "mlci/trained/2")]


def test_record__as_it_is_written() -> None:
    record = a_record(metrics={"loss": "nan", "auc": 0.5})
    content = record.to_bytes()
    assert (json.loads(content)["schema"], read_run(content, "record.json")) == ("mlci/run/2", record)
    assert record.to_bytes() == content


def test_record__is_called_by_its_content() -> None:
    assert a_record().id == a_record().id == run_id(a_record().to_bytes())
    assert len({a_record(0).id, a_record(1).id, a_record(params={}).id}) == 3


def test_details__as_they_are_written() -> None:
    assert read_details(DETAILS.to_bytes(), "details.json") == DETAILS


def test_kept_model__as_it_is_written() -> None:
    record = a_record()
    kept = KeptModel.of(record, {"estimator": "LogisticRegression"}, {"numpy": "2.2.0"})
    assert read_kept_model(kept.to_bytes(), "trained.json") == kept
    assert (kept.run, kept.model_sha256, kept.fingerprint) == (record.id, record.model_sha256, record.fingerprint)


@pytest.mark.parametrize(("read", "newer"), READERS)
def test_file__of_a_newer_mlci_is_refused_by_name(read: type, newer: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        read(json.dumps({"schema": newer}).encode(), "file.json")
    assert (caught.value.code, newer in caught.value.problem) == ("newer-schema", True)


@pytest.mark.parametrize(("read", "_"), READERS)
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema": "mlci/run/1"}', b'{"schema": "mlci/run/2"}'])
def test_file__that_mlci_did_not_write(read: type, _: str, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(data, "file.json")


NAMES = st.text(st.characters(codec="utf-8"), max_size=9)


@given(
    params=st.dictionaries(NAMES, st.integers() | st.none() | st.booleans()),
    history=st.dictionaries(NAMES, st.floats(allow_nan=False, allow_infinity=False)),
)
def test_any_record__is_read_as_it_was_written(params: dict[str, int | None], history: dict[str, float]) -> None:
    record = a_record(params=dict(params), metrics=dict(history))
    assert read_run(record.to_bytes(), "record.json") == record
    details = RunDetails(history={name: ((0, value),) for name, value in history.items()})
    assert read_details(details.to_bytes(), "details.json") == details
