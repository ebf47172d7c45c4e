"""A CSV file, read once by us before any engine sees it, so that nothing about its form is guessed.

The dialect is RFC 4180 unless the configuration says otherwise: UTF-8 (a byte order mark is read over), commas, double
quotes, lines that all end in LF or all in CRLF, as many values in each record as the header names. What is otherwise is
an error with its line, never a row that is mended or dropped. Blank lines between records are read over.
"""

from __future__ import annotations

import bisect
import codecs
import mmap
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from mlci.adapters.csv_header import DELIMITER_WORDS, problem_of_names
from mlci.adapters.csv_shapes import Shapes
from mlci.adapters.csv_values import CsvValues
from mlci.adapters.open_file import OpenFile
from mlci.core.data_files import DEFAULT_BYTES, DataFile
from mlci.core.data_format import CsvFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from mlci.errors import RejectedError

LONGEST_RECORD: Final = 2_000_000
"""Bytes of one record, line breaks inside quotes included and the one at its end not."""
MOST_COLUMNS: Final = 10_000
_ENCODINGS: Final = {"utf-16": "UTF-16", "windows-1252": "Latin-1 or Windows-1252"}

_CHUNK: Final = 1 << 18
"""Bytes looked at together. The memory of larger blocks is given back after each, and taken anew by page faults."""
_ROOM: Final = 1 << 26
"""Bytes that were looked at and stay in memory: a mapped file counts as this process's, however large it is."""
_NEWLINE: Final = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True)
class Header:
    """The first record of a file."""

    names: tuple[str, ...]
    """All different; one of them may be empty, as pandas writes an index."""
    newline: bytes
    r"""`\n` or `\r\n`, what every line of the file ends with."""
    end: int
    """Where the first row begins, in bytes."""


class _Run(NamedTuple):
    """Records that follow each other; where they are several, each is one line. A tuple, since there are many."""

    start: int
    """Where the first of them begins, in bytes."""
    end: int
    """Where the next record begins, or blank lines before it."""
    rows: int
    """How many there are."""


def read_header(path: Path, form: CsvFormat | None = None) -> Header:
    """Return the header of the CSV file at PATH, in the dialect FORM; raises as `OpenFile` and `CsvFile` do."""
    form = form or CsvFormat()
    with OpenFile(DataFile(path, str(path)), form, DEFAULT_BYTES) as file, CsvFile(file, form) as csv:
        return csv.header


