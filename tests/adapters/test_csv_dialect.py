from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.csv_dialect import dialect_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "header", "sign"),
    [
        ("rows.csv", b"id;x\n", ";"),
        ("rows.txt", b"id\tx\r\n1\t2\r\n", "\t"),
        ("rows", b"id|x", "|"),
        ("rows.csv", b'\xef\xbb\xbf"id, of all";x|y;z\n', ";"),
        ("rows.csv", b'"a\nb;c;d"|x\n', "|"),
    ],
)
def test_dialect__is_found_in_the_header(tmp_path: Path, name: str, header: bytes, sign: str) -> None:
    (tmp_path / name).write_bytes(header)
    found = dialect_of(tmp_path / name)
    assert found is not None
    assert found.delimiter == sign


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b"id,x;y;z\n"),
        ("rows.csv", b"id\n1;2\n"),
        ("rows.csv", b'"id;x"\n'),
        ("rows.csv", b""),
        ("rows.tsv", b"id;x\n"),
        ("rows.jsonl", b"{};\n"),
        ("rows.csv.gz", gzip.compress(b"id;x\n", mtime=0) + b";"),
    ],
)
def test_dialect__where_nothing_is_to_be_said(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert dialect_of(tmp_path / name) is None


def test_dialect__of_what_cannot_be_opened_is_left_to_who_reads_it(tmp_path: Path) -> None:
    assert dialect_of(tmp_path) is None
