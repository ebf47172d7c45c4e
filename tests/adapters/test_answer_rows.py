from __future__ import annotations

import csv
import json
import resource
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.answer_rows import AnswerRows, Form
from mlci.core.answer_columns import AnswerColumns
from mlci.core.signature import Output

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("früh", 'a,"b', "")
NAMES = ("probability_A", "probability_a", 'probability_"', "decision")
SOME = AnswerColumns(
    NAMES,
    (np.array([0.25, 1 / 3]), np.array([1e-9, 5e-324]), np.array([-0.0, 1e22])),
    CLASSES,
    np.array([1, 2]),
)
ROWS = [(7, 0.25, 1e-9, -0.0, 'a,"b'), (8, 1 / 3, 5e-324, 1e22, "")]


def written(path: Path, form: Form, answers: AnswerColumns = SOME, first: int = 7) -> Path:
    with path.open("wb") as file, AnswerRows(form) as rows:
        rows.write(file.fileno(), answers, first)
    return path


def test_answer_rows__csv(tmp_path: Path) -> None:
    with written(tmp_path / "rows", "csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    assert found == [[str(each) for each in row] for row in ROWS]


def test_answer_rows__json_lines_have_every_name_as_it_is(tmp_path: Path) -> None:
    found = [json.loads(line) for line in written(tmp_path / "rows", "jsonl").read_bytes().splitlines()]
    assert found == [dict(zip(("row", *NAMES), row, strict=True)) for row in ROWS]


@pytest.mark.parametrize(("classes", "told"), [((False, True), "true"), ((3, 7), "7"), ((0.0, 1.5), "1.5")])
def test_answer_rows__json_lines_say_classes_as_they_are(
    classes: tuple[float, float], told: str, tmp_path: Path
) -> None:
    answers = AnswerColumns(("probability", "decision"), (np.array([0.5]),), classes, np.array([1]))
    text = written(tmp_path / "rows", "jsonl", answers, 1).read_text()
    assert text == f'{{"row": 1, "probability": 0.5, "decision": {told}}}\n'


def test_answer_rows__parts_of_parquet_become_one(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*"
    folder.mkdir()
    parts = [written(folder / str(first), "parquet", SOME, first) for first in (1, 3)]
    outputs = [Output(name=name, type="number") for name in NAMES[:-1]] + [Output(name="decision", type="string")]
    with (tmp_path / "whole").open("wb") as file, AnswerRows("parquet") as rows:
        rows.join(parts, file.fileno(), outputs)
    found = duckdb.read_parquet(str(tmp_path / "whole"))
    assert [row[0] for row in found.fetchall()] == [1, 2, 3, 4]
    assert [str(kind) for kind in found.types] == ["BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "VARCHAR"]


@settings(max_examples=50, deadline=None)
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_answer_rows__numbers_are_in_the_shortest_form_that_loses_nothing(
    numbers: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    answers = AnswerColumns(("prediction",), (np.array(numbers),))
    text = written(tmp_path_factory.mktemp("rows") / "rows", "csv", answers, 1).read_text()
    assert text == "".join(f"{row},{number!r}\n" for row, number in enumerate(numbers, 1))


def test_answer_rows__where_the_disk_is_full(tmp_path: Path) -> None:
    answers = AnswerColumns(("prediction",), (np.arange(200_000.0),))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            written(tmp_path / "rows", "csv", answers)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.strerror == "File too large"
