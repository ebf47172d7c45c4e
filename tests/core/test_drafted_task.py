from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.drafted_task import GATES, drafted_task
from mlci.core.positive_class import LabelProfile
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.core.contract.scalar import ColumnType


def holding(type_: ColumnType, *distinct: int) -> dict[str, LabelProfile]:
    """Return what files hold that have so many different values in a label of TYPE_."""
    return {f"{place}.csv": LabelProfile(type_, each, ()) for place, each in enumerate(distinct)}


@pytest.mark.parametrize(
    ("seen", "wished", "positive", "task", "sentence"),
    [
        (holding("integer", 2, 2), None, None, "binary", None),
        (holding("string", 2), None, None, "binary", None),
        (holding("string", 0), None, None, "binary", None),
        (holding("integer", 3), None, "1", "binary", None),
        (holding("integer", 3), "binary", None, "binary", None),
        (holding("string", 3), None, None, "multiclass", "`cnt` has 3 different values: task multiclass"),
        (
            holding("integer", 20, 3),
            None,
            None,
            "multiclass",
            "`cnt` has 20 different values: task multiclass; else say --task regression",
        ),
        (
            holding("integer", 3, 21),
            None,
            None,
            "regression",
            "`cnt` has 21 different numbers: task regression; else say --task multiclass",
        ),
        (holding("number", 3), None, None, "regression", "`cnt` has 3 different numbers: task regression"),
        (holding("integer", 3), "regression", None, "regression", None),
        (holding("string", 4_000), "multiclass", None, "multiclass", None),
    ],
)
def test_drafted_task__is_what_was_said_or_what_the_values_speak_for(
    seen: dict[str, LabelProfile], wished: str | None, positive: str | None, task: str, sentence: str | None
) -> None:
    assert drafted_task("cnt", seen, wished, positive) == (task, sentence)
    assert set(GATES) == {"binary", "multiclass", "regression"}


@pytest.mark.parametrize(
    ("seen", "wished", "positive", "code", "problem", "hint"),
    [
        (
            holding("integer", 900),
            "regresion",
            None,
            "task-unknown",
            "init knows no task 'regresion'",
            "Did you mean `regression`?",
        ),
        (
            holding("integer", 900),
            "ranking",
            None,
            "task-unknown",
            "init knows no task 'ranking'",
            "Say one of these, and change `task` and `gates` in mlci.yaml.",
        ),
        (
            holding("integer", 900),
            "regression",
            "7",
            "positive-without-two-classes",
            "--positive is for a label of two values, and the task is regression",
            "Leave --positive out, or say --task binary.",
        ),
        (
            holding("string", 900),
            "regression",
            None,
            "label-not-a-number",
            "`cnt` holds values that are no numbers, so it cannot be the label of a regression",
            "Name a column of numbers, or say --task multiclass.",
        ),
        (
            holding("string", 900),
            None,
            None,
            "label-not-classes",
            "`cnt` has 900 different texts, which are too many for classes",
            "Name another column: --label COLUMN; or say --task multiclass if these are classes.",
        ),
    ],
)
def test_drafted_task__else_says_what_to_type(
    seen: dict[str, LabelProfile], wished: str | None, positive: str | None, code: str, problem: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        drafted_task("cnt", seen, wished, positive)
    assert (caught.value.code, caught.value.problem, caught.value.hint) == (code, problem, hint)
