from __future__ import annotations

import pytest
from pydantic import ValidationError

from mlci.core.requirement import Gate

SPELLINGS = [
    ("accuracy", "n - o > -0.01", "`accuracy` not_worse margin 0.01"),
    ("accuracy", "n - o > 0.02", "`accuracy` better margin 0.02"),
    ("accuracy", "n > 0.8", "`accuracy` floor 0.8"),
    ("log_loss", "n - o < 0.05", "`log_loss` not_worse margin 0.05"),
    ("log_loss", "n < 0.4", "`log_loss` ceiling 0.4"),
    ("churn", "d < 0.1", "`churn` ceiling 0.1"),
]


@pytest.mark.parametrize(("metric", "require", "text"), SPELLINGS)
def test_gate__in_the_spelling_of_ease_ml(metric: str, require: str, text: str) -> None:
    assert Gate.model_validate({"metric": metric, "require": require}).text == text


def test_gate__churn_needs_no_metric_beside_its_formula() -> None:
    assert Gate.model_validate({"require": "d < 0.1"}) == Gate.model_validate(
        {"metric": "churn", "require": "ceiling", "value": 0.1}
    )


def test_gate__another_metric_beside_churn() -> None:
    with pytest.raises(ValidationError, match="`d` is the share of rows that both models decide differently"):
        Gate.model_validate({"metric": "recall", "require": "d < 0.1"})


def test_gate__an_unknown_metric_in_a_formula_is_what_is_told() -> None:
    with pytest.raises(ValidationError) as caught:
        Gate.model_validate({"metric": "recal", "require": "n > 0.8"})
    assert [error["loc"] for error in caught.value.errors()] == [("metric",)]


def test_gate__where_it_looks_is_part_of_what_it_is() -> None:
    plain = {"metric": "recall", "require": "floor", "value": 0.7}
    chosen = [False, True, ["site", "sex"], ["sex", "site"]]
    assert [Gate.model_validate({**plain, "slices": slices}).text for slices in chosen] == [
        "`recall` floor 0.7",
        "`recall` floor in every slice 0.7",
        "`recall` floor in sex, site 0.7",
        "`recall` floor in sex, site 0.7",
    ]


@pytest.mark.parametrize("slices", [[], ["site", "site"], "site", 1])
def test_gate__slices_that_are_no_choice(slices: object) -> None:
    with pytest.raises(ValidationError):
        Gate.model_validate({"metric": "recall", "require": "floor", "value": 0.7, "slices": slices})
