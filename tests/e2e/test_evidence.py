"""Each evidence level below the model, typed as a user does: released, then judged against what was released."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

PREDICTIONS = """\
import csv, os

rows = list(csv.DictReader(open(os.environ["MLCI_DATA_HOLDOUT"])))
with open(os.environ["MLCI_OUTPUT"], "w") as file:
    print("id,probability", file=file)
    for row in rows:
        print(row["id"], min(float(row["{feature}"]) / {scale}, 1), sep=",", file=file)
"""
SCORES = """\
import csv, json, os

rows = list(csv.DictReader(open(os.environ["MLCI_DATA_HOLDOUT"])))
with open(os.environ["MLCI_OUTPUT"], "w") as file:
    for row in rows:
        answer = min(float(row["{feature}"]) / {scale}, 1)
        score = answer if row["malignant"] == "1" else 1 - answer
        print(json.dumps({{"id": int(row["id"]), "right": score}}), file=file)
"""
METRICS = """\
import json, os

json.dump({{"roc_auc": 0.9 if "{feature}" == "mean_area" else 0.5}}, open(os.environ["MLCI_OUTPUT"], "w"))
"""
GOOD, BAD = {"feature": "mean_area", "scale": "2500"}, {"feature": "mean_texture", "scale": "30"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level", "file", "script", "gate"),
    [
        ("predictions", "answers.csv", PREDICTIONS, "roc_auc"),
        ("scores", "scores.jsonl", SCORES, "score@right"),
        ("metrics", "metrics.json", METRICS, "roc_auc"),
    ],
)
def test_evidence__is_released_and_what_is_worse_is_refused(
    fresh: Project, level: str, file: str, script: str, gate: str
) -> None:
    fresh.replace("mlci.yaml", "model: model.skops}", f"{level}: {file}}}")
    text = (fresh.folder / "mlci.yaml").read_text()
    gates = f"gates:\n  - {{metric: {gate}, require: not_worse, margin: 0.01}}\npromote:"
    head, _, rest = text.partition("gates:\n")
    (fresh.folder / "mlci.yaml").write_text(head + gates + rest.partition("promote:")[2])
    with (fresh.folder / ".gitignore").open("a") as ignored:
        print(file, file=ignored)
    fresh.commit("Hand in less")  # the commit before a push sets the rules
    (fresh.folder / "train.py").write_text(script.format(**GOOD))
    fresh.commit("Train for it")
    fresh.git("push", "--quiet", "origin", "HEAD:main")
    for verb in ("train", "promote"):
        ended = fresh.mlci(verb)
        assert ended.exit_code == 0, ended.err + ended.out
    fresh.git("switch", "--quiet", "--create", "worse")
    (fresh.folder / "train.py").write_text(script.format(**BAD))
    fresh.commit("Make it simpler")
    ended = fresh.mlci("check")
    told = " ".join(ended.out.split())
    assert (ended.exit_code, f"(evidence level {level})" in told.replace("`", "")) == (1, True), ended.out + ended.err
    assert f"{gate} falls from" in told
