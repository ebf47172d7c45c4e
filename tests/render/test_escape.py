from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.render.escape import markdown_code, markdown_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words, 3.5 % better", "plain words, 3.5 % better"),
        ("a | b", r"a \| b"),
        ("two\nlines\r\n# three", "two lines # three"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("<script>&amp;", "&lt;script&gt;&amp;amp;"),
        ("@acme/owners #12 GH-12", "@&#8203;acme/owners #&#8203;12 GH-&#8203;12"),
        ("https://evil.example www.evil.example", "https://&#8203;evil.example www.&#8203;evil.example"),
        ("[a](b) ![c](d)", r"\[a\](b) !\[c\](d)"),
        ("`code` *b* _i_ ~s~ $m$", r"\`code\` \*b\* \_i\_ \~s\~ \$m\$"),
        ("\x1b[31mred\u202e", "\ufffd\\[31mred\ufffd"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_markdown_text__examples(text: str, shown: str) -> None:
    assert markdown_text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("roc_auc", "`roc_auc`"),
        ("a`b", r"<code>a\`b</code>"),
        ("a|b", r"<code>a\|b</code>"),
        ("</code><b>", "<code>&lt;/code&gt;&lt;b&gt;</code>"),
        ("", "<code></code>"),
        ("@ana", "`@ana`"),
    ],
)
def test_markdown_code__examples(text: str, shown: str) -> None:
    assert markdown_code(text) == shown


@given(st.text())
def test_markdown_text__no_markup_survives(text: str) -> None:
    shown = markdown_text(text)
    without_escapes = re.sub(r"\\.", "", shown)
    assert not re.search(r"[<>\n\r`*_\[\]|~$\\]", without_escapes)
    assert not re.search(r"@\w", shown)


@given(st.text(st.sampled_from("`|<>@a \\")))
def test_markdown_code__cannot_be_left(text: str) -> None:
    shown = markdown_code(text)
    inner = re.fullmatch(r"`([^`|<>\\]*)`|<code>([^<>]*)</code>", shown)
    assert inner is not None
