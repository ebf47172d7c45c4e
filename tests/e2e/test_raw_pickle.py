"""A pickle of classes of one's own, typed as a user does: refused, allowed, released, asked, verified, reproduced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlci.core.section import TOKEN_VARIABLES

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

pytestmark = pytest.mark.slow

FEATURES = """
from sklearn.base import BaseEstimator, TransformerMixin


class Ratio(TransformerMixin, BaseEstimator):
    def fit(self, rows, labels=None):
        self.feature_names_in_ = list(rows.columns)
        return self

    def transform(self, rows):
        return rows.assign(ratio=rows["mean_radius"] / rows["mean_texture"])
"""
TRAIN = """
import os

import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features import Ratio

rows = pd.read_csv(os.environ["MLCI_DATA_CELLS"])
labels = rows["malignant"]
features = rows.drop(columns=["id", "malignant"])
model = make_pipeline(Ratio(), StandardScaler(), LogisticRegression(C=0.1)).fit(features, labels)
joblib.dump(model, "model.pkl")
"""


def test_pickle__is_refused_allowed_released_asked_verified_and_reproduced(fresh: Project) -> None:
    (fresh.folder / "src").mkdir()
    (fresh.folder / "src" / "features.py").write_text(FEATURES)
    (fresh.folder / "src" / "fit.py").write_text(TRAIN)
    with (fresh.folder / ".gitignore").open("a") as ignored:
        print("model.pkl", file=ignored)
    fresh.replace("mlci.yaml", "python train.py", "python src/fit.py")
    fresh.replace("mlci.yaml", "model: model.skops", "model: model.pkl")
    fresh.commit("Pickle a model of our own")
    ended = fresh.mlci("train")
    assert (ended.exit_code, "features.Ratio" in ended.err, "allow_pickle: true" in ended.err) == (4, True, True)

    fresh.replace("mlci.yaml", "model: model.pkl", "model: model.pkl, allow_pickle: true")
    fresh.commit("Allow pickles")
    fresh.git("commit", "--quiet", "--allow-empty", "--message", "Train by the rules that are here now")
    fresh.git("push", "--quiet", "origin", "HEAD:main")
    for verb in ("train", "promote"):
        ended = fresh.mlci(verb)
        assert ended.exit_code == 0, ended.err + ended.out
    assert "raw pickle" in (fresh.folder / ".mlci" / "report.md").read_text()
    shown = " ".join(fresh.mlci("registry", "show", "v1.0.0").out.split())
    assert "format a raw pickle, which runs code wherever it is loaded (train.allow_pickle)" in shown

    ended = fresh.mlci("predict", "#production", "data/holdout.csv")
    assert (ended.exit_code, len(ended.out.splitlines())) == (0, 286), ended.err
    model, marked = fresh.mlci("verify", ".mlci/candidate").out.splitlines()[1:]
    assert model == "✓ .mlci/candidate model: answers 16 golden rows in a child as when it was packaged"
    assert marked.startswith("! .mlci/candidate format: a raw pickle, which runs code wherever it is loaded;")
    beside = fresh.mlci("predict", "#production", "data/holdout.csv", **dict.fromkeys(TOKEN_VARIABLES, "canary"))
    assert (beside.exit_code, "error[program-beside-token]" in beside.err) == (2, True), beside.err
    made = json.loads(fresh.mlci("reproduce", "#production", "--json").out)
    assert (made["outcome"], made["reason"]) == ("identical", "the package has the same bytes")
