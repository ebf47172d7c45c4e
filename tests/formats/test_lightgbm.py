from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.formats import lightgbm_model
from mlci.formats.lightgbm_text import read_text
from mlci.formats.refusal import RefusalError
from mlci.formats.zip_members import ZipLimits
from tests.formats.native_models import ROWS, library, lightgbm_text, with_categories

if TYPE_CHECKING:
    from pathlib import Path


def loaded(folder: Path, data: bytes) -> lightgbm_model.LightgbmModel:
    (folder / "model.txt").write_bytes(data)
    return lightgbm_model.load(str(folder / "model.txt"), ZipLimits())


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(RefusalError) as caught:
        read_text(data)
    return caught.value.code, caught.value.message


def edited(pattern: str, replacement: str, data: bytes) -> bytes:
    text, count = re.subn(pattern, replacement, data.decode(), count=1, flags=re.MULTILINE)
    assert count == 1
    return text.encode()


def is_sound_or_refused(data: bytes) -> bool:
    """Whether the bytes are refused in words, or their form is the form of itself."""
    try:
        model = read_text(data)
    except RefusalError as error:
        return error.code in {"model-unreadable", "model-forbidden-type"}
    return read_text(model.text.encode()) == model


@pytest.mark.parametrize(
    ("objective", "parameters"),
    [
        ("binary", {}),
        ("multiclass", {"num_class": 3}),
        ("regression", {}),
        ("quantile", {"alpha": 0.9}),
        ("regression", {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}),
        ("binary", {"categories": True, "min_data_per_group": 1, "cat_smooth": 0, "max_cat_to_onehot": 1}),
        ("binary", {"monotone_constraints": (1, 0, 0)}),
    ],
)
def test_read_text__loses_nothing_that_predicting_needs(
    objective: str, parameters: dict[str, Any], tmp_path: Path
) -> None:
    data = lightgbm_text(objective, **parameters)
    model = loaded(tmp_path, data)
    rows = with_categories() if "categories" in parameters else ROWS
    expected = library("lightgbm").Booster(model_str=data.decode()).predict(rows)
    np.testing.assert_array_equal(model.booster.predict(rows), expected)
    assert read_text(model.checked.text.encode()) == model.checked


def test_read_text__leaves_out_the_parameters_of_the_training() -> None:
    one, other = lightgbm_text(num_threads=1), lightgbm_text(num_threads=2)
    assert one != other
    assert read_text(one).text == read_text(other).text
    assert "num_threads" not in read_text(one).text


def test_read_text__takes_line_ends_of_another_system() -> None:
    assert read_text(lightgbm_text().replace(b"\n", b"\r\n")) == read_text(lightgbm_text())


def test_describe__names_and_classes(tmp_path: Path) -> None:
    description = lightgbm_model.describe(loaded(tmp_path, lightgbm_text()))
    assert description.to_dict() == {
        "estimator": "LightGBM binary",
        "feature_names": ["a", "b", "größe"],
        "n_features": 3,
        "classes": [0, 1],
        "has_probabilities": True,
        "labels": None,
    }


def test_describe__trained_on_an_array_it_knows_no_names(tmp_path: Path) -> None:
    description = lightgbm_model.describe(loaded(tmp_path, lightgbm_text("regression", as_array=True)))
    assert (description.feature_names, description.classes, description.has_probabilities) == (None, None, False)


def test_predict__probabilities_of_both_classes(tmp_path: Path) -> None:
    kind, values = lightgbm_model.predict(loaded(tmp_path, lightgbm_text()), ROWS)
    expected = library("lightgbm").Booster(model_str=lightgbm_text().decode()).predict(ROWS)
    assert (kind, values.shape) == ("probabilities", (200, 2))
    np.testing.assert_array_equal(values[:, 1], expected)


def test_predict__text_is_a_category(tmp_path: Path) -> None:
    data = lightgbm_text("regression", categories=True, min_data_per_group=1, cat_smooth=0)
    rows = with_categories().astype({"size": "str"})
    kind, values = lightgbm_model.predict(loaded(tmp_path, data), rows)
    assert kind == "labels"
    np.testing.assert_array_equal(
        values, library("lightgbm").Booster(model_str=data.decode()).predict(with_categories())
    )


def test_predict__text_that_it_knows_no_categories_of(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="it knows categories of 0 columns, and 1 columns hold text"):
        lightgbm_model.predict(loaded(tmp_path, lightgbm_text()), ROWS.assign(a="x"))


