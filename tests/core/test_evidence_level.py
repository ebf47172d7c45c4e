"""Which thing training hands in: one of them, and lowering it is a loosening."""

from __future__ import annotations

import pytest

from mlci.core.config import read_config
from mlci.core.rules import RuleChange, Side, effective
from mlci.errors import UsageError
from tests.core.configurations import TUMOUR, a_config, edited

PREDICTIONS = ("model: model.skops", "predictions: answers.csv")
BOTH = ("model: model.skops", "model: model.skops, predictions: answers.csv")
NEITHER = (", model: model.skops", "")
ON_THE_ROWS = ("model: model.skops", "predictions: data/holdout.csv")


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
    assert "name one file that training leaves: model: FILE, or predictions: FILE" in caught.value.problem


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
