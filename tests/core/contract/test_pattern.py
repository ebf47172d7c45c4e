from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract.formats import FORMATS, FormatName
from mlci.core.contract.pattern import parse_pattern
from tests.core.contract.patterns import PATTERNS, TEXTS, for_python


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("abc", ["abc"], ["", "ab", "abcd", "ABC", "abc\n", "\nabc"]),
        ("", [""], ["a"]),
        ("a|bc|", ["a", "bc", ""], ["ab", "b"]),
        ("(a|b)c", ["ac", "bc"], ["a", "abc"]),
        ("(?:a|b)c", ["ac", "bc"], ["abc"]),
        ("a*", ["", "a", "aaa"], ["b"]),
        ("a+", ["a", "aa"], [""]),
        ("a?b", ["b", "ab"], ["aab"]),
        ("a{2}", ["aa"], ["a", "aaa"]),
        ("a{2,}", ["aa", "aaaa"], ["a"]),
        ("a{1,2}", ["a", "aa"], ["", "aaa"]),
        ("a{0}", [""], ["a"]),
        ("(a*)*b", ["b", "aab"], ["a"]),
        (".", ["a", "é", "\N{FACE PALM}", "\r"], ["", "\n", "ab"]),
        (r"\d", ["0", "9"], ["\N{ARABIC-INDIC DIGIT ONE}", "\N{FULLWIDTH DIGIT ONE}", "a"]),
        (r"\w", ["a", "Z", "_", "5"], ["é", "-"]),
        (r"\s", [" ", "\t", "\n", "\r"], ["\N{NO-BREAK SPACE}", "\f", "\v"]),
        ("[a-c5]", ["a", "c", "5"], ["d", "-", ""]),
        ("[^a-c]", ["d", "é", "\n"], ["a", ""]),
        (r"[\d_\-.]", ["7", "_", "-", "."], ["a", "\\"]),
        (r"\.\\\[\]\(\)\{\}\|\*\+\?\^\$\-", [r".\[](){}|*+?^$-"], []),
        ("[.(){}|*+?$]", list(".(){}|*+?$"), ["a"]),
        ("[ä-ü]", ["ö"], ["o", "Ö"]),
        ("a-b, c", ["a-b, c"], []),
        ("k", ["k"], ["K", "\N{KELVIN SIGN}"]),
    ],
)
def test_matches__the_whole_text(pattern: str, matching: list[str], other: list[str]) -> None:
    parsed = parse_pattern(pattern)
    assert [text for text in matching if not parsed.matches(text)] == []
    assert [text for text in other if parsed.matches(text)] == []


@given(PATTERNS, TEXTS)
def test_matches__as_the_standard_library_does(pattern: str, text: str) -> None:
    parsed = parse_pattern(pattern)
    assert parsed.matches(text) == bool(re.fullmatch(for_python(parsed), text))


