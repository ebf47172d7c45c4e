from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.formats.description import ModelDescription, classes_from_json

DESCRIPTIONS = st.builds(
    ModelDescription,
    estimator=st.text(),
    feature_names=st.none() | st.lists(st.text()).map(tuple),
    n_features=st.none() | st.integers(),
    classes=st.none() | st.lists(st.text() | st.integers(), unique=True).map(tuple),
    has_probabilities=st.booleans(),
)
GOOD = ModelDescription("LogisticRegression", ("a",), 1, (0, 1), has_probabilities=True).to_dict()


@given(DESCRIPTIONS)
def test_from_dict__returns_what_was_described(description: ModelDescription) -> None:
    assert ModelDescription.from_dict(json.loads(json.dumps(description.to_dict()))) == description


@pytest.mark.parametrize(
    "change",
    [
        {"estimator": 1},
        {"feature_names": "a"},
        {"feature_names": [1]},
        {"n_features": True},
        {"n_features": 1.5},
        {"classes": [[1]]},
        {"classes": [1, 1]},
        {"classes": "ab"},
        {"has_probabilities": 1},
        {"labels": True},
        {"labels": "3"},
        {"more": 1},
    ],
)
def test_from_dict__refuses_wrong_types(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ModelDescription.from_dict(GOOD | change)


@pytest.mark.parametrize("value", [None, [], "text", {}, {"estimator": "A"}])
def test_from_dict__refuses_what_is_no_description(value: object) -> None:
    with pytest.raises(ValueError, match="not a description of a model"):
        ModelDescription.from_dict(value)


def test_classes_from_json__tells_one_from_true() -> None:
    assert classes_from_json([1, True, "1"]) == (1, True, "1")
