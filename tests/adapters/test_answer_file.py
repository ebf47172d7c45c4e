from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest

from mlci.adapters.answer_file import AnswerFile
from mlci.core.answer_columns import AnswerColumns
from mlci.core.signature import Output
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

OUTPUTS = (Output(name="probability", type="number"), Output(name="decision", type="integer"))
NAMES = ("probability", "decision")
FIRST = AnswerColumns(NAMES, (np.array([0.25, 1 / 3]),), (0, 1), np.array([0, 1]))
SECOND = AnswerColumns(NAMES, (np.array([1e-9]),), (0, 1), np.array([0]))


def written(path: Path) -> bytes:
    """The file after two parts, in one go."""
    with AnswerFile(path) as file:
        assert file.begin("rows", OUTPUTS) == 0
        file.add(0, FIRST, 1)
        file.add(1, SECOND, 3)
        file.finish()
    return path.read_bytes()


def test_answer_file__csv(tmp_path: Path) -> None:
    text = b"row,probability,decision\n1,0.25,0\n2,0.3333333333333333,1\n3,1e-09,0\n"
    assert written(tmp_path / "answers.csv") == text


def test_answer_file__json_lines(tmp_path: Path) -> None:
    lines = written(tmp_path / "answers.jsonl").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"row": 1, "probability": 0.25, "decision": 0},
        {"row": 2, "probability": 1 / 3, "decision": 1},
        {"row": 3, "probability": 1e-9, "decision": 0},
    ]


def test_answer_file__parquet_in_a_folder_with_brackets(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*"
    folder.mkdir()
    written(folder / "answers.parquet")
    (folder / "answers.parquet").rename(tmp_path / "plain.parquet")
    found = duckdb.read_parquet(str(tmp_path / "plain.parquet"))
    assert found.fetchall() == [(1, 0.25, 0), (2, 1 / 3, 1), (3, 1e-9, 0)]
    assert [str(kind) for kind in found.types] == ["BIGINT", "DOUBLE", "BIGINT"]


@pytest.mark.parametrize("name", ["answers.csv", "answers.jsonl", "answers.parquet"])
def test_answer_file__goes_on_and_has_the_same_bytes(name: str, tmp_path: Path) -> None:
    whole = written(tmp_path / "whole" / name)
    with AnswerFile(tmp_path / name) as file:
        file.begin("rows", OUTPUTS)
        file.add(0, FIRST, 1)
    assert not (tmp_path / name).exists()
    with AnswerFile(tmp_path / name) as file:
        assert file.begin("rows", OUTPUTS) == 1
        file.add(1, SECOND, 3)
        file.finish()
    assert (tmp_path / name).read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "whole"])


def test_answer_file__of_other_rows_begins_anew(tmp_path: Path) -> None:
    with AnswerFile(tmp_path / "answers.csv") as file:
        file.begin("rows", OUTPUTS)
        file.add(0, FIRST, 1)
    with AnswerFile(tmp_path / "answers.csv") as file:
        assert file.begin("other rows", OUTPUTS) == 0


def test_answer_file__that_another_writes(tmp_path: Path) -> None:
    with AnswerFile(tmp_path / "answers.csv") as one, AnswerFile(tmp_path / "answers.csv") as other:
        one.begin("rows", OUTPUTS)
        with pytest.raises(UsageError) as caught:
            other.begin("rows", OUTPUTS)
    assert caught.value.code == "answers-busy"


@pytest.mark.parametrize("name", ["answers.txt", "answers", "answers.csv.gz"])
def test_answer_file__of_no_format(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tells no format") as caught:
        AnswerFile(tmp_path / name)
    assert caught.value.code == "answers-format"


def test_answer_file__of_columns_that_parquet_cannot_have_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    outputs = tuple(Output(name=f"probability_{each}", type="number") for each in ("late", "`x`", "Late"))
    path = tmp_path / "answers.parquet"
    with AnswerFile(path) as file, pytest.raises(UsageError) as caught:
        file.begin("rows", outputs)
    assert (caught.value.code, caught.value.problem, caught.value.cause, caught.value.hint) == (
        "answers-format",
        "columns of Parquet cannot be called both `probability_late` and `probability_Late`",
        "Two classes or labels of the model differ in small and capital letters alone.",
        f"--out {tmp_path / 'answers.csv'}",
    )
    with AnswerFile(tmp_path / "answers.csv") as file:
        assert file.begin("rows", outputs) == 0


def test_answer_file__that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        AnswerFile(tmp_path / "answers.csv")


def test_answer_file__where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with AnswerFile(tmp_path / "file" / "answers.csv") as file, pytest.raises(OutsideError) as caught:
        file.begin("rows", OUTPUTS)
    assert caught.value.code == "answers-unwritten"
    assert caught.value.problem == "answers.csv could not be written: Not a directory"


def test_answer_file__a_part_that_could_not_be_written_is_told_with_the_next(tmp_path: Path) -> None:
    with AnswerFile(tmp_path / "answers.csv") as file:
        file.begin("rows", OUTPUTS)
        (parts,) = tmp_path.glob(".answers.csv.*.parts")
        (parts / "000000").mkdir()  # what no file replaces
        file.add(0, FIRST, 1)
        with pytest.raises(OutsideError) as caught:
            file.add(1, SECOND, 3)
    assert (caught.value.code, caught.value.problem) == (
        "answers-unwritten",
        "answers.csv could not be written: Is a directory",
    )
    assert not (tmp_path / "answers.csv").exists()
