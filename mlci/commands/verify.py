"""`mlci verify`: are the registry, the bytes in the store and a package what they claim to be?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.commands.beginning import refuse_gone
from mlci.commands.evaluation import answers_by_signature, fetch
from mlci.commands.fitting import fitting_package
from mlci.commands.references import resolve_version
from mlci.commands.signatures import check_signatures
from mlci.core.evaluation import read_evaluation
from mlci.core.golden import GOLDEN_FILE, differing, golden_table, read_answers
from mlci.core.lock import listed_otherwise
from mlci.core.package import PACKAGE_FILE, PROGRAMS, REQUIREMENTS_FILE
from mlci.core.plain_text import one_line
from mlci.core.registry.audit import audit, places, tagged
from mlci.core.registry.entries import broken, evaluation_path, event_path
from mlci.core.registry.signing import signers_text
from mlci.errors import IntegrityError, MlciError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlci.commands.installed import Installed
    from mlci.commands.ports import Predictor, RegistryBranch, Repository, Signing, Store
    from mlci.commands.signatures import Demand
    from mlci.core.evaluation import Evaluation
    from mlci.core.package import Package
    from mlci.core.registry import Registry, Trail, Version
    from mlci.core.registry.audit import Finding


MOST_NAMED = 5
"""Golden rows, or distributions, that an error names."""
LONGEST_NAMED: Final = 80
PICKLE: Final = "a raw pickle, which runs code wherever it is loaded; mlci does so in a confined child only"


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at, in words; `error` is what is wrong with it."""

    subject: str
    result: str
    error: MlciError | None = None
    is_warning: bool = False
    """Whether it is only to be known; nothing is wrong with what anybody relies on."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        problem = self.error.to_dict() if self.error else None
        return {"subject": self.subject, "result": self.result, "problem": problem, "warning": self.is_warning}


def verify_package(installed: Installed, name: str, predictor: Predictor) -> tuple[Checked, ...]:
    """Verify a package: its manifest (read already), and that its model answers golden rows as it once did."""
    package = installed.package
    _refuse_other_requirements(name, package)
    expected = _golden_answers(package)
    if package.level != "model" and (expected is None or not predictor.starts_programs):
        is_by_signature, told = (
            answers_by_signature(package, predictor),
            _stated_in(package),
        )
    elif expected is None:
        is_by_signature, told = (
            answers_by_signature(package, predictor),
            "loads in a child, classes as in the signature",
        )
    else:
        digest = hashlib.sha256(package.model).hexdigest()
        columns = golden_table(package.info.signature).columns
        asked = fitting_package(package, predictor)
        found = asked.predict(digest, package.model, package.info.format, columns)
        is_by_signature = package.info.signature.is_answered_by(found.classes, found.labels)
        told = f"answers {len(expected)} golden rows in a child as when it was packaged"
        if is_by_signature:
            _refuse_other_answers(name, differing(expected, found), len(expected))
    if not is_by_signature:
        raise IntegrityError(
            "signature-differs",
            f"the model in {name} has other classes than its signature says",
            cause="The package was put together by hand.",
            hint="Do not use it; `mlci verify` says whether the registered ones are whole.",
        )
    return (
        Checked(f"{name} manifest", f"{len(installed.package.files)} files match"),
        Checked(f"{name} model", told),
        *([Checked(f"{name} format", PICKLE, is_warning=True)] if package.info.format == "pickle" else []),
    )


def _refuse_other_requirements(name: str, package: Package) -> None:
    """Raise where what people install for the model is not what it is asked with; a program has a list of its own."""
    if package.level != "model" or package.info.format in PROGRAMS:
        return
    text = package.files.get(REQUIREMENTS_FILE, b"").decode(errors="replace")
    wrong = listed_otherwise(text, package.info.requirements)
    if wrong:
        shown = ", ".join(one_line(each, LONGEST_NAMED) for each in wrong[:MOST_NAMED])
        raise IntegrityError(
            "requirements-differ",
            f"{REQUIREMENTS_FILE} of {name} and its {PACKAGE_FILE} disagree about {shown}",
            cause="The package was put together by hand.",
            hint="Do not install it; mlci train makes one whose files agree.",
        )


def _stated_in(package: Package) -> str:
    if package.info.format in PROGRAMS:
        return f"holds a {package.info.format} and its answers, each a finite number; it is not started here"
    return f"holds {package.level} of a model that is elsewhere, each a finite number"


def _golden_answers(package: Package) -> NDArray[np.float64] | None:
    """Return what the model answered to its golden rows, None where there are no answers."""
    content = package.files.get(GOLDEN_FILE)
    try:
        return None if content is None else read_answers(content)
    except ValueError as error:
        raise IntegrityError(
            "package-malformed",
            f"the package is not whole: {GOLDEN_FILE}: {error}",
            cause="It was put together by hand.",
            hint="mlci train",
        ) from error


def _refuse_other_answers(name: str, rows: tuple[int, ...], of: int) -> None:
    if not rows:
        return
    shown = ", ".join(map(str, rows[:MOST_NAMED])) + (", …" if len(rows) > MOST_NAMED else "")
    raise IntegrityError(
        "golden-differs",
        f"the model in {name} answers {len(rows)} of {of} golden rows otherwise than when it was packaged: {shown}",
        cause="Its libraries have other versions here, or its golden rows are those of another model.",
        hint="pip install -r requirements.txt of the package, and mlci verify again",
    )


def verify_registry(
    model: str,
    reference: str | None,
    *,
    repository: Repository,
    registry: RegistryBranch,
    stores: Sequence[tuple[str | None, Store]],
    predictor: Predictor,
    signing: Signing | None = None,
    demand: Demand | None = None,
) -> tuple[Checked, ...]:
    """Verify events, history, tags and commits, and the packages of all versions or of the one that REFERENCE names.

    The bytes are looked at in each of STORES by itself, which has a name where there are several.

    What is wrong with one thing does not keep the others from being looked at; a branch that cannot be read does.
    """
    trail = registry.trail(model)
    state = _state(model, trail, registry)
    versions = [resolve_version(reference, model, registry)] if reference else list(state.versions.values())
    checked = [Checked(f"{model} registry", f"{len(state.events)} events, chain whole"), *_history(state, trail)]
    if demand is not None and signing is not None:
        checked += _signatures(state, demand, signing)
    for version in versions:
        checked += _commit(model, version, repository, trail)
        checked += _evaluations(state, version, registry)
        checked += _package(model, version, stores, predictor)
    return tuple(checked)


def _state(model: str, trail: Trail, registry: RegistryBranch) -> Registry:
    """Return what the branch holds now, also where it lacks what it held before; raises where it is gone."""
    if trail.commit is not None:
        return registry.load_at(model, trail.commit).registry
    loaded = registry.load(model)
    refuse_gone(loaded, registry)
    return loaded.registry


def worst(checked: Sequence[Checked]) -> MlciError | None:
    """Return what to end with: the one thing that is wrong, or how many are; `None` where all is right."""
    wrong = [each.error for each in checked if each.error is not None]
    if len(wrong) <= 1:
        return wrong[0] if wrong else None
    kind = OutsideError if all(isinstance(each, OutsideError) for each in wrong) else IntegrityError
    return kind(
        "several-problems",
        f"{len(wrong)} of {len(checked)} things are not as they should be; each is named above",
        hint="mlci registry repair says what could be done about branch and tags.",
    )


def _history(state: Registry, trail: Trail) -> list[Checked]:
    """Return what history and tags say about a registry whose events hold together."""
    model, findings = state.model, audit(state, trail)
    told = [
        Checked(each.where, each.problem, None if each.is_warning else each.error, each.is_warning) for each in findings
    ]
    if trail.commit is None or any(each.error for each in told):
        return told
    known = places(trail)
    tags = [tag for event in state.events if (tag := tagged(event)) and event_path(event.sequence) in known]
    older = ", older ones are not in this shallow clone" if trail.is_shallow else ""
    return [
        *told,
        Checked(f"{model} history", f"{_commits(len(trail.steps), is_edited=_is_edited(findings))}{older}"),
        Checked(f"{model} tags", f"{len(tags)} name the commits that made them{older}"),
    ]


def _signatures(state: Registry, demand: Demand, signing: Signing) -> list[Checked]:
    """Return whether each event is signed by somebody whom base allows."""
    signers, problems = check_signatures(state, demand, signing)
    if not problems:
        counted = signers_text(signers)
        return [
            Checked(
                f"{state.model} signatures",
                f"{len(signers)} {'event' if len(signers) == 1 else 'events'} signed: {counted or 'none yet'}",
            )
        ]
    return [Checked(f"{state.model} signatures", each.problem, each) for each in problems]


def _is_edited(findings: Sequence[Finding]) -> bool:
    return any(each.code == "edit-undone" for each in findings)


def _commits(count: int, *, is_edited: bool) -> str:
    if is_edited:
        return f"{count} commits; what was edited is as it was before"
    return "1 commit, which only adds" if count == 1 else f"{count} commits, each only adds"


def _commit(model: str, version: Version, repository: Repository, trail: Trail) -> list[Checked]:
    """Return whether the commit that a version was made from is there."""
    subject = f"{model}@{version.number} commit"
    if repository.has_commit(version.commit):
        return [Checked(subject, f"{version.commit[:12]} is here")]
    if trail.in_shallow_clone:
        return [Checked(subject, f"{version.commit[:12]} not looked for: this clone is shallow")]
    error = IntegrityError(
        "commit-missing",
        f"the commit that {version.number} was made from is not in this clone: {version.commit}",
        cause="The branch that it was on was rewritten, or never fetched.",
        hint=f"git fetch origin {version.commit}",
    )
    return [Checked(subject, error.problem, error)]


def _evaluations(state: Registry, version: Version, registry: RegistryBranch) -> list[Checked]:
    """Return whether each evaluation that a version was promoted on is there, is the one, and lets it through.

    A version that was only registered has none.
    """
    named = f"{state.model}@{version.number} evaluation"
    subjects = {version.evaluation: named} if version.evaluation else {}
    without: list[Checked] = []
    for event in state.events:
        if event.type != "assign" or event.version != version.number:
            continue
        subject = f"{named} of event {event.sequence}"
        if event.evaluation:
            subjects.setdefault(event.evaluation, subject)
        else:
            without.append(Checked(subject, f"none: nothing says why it went into {event.stage}"))
    known = [_evaluation(state.model, version, digest, subject, registry) for digest, subject in subjects.items()]
    return [*known, *without]


def _evaluation(model: str, version: Version, digest: str, subject: str, registry: RegistryBranch) -> Checked:
    try:
        content = registry.evaluation(model, digest)
        if content is None:
            raise broken(evaluation_path(digest), f"it is missing, and {version.number} was promoted on it")
        found = read_evaluation(content, digest)
        _refuse_unallowed(version, found, digest)
    except IntegrityError as error:
        return Checked(subject, error.problem, error)
    return Checked(subject, f"{found.conclusion}, {digest[:12]} as registered")


def _refuse_unallowed(version: Version, found: Evaluation, digest: str) -> None:
    if found.allows_promotion:
        return
    raise IntegrityError(
        "evaluation-refuses",
        f"{version.number} was promoted on an evaluation that does not allow it: {found.conclusion}",
        where=evaluation_path(digest),
        cause="Somebody wrote the event by hand; mlci promotes nothing on such a one.",
        hint=f"Who did it: mlci registry history. What to do: mlci rollback --reason '{version.number} did not pass'",
    )


def _package(
    model: str, version: Version, stores: Sequence[tuple[str | None, Store]], predictor: Predictor
) -> list[Checked]:
    """Return what a version's package says about itself, and whether it is the one that was registered, everywhere."""
    name = f"{model}@{version.number}"
    checked: list[Checked] = []
    installed: Installed | None = None
    for place, store in stores:
        subject = f"{name} bytes in {place}" if place else f"{name} bytes"
        try:
            installed = fetch(version, store)
            checked.append(Checked(subject, f"sha256 {version.package_sha256[:12]} as registered"))
        except MlciError as error:
            checked.append(Checked(subject, error.problem, error))
    if installed is None:
        return checked
    try:
        if installed.package.info.signature.digest != version.signature:
            raise IntegrityError(
                "signature-differs",
                f"the signature in the package of {version.number} is not the one that was registered",
                hint=f"mlci rollback --reason 'package of {version.number} is not what was registered'",
            )
        checked += verify_package(installed, name, predictor)
    except MlciError as error:
        checked.append(Checked(f"{name} package", error.problem, error))
    return checked
