"""Who reads what a verb shows: on a laptop its user, in a job everybody who may read the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Mapping


def event(environ: Mapping[str, str]) -> dict[str, object] | None:
    """Return the payload of the job's event, None where its file holds no JSON object.

    Raises `UsageError("bad-environment")` where the variable that names the file is not as GitHub sets it.
    """
    from mlci.core.github_event import event_path

    try:
        payload = json.loads(Path(event_path(environ)).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def is_private(environ: Mapping[str, str]) -> bool:
    """Return whether only those who may see the data read what is shown here; a doubt counts as no."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return True
    try:
        payload = event(environ)
    except MlciError:
        return False
    repository = payload.get("repository") if payload else None
    return isinstance(repository, dict) and repository.get("private") is True
