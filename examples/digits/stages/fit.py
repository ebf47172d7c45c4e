"""Trains a forest; one seed and one thread, so that it comes out the same everywhere."""

import os

import pandas as pd
import skops.io
import yaml
from sklearn.ensemble import RandomForestClassifier

with open("params.yaml") as file:
    params = yaml.safe_load(file)
images = pd.read_csv("data/train.csv")
features = [name for name in images.columns if name.startswith("mean_")]
model = RandomForestClassifier(
    n_estimators=params["trees"], min_samples_leaf=params["leaf"], random_state=int(os.environ.get("MLCI_SEED", "0"))
)
model.fit(images[features], images["is_eight"])
skops.io.dump(model, "model.skops")
