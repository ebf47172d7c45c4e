from __future__ import annotations

import csv
import io
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.adapters.csv_file import LONGEST_RECORD, CsvFile, read_header
from mlci.adapters.open_file import OpenFile
from mlci.core.data_files import DEFAULT_BYTES, DataFile
from mlci.core.data_format import CsvFormat
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cells.csv"


@contextmanager
def sound(path: Path) -> Iterator[CsvFile]:
    form = CsvFormat()
    with OpenFile(DataFile(path, str(path)), form, DEFAULT_BYTES) as file, CsvFile(file, form) as csv_file:
        yield csv_file


@pytest.mark.parametrize(
    ("content", "names", "rows"),
    [
        (b"a,b\n1,2\n3,4\n", ("a", "b"), 2),
        (b"a,b\n1,2\n3,4", ("a", "b"), 2),
        (b"a,b\r\n1,2\r\n", ("a", "b"), 1),
        (b"a,b\n", ("a", "b"), 0),
        (b"a,b", ("a", "b"), 0),
        (b"\xef\xbb\xbfa,b\n1,2\n", ("a", "b"), 1),
        (b"ID,id\n1,2\n", ("ID", "id"), 1),
        (b",b\n1,2\n", ("", "b"), 1),
        (b'"a, ""b""",c\n1,2\n', ('a, "b"', "c"), 1),
        (b"a,b\n1,2\n\n\n3,4\n\n", ("a", "b"), 2),
        (b"a\n1\n\n3\n", ("a",), 3),
        (b"a,b\n,\n", ("a", "b"), 1),
        (b'a,b\n"",""\n', ("a", "b"), 1),
        (b'a,b\n1,"2\n3"\n4,5\n', ("a", "b"), 2),
        (b'a,b\r\n1,"2\r\n3"\r\n4,5', ("a", "b"), 2),
        (b'a,b\r\n1,"2\n3"\r\n', ("a", "b"), 1),
        ("größe,b\nü,😀\n".encode(), ("größe", "b"), 1),
    ],
)
def test_file__sound_forms_are_read(path: Path, content: bytes, names: tuple[str, ...], rows: int) -> None:
    path.write_bytes(content)
    with sound(path) as file:
        assert (file.header.names, file.rows) == (names, rows)


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"", 1, "the file is empty"),
        (b"\n", 1, "the first line, the header, is empty"),
        (b"\na,b\n1,2\n", 1, "the first line, the header, is empty"),
        ("a,b\n1,2\n".encode("utf-16"), 1, "the text is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-be"), 1, "a NUL byte stands in the text"),
        ("a,b\n1,2\n3,ä\n".encode("latin-1"), 3, "the text is not UTF-8"),
        (b"a,b\n1,2\n3,\xe2\x82", 3, "the text is not UTF-8"),
        (b"a,b\n1,2\n3,x\0y\n", 3, "a NUL byte stands in the text"),
        (b"a,b,a\n1,2,3\n", 1, "column 3 is named as column 1: `a`"),
        (b",\n1,2\n", 1, "column 2 is named as column 1: without a name"),
        (b"a;b\n1;2\n", 1, "the header has no comma"),
        (b"a\tb\n1\t2\n", 1, "the header has no comma"),
        (b'a,"b\nc"\n1,2\n', 1, "the name of column 2 has more than 200 characters or a line break"),
        (b"a,b\n1,2\n3\n", 3, "1 value in this line, 2 columns in the header"),
        (b"a,b\n1,2\n3,4,5\n", 3, "3 values in this line, 2 columns in the header"),
        (b"a,b\n1,2\n3,4,\n", 3, "3 values in this line, 2 columns in the header"),
        (b"a,b\n1,2\n  \n", 3, "1 value in this line, 2 columns in the header"),
        (b"a\n1,2\n", 2, "2 values in this line, 1 column in the header"),
        (b'a,b\n"1\n1\n1",2\n3\n', 5, "1 value in this line, 2 columns in the header"),
        (b"a,b\n\n1,2\n\n3\n", 5, "1 value in this line, 2 columns in the header"),
        (b'a,b\n1,2\n3,"4\n5,6\n', 3, "a quote opens here and never closes"),
        (b'a,"b\n1,2\n', 1, "a quote opens here and never closes"),
        (b'a,b\n1,2\n3,"4"5\n', 3, "text follows a closing quote"),
        (b'a,b\n1,2\n3,"4" \n', 3, "text follows a closing quote"),
        (b'a,b\n1, "2"\n', 2, "a quote stands inside a value that is not in quotes"),
        (b'a,b\n1,5" pipe\n', 2, "a quote stands inside a value that is not in quotes"),
        (b"a,b\n1,2\n3,4\r\n", 3, "this line ends with CRLF, the first line with LF"),
        (b"a,b\r\n1,2\n3,4\r\n", 2, "this line ends with LF, the first line with CRLF"),
        (b"a,b\r1,2\r", 1, "a carriage return stands alone in a line"),
        (b"a,b\n1,2\r3,4\n", 2, "a carriage return stands alone in a line"),
    ],
)
def test_file__another_form_is_refused_with_its_line(path: Path, content: bytes, line: int, problem: str) -> None:
    path.write_bytes(content)
    with pytest.raises(RejectedError) as error:
        read_header(path)
    assert error.value.problem == f"cells.csv: {problem}"
    assert error.value.code == "data-unreadable"
    assert error.value.where == f"{path}:{line}"
    assert error.value.exit_code == 1


