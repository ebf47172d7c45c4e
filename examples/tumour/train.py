"""Cells in, model.skops out."""

import pandas as pd
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["mean_radius", "mean_texture", "mean_perimeter", "mean_area"]

with open("params.yaml") as file:
    params = yaml.safe_load(file)

cells = pd.read_csv("data/cells.csv")
model = make_pipeline(StandardScaler(), LogisticRegression(**params))
model.fit(cells[FEATURES], cells["malignant"])

print(f"fitted on {len(cells)} cells, {len(FEATURES)} features")
skops.io.dump(model, "model.skops")
