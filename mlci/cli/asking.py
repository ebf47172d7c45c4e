"""What asks models, and programs where no token is at hand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.adapters.prediction import ChildPredictor


def asking_predictor(cache: Path | None = None) -> ChildPredictor:
    """Return what asks models; programs of packages only where this process holds no token of a job."""
    from mlci.adapters.confined_program import ConfinedPrograms
    from mlci.adapters.prediction import ChildPredictor
    from mlci.core.section import TOKEN_VARIABLES

    has_token = any(os.environ.get(name) for name in TOKEN_VARIABLES)
    search_path = os.environ.get("PATH", os.defpath)
    return ChildPredictor(cache=cache, programs=None if has_token else ConfinedPrograms(search_path))
