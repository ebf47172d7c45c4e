"""The name that was meant: the nearest of those that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE: Final = 0.5
"""How alike two names are at least, from 0 to 1, for one to be offered for the other."""
MOST_COMPARED: Final = 1_000
"""A file of somebody else may have many long names, and each comparison takes its time."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of KNOWN that is most like NAME, without regard to case; None where none is like it.

    >>> nearest("diagnos", ["radius", "Diagnosis"])
    'Diagnosis'
    """
    import difflib  # noqa: PLC0415 - loaded where somebody mistyped something

    compared = {each.casefold(): each for _, each in zip(range(MOST_COMPARED), known, strict=False)}
    near = difflib.get_close_matches(name.casefold(), compared, n=1, cutoff=ALIKE)
    return compared[near[0]] if near else None


def alike_but_for_case(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two of NAMES that differ in small and capital letters alone; None where there are none.

    DuckDB keeps no two such columns apart where it writes Parquet: it would call the second one otherwise.

    >>> alike_but_for_case(["row", "radius", "Row"])
    ('row', 'Row')
    >>> alike_but_for_case(["größe", "GRÖSSE", "GRöße"])
    ('größe', 'GRöße')
    """
    seen: dict[bytes, str] = {}
    for name in names:
        other = seen.setdefault(name.encode(errors="surrogatepass").lower(), name)  # the letters of ASCII, as DuckDB
        if other != name:
            return other, name
    return None


def did_you_mean(name: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """Return the hint that offers the one of KNOWN that is most like NAME; OTHERWISE where none is like it.

    >>> did_you_mean("cels", ["cells", "holdout"])
    'Did you mean `cells`?'
    """
    near = nearest(name, known)
    return otherwise if near is None else f"Did you mean `{one_line(near, 200)}`?"
