"""`mlci deploy`: bring the version of a stage to a target. Fetch, stage, try, switch, note."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlci.commands.beginning import refuse_gone
from mlci.commands.evaluation import answers_by_signature, fetch
from mlci.commands.retrying import record
from mlci.commands.said import refuse_without_model
from mlci.core.forge import DeploymentStatus
from mlci.core.registry import plan_deployment
from mlci.core.registry.deployments import deployed_at
from mlci.core.registry.staleness import stale_deployment
from mlci.core.registry.standing import nothing_to_deploy, refuse_unusable
from mlci.core.target import Placed
from mlci.errors import IntegrityError, MlciError, RejectedError
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.commands.ports import Clock, Forge, Predictor, RegistryBranch, Store, Target
    from mlci.commands.signatures import Vouching
    from mlci.core.package import Package
    from mlci.core.registry import Actor, Expectation, Registry, Version


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment did."""

    version: str
    before: str | None
    location: str
    switched: bool
    """False where the target had this version already."""
    unrecorded: str | None = None
    """Why the registry does not tell of it; None where it does, or is not to be told here."""
    is_told: bool = True
    """False where the registry is not to be told here, and says something else."""
    moved: str | None = None
    """What moved the stage while the target was switched; None where nothing did, or the origin did not answer."""


def deploy(
    name: str,
    model: str,
    stage: str,
    *,
    registry: RegistryBranch,
    store: Store,
    target: Target,
    predictor: Predictor,
    forge: Forge,
    actor: Actor,
    clock: Clock,
    refuse_unsigned: Callable[[], None],
    vouching: Vouching,
    records: bool = True,
) -> Deployed:
    """Deploy what STAGE points to, and let the registry tell of it, where whoever deploys may write there.

    REFUSE_UNSIGNED raises where the registry takes only what is signed, and nobody here can sign; VOUCHING where what
    is in the stage rests on an event that is not signed as it must be. Where it RECORDS nothing, the answer says
    whether the registry is to be told by `tell_deployed`.
    """
    loaded = registry.load(model)
    refuse_gone(loaded, registry)
    history = loaded.registry
    version = _deployable(history, stage)
    vouching(history, [version.number], stage)
    refuse_moved = partial(_refuse_moved, model, stage, history.expectation(stage), registry)
    done = _deployed(
        name, version, history, store=store, target=target, predictor=predictor, forge=forge, refuse_moved=refuse_moved
    )
    if not records:
        is_told = deployed_at(history, name) == done.version
        return replace(done, is_told=is_told, moved=_moved_since(refuse_moved) if done.switched else None)
    plan = partial(
        plan_deployment,
        number=done.version,
        target=name,
        is_new=done.switched,
        actor=actor,
        now=clock.now(),
        uuids=iter(uuid.uuid4, None),
        reason=f"{name} answers with what {stage} holds",
        page=registry_page,
    )
    try:
        refuse_unsigned()
        record(model, plan, registry)
    except MlciError as error:  # what is deployed stays deployed
        done = replace(done, unrecorded=error.problem)
    return replace(done, moved=_moved_since(refuse_moved)) if done.switched else done


def _refuse_moved(model: str, stage: str, expected: Expectation, registry: RegistryBranch) -> None:
    """Raise where STAGE of the origin is not as EXPECTED any more, or what it holds was taken back meanwhile."""
    now = registry.refreshed(model).registry
    moved = stale_deployment(now, stage, expected)
    if moved is not None:
        raise moved
    _deployable(now, stage)


def _moved_since(refuse_moved: Callable[[], None]) -> str | None:
    try:
        refuse_moved()
    except IntegrityError as error:
        return f"{error.problem}. {error.cause or ''}".rstrip()
    except MlciError:  # nobody could be asked; the target answers with what was there right before
        return None
    return None


def tell_deployed(name: str, model: str, version: str, *, registry: RegistryBranch, actor: Actor, clock: Clock) -> bool:
    """Let the registry tell that the deployment NAME answers with VERSION, and say whether it did not do so yet.

    For a job of its own: so the one that deploys need not be able to write. Raises `UsageError("unknown-version")`.
    """
    plan = partial(
        plan_deployment,
        number=version,
        target=name,
        is_new=False,
        actor=actor,
        now=clock.now(),
        uuids=iter(uuid.uuid4, None),
        reason=f"{name} answers with {version}",
        page=registry_page,
    )
    return record(model, plan, registry) is not None


def _deployable(history: Registry, stage: str) -> Version:
    """Return the version that STAGE points to.

    No verb quarantines what is in a stage, but an event that was written by hand may: `IntegrityError("quarantined")`.
    """
    version = history.version_at(stage)
    if version is None:
        raise nothing_to_deploy(history, stage)
    if history.is_quarantined(version.number):
        refuse_unusable(history, version.number)
    return version


def _deployed(
    name: str,
    version: Version,
    history: Registry,
    *,
    store: Store,
    target: Target,
    predictor: Predictor,
    forge: Forge,
    refuse_moved: Callable[[], None],
) -> Deployed:
    """Deploy VERSION; the target keeps answering with the old one until the switch.

    The forge is told of every attempt that would change something, and how it ended. Bringing and trying take a while:
    REFUSE_MOVED looks right before the switch whether the version is still the one to deploy.
    """
    installed = fetch(version, store)
    refuse_without_model(installed.package)
    wanted, present = Placed.of(version.number, installed.sha256), target.current()
    before = present.version if present else None
    left_open = forge.unfinished_deployment(name)
    if left_open is not None:
        # Its job was killed before it could say how far it came; what answers now is how it ended.
        tried = history.versions.get(left_open.description.removeprefix(f"{version.model} "))
        meant = Placed.of(tried.number, tried.package_sha256) if tried else None
        forge.set_deployment_status(left_open, _outcome(meant, present))
    if present == wanted:
        target.stage(version.number, installed.sha256, installed.package.files)  # whole, or mended
        return Deployed(version.number, before, target.location, switched=False)

    attempt = forge.deployment(name, version.commit, f"{version.model} {version.number}")
    forge.set_deployment_status(attempt, DeploymentStatus("in_progress"))
    try:
        staged = target.stage(version.number, installed.sha256, installed.package.files)
        _try_out(installed.package, predictor, version.number)
        refuse_moved()
        target.switch(staged)
    except BaseException:
        # Interrupted, it may have switched already.
        forge.set_deployment_status(attempt, _outcome(wanted, target.current()))
        raise
    forge.set_deployment_status(attempt, _outcome(wanted, wanted))
    return Deployed(version.number, before, target.location, switched=True)


def _outcome(wanted: Placed | None, answers: Placed | None) -> DeploymentStatus:
    """Return how an attempt to deploy WANTED ended, as far as it is known by what ANSWERS now."""
    if answers is None:
        return DeploymentStatus("failure", "nothing keeps answering")
    if wanted == answers:
        return DeploymentStatus("success", f"{answers.version} answers")
    return DeploymentStatus("failure", f"{answers.version} keeps answering")


def _try_out(package: Package, predictor: Predictor, version: str) -> None:
    """Load the staged model in a child before anybody depends on it; raises `RejectedError` if it is not itself."""
    if not answers_by_signature(package, predictor):
        raise RejectedError(
            "smoke-failed",
            f"{version} was staged and does not answer as its signature says; the target is as it was",
            cause="The package was made by another version of scikit-learn.",
            hint=f"mlci verify {version}",
        )
