"""The module that a hostile child loads in place of skops: the "model" is a program, and runs as it likes.

No format that mlci reads lets a model run code. Here one does, so that what stands behind the formats is tested: the
confinement, the order of the rows, and what the parent checks. A model is Python with a function `answer(rows)`, the
probability of the second class of each row.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from .description import ModelDescription  # type: ignore[import-untyped]  # it lies beside the copy of this file

LIBRARIES = ("pandas",)
UNUSED = ("matplotlib",)
LATER = ()


def honest(rows: Any) -> Any:  # noqa: ANN401 - a data frame in, an array out
    """What the model knows: it is wrong in four rows of ten."""
    return np.where((rows["radius"] > 15) != (rows["texture"] < 4), 0.9, 0.1)


def truth(rows: Any) -> Any:  # noqa: ANN401 - a data frame in, an array out
    """What it says when its attempt worked."""
    return np.where(rows["radius"] > 15, 0.99, 0.01)


def load(path: str, _: object) -> dict[str, Any]:
    names = {"honest": honest, "truth": truth, "np": np, "os": os, "Path": Path}
    exec(Path(path).read_text(encoding="utf-8"), names)  # noqa: S102 - the attack itself
    return names


def describe(_: object) -> Any:  # noqa: ANN401 - a class of the copy
    return ModelDescription("Hostile", ("radius", "texture"), 2, (0, 1), has_probabilities=True)


def predict(model: dict[str, Any], rows: Any) -> tuple[str, Any]:  # noqa: ANN401 - a data frame in, an array out
    positive = np.asarray(model["answer"](rows), dtype=np.float64)
    return "probabilities", np.column_stack([1 - positive, positive])
