"""What `docs/contracts.md` says of the language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlci.core.contract.data_set_rule import Balance, Conflicts, Freshness, Reference, RowChange
from mlci.core.contract.formats import FORMATS
from mlci.core.contract.model import ColumnRule, Contract
from mlci.core.contract.pattern import DEEPEST, LARGEST, LONGEST_PATTERN, MOST_REPEATED
from mlci.core.contract.rule import AggregateRule, CrossRule
from mlci.core.expression.tree import FUNCTIONS, MEASURES

if TYPE_CHECKING:
    from mlci.core.contract.part import Part

PAGE = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text()


@pytest.mark.parametrize(
    "part",
    [Contract, ColumnRule, CrossRule, AggregateRule, Reference, RowChange, Freshness, Balance, Conflicts],
)
def test_page__names_every_key(part: type[Part]) -> None:
    assert [name for name in part.model_fields if f"{name}:" not in PAGE and f"`{name}`" not in PAGE] == []


def test_page__names_every_function_measure_and_format() -> None:
    assert " ".join(FUNCTIONS) in PAGE
    assert [name for name in MEASURES if f"`{name}(" not in PAGE] == []
    assert [name for name in FORMATS if f"| `{name}` |" not in PAGE] == []


def test_page__tells_the_limits_of_patterns() -> None:
    assert f"a count is at most {MOST_REPEATED:,}" in PAGE
    told = f"at most {LONGEST_PATTERN} characters, {DEEPEST} groups within each other, and {LARGEST:,} characters and"
    assert told in PAGE