def test_file__a_character_across_two_chunks_is_one_character(path: Path) -> None:
    path.write_bytes(b"a,b\n" + b"x" * (2**20 - 7) + b",1\n" + "€".encode() * 3 + b",2\n")
    with sound(path) as file:
        assert file.rows == 2


def test_file__a_broken_character_across_two_chunks_is_found_in_its_line(path: Path) -> None:
    path.write_bytes(b"a,b\n" + b"x" * (2**20 - 7) + b",\xe2\x82\n3,4\n")
    with pytest.raises(RejectedError) as error:
        read_header(path)
    assert error.value.where == f"{path}:2"


def test_file__the_longest_record_is_read_and_a_longer_one_refused(path: Path) -> None:
    row = b"1," + b"x" * (LONGEST_RECORD - 2) + b"\n"
    path.write_bytes(b"a,b\n" + row)
    with sound(path) as file:
        assert file.rows == 1
    path.write_bytes(b"a,b\n" + b"x" + row)
    with pytest.raises(RejectedError) as error:
        read_header(path)
    assert error.value.problem == "cells.csv: a record is longer than 2,000,000 bytes"
    assert error.value.where == f"{path}:2"


def test_file__five_thousand_columns_are_read(path: Path) -> None:
    path.write_text(",".join(f"c{number}" for number in range(5000)) + "\n" + ",".join(["1"] * 5000) + "\n")
    with sound(path) as file:
        assert (len(file.header.names), file.rows) == (5000, 1)


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe", "nul"])
def test_file__what_is_no_file_is_wrong_usage(tmp_path: Path, kind: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises((UsageError, ValueError)) as error:
        read_header(tmp_path / kind.replace("nul", "a\0b"))
    assert getattr(error.value, "code", "data-missing") == "data-missing"


def test_read_header__returns_names_and_line_ending(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    header = read_header(path)
    assert (header.names, header.newline, header.end) == (("a", "b"), b"\r\n", 8)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a,b\n1,2\n3,4\n5,6", {1: 2, 2: 3, 3: 4}),
        (b'a,b\n1,"2\n2\n2"\n3,4\n5,6', {1: 2, 2: 5, 3: 6}),
        (b'a,b\r\n1,"2\r\n2"\r\n\r\n3,4\r\n5,6\r\n', {1: 2, 2: 5, 3: 6}),
        (b"a\n1\n\n3\n", {1: 2, 2: 3, 3: 4}),
    ],
)
def test_lines_of__are_those_that_an_editor_shows(path: Path, content: bytes, lines: dict[int, int]) -> None:
    path.write_bytes(content)
    with sound(path) as file:
        assert file.lines_of([3, 1, 2, 3]) == lines