@pytest.mark.parametrize(
    ("pattern", "replacement", "reason"),
    [
        (r"^split_feature=\d+", "split_feature=99", "tree 0 asks for a feature that the model does not have"),
        (r"^split_feature=\d+", "split_feature=-1", "tree 0 asks for a feature that the model does not have"),
        (r"^left_child=-?\d+", "left_child=0", "a child lies outside of tree 0, or before its parent"),
        (r"^left_child=-?\d+", "left_child=77", "a child lies outside of tree 0, or before its parent"),
        (r"^right_child=-?\d+", "right_child=-99", "a child lies outside of tree 0, or before its parent"),
        (r"^right_child=(-?\d+) -?\d+", r"right_child=\1 1", "a child lies outside of tree 0, or before its parent"),
        (r"^leaf_value=\S+ ", "leaf_value=", "`leaf_value` of tree 0 is not as long as the tree is"),
        (r"^leaf_value=.*", "leaf_value=", "tree 0 has leaves without a value"),
        (r"^threshold=\S+ ", "threshold=", "`threshold` of tree 0 is not as long as the tree is"),
        (r"^threshold=\S+", "threshold=system()", "a list of numbers is none"),
        (r"^num_leaves=\d+", "num_leaves=2000000000", "tree 0 has 2000000000 leaves"),
        (r"^num_leaves=\d+", "num_leaves=4", "`split_feature` of tree 0 is not as long as the tree is"),
        (r"^decision_type=\d+", "decision_type=3", "tree 0 asks for categories that it does not have"),
        (r"^decision_type=\d+", "decision_type=127", "tree 0 decides in a way that is not known"),
        (r"^num_cat=0", "num_cat=1", "tree 0 asks for a set of categories that it does not have"),
        (r"^shrinkage=1", "shrinkage=", "the shrinkage of tree 0 is no number"),
        (r"^Tree=1", "Tree=7", "tree 1 begins with 'Tree=7'"),
        (r"^end of trees", "end", "tree 3 begins with 'end'"),
        (r"^max_feature_idx=2", "max_feature_idx=5", "3 names and 3 ranges for 6 features"),
        (r"^feature_names=a b", "feature_names=a a", "a feature has no name, or that of another"),
        (r"^num_class=1", "num_class=4", "4 classes with 1 trees each time"),
        (r"^objective=binary", "objective=multiclass num_class:3", "its objective has another number of classes"),
        (r"^objective=binary.*", "objective=/etc/passwd", "its objective is none that is known here"),
        (r"^version=v4", "version=v4\nversion=v4", "`version` stands twice"),
        (r"^version=v4", "version=v4\nforced=x", "the line 'forced=x' is none that LightGBM writes"),
        (r"^num_tree_per_iteration=1\n", "", "it lacks `num_tree_per_iteration`"),
        (r"^pandas_categorical:.*", "pandas_categorical:{", "its categories are no JSON"),
        (r"^pandas_categorical:.*", "pandas_categorical:[[[]]]", "its categories are no lists of texts and numbers"),
        (r"^tree$", "forest", "it does not begin with `tree`"),
    ],
)
def test_read_text__refuses_what_points_outside_of_itself(pattern: str, replacement: str, reason: str) -> None:
    code, message = refusal(edited(pattern, replacement, lightgbm_text()))
    assert code == "model-unreadable"
    assert message.startswith("a LightGBM model that is damaged or crafted: ")
    assert reason in message


def test_read_text__sets_of_categories_lie_within_their_bits() -> None:
    data = lightgbm_text("regression", categories=True, min_data_per_group=1, cat_smooth=0, max_cat_to_onehot=1)
    assert (
        "a set of categories that it does not have"
        in refusal(edited(r"^cat_boundaries=0 1", "cat_boundaries=0 9", data))[1]
    )


def test_read_text__states_sizes_of_its_own() -> None:
    lied = edited(r"^tree_sizes=.*", "tree_sizes=1 999999999 5", lightgbm_text())
    assert read_text(lied) == read_text(lightgbm_text())


def test_read_text__linear_trees_are_refused_by_name() -> None:
    assert refusal(lightgbm_text("regression", linear_tree=True)) == (
        "model-forbidden-type",
        "linear trees of LightGBM (train with linear_tree=false)",
    )


@given(st.data())
def test_read_text__of_anything_else_is_a_refusal_or_a_sound_model(data: st.DataObject) -> None:
    content = bytearray(lightgbm_text())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    assert is_sound_or_refused(bytes(content))
