"""Tasks with several classes, with numbers, and with lists, from the training command to a red pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

SCRIPT = """\
import pandas as pd
import skops.io
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

cells = pd.read_csv("data/cells.csv")
features = cells[["mean_radius", "mean_texture"]]
{fit}
skops.io.dump(model, "model.skops")
"""
REGRESSION = (
    "worst_radius",
    ("  - {metric: mae, require: not_worse, margin: 5%}", "  - {metric: r2, require: floor, value: 0.5}"),
)
SEVERAL = (
    "malignant",
    ("  - {metric: f1_macro, require: not_worse, margin: 0.02}", "  - {metric: recall@1, require: floor, value: 0.5}"),
)
LABELS = (
    "[malignant, wide]",
    (
        "  - {metric: f1_micro, require: not_worse, margin: 0.02}",
        "  - {metric: recall@wide, require: floor, value: 0.5}",
    ),
)
FOREST = "from sklearn.ensemble import RandomForestClassifier as Forest\n"
QUANTILES = (
    "worst_radius, quantiles: [0.1, 0.5, 0.9]",
    (
        "  - {metric: crps, require: not_worse, margin: 5%}",
        "  - {metric: pinball@0.9, require: ceiling, value: 5}",
    ),
)
ONE_EACH = """\
from sklearn.linear_model import QuantileRegressor
from sklearn.multioutput import MultiOutputRegressor
truth = cells["worst_radius"]
table = pd.concat([truth.rename(name) for name in "abc"], axis=1)
model = MultiOutputRegressor(QuantileRegressor()).fit(features, table)
levels = (0.1, 0.5, 0.9)
model.estimators_ = [QuantileRegressor(quantile=level, alpha=0.0).fit(features, truth) for level in levels]
"""
RANKING = (
    "relevance, group: panel",
    ("  - {metric: ndcg@5, require: not_worse, margin: 0.01}", "  - {metric: ndcg, require: floor, value: 0.5}"),
)


def solves(project: Project, task: str, label: str, gates: tuple[str, ...]) -> None:
    """Let the project solve another task from now on."""
    path = project.folder / "mlci.yaml"
    text = path.read_text().replace("task: binary", f"task: {task}").replace("malignant, positive: 1", label)
    path.write_text(re.sub(r"gates:\n(  - .*\n)+", "gates:\n" + "\n".join(gates) + "\n", text))


def lists_samples(project: Project) -> None:
    """Let the data be lists: five samples are a panel, and how large one is says how relevant, and whether wide."""
    for name in ("cells", "holdout"):
        path = project.folder / "data" / f"{name}.csv"
        table = pd.read_csv(path)
        table["relevance"] = (table["worst_radius"] // 10).clip(0, 3)
        table["panel"] = range(len(table))
        table["panel"] //= 5
        table["wide"] = (table["worst_radius"] > 16).astype(int)
        table.to_csv(path, index=False)
    path = project.folder / "mlci.yaml"
    path.write_text(re.sub(r", contract: [^}]+}", "}", path.read_text()))


def trains(project: Project, fit: str) -> None:
    (project.folder / "train.py").write_text(SCRIPT.format(fit=fit))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "rules", "good", "bad", "told"),
    [
        (
            "regression",
            REGRESSION,
            "model = LinearRegression().fit(features, cells['worst_radius'])",
            "model = DummyRegressor().fit(features, cells['worst_radius'])",
            "mae rises from",
        ),
        (
            "multiclass",
            SEVERAL,
            "model = LogisticRegression(max_iter=1000).fit(features, cells['malignant'])",
            "model = DummyClassifier(strategy='most_frequent').fit(features, cells['malignant'])",
            "f1_macro falls from",
        ),
        (
            "multilabel",
            LABELS,
            FOREST + "model = Forest(20, random_state=1).fit(features, cells[['malignant', 'wide']])",
            "model = DummyClassifier(strategy='prior').fit(features, cells[['malignant', 'wide']])",
            "f1_micro falls from",
        ),
        (
            "quantile",
            QUANTILES,
            ONE_EACH,
            "model = DummyRegressor().fit(features, cells[['mean_radius', 'worst_radius', 'mean_texture']])",
            "crps rises from",
        ),
        (
            "ranking",
            RANKING,
            "model = LinearRegression().fit(features, cells['relevance'])",
            "model = LinearRegression().fit(features, -cells['relevance'])",
            "ndcg@5 falls from",
        ),
    ],
)
def test_task__is_trained_promoted_and_guarded(
    fresh: Project, task: str, rules: tuple[str, tuple[str, ...]], good: str, bad: str, told: str
) -> None:
    lists_samples(fresh)
    solves(fresh, task, *rules)
    fresh.commit(f"Solve a {task} task")  # the commit before a push sets the rules
    trains(fresh, good)
    fresh.commit("Train for it")
    fresh.git("push", "--quiet", "origin", "HEAD:main")
    for verb in ("train", "promote"):
        ended = fresh.mlci(verb)
        assert ended.exit_code == 0, ended.err + ended.out
    fresh.git("switch", "--quiet", "--create", "worse")
    trains(fresh, bad)
    fresh.commit("Make it simpler")
    ended = fresh.mlci("check")
    assert (ended.exit_code, told in ended.out.replace("\n", " ")) == (1, True), ended.out + ended.err
