from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest

from mlci.adapters.program_rows import read_answers, write_rows
from mlci.core.program import ProgramInfo
from mlci.core.table import Column, Table
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

INFO = ProgramInfo(command=("sh", "score.sh"), rows="jsonl", timeout_seconds=60, inputs=("radius", "band"))
PARQUET = INFO.model_copy(update={"rows": "parquet"})
ROWS = Table(
    {
        "radius": Column(np.array([1.5, np.nan]), np.array([False, True])),
        "band": Column(np.array(['größer, "quoted"', "a\nb"])),
        "count": Column(np.array([1, 2**53])),
        "is_old": Column(np.array([True, False])),
    }
)
WRITTEN = [
    {"row": 1, "radius": 1.5, "band": 'größer, "quoted"', "count": 1, "is_old": True},
    {"row": 2, "radius": None, "band": "a\nb", "count": 2**53, "is_old": False},
]


def test_rows__as_json_lines(tmp_path: Path) -> None:
    lines = write_rows(tmp_path, ROWS, "jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == WRITTEN


def test_rows__as_parquet(tmp_path: Path) -> None:
    path = write_rows(tmp_path, ROWS, "parquet")
    table = duckdb.read_parquet(str(path))
    assert [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()] == WRITTEN
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("names", "shown"), [(("radius", "RADIUS"), "`radius` and `RADIUS`"), (("radius", "Row"), "`row` and `Row`")]
)
def test_rows__whose_names_parquet_cannot_tell_apart(tmp_path: Path, names: tuple[str, ...], shown: str) -> None:
    rows = Table({name: Column(np.array([1.5])) for name in names})
    with pytest.raises(UsageError) as caught:
        write_rows(tmp_path, rows, "parquet")
    assert (caught.value.code, caught.value.problem, caught.value.hint) == (
        "program-inputs",
        f"columns of Parquet cannot be called both {shown}",
        "train: {predict: {…, rows: jsonl}}, or rename one of them.",
    )
    assert list(json.loads(write_rows(tmp_path, rows, "jsonl").read_text())) == ["row", *names]


def told(output: bytes, folder: Path, rows: int = 2, info: ProgramInfo = INFO) -> str:
    with pytest.raises(RejectedError) as caught:
        read_answers(output, folder, rows, info)
    assert caught.value.code == "program-answers"
    assert caught.value.private
    return caught.value.problem.partition(": ")[2]


def test_answers__come_in_any_order_and_are_put_in_that_of_the_rows(tmp_path: Path) -> None:
    found = read_answers(b'{"row": 2, "prediction": -1}\n\n{"prediction": 0.5, "row": 1}\n', tmp_path, 2, INFO)
    assert (found.ids, found.columns, found.values.tolist()) == (("1", "2"), ("prediction",), [[0.5], [-1.0]])


@pytest.mark.parametrize(
    ("said", "positive", "answer", "columns"),
    [
        ("y_hat", 1, b'{"row": 1, "y_hat": 0.5}', ("probability",)),
        ("y_hat", None, b'{"row": 1, "y_hat": -7}', ("prediction",)),
        ("p_*", None, b'{"row": 1, "p_a": 0.5, "p_b": 0.5}', ("probability_a", "probability_b")),
    ],
)
def test_answers__are_called_as_the_program_says(
    tmp_path: Path, said: str, positive: int | None, answer: bytes, columns: tuple[str, ...]
) -> None:
    info = INFO.model_copy(update={"prediction": said, "positive": positive})
    assert read_answers(answer, tmp_path, 1, info).columns == columns


def test_answers__that_are_called_otherwise_than_the_program_says(tmp_path: Path) -> None:
    info = INFO.model_copy(update={"prediction": "y_hat"})
    with pytest.raises(RejectedError) as caught:
        read_answers(b'{"row": 1, "probability": 0.5}', tmp_path, 1, info)
    assert caught.value.problem == "`sh score.sh` does not answer as it should: its columns are none that answers have"
    assert (caught.value.cause, caught.value.hint) == (
        "Each answer has the `row` that was asked, once, and `y_hat`, as evaluate.prediction says.",
        '{"row": 1, "y_hat": 0.25}',
    )


