from __future__ import annotations

import numpy as np

from mlci.core.answer_columns import answer_columns
from mlci.core.signature import Input, Signature

INPUTS = (Input(name="größe", type="number"),)


def test_answer_columns__of_a_regression() -> None:
    columns = answer_columns(Signature(inputs=INPUTS, classes=()), np.array([1.5, -2.0]))
    (numbers,) = columns.numbers
    assert (columns.names, numbers.tolist(), columns.decisions) == (("prediction",), [1.5, -2.0], None)


def test_answer_columns__of_several_classes() -> None:
    said = np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]])
    columns = answer_columns(Signature(inputs=INPUTS, classes=("früh", "spät", "a,b")), said)
    assert columns.names == ("probability_früh", "probability_spät", "probability_a,b", "decision")
    assert [each.tolist() for each in columns.numbers] == [[0.2, 0.5], [0.7, 0.25], [0.1, 0.25]]
    assert (columns.rows, columns.decisions) == (2, ["spät", "früh"])


def test_answer_columns__of_two_classes_decide_by_the_threshold() -> None:
    signature = Signature(inputs=INPUTS, classes=(0.0, 1.0), positive=0.0, threshold=0.3)
    assert answer_columns(signature, np.array([0.3, 0.29])).decisions == [0.0, 1.0]


def test_answer_columns__of_several_labels_decide_each_by_the_threshold() -> None:
    signature = Signature(inputs=INPUTS, classes=("früh", "spät"), threshold=0.3)
    columns = answer_columns(signature, np.array([[0.3, 0.25], [0.1, 1.0]]))
    assert columns.names == tuple(each.name for each in signature.outputs)
    assert columns.names == ("probability_früh", "probability_spät", "decision_früh", "decision_spät")
    assert [each.tolist() for each in columns.numbers] == [[0.3, 0.1], [0.25, 1.0], [1, 0], [0, 1]]
    assert columns.decisions is None
    assert columns.numbers[2].dtype == np.int64
