"""A command as words."""

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


def words_for_a_shell(command: str) -> tuple[str, ...]:
    """Return the words of a COMMAND that a shell runs, as far as they are plain; some may name files.

    >>> words_for_a_shell("python ./train.py --out 'my model'")
    ('python', 'train.py', '--out', 'my model')
    """
    try:
        return tuple(word.removeprefix("./") for word in shlex.split(command))
    except ValueError:  # a quote that never closes: the shell will say so
        return tuple(command.split())
