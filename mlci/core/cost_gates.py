"""Gates on costs, held against what is handed in: some of it has no cost that anybody here could know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from mlci.core.metrics import MEASURED, is_cost

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.core.evidence_level import Level
    from mlci.core.requirement import Gate


def misfits_of_costs(
    gates: Sequence[Gate], level: Level, *, is_program: bool, is_elsewhere: bool
) -> Iterator[PydanticCustomError]:
    """Yield gates on costs that nothing could tell at this evidence LEVEL, or of a model that is made elsewhere."""
    for place, gate in enumerate(gates):
        problem = None
        if not is_cost(gate.metric):
            continue
        if gate.metric in MEASURED and level != "model":
            what = "a program, which nobody starts to judge it" if is_program else f"train.{level} alone"
            problem = f"{gate.metric} is measured where the model predicts, and there is {what}: it needs train.model"
        elif level != "model" and not is_program:
            problem = f"{gate.metric} is a cost of the model, and train.{level} hands in none: it needs train.model"
        elif gate.metric == "train_seconds" and is_elsewhere:
            problem = "train_seconds needs train.run or train.dvc: of a model made elsewhere nobody here knows it"
        if problem is not None:
            values = {"path": ("gates", place, "metric"), "problem": problem}
            yield PydanticCustomError("configuration", "{problem}", values)
