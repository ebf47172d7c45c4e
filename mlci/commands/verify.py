"""`mlci verify`: are the registry, the bytes in the store and a package what they claim to be?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.evaluation import answers_by_signature, fetch
from mlci.commands.references import resolve_version
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from mlci.commands.evaluation import Installed
    from mlci.commands.ports import Predictor, RegistryBranch, Store


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was verified, in words."""

    subject: str
    result: str


def verify_package(installed: Installed, name: str, predictor: Predictor) -> tuple[Checked, ...]:
    """Verify a package: its manifest (read already), and that its model loads and answers by its signature."""
    if not answers_by_signature(installed.package, predictor):
        raise IntegrityError(
            "signature-differs",
            f"the model in {name} has other classes than its signature says",
            cause="The package was put together by hand.",
            hint="Do not use it; `mlci verify` says whether the registered ones are whole.",
        )
    return (
        Checked(f"{name} manifest", f"{len(installed.package.files)} files match"),
        Checked(f"{name} model", "loads in a child, classes as in the signature"),
    )


def verify_registry(
    model: str, reference: str | None, *, registry: RegistryBranch, store: Store, predictor: Predictor
) -> tuple[Checked, ...]:
    """Verify the chain of events, and the packages of all versions or of the one that REFERENCE names."""
    state = registry.load(model).registry
    versions = [resolve_version(reference, model, registry)] if reference else list(state.versions.values())
    checked = [Checked(f"{model} registry", f"{len(state.events)} events, chain whole")]
    for version in versions:
        installed = fetch(version, store)
        checked.append(
            Checked(f"{model}@{version.number} bytes", f"sha256 {version.package_sha256[:12]} as registered")
        )
        if installed.package.info.signature.digest != version.signature:
            raise IntegrityError(
                "signature-differs",
                f"the signature in the package of {version.number} is not the one that was registered",
                hint=f"mlci rollback --reason 'package of {version.number} is not what was registered'",
            )
        checked += verify_package(installed, f"{model}@{version.number}", predictor)
    return tuple(checked)
