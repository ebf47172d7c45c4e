"""Which version of a registry a reference names; nothing of the data or the models is loaded for it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.core.names import NAME
from mlci.core.plain_text import one_line
from mlci.core.registry.catalogue import stage_hint
from mlci.core.registry.numbers import NUMBER
from mlci.core.runs.listing import found
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.registry import Registry, Version
    from mlci.core.runs import KeptRun

_REFERENCE: Final = re.compile(
    rf"(?:(?P<name>{NAME.pattern})(?=[@#]))?(?:@?(?P<version>{NUMBER.pattern})|#(?P<stage>{NAME.pattern}))"
)
_LOOKS_LIKE_ONE: Final = re.compile(rf"candidate|v[0-9]+(\.[0-9]+)*|run:[^/]*|({NAME.pattern})?[@#][^/]*")

_RUN: Final = re.compile(r"run:.*|[0-9a-f]+")
"""What is meant as a run: it says so, or is the beginning of a hash."""


def is_path(text: str) -> bool:
    """Say whether TEXT leads to a file or a folder here; what looks like a reference is one, whatever lies beside it.

    Else a folder `v1.0.0` that somebody committed would answer for the version.
    """
    return _LOOKS_LIKE_ONE.fullmatch(text) is None and _exists(text)


def path_hint(text: str) -> str:
    """Return how a path is written that looks like a reference; nothing where there is no such path."""
    is_hidden = _LOOKS_LIKE_ONE.fullmatch(text) is not None and _exists(text)
    return f"The path of that name is written {shlex.quote(f'./{text}')}" if is_hidden else ""


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a name that is longer than any file's
        return False


def names_version(text: str) -> bool:
    """Say whether TEXT is meant as a version or a stage, whether it is there or not."""
    if text.startswith("run:"):
        return False
    return any(sign in text for sign in "@#") or re.fullmatch(r"v\d+(\.\d+)*", text) is not None


def run_named(runs: Sequence[KeptRun], reference: str) -> KeptRun:
    """Return the run that REFERENCE, which is no version, names.

    Raises `UsageError`: "unknown-reference" where it cannot be a run either, "unknown-run", "ambiguous-run".
    """
    if _RUN.fullmatch(reference) is None:
        raise UsageError(
            "unknown-reference",
            f"{one_line(reference, 80)!r} names nothing here",
            cause="It is no version, stage, run or package, or its name is mistyped.",
            hint="mlci registry list shows the versions, and mlci runs list the runs.",
        )
    return found(runs, reference)


def model_in(reference: str, models: Sequence[str]) -> str:
    """Return the model that REFERENCE names, or the only one there; raises `UsageError("unknown-model")`."""
    match = _REFERENCE.fullmatch(reference)
    name = match["name"] if match else None
    if name is None and len(models) == 1:
        return models[0]
    if name is None or name not in models:
        problem = "which model is meant?" if name is None and models else "there is no registry of such a model"
        raise UsageError(
            "unknown-model",
            problem,
            where=one_line(reference, 80),
            cause=f"There are: {', '.join(models[:20]) or 'none'}.",
            hint='Put its name before the version or the stage: NAME@v1.0.0, "NAME#production"',
        )
    return name


def resolve_in(registry: Registry, reference: str, *, hint: str = "") -> Version:
    """Return the version that REFERENCE names; raises `UsageError`: "unknown-reference", "unknown-version".

    HINT is what the caller knows better, such as a `path_hint` where paths are taken, too.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None or (match["name"] and match["name"] != registry.model):
        raise UsageError(
            "unknown-reference",
            f"“{one_line(reference, 80)}” names no version of {registry.model}",
            cause="A version or a stage is wanted.",
            hint=hint or stage_hint(reference, registry) or f'{registry.model}@v1.0.0, "{registry.model}#production"',
        )
    version = registry.version_at(match["stage"]) if match["stage"] else registry.versions.get(match["version"])
    if version is None:
        raise UsageError(
            "unknown-version",
            f"{one_line(reference, 80)} is not in the registry of {registry.model}",
            where=f"versions: {', '.join(tuple(registry.versions)[-5:]) or 'none yet'}",
            hint=hint or "mlci registry list",
        )
    return version
