from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.stated_metrics import StatedMetrics, metrics_in
from mlci.errors import IntegrityError


def test_metrics_in__is_written_and_read_in_one_form() -> None:
    found = metrics_in(b'{"loss": 2, "accuracy": 0.5}')
    assert found.to_bytes() == b'["mlci/metrics/1","loss","accuracy"]\n["all rows",2.0,0.5]\n'
    assert StatedMetrics.read(found.to_bytes()).by_name == {"loss": 2.0, "accuracy": 0.5}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"accuracy: 0.5", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[0.5]", "it is no object of numbers"),
        (b"{}", "it is no object of numbers"),
        (b'{"a": true}', "'a' has no finite number"),
        (b'{"a": "0.5"}', "'a' has no finite number"),
        (b'{"a": {"b": 0.5}}', "'a' has no finite number"),
        (b'{"a": NaN}', "row 1 has no finite number"),
        (b'{"a": 1e999}', "'a' has no finite number"),
        (b'{"a": 1' + b"0" * 400 + b"}", "'a' has no finite number"),
        (b'{"": 1}', "a column has no name"),
        (b" " * 2**20 + b'{"a": 1}', "it is larger than 1 MiB"),
    ],
)
def test_metrics_in__refuses_in_words(text: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        metrics_in(text)


@given(st.binary())
def test_metrics_in__anything_is_metrics_or_a_problem_in_words(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        metrics_in(b"{" + text)


def test_read__one_row_alone() -> None:
    with pytest.raises(IntegrityError) as caught:
        StatedMetrics.read(b'["mlci/metrics/1","a"]\n["0",2.0]\n["1",0.5]\n')
    assert (caught.value.code, caught.value.problem) == (
        "metrics-malformed",
        "the metrics of a package cannot be used: there is one number of each metric",
    )
