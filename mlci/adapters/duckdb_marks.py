"""Keys of whole numbers that lie close together: a bit for each possible key, set in the pass that counts.

Where as many bits are set as rows have a key, no key repeats, and nothing has to be hashed, kept or sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.adapters.duckdb_query import Query
    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec

FEW_ROWS: Final = 20_000
BITS_A_ROW: Final = 16
"""So many possible keys a row at most; hashes would take 64 bits."""
_FEWEST_BITS: Final = 1 << 20
_MOST_BITS: Final = 1_000_000_000
"""Of DuckDB's bit strings."""


def marks(query: Query, reading: Reading, columns: Sequence[ColumnSpec], few: int = FEW_ROWS) -> list[str]:
    """Return two aggregates, how many different keys COLUMNS have and how many rows have one; none where they cannot.

    Of FEW rows the keys themselves are counted.
    DuckDB raises `OutOfRangeException` where a value lies outside of what the files say of themselves.
    """
    if reading.rows <= few:
        key = query.together(columns)
        return [f"count(DISTINCT {key})", f"count({key})"]
    code, size = "", 1
    for column in columns:
        extremes = reading.extremes(reading.names.index(column.name)) if column.type == "integer" else None
        if extremes is None:
            return []
        smallest, largest = extremes
        width = largest - smallest + 1
        size *= width
        if size > min(_MOST_BITS, max(_FEWEST_BITS, BITS_A_ROW * reading.rows)):
            return []
        digit = f"({query.value(column)} - {query.parameter(smallest)})"
        code = f"({code} * {query.parameter(width)} + {digit})" if code else digit
    bits = f"bitstring_agg({code}, {query.parameter(0)}, {query.parameter(size - 1)})"
    return [f"coalesce(bit_count({bits}), 0)", f"count({code})"]
