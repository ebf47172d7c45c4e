from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlci.core.documents import read_document
from mlci.core.yaml_text import in_quotes


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_in_quotes__reads_back_as_the_same_text(text: str) -> None:
    assert read_document(f"{{key: {in_quotes(text)}}}".encode(), "text").value == {"key": text}
