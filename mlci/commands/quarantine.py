"""Quarantine: a model that was taken back does not come in again, in whatever package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.case import report_on
from mlci.commands.evaluation import fetch
from mlci.core.report import Conclusion

if TYPE_CHECKING:
    from mlci.commands.case import Case, Tools
    from mlci.commands.installed import Installed
    from mlci.core.findings import DatasetReport
    from mlci.core.report import Report, Training


def quarantined_version(candidate: Installed, case: Case, tools: Tools) -> str | None:
    """Return the quarantined version whose model the CANDIDATE is, byte for byte; None where it is none's.

    What is in production already is not refused: a promotion of it changes nothing. Raises what the store raises where
    it lacks the package of a quarantined version.
    """
    production, registry = case.production, case.registry.registry
    if production and (production.run == case.inputs.digest or production.package_sha256 == candidate.sha256):
        return None
    quarantined = [registry.version(number) for number in sorted(registry.quarantined)]
    same = next((version.number for version in quarantined if version.package_sha256 == candidate.sha256), None)
    if same or not quarantined:
        return same
    store = tools.open_store(case.rules.config.promote)
    return next(
        (each.number for each in quarantined if fetch(each, store).package.model == candidate.package.model), None
    )


def rejected_by_quarantine(
    case: Case,
    version: str,
    candidate: Installed,
    tools: Tools,
    *,
    datasets: tuple[DatasetReport, ...],
    training: Training,
    as_submitted: tuple[str, ...] = (),
) -> Report:
    """Return the report on a CANDIDATE whose model is that of the quarantined VERSION."""
    name = f"`{case.registry.registry.model}@{version}`"
    return report_on(
        case,
        Conclusion.FAIL,
        tools,
        candidate=candidate,
        datasets=datasets,
        training=training,
        as_submitted=as_submitted,
        refusal=(
            f"The candidate is {name}, byte for byte, which is quarantined; make another model, or take its commit "
            "out (`git revert`)."
        ),
    )
