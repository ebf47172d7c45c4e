from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.baseline import SMALLEST, Baseline, Listed, Numbers, Unlisted, read_baseline
from mlci.core.histograms import PARTS, baseline_of, listed, numbers, round_edges, spread_of
from mlci.core.signature import Input, Signature
from mlci.core.table import Column, Table
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable

BINARY = Signature(
    inputs=(
        Input(name="radius", type="number"),
        Input(name="size", type="string", values=("small", "größer", "rare")),
        Input(name="note", type="string"),
        Input(name="wet", type="boolean"),
    ),
    classes=(0, 1),
    positive=1,
    threshold=0.5,
)
ROWS = 40


def a_table() -> Table:
    return Table(
        {
            "radius": Column(np.arange(ROWS) / 4, np.arange(ROWS) == 3),
            "size": Column(np.array((["small"] * 21 + ["größer"] * 18 + ["rare"])[:ROWS])),
            "note": Column(np.array([f"called Mr {row}" for row in range(ROWS)])),
            "wet": Column(np.arange(ROWS) % 2 == 0),
        }
    )


def a_baseline(private: frozenset[str] = frozenset()) -> Baseline:
    said, label = np.arange(ROWS) / ROWS, Column(np.array([0.0, 1.0] * (ROWS // 2)))
    return baseline_of(BINARY, a_table(), 100 * ROWS, label, said, private=private)


def test_baseline__counts_inputs_label_and_predictions() -> None:
    found = a_baseline()
    assert (found.rows, found.sampled) == (4_000, 40)
    assert found.inputs["size"] == Listed(missing=0, counts=(21, 18, None))
    assert found.inputs["note"] == Unlisted(missing=0)
    assert found.inputs["wet"] == Listed(missing=0, counts=(20, 20))
    assert found.label == Listed(missing=0, counts=(20, 20))
    assert found.predictions is not None
    assert list(found.predictions) == ["probability", "decision"]
    assert found.predictions["decision"] == Listed(missing=0, counts=(20, 20))
    radius = found.inputs["radius"]
    assert isinstance(radius, Numbers)
    assert (radius.missing, radius.total, radius.edges[:3], radius.counts[:3]) == (1, ROWS, (0.0, 0.5, 1.0), (0, 2, 1))


def test_baseline__holds_no_text_of_the_data_and_no_private_column() -> None:
    content = a_baseline(frozenset({"radius"})).to_bytes().decode()
    assert [word for word in ("Mr", "small", "größer", "radius") if word in content] == []
    assert "wet" in content


def test_baseline__is_small_for_twenty_columns() -> None:
    inputs = tuple(Input(name=f"column_{place}", type="number") for place in range(20))
    signature = Signature(inputs=inputs, classes=())
    values = np.random.default_rng(0).normal(scale=1e-9, size=1_000)
    table = Table({item.name: Column(values * (place + 1)) for place, item in enumerate(inputs)})
    content = baseline_of(signature, table, 1_000, Column(values), values, private=frozenset()).to_bytes()
    assert len(content) <= 64 * 1024
    assert read_baseline(content, signature).to_bytes() == content


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=50), st.booleans())
def test_numbers__every_value_is_counted_once(values: list[float], has_gap: bool) -> None:  # noqa: FBT001 - drawn
    gaps = np.arange(len(values)) == 0 if has_gap and values else None
    found = numbers(Column(np.array(values, dtype=np.float64), gaps))
    assert found.total == len(values)
    assert len(found.counts) == len(found.edges) + 1 <= 3 * PARTS
    assert Numbers.model_validate(found.model_dump()) == found


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1, max_size=50))
def test_round_edges__of_whole_numbers_are_whole_and_go_around_them(values: list[int]) -> None:
    edges = round_edges(np.array(values, dtype=np.float64), is_whole=True)
    assert all(edge == int(edge) for edge in edges)
    assert edges[0] <= np.median(values) <= edges[-1]


def test_numbers__rounding_elsewhere_moves_none_to_another_part() -> None:
    values = np.array([0.3, 0.6, 0.9, 1.2] * 10)
    other = values * (1 + 4e-16)
    assert (values != other).any()
    assert numbers(Column(values)) == numbers(Column(other))


def test_numbers__what_lies_far_out_takes_no_resolution_from_the_rest() -> None:
    values = np.append(np.arange(199) / 199, 1e9)
    found = numbers(Column(values))
    assert len(found.counts) > PARTS
    assert found.counts[-1] == 1


def test_listed__tells_no_rare_value() -> None:
    values = np.array(["a"] * SMALLEST + ["b"] * (SMALLEST - 1))
    assert listed(Column(values), ("a", "b", "c")).counts == (SMALLEST, None, None)


def test_spread_of__whole_numbers_and_truth_are_compared_as_the_contract_writes_them() -> None:
    column = Column(np.array([1.0] * 30 + [2.0] * 20))
    assert spread_of(Input(name="a", type="integer", values=(1, 2)), column) == Listed(missing=0, counts=(30, 20))


def test_read_baseline__gives_back_what_was_written() -> None:
    found = a_baseline()
    assert read_baseline(found.to_bytes(), BINARY) == found


def edited(edit: Callable[[dict[str, Any]], object]) -> bytes:
    content = json.loads(a_baseline().to_bytes())
    edit(content)
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


UNKNOWN = "it names a column that the signature does not"
OTHER_TYPE = "a column has another type than in the signature"
RARE = f"inputs.wet.listed: Value error, a count is below {SMALLEST}"
FALLING = "inputs.radius.numbers: Value error, edges rise, and there is one count more"


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda it: it["inputs"].update(id=it["inputs"]["note"]), UNKNOWN),
        (lambda it: it["inputs"].update(wet=it["inputs"]["note"]), OTHER_TYPE),
        (lambda it: it["inputs"]["size"]["counts"].append(None), OTHER_TYPE),
        (lambda it: it["inputs"]["wet"].update(counts=[3, None]), RARE),
        (lambda it: it["inputs"]["wet"].update(counts=[40, 20]), "it counts more rows than it looked at"),
        (lambda it: it.update(rows=39), "it looked at more rows than there are"),
        (lambda it: it["inputs"]["radius"]["edges"].reverse(), FALLING),
        (lambda it: it.update(label={"kind": "unlisted", "missing": 0}), OTHER_TYPE),
        (lambda it: it["predictions"].update(other=it["predictions"]["probability"]), UNKNOWN),
        (lambda it: it.update(more=1), "more: Extra inputs are not permitted"),
        (lambda it: it.update(rows=True), "rows: Input should be a valid integer"),
        (lambda it: it["inputs"]["radius"]["edges"].__setitem__(0, "0"), "it is not in the form that mlci writes"),
    ],
)  # fmt: skip
def test_read_baseline__refuses_what_does_not_fit(edit: Callable[[dict[str, Any]], object], problem: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read_baseline(edited(edit), BINARY)
    assert str(caught.value) == problem


def test_read_baseline__of_a_newer_mlci() -> None:
    with pytest.raises(IntegrityError) as caught:
        read_baseline(edited(lambda it: it.update(schema="mlci/baseline/2")), BINARY)
    assert caught.value.code == "newer-schema"


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_read_baseline__anything_else_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_baseline(data, BINARY)
