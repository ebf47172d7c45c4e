"""Patients in, model.txt out."""

import lightgbm
import pandas as pd
import yaml

FEATURES = ["age", "sex", "bmi", "blood_pressure", "cholesterol", "ldl", "hdl", "log_triglycerides", "glucose"]

with open("params.yaml") as file:
    params = yaml.safe_load(file)

patients = pd.read_csv("data/patients.csv")
model = lightgbm.LGBMRegressor(**params, deterministic=True, force_row_wise=True, n_jobs=1, random_state=0, verbose=-1)
model.fit(patients[FEATURES], patients["progression"])

print(f"fitted on {len(patients)} patients, {model.n_estimators} trees")
model.booster_.save_model("model.txt")
