"""Which thing training hands in: one of them, and lowering it is a loosening."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.config import read_config
from mlci.core.rule_changes import RuleChange
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import UsageError
from tests.core.configurations import TUMOUR, a_config, edited

if TYPE_CHECKING:
    from mlci.core.config import Config

PREDICTIONS = ("model: model.skops", "predictions: answers.csv")
BOTH = ("model: model.skops", "model: model.skops, predictions: answers.csv")
NEITHER = (", model: model.skops", "")
SCORES = (("model: model.skops", "scores: scores.csv"), (", label: malignant, positive: 1", ""))
METRICS = (("model: model.skops", "metrics: metrics.json"), (", label: malignant, positive: 1", ", slices: [site]"))
ON_THE_ROWS = ("model: model.skops", "predictions: data/holdout.csv")


def with_gate(gate: str, *, edits: tuple[tuple[str, str], ...]) -> Config:
    head, _, rest = edited(TUMOUR, *edits).partition("gates:\n")
    return read_config(f"{head}gates: [{gate}]\n{rest[rest.index('promote:') :]}".encode())


def changes(*edits: tuple[str, str], base: tuple[tuple[str, str], ...] = ()) -> tuple[RuleChange, ...]:
    rules, found = effective(Side(a_config(*base), {}), Side(a_config(*edits), {}))
    assert rules.config.train.level == a_config(*base).train.level
    return found


def test_level__is_what_training_hands_in() -> None:
    model, answers = a_config().train, a_config(PREDICTIONS).train
    assert [(each.level, each.output) for each in (model, answers)] == [
        ("model", "model.skops"),
        ("predictions", "answers.csv"),
    ]


@pytest.mark.parametrize("edit", [BOTH, NEITHER])
def test_level__is_one(edit: tuple[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        a_config(edit)
    assert (
        "name one thing that training leaves: model: FILE, or predictions:, scores:, metrics: or predict: in its place"
        in caught.value.problem
    )


def test_label__only_scores_do_without() -> None:
    with pytest.raises(UsageError) as caught:
        a_config((", label: malignant", ""))
    assert "label: is missing, the column to predict" in caught.value.problem
    assert with_gate("{metric: score@help, require: floor, value: 0.5}", edits=SCORES).evaluate.label == ""


@pytest.mark.parametrize(
    ("gate", "edits", "problem"),
    [
        ("{metric: recall, require: floor, value: 0.5}", SCORES, "recall is computed from answers; of scores a gate"),
        ("{metric: score@help, require: floor, value: 0.5}", (), "score@help is the mean of scores that are handed in"),
        ("{metric: loss@help, require: floor, value: 0.5}", SCORES, "a floor says nothing; use ceiling or not_worse"),
        ("{metric: recall, require: not_worse, slices: true}", METRICS, "recall not_worse in every slice needs rows"),
        ("{metric: recall, require: no_proven_regression}", METRICS, "recall no_proven_regression needs rows"),
        (
            "{metric: churn, require: ceiling, value: 0.1}",
            METRICS,
            "churn ceiling needs rows, and train.metrics hands in",
        ),
        ("{metric: mae, require: ceiling, value: 0.1}", METRICS, "mae is no metric of a binary task"),
        ("{metric: score@, require: floor, value: 0.5}", SCORES, "there is no metric score@"),
    ],
)
def test_gates__name_what_can_be_computed(gate: str, edits: tuple[tuple[str, str], ...], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_gate(gate, edits=edits)
    assert problem in caught.value.problem


def test_inputs__who_answers_needs_the_rows() -> None:
    assert (a_config().inputs, a_config(PREDICTIONS).inputs) == (("cells",), ("cells", "holdout"))
    assert a_config(PREDICTIONS, ("data: [cells]", "data: [holdout, cells]")).inputs == ("holdout", "cells")


def test_level__lowering_it_is_a_loosening() -> None:
    assert changes(PREDICTIONS) == (RuleChange("train", "looser", "lowers the evidence level: model → predictions"),)


def test_level__raising_it_tightens() -> None:
    sentence = "raises the evidence level: predictions → model"
    assert changes(base=(PREDICTIONS,)) == (RuleChange("train", "tighter", sentence),)


def test_level__another_file_at_the_same_level_has_no_order() -> None:
    (change,) = changes(PREDICTIONS, ("answers.csv", "other.csv"), base=(PREDICTIONS,))
    assert change == RuleChange("train", "other", "changes `train.predictions`: answers.csv → other.csv")


def test_predictions__do_not_lie_where_rows_do() -> None:
    with pytest.raises(UsageError) as caught:
        a_config(ON_THE_ROWS)
    assert "the data set holdout lies there, and training would overwrite it" in caught.value.problem


def test_sealed__needs_the_model() -> None:
    text = edited(TUMOUR, PREDICTIONS, ("data:\n", "sealed: {data: vault}\ndata:\n  vault: {path: ../vault.csv}\n"))
    text = text.replace("{path: ../vault.csv}", "{path: data/vault.csv}")
    with pytest.raises(UsageError) as caught:
        read_config(text.encode())
    assert "a sealed set needs train.model" in caught.value.problem
