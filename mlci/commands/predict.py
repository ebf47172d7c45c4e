"""`mlci predict`: one answer a row, from any package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.evaluation import probabilities
from mlci.core.contract import ColumnSpec
from mlci.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.evaluation import Installed
    from mlci.commands.ports import Data, Predictor


@dataclass(frozen=True, slots=True)
class Answers:
    """The probability of the positive class and the decision, row by row."""

    positive: str
    probabilities: tuple[float, ...]
    decided: tuple[bool, ...]


def predict(installed: Installed, rows: Path, *, data: Data, predictor: Predictor) -> Answers:
    """Predict the rows of a CSV file; columns that the model does not read are left alone."""
    signature = installed.package.info.signature
    names = data.columns(rows)
    missing = [item.name for item in signature.inputs if item.name not in names]
    if missing:
        raise UsageError(
            "column-missing",
            f"the rows have no column {', '.join(f'`{name}`' for name in missing[:5])}"
            + (f" and {len(missing) - 5} more" if len(missing) > 5 else ""),  # noqa: PLR2004 - five name enough
            where=rows.name,
            cause=f"The model reads {len(signature.inputs)} columns by name.",
            hint="See its package.json for names, types and units.",
        )
    table = data.read_table(rows, [ColumnSpec(item.name, item.type) for item in signature.inputs])
    answers = probabilities(installed, table.columns, predictor)
    return Answers(
        positive=str(signature.positive),
        probabilities=tuple(answers.tolist()),
        decided=tuple((answers >= signature.threshold).tolist()),
    )
