from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.plain_text import one_line, without_credentials


@given(st.text())
def test_one_line__shows_everything_on_one_line(text: str) -> None:
    shown = one_line(text)
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for each in shown)
    assert len(shown) <= 400
    assert one_line(shown) == shown
    shown.encode()


def test_one_line__colours_and_direction_are_seen() -> None:
    assert one_line("a\x1b[2J\r\nb\u202ec") == "a\ufffd[2J b\ufffdc"


def test_one_line__long_text_is_cut() -> None:
    assert one_line("abcdef", 4) == "abc…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://x-access-token:ghs_1@github.com/a/b.git", "https://github.com/a/b.git"),
        ("'https://token@host/a' and ssh://git@host/b", "'https://host/a' and ssh://host/b"),
        ("https://host/a@b", "https://host/a@b"),
        ("HTTPS://u:p%40@h/", "HTTPS://h/"),
    ],
)
def test_without_credentials(text: str, shown: str) -> None:
    assert without_credentials(text) == shown
