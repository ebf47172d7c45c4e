from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from mlci.core.evaluation import Evaluation, Measured
from mlci.core.plain_text import one_line
from mlci.render.registry_html import Exported, registry_html
from tests.core.plans import a_history, a_rollback

if TYPE_CHECKING:
    from mlci.core.registry import Registry
    from tests.conftest import Golden

HOSTILE = """<script>alert(1)</script> " onload="x" ' & <img src=http://evil.example/x> ]]> --> </style>"""


def an_evaluation(recall: float, auc: float | None = None) -> Evaluation:
    measured = [Measured("recall", "floor", "0.7", "pass", recall, None)]
    if auc is not None:
        measured.append(Measured("roc_auc", "not_worse", "0.01", "pass", auc, 0.9))
    return Evaluation("pass", 142, tuple(measured))


class Elements(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in self.found]


def page(registry: Registry, evaluations: dict[str, Evaluation] | None = None) -> str:
    return registry_html([Exported(registry, evaluations or {})], "made from a test")


def test_page__of_a_life(golden: Golden) -> None:
    registry = a_rollback(a_history("a", "b", "c")).after
    evaluations = {"v1.0.0": an_evaluation(0.8), "v1.1.0": an_evaluation(0.85, 0.91), "v1.2.0": an_evaluation(0.9, 0.9)}
    golden("registry.html", page(registry, evaluations))


def test_page__without_a_model() -> None:
    assert "No model has a version yet" in registry_html([], "made from a test")


def test_page__without_an_evaluation_has_no_chart() -> None:
    shown = Elements(page(a_history("a"))).shape
    assert "svg" not in {tag for tag, _ in shown}


def test_page__asks_nobody_for_anything() -> None:
    shown = page(a_history("a", "b"), {"v1.0.0": an_evaluation(0.8)})
    assert "default-src 'none'" in shown
    assert re.findall(r"(?i)https?:|url\(|@import|src=|href=", shown) == []
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in Elements(shown).found)


def test_page__is_light_and_dark() -> None:
    assert "prefers-color-scheme: dark" in page(a_history("a"))


@given(st.text(min_size=1, max_size=60).filter(one_line) | st.just(HOSTILE))
def test_page__text_of_users_makes_no_element_and_no_attribute(reason: str) -> None:
    assert Elements(page(a_history("a", reason=reason))).shape == Elements(page(a_history("a"))).shape


def test_page__a_single_version_has_a_point_in_the_chart() -> None:
    shown = page(a_history("a"), {"v1.0.0": an_evaluation(0.8)})
    assert [tag for tag, _ in Elements(shown).found].count("circle") == 1