@given(PATTERNS)
def test_regular_expression__holds_nothing_that_an_engine_could_take_otherwise(pattern: str) -> None:
    written = parse_pattern(pattern).regular_expression
    assert written.isascii()
    assert set(re.findall(r"\\(.)", written)) <= {"x"}


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("^a$", "character 1: a pattern always matches the whole text; leave ^ out, or write \\^"),
        ("a$", "character 2: a pattern always matches the whole text; leave $ out, or write \\$"),
        ("*a", "character 1: nothing stands before * that could be repeated"),
        ("a|+", "character 3: nothing stands before + that could be repeated"),
        ("a**", "character 3: what is repeated already is repeated again; put it in brackets: (a+)*"),
        ("a+?", "character 3: what is repeated already is repeated again; put it in brackets: (a+)*"),
        ("(a", "character 1: a group opens here and never closes"),
        ("a)", "character 2: a bracket closes that never opened; as a character it is written \\)"),
        ("a]", "character 2: ] closes what never opened; as a character it is written \\]"),
        ("a{x}", "character 2: a count is {3}, {2,5} or {2,}; as a character { is written \\{"),
        ("a{,3}", "character 2: a count is {3}, {2,5} or {2,}; as a character { is written \\{"),
        ("a{3,2}", "character 2: the second count is below the first"),
        ("a{1001}", "character 2: a count is at most 1,000"),
        ("(a{100}){11}", "counts within each other repeat a part more than 1,000 times"),
        ("(abcdef){1000}", "a pattern has at most 5,000 characters and sets when its repetitions are written out"),
        ("(?=a)", "character 1: of groups with a question mark there is only (?:…)"),
        ("(?i)a", "character 1: of groups with a question mark there is only (?:…)"),
        (r"(a)\1", "character 4: a pattern cannot refer back to a group"),
        (r"\bword", r"character 1: \b has no meaning here; there are \d, \w, \s, and a backslash before a sign"),
        ("a\\", "character 2: \\ has no meaning here; there are \\d, \\w, \\s, and a backslash before a sign"),
        ("[a", "character 1: a set opens here and never closes"),
        ("[]", r"character 1: a set holds something; as characters [ and ] are written \[ and \]"),
        ("[[:alpha:]]", r"character 2: within a set [ is written \["),
        ("[z-a]", "character 2: the range ends before it begins"),
        (r"[a-\d]", "character 2: a range goes from one character to another"),
        (r"[\d-z]", r"character 4: - stands between two characters; as a character it is written \-"),
        ("[a-]", r"character 3: - stands between two characters; as a character it is written \-"),
        ("a\tb", "character 2: a control character, a line break or a hidden character"),
        ("[\u200b]", "character 2: a control character, a line break or a hidden character"),
        ("(" * 11 + "a" + ")" * 11, "character 11: more than 10 groups within each other"),
        ("a" * 501, "a pattern has at most 500 characters, this one has 501"),
        (7, "a pattern is text such as '[A-Z]{3}'"),
    ],
)
def test_parse_pattern__says_what_is_wrong_and_where(pattern: object, problem: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared below
        parse_pattern(pattern)
    assert str(error.value) == problem


@given(st.text() | st.text(alphabet="ab01^-\\[](){}|*+?$.,:dws", max_size=20))
def test_parse_pattern__never_fails_otherwise_than_by_saying_so(text: str) -> None:
    with suppress(ValueError):
        assert parse_pattern(parse_pattern(text)).text == text


def test_pattern__written_otherwise_is_the_same() -> None:
    assert parse_pattern(r"[0-9]+(?:a)") == parse_pattern(r"\d{1,}a")
    assert parse_pattern("a") != parse_pattern("A")


def test_matches__takes_no_time_that_grows_without_measure() -> None:
    before = time.process_time()
    assert not parse_pattern("(a+)+b").matches("a" * 300)
    assert time.process_time() - before < 10


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "email",
            ["a@example.org", "first.last+tag@sub.example.co", "o'neil@example.org"],
            [
                "a",
                "a@b",
                "a@@example.org",
                "a b@example.org",
                ".a@example.org",
                "a@-x.org",
                "a@example.org\n",
                "ä@b.org",
            ],
        ),
        (
            "uuid",
            ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
            ["123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", "123e4567-e89b-12d3-a456"],
        ),
        (
            "url",
            ["http://example.org", "https://a.example.org:8080/x?y=1#z", "http://localhost/"],
            ["example.org", "ftp://example.org", "http://", "http://a b.org", "https://example.org/\n", "HTTP://a.org"],
        ),
        ("ipv4", ["0.1.9.10", "192.168.1.255"], ["256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.4 "]),
    ],
)
def test_formats__are_patterns(name: FormatName, right: list[str], wrong: list[str]) -> None:
    pattern = FORMATS[name].pattern
    assert [text for text in right if not pattern.matches(text)] == []
    assert [text for text in wrong if pattern.matches(text)] == []
