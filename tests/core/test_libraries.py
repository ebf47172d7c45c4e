from __future__ import annotations

import pytest

from mlci.core.libraries import DISTRIBUTIONS, pinned, requirement_lines, versions_of_training


def test_pinned__is_of_our_list_whatever_else_a_package_names() -> None:
    named = {"scikit-learn": "1.7.2", "numpy": "2.2.0", "evil": "1.0", "skops": "0.13.0"}
    assert pinned("skops", named) == {"scikit-learn": "1.7.2", "numpy": "2.2.0", "skops": "0.13.0"}


@pytest.mark.parametrize("kind", ["program", "predictions", "scores", "metrics"])
def test_pinned__of_what_no_library_is_asked_for(kind: str) -> None:
    assert pinned(kind, {"numpy": "2.2.0"}) == {}


def test_requirement_lines__leave_open_what_nobody_names_but_for_what_the_child_needs() -> None:
    assert requirement_lines("skops", {"scikit-learn": "1.5.2"}) == (
        "numpy", "pandas", "scikit-learn==1.5.2", "scipy", "skops>=0.13",
    )  # fmt: skip


def test_requirement_lines__of_a_whole_package_are_exact() -> None:
    versions = {name: f"{place}.0" for place, name in enumerate(DISTRIBUTIONS["lightgbm"])}
    assert requirement_lines("lightgbm", versions) == tuple(f"{name}=={each}" for name, each in versions.items())


@pytest.mark.parametrize("installed", [{}, {"flask": "3.0.0"}, {"scikit-learn": "1.7.0", "numpy": "2.2.0"}])
def test_versions_of_training__of_a_model_that_another_interpreter_made(installed: dict[str, str]) -> None:
    assert versions_of_training("skops", "1.5.2", installed) == {"scikit-learn": "1.5.2"}


def test_versions_of_training__of_a_format_that_names_no_version() -> None:
    installed = {"xgboost": "3.0.0", "numpy": "2.2.0", "flask": "3.0.0"}
    assert versions_of_training("xgboost", None, installed) == {"numpy": "2.2.0", "xgboost": "3.0.0"}
    assert versions_of_training("xgboost", None, {}) == {}
