"""What looks like a secret, and so is kept out of records and reports.

Two signs: the name that a value goes by (`password`, `API_KEY`), and the shape of the value (a token of a known kind,
or text as random as a key). What is found is replaced by `WITHHELD`. A guess in doubt withholds: a record that lacks a
value can be mended, one that shows a password cannot.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WITHHELD: Final = "(withheld)"
SHORTEST: Final = 4
"""Values shorter than this are not searched for in text: they would take half of it away."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ALWAYS: Final = frozenset(
    {"secret", "secrets", "password", "passwd", "passphrase", "credential", "credentials", "apikey", "authorization"}
)
_AS_LAST: Final = frozenset({"token", "pwd", "pass", "bearer", "cookie", "dsn", "auth"})
_BEFORE_KEY: Final = frozenset(
    {"api", "access", "private", "auth", "account", "encryption", "signing", "ssh", "deploy"}
)

_KNOWN: Final = re.compile(
    r"""
      gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{16,}
    | (?:AKIA|ASIA)[0-9A-Z]{16} | AIza[0-9A-Za-z_-]{30,} | ya29\.[0-9A-Za-z_-]{20,}
    | xox[abeoprs]-[A-Za-z0-9-]{10,} | sk-[A-Za-z0-9_-]{16,} | [sr]k_(?:live|test)_[A-Za-z0-9]{10,}
    | hf_[A-Za-z0-9]{20,} | npm_[A-Za-z0-9]{30,} | pypi-[A-Za-z0-9_-]{20,} | dop_v1_[a-f0-9]{40,}
    | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,} | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----
    """,
    re.VERBOSE,
)
"""Tokens whose makers gave them a form that can be told: GitHub, GitLab, AWS, Google, Slack, OpenAI, Stripe, …"""

_IN_ADDRESS: Final = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{0,20}://([^\s/@:]*:[^\s/@]+)@")
_BEARER: Final = re.compile(r"(?i)\bbearer[ ]+([A-Za-z0-9._~+/=-]{4,})")
_NAMED: Final = re.compile(
    r"""(?<![\w.-])-{0,2}(?P<name>[A-Za-z_][\w.-]{0,100})(?:[ ]*[=:][ ]*|[ ]+)(?P<value>"[^"]*"|'[^']*'|[^\s"';|&]+)"""
)
_RANDOM: Final = re.compile(r"[A-Za-z0-9+/_=-]{20,400}")
_SWITCH: Final = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_FEWEST_SWITCHES: Final = 4
_LEAST_BITS: Final = 3.7
"""Bits a character: words lie below, keys above; a random text of 20 letters and digits has 4.1 in the mean."""


def is_secret_name(name: str) -> bool:
    """Say whether what goes by this name is a secret.

    >>> [is_secret_name(name) for name in ("API_KEY", "dbPassword", "max_tokens", "key", "hf.token")]
    [True, True, False, False, True]
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    return (
        not _ALWAYS.isdisjoint(words)
        or words[-1] in _AS_LAST
        or any(first in _BEFORE_KEY and second in {"key", "keys"} for first, second in pairwise(words))
    )


def is_secret_value(text: str) -> bool:
    """Say whether a text has a secret's shape, whatever it is called.

    >>> is_secret_value("ghp_" + "0123456789abcdefghijABCD"), is_secret_value("RandomForest-2024-run7")
    (True, False)
    """
    return next(_by_shape(text), None) is not None


def secrets_in(text: str) -> tuple[str, ...]:
    """Return every part of TEXT that looks like a secret, the longest first.

    >>> secrets_in("python train.py --api-key abcd1234 --rate 0.1")
    ('abcd1234',)
    """
    found = {*_by_shape(text), *_by_name(text)}
    return tuple(sorted(found, key=lambda each: (-len(each), each)))


def without(text: str, secrets: Iterable[str]) -> str:
    """Return TEXT with each of SECRETS replaced; those that are too short to be told from words stay."""
    for secret in sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, WITHHELD)
    return text


def without_secrets(text: str) -> str:
    """Return TEXT with every part replaced that looks like a secret.

    >>> without_secrets("curl https://ada:pa55word@host/x | python train.py")
    'curl https://(withheld)@host/x | python train.py'
    """
    return without(text, secrets_in(text))


def without_tokens(text: str) -> str:
    """Return TEXT, which a program printed, without tokens of a known form; names and randomness tell nothing there.

    >>> without_tokens("SyntaxError: invalid token: ghp_" + "0123456789abcdefghijABCD")
    'SyntaxError: invalid token: (withheld)'
    """
    return _KNOWN.sub(WITHHELD, text)


def shown_value(name: str, value: str) -> str:
    """Return VALUE as a record may show it beside NAME."""
    return WITHHELD if is_secret_name(name) else without_secrets(value)


def _by_shape(text: str) -> Iterator[str]:
    for pattern in (_KNOWN, _IN_ADDRESS, _BEARER):
        for found in pattern.finditer(text):
            yield found[found.lastindex or 0]
    for found in _RANDOM.finditer(text):
        if _is_random(found[0]):
            yield found[0]


def _by_name(text: str) -> Iterator[str]:
    position = 0
    while found := _NAMED.search(text, position):
        value = found["value"]
        if is_secret_name(found["name"]):
            bare = value[1:-1] if value[0] in "\"'" else value
            if len(bare) >= SHORTEST and bare != WITHHELD:
                yield bare
        # A name may be the value of the word before it: `env API_KEY=…`.
        position = found.end("name")


def _is_random(text: str) -> bool:
    """Say whether a run of letters and digits is as mixed as a key; hashes and UUIDs, which records need, are not."""
    kinds = (any(map(str.islower, text)), any(map(str.isupper, text)), any(map(str.isdigit, text)))
    return all(kinds) and len(_SWITCH.findall(text)) >= _FEWEST_SWITCHES and _bits(text) >= _LEAST_BITS


def _bits(text: str) -> float:
    """Return the entropy of the characters of a text (Shannon 1948, section 6), in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
