"""How columns with answers are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.answer_names import OF_CLASS, by_our_names, misnamed, ours, theirs
from mlci.core.config import read_config
from mlci.errors import UsageError
from tests.core.configurations import TUMOUR, edited

if TYPE_CHECKING:
    from mlci.core.evidence_level import Level
    from mlci.core.metrics import Task

ONE = "write one * where its name stands, as in score_*"
TEXTS = st.text(st.characters(exclude_characters="*"), max_size=5)


@given(TEXTS, TEXTS, TEXTS.filter(bool))
def test_ours__finds_the_class_between_what_stands_around_it(before: str, after: str, name: str) -> None:
    said = f"{before}*{after}"
    assert theirs(OF_CLASS + name, said) == f"{before}{name}{after}"
    assert ours(f"{before}{name}{after}", said, "probability") == OF_CLASS + name
    assert ours(f"{before}{after}", said, "probability") is None or len(before + after) > len(said) - 1


def test_by_our_names__leaves_other_columns_out() -> None:
    assert by_our_names(("id", "p_a", "p_", "q_b", "p_b"), "p_*", "probability") == {
        "probability_a": "p_a", "probability_b": "p_b",
    }  # fmt: skip
    assert by_our_names(("id", "probability", "y"), "y", "probability") == {"probability": "y"}


@pytest.mark.parametrize(
    ("said", "task", "level", "problem"),
    [
        ("y_hat", "binary", "predictions", None),
        ("y_hat", "binary", "model", "of model no answer is read; leave prediction: out"),
        ("y_hat", "binary", "scores", "of scores no answer is read; leave prediction: out"),
        ("p_*", "regression", "predictions", "a regression task has one column of answers; leave the * out"),
        ("p_*", "multiclass", "predictions", None),
        ("p", "multiclass", "predictions", f"a multiclass task has an answer for each class: {ONE}"),
        ("p_*_*", "multiclass", "predictions", f"a multiclass task has an answer for each class: {ONE}"),
        (
            "id",
            "binary",
            "predictions",
            "id is used for something else; prediction: names the column with the answers",
        ),
    ],
)
def test_misnamed__says_why(said: str, task: Task, level: Level, problem: str | None) -> None:
    assert misnamed(said, task, level, ("id", "y")) == problem


@pytest.mark.parametrize(
    ("train", "said", "problem"),
    [
        ("model: model.skops", "y_hat", "of model no answer is read; leave prediction: out"),
        (
            "predictions: out.csv",
            "malignant",
            "malignant is used for something else; prediction: names the column with the answers",
        ),
    ],
)
def test_config__tells_where_it_stands(train: str, said: str, problem: str) -> None:
    text = edited(TUMOUR, ("model: model.skops", train), ("positive: 1", f"positive: 1, prediction: {said}"))
    with pytest.raises(UsageError) as caught:
        read_config(text.encode())
    assert caught.value.problem == f"`evaluate.prediction`: {problem}"
    assert caught.value.where == "mlci.yaml:7:66"
