"""Says how well the model knows its own training images; what it knows of others is for the gates to say."""

import json

import pandas as pd
import skops.io

images = pd.read_csv("data/train.csv")
features = [name for name in images.columns if name.startswith("mean_")]
model = skops.io.load("model.skops", trusted=skops.io.get_untrusted_types(file="model.skops"))
with open("scores.json", "w") as file:
    json.dump({"fit": round(float(model.score(images[features], images["is_eight"])), 6)}, file)
