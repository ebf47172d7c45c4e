"""What the child does with a function of one's own, without the child."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlci.formats.measuring import answers_of_functions, write_question
from mlci.formats.refusal import RefusalError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CODE = b"""\
import numpy as np

def profit(labels, predictions):
    return np.where(predictions > 0.5, np.where(labels, 10.0, -4.0), 0.0).mean()

def weighted(labels, predictions, weights):
    return float((weights * predictions).sum() / weights.sum())

def of_class(labels, predictions, classes):
    return predictions[labels == "late", classes.index("late")].mean()

def whole(labels, predictions):
    return len(labels) // len(labels)

def total(labels, predictions):
    return predictions.sum()

def balanced(labels, predictions):
    return (predictions - 0.5).mean()

def by_chance(labels, predictions):
    return np.random.default_rng().random()

def text(labels, predictions):
    return "12"

def truth(labels, predictions):
    return True

def two(labels, predictions):
    return predictions[:2]

def nothing(labels, predictions):
    return None

def undefined(labels, predictions):
    return float("nan")

def endless(labels, predictions):
    return float("inf")

def huge(labels, predictions):
    return 10**400

def writes(labels, predictions):
    predictions[0] = 1.0
    return predictions.mean()

def leaves(labels, predictions):
    raise SystemExit(0)

def fails(labels, predictions):
    return inner(labels)

def inner(labels):
    raise KeyError("no price")

def sometimes(labels, predictions):
    return 1.0 if predictions.max() > 0.98 else np.nan

def three(labels, predictions, prices):
    return 1.0

