from __future__ import annotations

import pytest

from mlci.core.command_words import words_of


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("awk -f score.awk", ("awk", "-f", "score.awk")),
        ("Rscript 'my score.R' --digits=3", ("Rscript", "my score.R", "--digits=3")),
        ('./score "a&b"', ("./score", "a&b")),
        ('sh -c "cat | tac"', ("sh", "-c", "cat | tac")),
    ],
)
def test_words__are_those_of_the_command(command: str, words: tuple[str, ...]) -> None:
    assert words_of(command) == words


@pytest.mark.parametrize("command", ["cat | tac", "a && b", "score > answers", "score &", "  ", "'open", "(a)"])
def test_words__of_what_only_a_shell_knows_are_refused(command: str) -> None:
    with pytest.raises(ValueError, match=r"no shell|No closing"):
        words_of(command)
