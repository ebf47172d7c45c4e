from __future__ import annotations

import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.runs.content import content_of


@pytest.mark.parametrize(
    ("content", "rows"),
    [(b"", 0), (b"id\n", 0), (b"id", 0), (b"id\n1", 1), (b"id\n1\n", 1), (b'id\n"a\nb"\n', 1), (b'id\n"a""\n"\n2\n', 2),
     (b'id\n"open\n', None)],
)  # fmt: skip
def test_rows__are_those_after_the_header(content: bytes, rows: int | None) -> None:
    assert content_of([content], is_csv=True).rows == rows


def test_content__of_another_kind_has_no_rows() -> None:
    found = content_of([b"ab", b"c"])
    assert (found.sha256, found.bytes, found.rows) == (hashlib.sha256(b"abc").hexdigest(), 3, None)


CELLS = st.lists(st.tuples(st.text('a"\n,;x', min_size=1, max_size=6), st.text('ab\n"', max_size=5)), max_size=6)


@given(CELLS, st.integers(1, 7))
def test_rows__are_as_many_as_a_csv_reader_finds_however_it_is_cut(cells: list[tuple[str, str]], size: int) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([("a", "b"), *cells])
    content = buffer.getvalue().encode()
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    found = content_of(chunks, is_csv=True)
    assert (found.rows, found.sha256) == (len(cells), hashlib.sha256(content).hexdigest())
