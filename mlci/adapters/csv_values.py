"""How the values and records of a CSV file are written, as patterns for its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mlci.core.data_format import CsvFormat


@dataclass(frozen=True, slots=True)
class CsvValues:
    """The values of one dialect."""

    form: CsvFormat
    pattern: re.Pattern[bytes]
    """Of a value, in quotes or without."""

    @classmethod
    def of(cls, form: CsvFormat) -> Self:
        """Return the values of FORM."""
        quote, delimiter = re.escape(form.quote.encode()), re.escape(form.delimiter.encode())
        inner = rb"[^%s]++|%s%s" % (quote, quote, quote)
        if form.escape is not None:
            inner = rb"[^%s\\]++|\\[%s\\]" % (quote, quote)
        quoted = rb"%s(?:%s)*+%s" % (quote, inner, quote)
        plain = rb"[^%s%s\r\n]*+" % (quote, delimiter)
        return cls(form, re.compile(rb"(?:%s|%s)" % (quoted, plain)))

    def record(self, columns: int, newline: bytes) -> re.Pattern[bytes]:
        """Return a pattern for a record of so many COLUMNS, the first group of which is the record without NEWLINE.

        It never backtracks, so its time is linear in the length of the record.
        """
        field, newline = self.pattern.pattern, re.escape(newline)
        separator = re.escape(self.form.delimiter.encode())
        record = rb"(%s(?:%s%s){%d}+)(?:%s|\Z)" % (field, separator, field, columns - 1, newline)
        # With one column a blank line is a row without a value.
        return re.compile(record if columns == 1 else rb"(?:%s)*+%s" % (newline, record))

    def text(self, value: bytes) -> str:
        """Return what VALUE says, without its quotes."""
        text, quote = value.decode("utf-8"), self.form.quote
        if not text.startswith(quote):
            return text
        if self.form.escape is None:
            return text[1:-1].replace(quote * 2, quote)
        return re.sub(r"\\(.)", r"\1", text[1:-1])
