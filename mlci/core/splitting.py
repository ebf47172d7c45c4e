"""Which set a row belongs to: by a hash of its key that is the same everywhere, or by its place in time.

The hash is SHA-256 of the salt, a zero byte and the key's text, all in UTF-8. Its first eight bytes, read as a number
with the highest byte first and divided by 2⁶⁴, say where between 0 and 1 the key lies; the sets divide that range in
their order, by their shares. A set therefore keeps its keys when rows are added, and nothing else decides.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from mlci.core.plain_text import one_line
from mlci.errors import UsageError

NAMES: Final = {2: ("train", "test"), 3: ("train", "validation", "test")}
WHOLE: Final = 100
_SHARES: Final = re.compile(r"[0-9]{1,2}(/[0-9]{1,2}){1,2}")
_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Shares:
    """How many percent of the rows each set gets, in their order."""

    percents: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the sets are called."""
        return NAMES[len(self.percents)]

    @property
    def bounds(self) -> tuple[int, ...]:
        """The percent at which each set ends; the last one is 100."""
        return tuple(accumulate(self.percents))


def parse_shares(text: str) -> Shares:
    """Return `80/10/10` as shares; raises `UsageError("bad-shares")`."""
    percents = tuple(map(int, text.split("/"))) if _SHARES.fullmatch(text) else ()
    if not percents or 0 in percents or sum(percents) != WHOLE:
        raise UsageError(
            "bad-shares",
            f"“{one_line(text, 80)}” are no shares",
            cause="Shares are two or three whole percentages, none of them 0, that are 100 together.",
            hint="--shares 80/10/10 for train, validation and test; --shares 80/20 for train and test",
        )
    return Shares(percents)


def place_of(key: str, salt: str) -> int:
    """Return where a key lies, from 0 to 2⁶⁴ − 1.

    >>> place_of("42", "")
    1353159485592568124
    """
    digest = hashlib.sha256(salt.encode() + b"\0" + key.encode()).digest()
    return int.from_bytes(digest[: _BITS // 8], "big")


def set_of(key: str, salt: str, shares: Shares) -> int:
    """Return the number of the set that a key belongs to, from 0."""
    place = place_of(key, salt) * WHOLE
    return next(number for number, bound in enumerate(shares.bounds) if place < bound << _BITS)
