"""Which version of a registry a reference names; nothing of the data or the models is loaded for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlci.core.names import NAME
from mlci.core.plain_text import one_line
from mlci.core.registry.numbers import NUMBER
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.registry import Registry, Version

_REFERENCE: Final = re.compile(
    rf"(?:(?P<name>{NAME.pattern})(?=[@#]))?(?:@?(?P<version>{NUMBER.pattern})|#(?P<stage>{NAME.pattern}))"
)


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


def resolve_in(registry: Registry, reference: str) -> Version:
    """Return the version that REFERENCE names; raises `UsageError`: "unknown-reference", "unknown-version"."""
    match = _REFERENCE.fullmatch(reference)
    if match is None or (match["name"] and match["name"] != registry.model):
        raise UsageError(
            "unknown-reference",
            f"“{one_line(reference, 80)}” names no version of {registry.model}",
            cause="A version or a stage is wanted.",
            hint=f'{registry.model}@v1.0.0, "{registry.model}#production"',
        )
    version = registry.version_at(match["stage"]) if match["stage"] else registry.versions.get(match["version"])
    if version is None:
        raise UsageError(
            "unknown-version",
            f"{one_line(reference, 80)} is not in the registry of {registry.model}",
            where=f"versions: {', '.join(tuple(registry.versions)[-5:]) or 'none yet'}",
            hint="mlci registry list",
        )
    return version
