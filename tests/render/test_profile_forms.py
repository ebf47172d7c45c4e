"""Every form of a profile, read whole: the terminal and the page."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from typing_extensions import override

from mlci.core.profile import ColumnProfile, differences
from mlci.render.profile_page import profile_page
from mlci.render.profile_text import profile_text
from tests.core.profiles import a_profile, numbers, texts

if TYPE_CHECKING:
    from tests.conftest import Golden

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m&\"'"
BARS = (1, 2, 8, 20, 40, 44, 38, 20, 12, 8, 4, 2, 0, 0, 0, 0, 0, 0, 0, 1)
WAS = a_profile(
    numbers("mean_radius", [6.5 + place / 10 for place in range(200)], BARS),
    texts("size_band", small=90, medium=70, large=40),
    texts("name", missing=20, **{f"p{place}": 1 for place in range(180)}).bare(),
    ColumnProfile("empty", "number", 200, 0),
)
NOW = a_profile(
    numbers("mean_radius", [6500.0 + 100 * place for place in range(180)] + [None] * 20, BARS),
    texts("size_band", small=90, medium=70, large=30, huge=10),
    texts("name", missing=20, **{f"p{place}": 1 for place in range(180)}).bare(),
    ColumnProfile("empty", "number", 200, 0),
)
SAMPLED = replace(NOW, rows=2_000_000, sampled=200)


def test_text__reads_well(golden: Golden) -> None:
    parts = [
        profile_text(NOW, differences(WAS, NOW)),
        profile_text(SAMPLED, None),
        profile_text(WAS, differences(WAS, WAS)),
    ]
    golden("profile/terminal.txt", "\n\n".join(parts) + "\n")


def test_page__reads_well(golden: Golden) -> None:
    golden("profile/page.html", profile_page([(NOW, differences(WAS, NOW)), (SAMPLED, None)], "main"))


def test_page__asks_for_nothing_and_runs_nothing() -> None:
    page = profile_page([(NOW, differences(WAS, NOW))], "main")
    assert not re.search(r"https?:|//|src=|href=|url\(|<script|@import", page)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags |= {tag, *(name for name, _ in attrs)}


def test_forms__of_hostile_text_stay_text() -> None:
    profile = a_profile(texts(HOSTILE, **{HOSTILE: 200}))
    other = a_profile(texts(HOSTILE, a=200))
    page, reader = profile_page([(profile, differences(other, profile))], HOSTILE), _Tags()
    reader.feed(page)
    known = _Tags()
    known.feed(profile_page([(NOW, differences(WAS, NOW))], "main"))
    assert reader.tags <= known.tags
    text = profile_text(profile, differences(other, profile))
    assert not [sign for sign in ("\x1b", "\u202e") if sign in page + text]


def test_forms__of_a_public_place_show_no_value() -> None:
    bare = NOW.bare()
    shown = profile_text(bare, None) + profile_page([(bare, None)], None)
    assert not [value for value in ("6500", "small", "24400", "\u2588") if value in shown]
