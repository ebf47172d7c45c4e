"""Models that were made without an error, and are none that can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Refuses

pytestmark = pytest.mark.slow

SCRIPT = """\
import numpy as np
import pandas as pd
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

cells = pd.read_csv("data/cells.csv")
label = cells["malignant"]
features = cells[["mean_radius", "mean_texture"]]
{fit}
skops.io.dump(model, "model.skops")
"""
UNUSABLE = {
    "string-classes": "model = LogisticRegression().fit(features, label.map({0: 'benign', 1: 'malignant'}))",
    "regressor": "model = LinearRegression().fit(features, label)",
    "array": "model = LogisticRegression().fit(features.to_numpy(), label)",
    "not-fitted": "model = LogisticRegression()",
    "three-classes": "model = LogisticRegression().fit(features, label + (features['mean_radius'] > 17))",
    "transformer": "model = StandardScaler().fit(features)",
    "one-class": "model = DummyClassifier().fit(features, label * 0)",
    "reads-the-label": "model = LogisticRegression().fit(cells[['mean_radius', 'malignant']], label)",
    "reads-the-id": "model = LogisticRegression().fit(cells[['mean_radius', 'id']], label)",
    "made-up-column": "model = LogisticRegression().fit(features.assign(ratio=1.0), label)",
    # Versions of scikit-learn that do not refuse such a table themselves leave this.
    "two-columns-alike": """model = LogisticRegression().fit(features, label)
model.feature_names_in_[:] = 'mean_radius'""",
    "no-probabilities": "model = LinearSVC().fit(features, label)",
    "no-estimator": "model = {'coef': [1.0, 2.0]}",
}
NAN = "model = LogisticRegression().fit(features, label)\nmodel.coef_[:] = np.nan"


def train_with(project: Project, fit: str) -> None:
    (project.folder / "train.py").write_text(SCRIPT.format(fit=fit))


@pytest.mark.parametrize("name", UNUSABLE)
def test_model__that_cannot_be_packaged(fresh: Project, refuses: Refuses, name: str) -> None:
    train_with(fresh, UNUSABLE[name])
    refuses(fresh, "train", exit_code=2, told=f"model-{name}")
    assert not (fresh.folder / ".mlci" / "submission").exists()


def test_model__that_cannot_be_scored(released: Project, refuses: Refuses) -> None:
    train_with(released, NAN)
    refuses(released, "check", exit_code=4, told="model-nan")


def test_model__that_answers_nan_is_not_promoted(released: Project, refuses: Refuses) -> None:
    train_with(released, NAN)
    released.commit()
    released.git("push", "--quiet")
    assert released.mlci("train").exit_code == 0
    refuses(released, "promote", exit_code=4, told="model-nan-promote")
