"""Values of text as DuckDB reads them: what `mlci.core.contract.scalar.read_value` means, in one expression a type.

A timestamp with a zone becomes a timestamp in UTC, so that no setting of a session has a say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.contract.scalar import INTEGER, NUMBER
from mlci.core.moment import DATE, TIME, TIMESTAMP, ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.contract.scalar import ColumnType
    from mlci.core.digits import Digits

_YEARS: Final = "TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
_IN_UTC: Final = "make_timestamp(epoch_us(TRY_CAST({raw} AS TIMESTAMP WITH TIME ZONE)))"
_TYPED: Final[Mapping[ColumnType, tuple[str, str]]] = {
    "integer": (INTEGER, "TRY_CAST({raw} AS BIGINT)"),
    "number": (NUMBER, "CASE WHEN isfinite(TRY_CAST({raw} AS DOUBLE)) THEN TRY_CAST({raw} AS DOUBLE) END"),
    "date": (DATE, "TRY_CAST({raw} AS DATE)"),
    "time": (TIME, "TRY_CAST({raw} AS TIME)"),
    "timestamp": (TIMESTAMP, "TRY_CAST({raw} AS TIMESTAMP)"),
    "timestamp_with_zone": (TIMESTAMP + ZONE, f"CASE WHEN {_IN_UTC} BETWEEN {_YEARS} THEN {_IN_UTC} END"),
}
"""By type: what a text must match before any cast (a cast alone takes ` 12 `, `1e3` and `1_000` for integers), and
the cast."""


def typed_text(raw: str, type_: ColumnType, digits: Digits | None = None) -> str:
    """Return the value of the text expression RAW, NULL where it is not written as its type is."""
    if type_ == "string":
        return raw
    if type_ == "boolean":
        return f"CASE lower({raw}) WHEN 'true' THEN true WHEN 'false' THEN false END"
    if digits is not None:
        pattern, cast = digits.pattern, f"TRY_CAST({raw} AS DECIMAL({digits.precision}, {digits.scale}))"
        return f"CASE WHEN regexp_full_match({raw}, '{pattern}') AND regexp_matches({raw}, '[0-9]') THEN {cast} END"
    if type_ not in _TYPED:
        msg = f"a {type_} is not written as text"
        raise TypeError(msg)
    return f"CASE WHEN regexp_full_match({raw}, '{_TYPED[type_][0]}') THEN {cast_text(raw, type_)} END"


def cast_text(raw: str, type_: ColumnType) -> str:
    """Return what DuckDB itself makes of RAW, a text or a value already, NULL where that is no value of the type."""
    return _TYPED[type_][1].format(raw=raw)
