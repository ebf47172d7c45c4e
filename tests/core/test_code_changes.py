from __future__ import annotations

import pytest

from mlci.core.code_changes import code_changes
from tests.core.configurations import a_config

BASE = a_config(("positive: 1}", 'positive: 1, metrics: {profit: "metrics.py:profit", waste: "metrics.py:lost"}}'))


@pytest.mark.parametrize(
    ("head", "sentences"),
    [
        ({"metrics.py": "a" * 40, "other.py": "1"}, []),
        ({"metrics.py": "b" * 40}, ["changes the code of `profit`, `waste` in `metrics.py`: aaaaaaaaaa → bbbbbbbbbb"]),
        ({}, ["changes the code of `profit`, `waste` in `metrics.py`: aaaaaaaaaa → none"]),
        (
            {"metrics.py": "a" * 39 + "b"},
            ["changes the code of `profit`, `waste` in `metrics.py`: aaaaaaaaaa → aaaaaaaaaa"],
        ),
    ],
)
def test_code_changes__of_the_files_that_base_names(head: dict[str, str], sentences: list[str]) -> None:
    found = code_changes(BASE, {"metrics.py": "a" * 40}, head)
    assert [each.sentence for each in found] == sentences
    assert {each.effect for each in found} <= {"takes effect after merge"}


def test_code_changes__without_functions() -> None:
    assert code_changes(a_config(), {"metrics.py": "a"}, {"metrics.py": "b"}) == ()