class CsvFile:
    """An open CSV file whose form is known to be sound: a context manager.

    Raises `RejectedError("data-unreadable")` with the line when its bytes are not the CSV that FORM says.
    """

    def __init__(self, file: OpenFile, form: CsvFormat) -> None:
        """Read FILE, which stays the caller's, through once."""
        self._file = file
        self._form = form
        self._values = CsvValues.of(form)
        self._field = self._values.pattern
        if file.size == 0:
            raise self.fault(1, "the file is empty", "The step that writes it failed, or has not run.")
        self._bytes = mmap.mmap(file.descriptor, 0, access=mmap.ACCESS_READ)
        self._passed = 0
        try:
            self._check_text()
            self.header = self._read_header()
            self._insignificant = bytes(set(range(256)) - {*b"\r\n", *self._delimiter, *form.quote.encode()})
            self.shapes = Shapes(form, len(self.header.names), self.header.newline)
            self._record = self._values.record(len(self.header.names), self.header.newline)
            self.rows = self._count_rows()
        except BaseException:
            self.close()
            raise

    def lines_of(self, rows: Sequence[int]) -> dict[int, int]:
        """Return the line, counted from 1, where each of ROWS begins (rows counted from 1, the header not)."""
        wanted = sorted(set(rows))
        lines: dict[int, int] = {}
        place, line, before, done = 0, 1, 0, 0
        for run in self._runs():
            last = bisect.bisect_right(wanted, before + run.rows, done)
            if last > done:
                line += self._newlines(place, run.start)
                place = run.start
                lines |= {number: line + number - before - 1 for number in wanted[done:last]}
                done = last
            if done == len(wanted):
                break
            before += run.rows
        return lines

    def records(self) -> tuple[bytes, Iterator[bytes]]:
        """Return the header's bytes, and those of each record, each with the end of its line."""
        end = self.header.newline

        def ended(text: bytes) -> bytes:
            return text if text.endswith(end) else text + end

        def parts() -> Iterator[bytes]:
            for start in self._starts():
                found = self._record.match(self._bytes, start)
                yield ended(found[1] if found else b"")

        return ended(self._bytes[: self.header.end]), parts()

    def fault(self, line: int, problem: str, cause: str | None = None, hint: str | None = None) -> RejectedError:
        """Return the error for something in LINE that cannot be read."""
        return self._file.fault(line, problem, cause, hint)

    def close(self) -> None:
        """Let go of the file."""
        self._bytes.close()

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the file back."""
        self.close()

    def _check_text(self) -> None:
        """Refuse what is not UTF-8 without NUL."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        size = len(self._bytes)
        for start in range(0, size, _CHUNK):
            self._pass(start)
            chunk = self._bytes[start : start + _CHUNK]
            if start == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise self._not_utf8(1, "utf-16")
            if b"\0" in chunk:
                line = 1 + self._newlines(0, start + chunk.index(b"\0"))
                raise self.fault(
                    line,
                    "a NUL byte stands in the text",
                    "The file is binary or compressed, was saved as UTF-16, or was cut off by a crash.",
                    "Write it as plain UTF-8 text.",
                )
            pending = len(decoder.getstate()[0])
            if not pending and chunk.isascii():
                continue
            try:
                decoder.decode(chunk, final=start + _CHUNK >= size)
            except UnicodeDecodeError as error:
                line = 1 + self._newlines(0, max(0, start - pending + error.start))
                raise self._not_utf8(line, "windows-1252") from None

    def _pass(self, place: int) -> None:
        """Give back the memory of what lies before PLACE, now and then; it is read anew where it is needed."""
        if place < self._passed:  # the file is read through once more
            self._passed = 0
        done = place - place % _ROOM
        if done > self._passed:
            self._bytes.madvise(mmap.MADV_DONTNEED, self._passed, done - self._passed)
            self._passed = done

    def _not_utf8(self, line: int, encoding: str) -> RejectedError:
        return self.fault(
            line,
            "the text is not UTF-8",
            f"It was probably saved as {_ENCODINGS[encoding]}.",
            f"Say so in mlci.yaml, format: {{csv: {{encoding: {encoding}}}}}; or convert it: "
            f"iconv -f {encoding.upper()} -t UTF-8 {self._file.name}",
        )

    def _read_header(self) -> Header:
        start = len(codecs.BOM_UTF8) if self._bytes[:3] == codecs.BOM_UTF8 else 0
        names: list[str] = []
        place = start
        while True:
            match = self._field.match(self._bytes, place)
            end = match.end() if match else place
            newline = _NEWLINE.match(self._bytes, end)
            if newline is None and end < len(self._bytes) and self._bytes[end : end + 1] != self._delimiter:
                raise self._misplaced(place, 1)
            names.append(self._values.text(self._bytes[place:end]))
            if len(names) > MOST_COLUMNS:
                raise self.fault(1, f"the header names more than {MOST_COLUMNS:,} columns")
            if newline is not None or end == len(self._bytes):
                break
            place = end + 1
        problem = problem_of_names(names, self._form)
        if problem is not None:
            raise self.fault(1, *problem)
        mark = newline[0] if newline else b"\n"
        return Header(tuple(names), mark, newline.end() if newline else end)

    def _count_rows(self) -> int:
        count, position = 0, self.header.end
        for run in self._runs():
            count, position = count + run.rows, run.end
        # _runs stops at the first record that has not the right form; at the end of a sound file nothing is left.
        while self._bytes[position : position + len(self.header.newline)] == self.header.newline:
            position += len(self.header.newline)
        if position < len(self._bytes):
            raise self._malformed(position)
        return count

    def _starts(self) -> Iterator[int]:
        """Yield where each record begins, up to the end or the first record of another form."""
        return (record.start for record in self._records(self.header.end, len(self._bytes)))

    def _runs(self) -> Iterator[_Run]:
        """Yield the records as `_records` does, and together those of a block without quotes and blank lines."""
        position, size = self.header.end, len(self._bytes)
        while position < size:
            self._pass(position)
            end = self._bytes.rfind(b"\n", position, position + _CHUNK) + 1
            rows = self._plain_rows(self._bytes[position:end]) if end else 0
            if rows:
                yield _Run(position, end, rows)
                position = end
                continue
            reached = position
            for record in self._records(position, min(position + _CHUNK, size)):
                yield record
                reached = record.end
                if self.shapes.are_kept:
                    self.shapes.note(self._bytes[record.start : record.end])
            if reached == position:
                return
            position = reached

    def _plain_rows(self, block: bytes) -> int:
        """Return how many records of the right form BLOCK is, one in each line; 0 where it has to be looked at closer.

        Without what stands in the values, such a block is one line over and over again.
        """
        newline = self.header.newline
        if self.shapes.are_kept:
            return self.shapes.rows(block)
        line = self._delimiter * (len(self.header.names) - 1) + newline
        signs = block.translate(None, self._insignificant)
        rows, rest = divmod(len(signs), len(line))
        # In a line that ends with CRLF either could stand alone somewhere else.
        is_plain = not rest and signs == line * rows and block.count(newline) == rows
        return rows if is_plain else 0

    def _records(self, position: int, end: int) -> Iterator[_Run]:
        """Yield each record that begins before END, from POSITION up to the first record of another form."""
        while position < end:
            match = self._record.match(self._bytes, position)
            if match is None or match.end(1) - match.start(1) > LONGEST_RECORD:
                return
            yield _Run(match.start(1), match.end(), 1)
            position = match.end()

    def _malformed(self, start: int) -> RejectedError:
        """Return the error for the record that begins at START and has not the form of the header."""
        line = 1 + self._newlines(0, start)
        values, place, newline = 0, start, self.header.newline
        while True:
            match = self._field.match(self._bytes, place)
            end = match.end() if match else place
            values += 1
            following = self._bytes[end : end + 2]
            if end - start > LONGEST_RECORD:
                return self.fault(
                    line,
                    f"a record is longer than {LONGEST_RECORD:,} bytes",
                    "A quote opens here and closes much later, or a cell holds a whole document.",
                )
            if following[:1] == self._delimiter:
                place = end + 1
            elif not following or following.startswith(newline):
                break
            elif _NEWLINE.match(following):
                here, first = ("LF", "CRLF") if newline == b"\r\n" else ("CRLF", "LF")
                return self.fault(
                    line + self._newlines(start, end),
                    f"this line ends with {here}, the first line with {first}",
                    "Two files were joined, or one was edited on another system.",
                    f"dos2unix {self._file.name}",
                )
            else:
                return self._misplaced(place, line + self._newlines(start, place))
        expected = len(self.header.names)
        fewer = "A value is missing, or this is no CSV file." if following else "The file was cut off."
        return self.fault(
            line,
            f"{values} {_plural(values, 'value')} in this line, {expected} {_plural(expected, 'column')} in the header",
            f"A value that holds a {DELIMITER_WORDS[self._form.delimiter]} is not in quotes."
            if values > expected
            else fewer,
        )

    def _misplaced(self, place: int, line: int) -> RejectedError:
        """Return the error for the field at PLACE, which is followed by something other than its end."""
        match = self._field.match(self._bytes, place)
        end = match.end() if match else place
        sign = self._form.quote
        hint = f"Put the whole value in quotes and double each quote inside: {sign}5{sign * 2} pipe{sign}."
        if self._form.escape is not None:
            hint = "Put the whole value in quotes and a \\ before each quote and each \\ inside."
        quote = sign.encode()
        if self._bytes[place : place + 1] == quote and end == place:
            return self.fault(line, "a quote opens here and never closes", "The file was cut off.", hint)
        if self._bytes[end : end + 1] == b"\r":
            return self.fault(line, "a carriage return stands alone in a line", hint=f"dos2unix {self._file.name}")
        if self._bytes[place : place + 1] == quote:
            return self.fault(line, "text follows a closing quote", hint=hint)
        return self.fault(line, "a quote stands inside a value that is not in quotes", hint=hint)

    @property
    def _delimiter(self) -> bytes:
        return self._form.delimiter.encode()

    def _newlines(self, start: int, end: int) -> int:
        return sum(self._bytes[at : min(at + _CHUNK, end)].count(b"\n") for at in range(start, end, _CHUNK))


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
