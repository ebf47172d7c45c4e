"""Patterns and texts for property tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from mlci.core.contract.pattern import Pattern

SINGLES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "1",
            " ",
            "é",
            "-",
            "\N{FACE PALM}",
            ".",
            r"\d",
            r"\w",
            r"\s",
            r"\.",
            r"\\",
            r"\$",
            "[ab]",
            "[^a1]",
        ),
        *("[a-z]", r"[\d\-.]", r"[^\s\w]", "[é-ü]", "[$|(]"),
    ]
)
COUNTS = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0}", "{1,}", "{0,3}"])
PATTERNS: st.SearchStrategy[str] = st.recursive(
    SINGLES | st.just(""),
    lambda inner: (
        st.builds(lambda part, count: f"({part}){count}", inner, COUNTS)
        | st.lists(inner, min_size=2, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
        | st.lists(inner, min_size=2, max_size=2).map("|".join)
    ),
    max_leaves=6,
)
TEXTS = st.text(
    alphabet="ab1 é-.$\\\n\t\N{FACE PALM}\N{ARABIC-INDIC DIGIT ONE}\N{LATIN SMALL LETTER LONG S}", max_size=6
)


def for_python(pattern: Pattern) -> str:
    """Return the pattern for the standard library, which writes characters by number otherwise."""
    return re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", pattern.regular_expression)