def test_source__leads_to_the_file_that_was_read_even_if_its_name_leads_elsewhere(path: Path) -> None:
    path.write_bytes(b"a\n1\n")
    with OpenFile(DataFile(path, str(path)), CsvFormat(), DEFAULT_BYTES) as file:
        path.rename(path.with_suffix(".old"))
        path.write_bytes(b"a\n2\n")
        assert Path(file.source).read_bytes() == b"a\n1\n"


def test_file__gives_its_descriptor_back_when_it_is_refused(path: Path) -> None:
    path.write_bytes(b"a,b\n1\n")
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(RejectedError):
        read_header(path)
    assert len(list(Path("/dev/fd").iterdir())) == before


CELL = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
ROWS = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=6))


@given(ROWS, st.sampled_from(["\n", "\r\n"]))
def test_file__what_the_csv_module_writes_in_quotes_is_sound(rows: list[list[str]], newline: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{place}" for place in range(len(rows[0]) if rows else 2)])
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_bytes(text.getvalue().encode())
        with sound(path) as file:
            assert file.rows == len(rows)


LONG = 150_000
"""Rows of a file that is read in several blocks."""


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("place", "row", "problem", "beyond"),
    [
        (0, b"1,2,3", "3 values in this line, 2 columns in the header", 0),
        (LONG - 1, b"1", "1 value in this line, 2 columns in the header", 0),
        (90_000, b"1,2,3{newline}1", "3 values in this line, 2 columns in the header", 0),
        (90_000, b'1,5" pipe', "a quote stands inside a value that is not in quotes", 0),
        (90_000, b"1,2\r3", "a carriage return stands alone in a line", 0),
        (90_000, b'1,"2{newline}2"{newline}3', "1 value in this line, 2 columns in the header", 2),
    ],
)
def test_file__another_form_is_found_in_any_block(
    path: Path, newline: bytes, place: int, row: bytes, problem: str, beyond: int
) -> None:
    rows = [b"12345,67890"] * LONG
    rows[place] = row.replace(b"{newline}", newline)
    path.write_bytes(newline.join([b"a,b", *rows, b""]))
    with pytest.raises(RejectedError) as error:
        read_header(path)
    assert error.value.problem == f"cells.csv: {problem}"
    assert error.value.where == f"{path}:{place + 2 + beyond}"


@pytest.mark.parametrize("before", [[], [b'"x",1', *[b"1,2"] * LONG]], ids=["with shapes", "without"])
def test_file__a_carriage_return_that_its_line_lacks_is_not_made_up_for_by_another(
    path: Path, before: list[bytes]
) -> None:
    path.write_bytes(b"\r\n".join([b"a,b", *before, b"1,2\r3\n4,5", b""]))
    with pytest.raises(RejectedError) as error:
        read_header(path)
    assert (error.value.problem, error.value.where) == (
        "cells.csv: a carriage return stands alone in a line",
        f"{path}:{len(before) + 2}",
    )


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_lines_of__are_right_in_any_block(path: Path, newline: bytes) -> None:
    rows = [b"12345,67890"] * LONG
    rows[70_000] = newline.join([b"", b'1,"2', b'2"'])
    path.write_bytes(newline.join([b"a,b", *rows]))
    wanted = [1, 70_000, 70_001, 70_002, LONG]
    with sound(path) as file:
        assert file.rows == LONG
        assert file.lines_of(wanted) == {1: 2, 70_000: 70_001, 70_001: 70_003, 70_002: 70_005, LONG: LONG + 3}


@given(st.binary(max_size=60) | st.text(alphabet='ab,"\n\r ', max_size=40).map(str.encode))
def test_file__any_bytes_are_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_bytes(content)
        outcome = _outcome(path)
    assert outcome in {"read", "data-unreadable", "data-in-lfs"}


def _outcome(path: Path) -> str:
    try:
        with sound(path) as file:
            file.lines_of(range(1, file.rows + 1))
    except RejectedError as error:
        return error.code
    return "read"
