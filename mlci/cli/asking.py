"""What asks models, and programs where no token is at hand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.adapters.prediction import ChildPredictor


def asking_predictor(cache: Path | None = None, *, may_start_programs: bool = True) -> ChildPredictor:
    """Return what asks models, with other versions of their libraries where a package names them.

    Programs of packages are started only where this process holds no token of a job.
    """
    from mlci.adapters.confined_program import ConfinedPrograms
    from mlci.adapters.library_environments import LibraryEnvironments
    from mlci.adapters.prediction import ChildPredictor
    from mlci.cli.output import tell
    from mlci.core.section import TOKEN_VARIABLES

    starts = may_start_programs and not any(os.environ.get(name) for name in TOKEN_VARIABLES)
    search_path = os.environ.get("PATH", os.defpath)
    return ChildPredictor(
        cache=cache,
        programs=ConfinedPrograms(search_path) if starts else None,
        environments=LibraryEnvironments(os.environ, tell),
    )
