from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.golden import ROWS, Golden, differing, golden_table, read_answers
from mlci.core.prediction import Prediction
from mlci.core.signature import Input, Signature

BOUNDS = st.none() | st.floats(-1e12, 1e12)


def a_signature(*inputs: Input) -> Signature:
    return Signature(inputs=inputs, classes=(0, 1), positive=1, threshold=0.5)


def values(**item: Any) -> list[Any]:  # noqa: ANN401 - values of an input
    found: list[Any] = golden_table(a_signature(Input(name="a", **item))).columns["a"].values.tolist()
    return found


@given(st.tuples(BOUNDS, BOUNDS).map(lambda pair: sorted(pair, key=lambda each: (each is not None, each))))
def test_golden_table__numbers_lie_in_their_range(bounds: list[float | None]) -> None:
    low, high = bounds
    found = values(type="number", minimum=low, maximum=high)
    assert len(found) == ROWS
    assert min(found) >= (-np.inf if low is None else low)
    assert max(found) <= (np.inf if high is None else high)


@given(st.integers(-(2**50), 2**50), st.integers(0, 2**50))
def test_golden_table__whole_numbers_are_whole_and_in_their_range(low: int, width: int) -> None:
    found = values(type="integer", minimum=low, maximum=low + width)
    assert all(isinstance(each, int) and low <= each <= low + width for each in found)


def test_golden_table__spreads_over_the_range() -> None:
    found = values(type="number", minimum=0, maximum=1)
    counts, _ = np.histogram(found, bins=4, range=(0, 1))
    assert counts.tolist() == [4, 4, 4, 4]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "boolean"}, {False, True}),
        ({"type": "string"}, {"a", "b", "c"}),
        ({"type": "string", "values": ("small", "größe", "🙂")}, {"small", "größe", "🙂"}),
        ({"type": "integer", "values": (1, 5)}, {1, 5}),
        ({"type": "number", "values": (0.5, 1.5)}, {0.5, 1.5}),
    ],
)
def test_golden_table__takes_all_values_that_there_are(item: dict[str, Any], expected: set[object]) -> None:
    assert set(values(**item)) == expected


def test_golden_table__columns_do_not_move_together() -> None:
    table = golden_table(a_signature(*(Input(name=f"c{place}", type="number") for place in range(20))))
    correlations = np.corrcoef([column.values for column in table.columns.values()]) - np.eye(20)
    assert np.abs(correlations).max() < 0.95


def test_golden__is_the_same_file_each_time_and_reads_back() -> None:
    table = golden_table(a_signature(Input(name="größe", type="number"), Input(name="t", type="string")))
    answers = np.column_stack([np.linspace(0, 1, ROWS), 1 - np.linspace(0, 1, ROWS)])
    data = Golden(table, answers).to_bytes()
    assert data == Golden(table, answers).to_bytes()
    assert json.loads(data)["columns"] == ["größe", "t"]
    assert json.loads(data)["tolerance"] == {"absolute": 1e-6, "relative": 1e-5}
    assert np.abs(np.asarray(read_answers(data)) - answers).max() < 1e-9
    assert read_answers(Golden(table, None).to_bytes()) is None


@pytest.mark.parametrize(
    "content",
    [{}, {"schema": "mlci/golden/1", "answers": "x"}, {"schema": "mlci/golden/1", "answers": [[1], [1, 2]]},
     {"schema": "mlci/golden/1", "answers": [{"a": 1}]}, {"schema": "mlci/golden/1", "answers": 3}],
)  # fmt: skip
def test_read_answers__refuses_what_is_no_such_file(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"schema|answers"):
        read_answers(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("found", "rows"),
    [([0.1, 0.2, 0.3], ()), ([0.1, 0.2000001, 0.3], ()), ([0.1, 0.21, 0.3], (2,)), ([0.1, 0.2], (1, 2, 3))],
)
def test_differing__names_rows_beyond_the_tolerance(found: list[float], rows: tuple[int, ...]) -> None:
    assert differing(np.array([0.1, 0.2, 0.3]), Prediction(np.array(found), None, "labels")) == rows
