"""What `mlci check` says of input that nothing can be judged on, or little: `tests/golden/bad-input/*.txt`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.errors import MlciError
from mlci.render.lines import error_text
from mlci.render.terminal import report_text
from mlci.testing import ScriptedModel
from tests.commands.builders import a_configuration, a_released_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.builders import Project
    from tests.conftest import Golden

AUC = "{metric: roc_auc, require: not_worse, margin: 0.01}"
RECALL = "{metric: recall, require: not_worse, margin: 0.02}"
WEIGHTED = "{data: holdout, id: id, label: malignant, positive: 1, weight: texture}"
SLICED = (
    "{data: holdout, id: id, label: malignant, positive: 1, "
    "slices: [{name: alone, where: id == 7}, {name: nobody, where: id < 0}]}"
)
NO_CONTRACT = "{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv}}"
WITH_CONTRACT = "{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv, contract: cells.yaml}}"


@dataclass(frozen=True)
class Bad:
    """What is wrong: gates, sections of mlci.yaml, rows of the evaluation set, or the model."""

    gates: tuple[str, ...] = (AUC, RECALL)
    rows: bytes = some_rows()
    trains: str = "careful"
    sections: dict[str, str] = field(default_factory=dict)


def labelled(label: int) -> bytes:
    """Return rows of which all have the same label."""
    return some_rows(edits={row: f"{row},{20 if row % 2 else 10},{row // 2 % 10},{label}" for row in range(200)})


def weighing(weight: int) -> bytes:
    """Return rows whose texture, which serves as weight, is the same in all but the first."""
    return some_rows(
        edits={row: f"{row},{20 if row % 2 else 10},{weight if row else 0},{row % 2}" for row in range(200)}
    )


CASES = {
    "label-missing": Bad(rows=some_rows(edits={7: "7,20,3,", 9: "9,20,3,"})),
    "id-missing": Bad(rows=some_rows(edits={7: ",20,3,1"})),
    "id-doubled": Bad(rows=some_rows(edits={7: "8,20,3,1"})),
    "no-rows": Bad(rows=some_rows(0)),
    "only-positive-rows": Bad(rows=labelled(1)),
    "only-negative-rows": Bad(rows=labelled(0)),
    "all-rows-equal": Bad(rows=some_rows(edits={row: f"{row},20,0,1" for row in range(200)})),
    "constant-predictions": Bad(trains="constant"),
    "weight-negative": Bad(rows=weighing(-1), sections={"evaluate": WEIGHTED}),
    "weights-all-zero": Bad(rows=weighing(0), sections={"evaluate": WEIGHTED}),
    "weights-of-one-row": Bad(rows=weighing(0).replace(b"199,20,0,1", b"199,20,5,1"), sections={"evaluate": WEIGHTED}),
    "slices-of-one-row-and-none": Bad(
        gates=("{metric: accuracy, require: floor, value: 0.7, slices: true}",),
        sections={"evaluate": SLICED, "data": WITH_CONTRACT},
    ),
    "metric-unknown": Bad(gates=("{metric: reccall, require: floor, value: 0.7}",)),
    "metric-of-another-task": Bad(gates=("{metric: rmse, require: not_worse, margin: 0.1}",)),
    "model-answers-nan": Bad(trains="broken"),
}
"""By the name of the golden file."""


def a_project_with(bad: Bad, place: Path) -> Project:
    """Return a released project whose target branch has what is BAD, on a work tree that trains a model."""
    project = a_released_project(place)
    project.predictor.models["constant"] = ScriptedModel(
        ("radius", "texture"), lambda columns: np.full(len(columns["radius"]), 0.3)
    )
    project.predictor.models["broken"] = ScriptedModel(
        ("radius", "texture"), lambda columns: np.full(len(columns["radius"]), np.nan)
    )
    project.write(
        mlci_yaml=a_configuration(*bad.gates, **{"data": NO_CONTRACT} | bad.sections), data__holdout_csv=bad.rows
    )
    project.land()
    project.trains(bad.trains)
    return project


@pytest.mark.parametrize("name", CASES)
def test_check__of_input_on_which_little_or_nothing_can_be_judged(name: str, tmp_path: Path, golden: Golden) -> None:
    project = a_project_with(CASES[name], tmp_path)
    try:
        text = report_text(project.check(force=True))
    except MlciError as error:
        text = f"{error_text(error)}\n(exit code {error.exit_code})"
    golden(f"bad-input/{name}.txt", re.sub(r"\b[0-9a-f]{12}\b", "0123456789ab", text) + "\n")