def test_answers__may_bring_a_decision_which_nobody_reads(tmp_path: Path) -> None:
    found = read_answers(b'{"row": 1, "probability": 0.5, "decision": "yes"}', tmp_path, 1, INFO)
    assert found.columns == ("probability",)


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (b"", "it answered none of 2 rows"),
        (b'{"row": 1, "probability": 0.5}', "it answered 1 of 2 rows; the first without an answer is row 2"),
        (b'{"row": 2, "probability": 0.5}\n{"row": 2, "probability": 0.5}', "row 2 is answered twice"),
        (b'{"row": 99, "probability": 0.5}', "answer 1 has no `row` that was asked"),
        (b'{"row": "1", "probability": 0.5}', "answer 1 has no `row` that was asked"),
        (b'{"row": true, "probability": 0.5}', "answer 1 has no `row` that was asked"),
        (b'{"probability": 0.5}', "answer 1 has no `row` that was asked"),
        (b'{"row": 1, "probability": NaN}\n{"row": 2, "probability": 1}', "row 1 has no finite number"),
        (b'{"row": 1, "probability": 0}\n{"row": 2, "probability": 1.5}', "row 2 has a probability outside of 0 to 1"),
        (b'{"row": 1, "probability": "0.5"}', "row 1 has an answer that is no number"),
        (b'{"row": 1, "probability": 1e999}\n{"row": 2, "probability": 1}', "row 1 has no finite number"),
        (b'{"row": 1, "score": 1}\n{"row": 2, "score": 1}', "its columns are none that answers have"),
        (b'{"row": 1}\n{"row": 2}', "rows and columns do not fit each other"),
        (b'{"row": 1, "prediction": 1}\n{"row": 2, "probability": 1}', "answer 2 has other columns than the first"),
        (b'{"row": 1, "probability": 0.5}\n{"row": 2, "proba', "line 2 is no JSON"),
        (b"[1, 0.5]", "line 1 is no JSON object"),
        (b"\xff\xfe", "line 1 is no JSON"),
        (b"[" * 100_000, "an answer is no object with numbers"),
        (b'{"row": 1, "prediction": 1' + b"0" * 400 + b"}", "an answer is no object with numbers"),
    ],
)
def test_answers__that_are_none_are_refused(output: bytes, problem: str, tmp_path: Path) -> None:
    assert told(output, tmp_path) == problem


def write_parquet(rows: str, path: Path) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.query(rows).write_parquet(str(path))


def test_answers__in_parquet(tmp_path: Path) -> None:
    write_parquet("SELECT 1 AS row, 0.25::FLOAT AS probability", tmp_path / "answers.parquet")
    assert read_answers(b"", tmp_path, 1, PARQUET).values.tolist() == [[0.25]]


def test_answers__in_parquet_that_are_not_there(tmp_path: Path) -> None:
    assert told(b"", tmp_path, info=PARQUET) == "it left no file where MLCI_ANSWERS says"


def test_answers__in_parquet_through_a_link(tmp_path: Path) -> None:
    write_parquet("SELECT 1 AS row, 0.25 AS probability", tmp_path / "elsewhere")
    (tmp_path / "answers.parquet").symlink_to(tmp_path / "elsewhere")
    assert told(b"", tmp_path, info=PARQUET) == "it left no file where MLCI_ANSWERS says"


def test_answers__in_what_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "answers.parquet").write_bytes(b"PAR1")
    assert told(b"", tmp_path, info=PARQUET) == "what it left is no Parquet file"


def test_answers__of_several_labels_are_those_of_the_program_and_need_not_be_one_together(tmp_path: Path) -> None:
    info = INFO.model_copy(update={"labels": ("news", "arts")})
    answer = b'{"row": 1, "probability_arts": 0.9, "probability_news": 0.8}'
    assert read_answers(answer, tmp_path, 1, info).values.tolist() == [[0.9, 0.8]]
    assert told(answer.replace(b"arts", b"art"), tmp_path, 1, info) == "its columns are not those of its labels"
