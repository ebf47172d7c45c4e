from __future__ import annotations

import numpy as np

from mlci.core.answer_columns import answer_columns, csv_rows, json_rows
from mlci.core.signature import Input, Signature

INPUTS = (Input(name="größe", type="number"),)


def test_answer_columns__of_a_regression() -> None:
    columns = answer_columns(Signature(inputs=INPUTS, classes=()), np.array([1.5, -2.0]))
    assert (columns.names, columns.numbers, columns.decisions) == (("prediction",), ([1.5, -2.0],), None)
    assert csv_rows(columns, 1) == "1,1.5\n2,-2.0\n"


def test_answer_columns__of_several_classes() -> None:
    said = np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]])
    columns = answer_columns(Signature(inputs=INPUTS, classes=("früh", "spät", "a,b")), said)
    assert columns.names == ("probability_früh", "probability_spät", "probability_a,b", "decision")
    assert csv_rows(columns, 5) == "5,0.2,0.7,0.1,spät\n6,0.5,0.25,0.25,früh\n"
    assert '"decision": "spät"' in json_rows(columns, 5)


def test_answer_columns__of_two_classes_decide_by_the_threshold() -> None:
    signature = Signature(inputs=INPUTS, classes=(0.0, 1.0), positive=0.0, threshold=0.3)
    columns = answer_columns(signature, np.array([0.3, 0.29]))
    assert columns.decisions == [0.0, 1.0]
    assert csv_rows(columns, 1) == "1,0.3,0\n2,0.29,1\n"
