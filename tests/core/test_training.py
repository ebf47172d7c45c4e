from __future__ import annotations

import json

import pytest

from mlci.core.training import RunRecord, read_run
from mlci.errors import IntegrityError

RECORD = RunRecord(
    fingerprint="f" * 64,
    inputs={"command": "python train.py"},
    commit="c" * 40,
    is_dirty=False,
    seconds=1.5,
    model_sha256="a" * 64,
    description={"estimator": "LogisticRegression"},
    requirements={"scikit-learn": "1.7.2"},
)


def test_run__as_it_is_written() -> None:
    written = RECORD.to_dict()
    assert (written["schema"], "schema_" in written) == ("mlci/run/1", False)
    assert read_run(json.dumps(written).encode(), "record.json") == RECORD


def test_run__of_a_newer_mlci_is_refused_by_name() -> None:
    with pytest.raises(IntegrityError) as caught:
        read_run(b'{"schema": "mlci/run/2"}', "record.json")
    assert caught.value.code == "newer-schema"


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": "mlci/run/1"}', b'{"schema": "mlci/candidate/1"}'])
def test_run__that_mlci_did_not_write(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_run(data, "record.json")
