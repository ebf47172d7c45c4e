from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.predictions import Predictions, read_predictions
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from mlci.core.metrics import Task

FILE = b'["mlci/predictions/1","probability"]\n["a",0.25]\n["b",1.0]\n'
CLASSES = ("probability_early", "probability_late")
TWO: Task = "binary"
HEADS: dict[Task, tuple[str, ...]] = {"binary": ("probability",), "regression": ("prediction",), "multiclass": CLASSES}


def of(values: list[list[float]], *columns: str, ids: tuple[str, ...] | None = None) -> Predictions:
    named = ids or tuple(f"{row}" for row in range(len(values)))
    return Predictions(named, columns or ("probability",), np.array(values, dtype=np.float64))


def refused(data: bytes, task: Task = TWO) -> str:
    with pytest.raises(IntegrityError) as caught:
        read_predictions(data, task)
    assert caught.value.code == "predictions-malformed"
    return caught.value.problem.removeprefix("the predictions of a package cannot be used: ")


def test_to_bytes__is_one_form_whatever_the_order() -> None:
    assert of([[1.0], [0.25]], ids=("b", "a")).to_bytes() == of([[0.25], [1.0]], ids=("a", "b")).to_bytes() == FILE


def test_to_bytes__a_zero_has_no_sign() -> None:
    assert of([[-0.0]], "prediction").to_bytes() == of([[0.0]], "prediction").to_bytes()


IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)


@given(st.dictionaries(IDS, st.floats(-1e30, 1e30), min_size=1))
def test_read_predictions__reads_what_was_written(answers: dict[str, float]) -> None:
    written = of([[each] for each in answers.values()], "prediction", ids=tuple(answers)).to_bytes()
    assert read_predictions(written, "regression").to_bytes() == written


@given(st.binary())
def test_read_predictions__anything_else_is_an_error_of_ours(data: bytes) -> None:
    refused(b'["mlci/predictions/1","probability"' + data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"0.25", b"0.250"),
        (b"0.25", b"true"),
        (b"0.25", b"1"),
        (b"0.25", b'"0.25"'),
        (b"0.25", b"1e999"),
        (b"0.25", b"1" + b"0" * 400),
        (b"0.25", b"0.25,0.5"),
        (b'"a"', b'"c"'),
        (b'"a"', b"7"),
        (b'"a"', b'"\\ud800"'),
        (b'"a"', b'"\\u0061"'),
        (b"]\n[", b"]\n\n["),
        (b'["a",0.25]\n', b'[["a",0.25]]\n'),
        (b'["a",0.25]\n', b"[" * 100_000),
        (b"/1", b"/2"),
    ],
)
def test_read_predictions__only_the_very_bytes_that_mlci_writes(old: bytes, new: bytes) -> None:
    assert refused(FILE.replace(old, new, 1)) != ""


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (b'["a",NaN]\n["b",1.0]\n', "row 1 has no finite number"),
        (b'["a",0.5]\n["b",1.5]\n', "row 2 has a probability outside of 0 to 1"),
        (b'["a",-0.5]\n["b",1.5]\n["c",2.0]\n', "row 1 has a probability outside of 0 to 1, and so have 2 more"),
        (b'["a",-0.5]\n["b",1.5]\n', "row 1 has a probability outside of 0 to 1, and so has 1 more"),
        (b'["a",0.5]\n["a",0.5]\n', "the id of row 1 stands in another row, too"),
        (b'["",0.5]\n', "row 1 has no id, or one that is very long"),
    ],
)
def test_read_predictions__every_id_once_every_answer_finite_and_in_range(lines: bytes, problem: str) -> None:
    assert refused(b'["mlci/predictions/1","probability"]\n' + lines) == problem


def test_read_predictions__numbers_of_which_no_loss_can_be_computed() -> None:
    lines = b'["mlci/predictions/1","prediction"]\n["a",1e+30]\n["b",-1.1e+30]\n'
    assert refused(lines, "regression") == "row 2 has a number beyond 1e+30"


def test_read_predictions__classes_are_one_together_as_far_as_files_are_rounded() -> None:
    assert read_predictions(of([[0.333, 0.666]], *CLASSES).to_bytes(), "multiclass").classes == ("early", "late")
    assert (
        refused(of([[0.33, 0.66]], *CLASSES).to_bytes(), "multiclass")
        == "row 1 has probabilities that are not 1 together"
    )


def test_read_predictions__labels_need_not_be_one_together() -> None:
    assert read_predictions(of([[0.9, 0.8]], *CLASSES).to_bytes(), "multilabel").classes == ("early", "late")


def test_read_predictions__a_column_with_a_hidden_name() -> None:
    with pytest.raises(ValueError, match="hidden characters"):
        of([[0.5, 0.5]], "probability_a", "probability_\u202eb")


@pytest.mark.parametrize("task", HEADS)
def test_read_predictions__has_the_columns_of_its_task_alone(task: Task) -> None:
    of_task = of([[1.0 / len(HEADS[task])] * len(HEADS[task])], *HEADS[task]).to_bytes()
    assert read_predictions(of_task, task).columns == HEADS[task]
    others = [other for other in HEADS if other != task]
    assert [refused(of_task, other) for other in others] == [
        f"its columns are none of a {other} task" for other in others
    ]


def test_of__finds_answers_by_id_in_any_order_and_leaves_others_alone() -> None:
    found = of([[0.1], [0.2], [0.3]])
    answers = found.of(["2", "0"])
    assert answers is not None
    assert answers.tolist() == [[0.3], [0.1]]
    assert (found.of(["2", "3"]), found.lacking(["2", "3"])) == (None, ["3"])


def test_wrote__tells_by_the_first_bytes() -> None:
    assert Predictions.wrote(FILE)
    assert not Predictions.wrote(b'{"learner": {}}')
