"""A model in another language than Python, typed as a user does: trained, released, judged, asked, loaded by MLflow."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlci.core.section import TOKEN_VARIABLES

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

TRAIN = r"""
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
  { s[$c["malignant"]] += $c["@"]; n[$c["malignant"]]++ }
  END { printf "%.6f\n", (s[0] / n[0] + s[1] / n[1]) / 2 }' "$MLCI_DATA_CELLS" > weights.txt
"""
SCORE = r"""
BEGIN { getline middle < "weights.txt" }
{
  match($0, /"row": [0-9]+/); row = substr($0, RSTART + 7, RLENGTH - 7)
  match($0, /"@": [0-9.e+-]+/); found = substr($0, RSTART + length("@") + 4, RLENGTH - length("@") - 4)
  printf "{\"row\": %d, \"probability\": %.9f}\n", row, 1 / (1 + exp(-(found / middle - 1) * 5))
}
"""
MLFLOW = """
import json, sys, pandas as pd
sys.path.insert(0, ".mlci/candidate")
import mlci_model
rows = pd.read_csv("data/holdout.csv").head(2)
found = mlci_model._load_pyfunc(".mlci/candidate").predict(rows)
print(json.dumps([[round(each, 6) for each in found["probability"]], [int(each) for each in found["decision"]]]))
"""


def train_by(project: Project, column: str) -> None:
    (project.folder / "train.sh").write_text(TRAIN.replace("@", column))
    (project.folder / "score.awk").write_text(SCORE.replace("@", column))


@pytest.mark.slow
def test_program__in_awk_is_released_judged_and_asked(fresh: Project) -> None:
    predict = "predict: {run: awk -f score.awk, model: weights.txt, files: [score.awk]}}"
    fresh.replace("mlci.yaml", "train:", f"train: {{run: sh train.sh, data: [cells], {predict}\nwas:")
    text = "".join(
        line
        for line in (fresh.folder / "mlci.yaml").read_text().splitlines(keepends=True)
        if not line.startswith(("was:", "  - {metric: recall"))  # by one column alone, it would be undecided
    )
    (fresh.folder / "mlci.yaml").write_text(text)
    with (fresh.folder / ".gitignore").open("a") as ignored:
        print("weights.txt", file=ignored)
    fresh.commit("Answer by a program")  # the commit before a push sets the rules
    train_by(fresh, "mean_area")
    fresh.commit("Train it")
    fresh.git("push", "--quiet", "origin", "HEAD:main")
    for verb in ("train", "promote"):
        ended = fresh.mlci(verb)
        assert ended.exit_code == 0, ended.err + ended.out
    ended = fresh.mlci("predict", "#production", "data/holdout.csv")
    assert ended.out.splitlines()[:2] == ["row,probability,decision", "1,0.885682,1"], ended.err
    first = ended.out.splitlines()[1:3]
    loaded = subprocess.run(
        [sys.executable, "-c", MLFLOW], cwd=fresh.folder, capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == str([[float(each.split(",")[1]) for each in first], [int(each[-1]) for each in first]])
    assert fresh.mlci("verify", ".mlci/candidate").out.splitlines()[1] == (
        "✓ .mlci/candidate model: answers 16 golden rows in a child as when it was packaged"
    )
    fresh.git("switch", "--quiet", "--create", "worse")
    train_by(fresh, "mean_texture")
    fresh.commit("Look at the texture")
    ended = fresh.mlci("check")
    assert (ended.exit_code, "(evidence level predictions)" in " ".join(ended.out.split()).replace("`", "")) == (
        1,
        True,
    )
    beside = fresh.mlci("predict", "#production", "data/holdout.csv", **dict.fromkeys(TOKEN_VARIABLES, "canary"))
    assert (beside.exit_code, "error[program-beside-token]" in beside.err) == (2, True), beside.err
