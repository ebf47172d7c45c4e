"""The task that a draft of a configuration is for: by what the user says, or by what the label holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.positive_class import LabelProfile

DraftedTask = Literal["binary", "multiclass", "regression"]

MOST_NUMBERED_CLASSES: Final = 20
"""A label of so many different whole numbers is taken for classes, one of more for a number."""
MOST_CLASSES: Final = 200
"""Different texts that are taken for classes; more of them are a description, a name or a day."""

_TWO: Final = 2
_TASKS: Final[dict[str, DraftedTask]] = {each: each for each in ("binary", "multiclass", "regression")}

GATES: Final[dict[DraftedTask, str]] = {
    "binary": """\
  - {metric: roc_auc, require: not_worse, margin: 0.01}
  - {metric: recall, require: not_worse, margin: 0.02}
  - {metric: recall, require: floor, value: 0.70}
""",
    "multiclass": """\
  - {metric: accuracy, require: not_worse, margin: 0.01}
  - {metric: recall_macro, require: not_worse, margin: 0.02}
  - {metric: mcc, require: floor, value: 0}
""",
    "regression": """\
  - {metric: rmse, require: not_worse, margin: 2%}
  - {metric: mae, require: not_worse, margin: 2%}
  - {metric: r2, require: floor, value: 0}
""",
}
"""The gates of a draft. Of several classes and of numbers, the floor is what a model has that knows nothing."""


def drafted_task(
    label: str, seen: Mapping[str, LabelProfile], wished: str | None, positive: str | None
) -> tuple[DraftedTask, str | None]:
    """Return the task that LABEL is for, and a sentence for the user where nobody said it and it is not two classes.

    SEEN is what each file (by its name) holds in that column, WISHED the task and POSITIVE the class that the user
    typed, None where nothing was.

    Raises `UsageError`: "task-unknown", "positive-without-two-classes", "label-not-a-number", "label-not-classes".
    """
    most = max((profile.distinct for profile in seen.values()), default=0)
    task, sentence = (_said(wished), None) if wished is not None else _seen(label, seen, most, positive)
    if positive is not None and task != "binary":
        raise UsageError(
            "positive-without-two-classes",
            f"--positive is for a label of two values, and the task is {task}",
            hint="Leave --positive out, or say --task binary.",
        )
    is_number = all(profile.type in {"integer", "number"} for profile in seen.values())
    if task == "regression" and not is_number:
        raise UsageError(
            "label-not-a-number",
            f"{code(label)} holds values that are no numbers, so it cannot be the label of a regression",
            hint="Name a column of numbers, or say --task multiclass.",
        )
    return task, sentence


def _said(wished: str) -> DraftedTask:
    if wished not in _TASKS:
        drafts = "A draft is made for binary, multiclass and regression; of other tasks only mlci.yaml knows."
        raise UsageError(
            "task-unknown",
            f"init knows no task {one_line(wished, 80)!r}",
            cause=drafts,
            hint=did_you_mean(wished, tuple(_TASKS), "Say one of these, and change `task` and `gates` in mlci.yaml."),
        )
    return _TASKS[wished]


def _seen(
    label: str, seen: Mapping[str, LabelProfile], most: int, positive: str | None
) -> tuple[DraftedTask, str | None]:
    """Return the task that values of LABEL speak for, by the column's type and by how many there are."""
    if positive is not None or most <= _TWO:
        return "binary", None
    types = {profile.type for profile in seen.values()}
    if "number" in types or (types == {"integer"} and most > MOST_NUMBERED_CLASSES):
        other = "; else say --task multiclass" if types == {"integer"} else ""
        return "regression", f"{code(label)} has {most:,} different numbers: task regression{other}"
    if most > MOST_CLASSES:
        raise UsageError(
            "label-not-classes",
            f"{code(label)} has {most:,} different texts, which are too many for classes",
            cause="The column holds names, days or descriptions, or numbers with a sign that is none, such as `1,5`.",
            hint="Name another column: --label COLUMN; or say --task multiclass if these are classes.",
        )
    other = "; else say --task regression" if types == {"integer"} else ""
    return "multiclass", f"{code(label)} has {most:,} different values: task multiclass{other}"
