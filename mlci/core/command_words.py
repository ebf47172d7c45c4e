"""A command that no shell will see, as words."""

from __future__ import annotations

import shlex
from typing import Final

OPERATORS: Final = frozenset("();<>|&")


def words_of(command: str) -> tuple[str, ...]:
    """Return the words of a COMMAND, which no shell will see; raises `ValueError` where it means one.

    >>> words_of("awk -f 'my score.awk'")
    ('awk', '-f', 'my score.awk')
    """
    reader = shlex.shlex(command, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    words = tuple(reader)
    if not words or any(set(word) <= OPERATORS for word in words):
        message = "a program and its arguments are wanted, and no shell: put the line into a file, and run: sh FILE"
        raise ValueError(message)
    return words
