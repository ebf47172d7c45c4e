from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.runs.tracked import (
    LONGEST_LINE,
    MOST_ARTIFACTS,
    MOST_METRICS,
    MOST_POINTS,
    Tracked,
    read_lines,
)


def lines(*entries: list[object]) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def test_lines__of_one_process() -> None:
    found = read_lines(
        [
            lines(
                [1, "metric", "loss", 0.5, 0],
                [2, "metric", "loss", 0.25, 10],
                [3, "param", "C", 1],
                [4, "param", "C", 2],
                [5, "artifact", "/place/plot.svg"],
                [6, "artifact", "/place/plot.svg"],
            )
        ]
    )
    assert found == Tracked({"loss": ((0, 0.5), (10, 0.25))}, {"C": 2}, ("/place/plot.svg",))
    assert found.last == {"loss": 0.25}


def test_lines__of_several_processes_are_in_the_order_of_time() -> None:
    files = [
        lines([5, "metric", "loss", 3, None]),
        lines([1, "metric", "loss", 1, None], [3, "metric", "loss", 2, None]),
    ]
    assert read_lines(files) == read_lines(files[::-1])
    assert read_lines(files).metrics == {"loss": ((0, 1.0), (1, 2.0), (2, 3.0))}


def test_numbers__that_are_none_are_words() -> None:
    content = b'[1,"metric","loss",NaN,0]\n[2,"metric","loss",-Infinity,1]\n[3,"metric","loss",Infinity,2]\n'
    assert read_lines([content]).metrics == {"loss": ((0, "nan"), (1, "-inf"), (2, "inf"))}


@pytest.mark.parametrize(
    "line",
    [
        b"hello", b"{}", b"[]", b"[" * 60_000, b"\xff\xfe", b'["metric"]', b'[1,"metric","loss","0.5",0]',
        b'[1,"metric","loss",true,0]', b'[1,"metric","",1,0]', b'[1,"metric","a\\u202eb",1,0]',
        b'[1,"metric","a\\nb",1,0]', b'[1,"metric","\\ud800",1,0]', b'[1,"metric","loss",1,0.5]',
        b'[1,"metric","loss",1,1' + b"0" * 30 + b"]", b'[1,"metric","loss",1' + b"0" * 400 + b",0]",
        b'[1.5,"metric","loss",1,0]', b'[1,"param","C",[1]]', b'[1,"param","C"]', b'[1,"artifact",7]',
        b'[1,"metric","' + b"x" * 201 + b'",1,0]', b'[1,"param","C","' + b"x" * LONGEST_LINE + b'"]',
    ],
)  # fmt: skip
def test_line__that_mlci_did_not_write_is_counted(line: bytes) -> None:
    assert read_lines([line + b"\n"]) == Tracked(left_out=("1 lines that mlci did not write",))


def test_secrets__are_in_no_parameter() -> None:
    assert read_lines([lines([1, "param", "api_key", "abcdefgh"])]).params == {"api_key": "(withheld)"}


def test_limits__what_is_too_much_is_counted() -> None:
    content = lines(
        *([n, "metric", f"m{n}", 1, 0] for n in range(MOST_METRICS + 2)),
        *([n, "artifact", f"/a{n}"] for n in range(MOST_ARTIFACTS + 3)),
    )
    found = read_lines([content])
    assert (len(found.metrics), len(found.artifacts)) == (MOST_METRICS, MOST_ARTIFACTS)
    assert found.left_out == (
        f"3 artifacts beyond the first {MOST_ARTIFACTS}",
        f"2 values of metrics beyond the first {MOST_METRICS:,}",
    )


def test_points__of_a_long_metric_are_thinned_and_the_last_one_stays() -> None:
    count = 2 * MOST_POINTS + 2
    points = read_lines([lines(*([n, "metric", "loss", n, n] for n in range(count)))]).metrics["loss"]
    assert len(points) <= MOST_POINTS + 1
    assert (points[0], points[1], points[-1]) == ((0, 0.0), (4, 4.0), (count - 1, float(count - 1)))


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_any_bytes__are_read(files: list[bytes]) -> None:
    assert read_lines(files).metrics == {}


ENTRIES = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from(["metric"]), st.text(max_size=9), st.floats(), st.none()), max_size=9
)


@given(ENTRIES)
def test_any_entries__can_be_written(entries: list[tuple[object, ...]]) -> None:
    found = read_lines([lines(*map(list, entries))])
    json.dumps(found.metrics, allow_nan=False, ensure_ascii=False).encode()
