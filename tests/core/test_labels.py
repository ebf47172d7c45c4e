"""Labels in the configuration: one column, or several of a multilabel task."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from mlci.core.config import Config, json_schema, read_config
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import UsageError
from tests.core.configurations import TUMOUR, edited

LABELS = edited(
    TUMOUR,
    ("task: binary", "task: multilabel"),
    ("label: malignant, positive: 1", "label: [benign, malignant], threshold: 0.4"),
    ("roc_auc, require: not_worse", "roc_auc_macro, require: not_worse"),
    ("recall, require: not_worse", "recall@malignant, require: not_worse"),
    ("recall, require: floor", "f1_micro, require: floor"),
)
ONE_OR_SEVERAL = "`evaluate.label`: a column is wanted, or of a multilabel task a list of columns"
COUNT = "`evaluate.label`: a list has from 2 to 1,000 labels; of one label the task is binary: label: COLUMN"


def test_labels__are_read_written_and_in_the_schema() -> None:
    config = read_config(LABELS.encode())
    assert config.evaluate.label_columns == ("benign", "malignant")
    assert Config.model_validate(config.model_dump(mode="json", exclude_unset=True)) == config
    validator = jsonschema.Draft202012Validator(json_schema(Config))
    assert list(validator.iter_errors(yaml.safe_load(LABELS))) == []


def test_label__that_is_one_column_is_what_it_was() -> None:
    section = read_config(TUMOUR.encode()).evaluate
    assert (section.label, section.label_columns) == ("malignant", ("malignant",))


@pytest.mark.parametrize(
    ("old", "new", "problem", "hint"),
    [
        ("[benign, malignant]", "malignant",
         "`evaluate.label`: a multilabel task has several labels: label: [COLUMN, COLUMN, …]", None),
        ("task: multilabel", "task: regression", "`evaluate.label`: a regression task has one label, a single column",
         None),
        ("[benign, malignant]", "[malignant]", COUNT, None),
        ("[benign, malignant]", "[]", COUNT, None),
        ("[benign, malignant]", "[benign, benign, malignant]", "`evaluate.label`: the label benign stands twice", None),
        ("[benign, malignant]", "[benign, 1]", ONE_OR_SEVERAL, None),
        ("[benign, malignant]", "{benign: malignant}", ONE_OR_SEVERAL, None),
        ("[benign, malignant]", "[id, malignant]", "`evaluate.label`: id and label are the same column", None),
        ("[benign, malignant]", "[benign, malignant], positive: 1",
         "`evaluate.positive`: a multilabel task has no positive; leave it out", None),
        ("recall@malignant", "recall@malignent",
         "`gates[1].metric`: recall@malignent is of no label under evaluate.label (listed: benign, malignant)",
         "Did you mean `recall@malignant`?"),
        ("model: model.skops", "model: model.skops, convert: onnx",
         "`train.convert`: a model of several labels is shipped as it is; leave convert: out", None),
        ("model: model.skops", "model: model.skops, allow_pickle: true",
         "`train.allow_pickle`: a model of several labels is shipped as it is; leave allow_pickle: out", None),
    ],
)  # fmt: skip
def test_labels__that_do_not_fit(old: str, new: str, problem: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        read_config(edited(LABELS, (old, new)).encode())
    assert (problem in caught.value.problem, caught.value.hint) == (True, hint)


def test_labels__are_a_rule() -> None:
    base = Side(read_config(LABELS.encode()), {})
    head = Side(read_config(edited(LABELS, ("[benign, malignant]", "[malignant, odd]")).encode()), {})
    rules, changes = effective(base, head)
    assert rules.config.evaluate.label_columns == ("benign", "malignant")
    assert [change.sentence for change in changes] == ["changes `evaluate.label`: benign, malignant → malignant, odd"]