constant = 3
"""
ROWS = 120
SAID = (np.arange(ROWS) * 37 % 100) / 100


@dataclass(frozen=True)
class Rows:
    labels: NDArray[Any]
    candidate: NDArray[np.float64]
    production: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    sets: NDArray[np.intp] | None = None
    classes: tuple[str, ...] = ()
    parts: NDArray[np.intp] | None = None


SETS = np.arange(ROWS) % 4
PLAIN = Rows(np.arange(ROWS) % 3 == 0, SAID, sets=SETS)


def answers(place: Path, rows: Rows, *functions: str, code: bytes = CODE) -> dict[str, dict[str, Any]]:
    write_question(place / "rows", [(each, "metrics.py", each, code) for each in functions], rows)
    return answers_of_functions(place / "rows")


def refusal(place: Path, rows: Rows, function: str, code: bytes = CODE) -> tuple[str, str]:
    with pytest.raises(RefusalError) as caught:
        answers(place, rows, function, code=code)
    return caught.value.code, caught.value.message


def profit(rows: NDArray[np.bool_], said: NDArray[np.float64] = SAID) -> float:
    gains = np.where(said > 0.5, np.where(PLAIN.labels, 10.0, -4.0), 0.0)
    return float(gains[rows].mean())


def test_values__are_of_all_rows_and_without_each_set_in_its_turn(tmp_path: Path) -> None:
    found = answers(tmp_path, PLAIN, "profit")
    everywhere = np.ones(ROWS, dtype=np.bool_)
    assert found == {
        "profit": {"candidate": [profit(everywhere), *(profit(np.not_equal(SETS, one)) for one in range(4))]}
    }


def test_values__of_both_models_are_on_the_same_rows(tmp_path: Path) -> None:
    found = answers(tmp_path, replace(PLAIN, production=SAID[::-1]), "profit")["profit"]
    kept = np.not_equal(SETS, 2)
    assert (found["candidate"][3], found["production"][3]) == (profit(kept), profit(kept, SAID[::-1]))
    assert found["candidate"][3] != found["production"][3]


def test_values__in_a_slice_are_those_of_its_rows_and_without_each_set_of_them(tmp_path: Path) -> None:
    part = np.where(np.arange(ROWS) < 50, np.arange(ROWS) % 5, -1)
    other = np.where(np.arange(ROWS) < 50, -1, np.arange(ROWS) % 3)
    asked = replace(PLAIN, production=SAID[::-1], parts=np.stack([part, other]))
    found = answers(tmp_path, asked, "profit", "sometimes")
    slices = found["profit"]["slices"]
    inside = part >= 0
    expected = [profit(inside), *(profit(inside & np.not_equal(part, one)) for one in range(5))]
    assert slices[0]["candidate"] == expected
    assert slices[0]["production"][0] == profit(inside, SAID[::-1])
    assert [len(each["candidate"]) for each in slices] == [6, 4]
    # What has no value in a slice is told so, and ends nothing.
    assert found["sometimes"]["slices"][1]["candidate"] == [None] * 4


def test_values__of_a_function_that_fails_in_a_slice_are_none_there(tmp_path: Path) -> None:
    code = b"def f(labels, predictions):\n    return 1 / int(labels.any())\n"
    asked = replace(PLAIN, parts=np.stack([np.where(PLAIN.labels, -1, SETS), SETS]))
    bare, full = answers(tmp_path, asked, "f", code=code)["f"]["slices"]
    assert (bare, full) == ({"candidate": [None] * 5}, {"candidate": [1.0] * 5})


def test_values__of_several_functions_in_one_go(tmp_path: Path) -> None:
    assert list(answers(tmp_path, PLAIN, "profit", "whole")) == ["profit", "whole"]


def test_values__without_sets_are_one(tmp_path: Path) -> None:
    assert answers(tmp_path, replace(PLAIN, sets=None), "total") == {"total": {"candidate": [float(SAID.sum())]}}


def test_values__that_are_none_without_a_set_are_told_so(tmp_path: Path) -> None:
    found = answers(tmp_path, PLAIN, "sometimes")["sometimes"]["candidate"]
    last = int(np.argmax(SAID))
    assert [place for place, value in enumerate(found) if value is None] == [1 + int(SETS[last])]


def test_weights__are_given_by_name(tmp_path: Path) -> None:
    weights = (1.0 + np.arange(ROWS) % 5).astype(np.float64)
    found = answers(tmp_path, replace(PLAIN, weights=weights), "weighted")["weighted"]["candidate"]
    assert found[0] == pytest.approx(np.average(SAID, weights=weights), abs=1e-15)
    kept = SETS != 0
    assert found[1] == pytest.approx(np.average(SAID[kept], weights=weights[kept]), abs=1e-15)


def test_weights__are_none_where_all_rows_count_alike(tmp_path: Path) -> None:
    code = b"def alike(labels, predictions, weights):\n    return 1.0 if weights is None else 0.0\n"
    assert answers(tmp_path, PLAIN, "alike", code=code)["alike"]["candidate"] == [1.0] * 5


def test_classes__say_what_the_columns_of_predictions_are(tmp_path: Path) -> None:
    said = np.column_stack([1 - SAID, SAID])
    labels = np.array(["early", "late"])[np.arange(ROWS) % 2]
    rows = Rows(labels, said, classes=("early", "late"))
    assert answers(tmp_path, rows, "of_class")["of_class"]["candidate"] == [float(SAID[1::2].mean())]


def test_total__of_gains_and_losses_that_cancel_is_held_against_what_a_set_moves(tmp_path: Path) -> None:
    assert len(answers(tmp_path, PLAIN, "balanced")["balanced"]["candidate"]) == 5


@pytest.mark.parametrize(
    ("function", "code", "message"),
    [
        ("total", "metric-is-a-total", "`total` is 58.8, and 117.6 where every row stands twice"),
        ("by_chance", "metric-differs", "`by_chance` is another number for the same rows"),
        ("text", "metric-no-number", "`text` returns a value of type str"),
        ("truth", "metric-no-number", "`truth` returns a value of type bool"),
        ("two", "metric-no-number", "`two` returns a value of type ndarray"),
        ("nothing", "metric-no-number", "`nothing` returns a value of type NoneType"),
        ("undefined", "metric-not-finite", "`undefined` is nan on all rows"),
        ("endless", "metric-not-finite", "`endless` is inf on all rows"),
        ("huge", "metric-failed", "`huge`: OverflowError: int too large to convert to float"),
        (
            "writes",
            "metric-failed",
            "`writes`: ValueError: assignment destination is read-only; line 46: predictions[0] = 1.0",
        ),
        ("leaves", "metric-failed", "`leaves`: SystemExit: 0; line 50: raise SystemExit(0)"),
        (
            "fails",
            "metric-failed",
            "`fails`: KeyError: 'no price'; line 53: return inner(labels); line 56: raise KeyError(\"no price\")",
        ),
        (
            "three",
            "metric-failed",
            "`three`: TypeError: three() missing 1 required positional argument: 'prices'",
        ),
        ("absent", "metric-missing", "metrics.py has no function `absent`"),
        ("constant", "metric-missing", "metrics.py has no function `constant`"),
    ],
)
def test_function__that_no_interval_can_be_had_of(tmp_path: Path, function: str, code: str, message: str) -> None:
    assert refusal(tmp_path, PLAIN, function) == (code, message)


def test_function__that_takes_no_weights_where_rows_have_some(tmp_path: Path) -> None:
    rows = replace(PLAIN, weights=np.ones(ROWS))
    told = "`profit` takes no weights, and rows have some"
    assert refusal(tmp_path, rows, "profit") == ("metric-ignores-weights", told)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"def f(labels, predictions)\n", "`f`: SyntaxError: expected ':' (metrics.py, line 1); line 1: "),
        (b"import no_such_module\n", "`f`: ModuleNotFoundError: No module named 'no_such_module'; line 1: import no_"),
        (b"\x00", "`f`: "),
        (b"# coding: utf-7\n\xff", "`f`: "),
    ],
)
def test_code__that_cannot_be_loaded(tmp_path: Path, code: bytes, message: str) -> None:
    found = refusal(tmp_path, PLAIN, "f", code)
    assert (found[0], found[1][: len(message)]) == ("metric-failed", message)
