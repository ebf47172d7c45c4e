"""Cells in, model.skops out."""

import pandas as pd
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NOT_FEATURES = ["id", "malignant"]

with open("params.yaml") as file:
    params = yaml.safe_load(file)

cells = pd.read_csv("data/cells.csv")
features = cells.drop(columns=NOT_FEATURES)
# Missing a malignant cell costs most, so it weighs 30 times as much (target 0 is malignant).
weights = {0: 30, 1: 1}
model = make_pipeline(StandardScaler(), LogisticRegression(class_weight=weights, **params))
model.fit(features, cells["malignant"])

print(f"fitted on {len(cells)} cells, {features.shape[1]} features")
skops.io.dump(model, "model.skops")
