from __future__ import annotations

import numpy as np
import pytest

from mlci.core.config import read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from mlci.core.predictions import Predictions
from mlci.core.program import Program, ProgramInfo, inputs_of, program_signature, read_info
from mlci.errors import UsageError

INFO = ProgramInfo(
    command=("awk", "-f", "my score.awk"),
    rows="jsonl",
    timeout_seconds=60,
    inputs=("radius",),
    classes=(0, 1),
    positive=1,
)
CONFIG = """\
version: 1
model: {name: cells, task: %s}
data: {cells: {path: cells.csv, contract: cells.yaml}}
train: {run: sh train.sh, data: [cells], predict: {run: awk -f score.awk, model: weights.txt}}
evaluate: {data: cells, id: id, label: y%s, weight: w}
promote: {store: {directory: ../models}}
"""
CONTRACT = "columns:\n  id: {type: integer}\n  radius: {type: number}\n  w: {type: number}\n  y: {%s}\n"


def a_contract(label: str) -> Contract:
    return read_model((CONTRACT % label).encode(), Contract, "cells.yaml")


BINARY = read_config((CONFIG % ("binary", ", positive: 1")).encode())


def test_info__is_read_as_it_was_written() -> None:
    assert read_info(INFO.to_bytes()) == INFO
    assert INFO.text == "awk -f 'my score.awk'"


def test_info__says_how_answers_are_called_where_it_is_not_as_ours() -> None:
    named = INFO.model_copy(update={"prediction": "y_hat"})
    assert read_info(named.to_bytes()) == named
    assert b"prediction" not in INFO.to_bytes()


@pytest.mark.parametrize(
    "edit",
    [
        (b'"mlci/program/1"', b'"mlci/program/x"'),
        (b'"rows": "jsonl"', b'"rows": "csv"'),
        (b'"timeout_seconds": 60', b'"timeout_seconds": 0'),
        (b'"awk"', b'"a\\u0000wk"'),
        (b'"rows"', b'"more": 1,\n "rows"'),
        (b"\n", b"\n\n"),
    ],
)
def test_info__any_other_bytes_are_refused(edit: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match=r"schema|rows|timeout|command|more|form"):
        read_info(INFO.to_bytes().replace(*edit))


def test_inputs__are_the_contract_s_without_what_evaluate_names() -> None:
    assert inputs_of(BINARY, a_contract("type: boolean")) == ("radius",)


@pytest.mark.parametrize(
    ("label", "classes"), [("type: boolean", (False, True)), ("type: integer, enum: [0, 1]", (0, 1))]
)
def test_signature__has_both_classes_of_the_contract(label: str, classes: tuple[object, ...]) -> None:
    config = BINARY.model_copy(update={"evaluate": BINARY.evaluate.model_copy(update={"positive": classes[1]})})
    signature = program_signature(INFO, config, a_contract(label))
    assert (signature.classes, signature.positive) == (classes, classes[1])
    assert [each.name for each in signature.inputs] == ["radius"]


@pytest.mark.parametrize("label", ["type: integer", "type: integer, enum: [0, 1, 2]"])
def test_signature__of_a_label_with_unknown_values_is_refused(label: str) -> None:
    with pytest.raises(UsageError) as caught:
        program_signature(INFO, BINARY, a_contract(label))
    assert caught.value.code == "program-classes"


def with_columns(*names: str, type_: str = "number") -> Contract:
    columns = "".join(f"  {name}: {{type: number}}\n" for name in names)
    return read_model(f"columns:\n{columns}  born: {{type: {type_}}}\n  y: {{type: boolean}}\n".encode(), Contract, "c")


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (("radius", "texture"), '["radius", "texture"]'),
        (tuple("abcdefg"), '["a", "b", "c", "d", "e", …]'),
        ((), "[COLUMN, COLUMN]"),
    ],
)
def test_signature__of_a_program_that_would_be_handed_a_date(names: tuple[str, ...], listed: str) -> None:
    config = BINARY.model_copy(update={"evaluate": BINARY.evaluate.model_copy(update={"positive": True})})
    contract = with_columns(*names, type_="date")
    info = INFO.model_copy(update={"inputs": inputs_of(config, contract)})
    with pytest.raises(UsageError) as caught:
        program_signature(info, config, contract)
    assert (caught.value.code, caught.value.problem, caught.value.cause, caught.value.hint) == (
        "feature-not-readable",
        "the model reads `born`, which is a date",
        (
            "A program is handed numbers, text, true and false; where train.predict.inputs lists no columns, it is "
            "handed all that evaluate does not name."
        ),
        f"List those that it needs: train: {{predict: {{…, inputs: {listed}}}}}",
    )
    listed_ones = info.model_copy(update={"inputs": names})
    assert [each.name for each in program_signature(listed_ones, config, contract).inputs] == list(names)


@pytest.mark.parametrize("type_", ["list", "struct", "binary"])
def test_signature__of_a_pickle_is_refused_as_that_of_a_model(type_: str) -> None:
    config = BINARY.model_copy(update={"evaluate": BINARY.evaluate.model_copy(update={"positive": True})})
    info = INFO.model_copy(update={"inputs": ("born",), "pickle": True})
    with pytest.raises(UsageError) as caught:
        program_signature(info, config, with_columns(type_=type_))
    assert caught.value.code == "feature-not-readable"
    assert "inputs:" not in (caught.value.hint or "")


def test_signature__of_labels_that_lie_elsewhere_needs_their_two_values_in_the_contract_of_the_rows() -> None:
    apart = BINARY.model_copy(update={"evaluate": BINARY.evaluate.model_copy(update={"labels": "truth"})})
    with pytest.raises(UsageError) as caught:
        program_signature(INFO, apart, a_contract("type: integer"))
    assert "that of the rows, which labels that lie elsewhere are not seen beside" in (caught.value.cause or "")
    assert "optional: true" in (caught.value.hint or "")


def test_signature__of_a_regression_has_no_classes() -> None:
    config = read_config((CONFIG % ("regression", "")).encode())
    info = INFO.model_copy(update={"classes": (), "positive": None})
    contract = a_contract("type: number")
    assert program_signature(info, config, contract).classes == ()


def said(*columns: str, values: list[list[float]]) -> Predictions:
    return Predictions(tuple(map(str, range(1, len(values) + 1))), columns, np.array(values))


def test_prediction__of_two_classes_has_both() -> None:
    found = Program(INFO.model_copy(update={"positive": 0}), {}).prediction(said("probability", values=[[0.25], [1.0]]))
    assert (found.kind, found.classes, found.values.tolist()) == ("probabilities", (0, 1), [[0.25, 0.75], [1.0, 0.0]])


def test_prediction__of_several_classes_is_one_in_each_row() -> None:
    info = INFO.model_copy(update={"classes": ("a", "b"), "positive": None})
    found = Program(info, {}).prediction(said("probability_a", "probability_b", values=[[0.2502, 0.7502]]))
    assert (found.classes, found.values.sum()) == (("a", "b"), 1.0)


def test_prediction__of_a_regression_is_the_number() -> None:
    info = INFO.model_copy(update={"classes": (), "positive": None})
    found = Program(info, {}).prediction(said("prediction", values=[[-3.5]]))
    assert (found.kind, found.classes, found.values.tolist()) == ("labels", None, [-3.5])
