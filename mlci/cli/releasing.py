"""The verbs that move a model: into a stage, back, and to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlci.cli.output import Base, Json, show, show_json
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.adapters.git import GitRepository

app = typer.Typer()

NOT_THERE_YET = ("0" * 40, "0" * 64)
"""What a host says of a branch that did not exist before the push."""


@app.command(short_help="Bring base, registries and production from the origin.")
def fetch(*, base: Base = None, as_json: Json = False) -> None:
    """Example: mlci fetch --base main.

    Brings what judging needs, so that later steps with --no-fetch need no token and no network.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.fetch import fetch as command

    place = Workplace.here()
    commit = place.base_commit(base)
    brought = command(commit, repository=place.repository, registry=place.registry(), open_store=place.open_store)
    if as_json:
        show_json("fetch", {"base": brought.base, "production": brought.production})
    else:
        show(f"base {brought.base[:12]}, production {brought.production or 'none yet'}")


@app.command(short_help="Make the candidate production, if it passes the gates.")
def promote(
    *,
    base: Annotated[
        str | None, typer.Option("--base", metavar="COMMIT", help="Whose rules judge; HEAD's first parent by default.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; the subject of the commit by default.")] = "",
    as_json: Json = False,
) -> None:
    """Example: mlci promote.

    Registers the candidate of HEAD and makes it production, if it passes the gates against production as it is now.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.promote import promote as command
    from mlci.core.registry import Actor

    place = Workplace.here()
    repository = place.repository
    target = place.base_commit(None)
    promotion = command(
        target,
        _rules_from(repository, base),
        reason=reason,
        actor=Actor(*place.actor()),
        repository=repository,
        tools=place.tools(),
        clock=place.clock,
    )
    if as_json:
        content = {"version": promotion.version, "stage": promotion.stage, "before": promotion.before}
        show_json("promote", {**content, "package": promotion.sha256, "verdict": promotion.verdict})
    elif promotion.verdict:
        before = f", before {promotion.before}" if promotion.before else ""
        show(f"{promotion.version} is in {promotion.stage}{before}")
        show(f"package {promotion.sha256[:12]}, verdict {promotion.verdict}")
    else:
        show(f"nothing to promote: {promotion.version} in {promotion.stage} is this very package")


def _rules_from(repository: GitRepository, base: str | None) -> str | None:
    """Return whose rules judge a promotion: BASE, else HEAD's first parent; None before the first commit.

    A host says 000… where the branch did not exist before the push.
    """
    if base is None:
        return next(iter(repository.parents(repository.head())), None)
    if base in NOT_THERE_YET:
        return None
    commit = repository.resolve(base)
    if not repository.is_ancestor(commit, repository.head()):
        raise UsageError(
            "base-not-before",
            f"{base[:12]} does not lie before HEAD, so its rules are not those from before the push",
            hint="--base COMMIT names what the branch was at before; HEAD's first parent is the default",
        )
    return commit


@app.command(short_help="Move the stage back, and quarantine what was there.")
def rollback(
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands in the history.")],
    version: Annotated[str | None, typer.Option(help="Go to this one, not to the one before.")] = None,
    stage: Annotated[str | None, typer.Option(help="The stage to move; the one of promote: by default.")] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci rollback --reason "misses large cells".

    Moves the stage back and quarantines the version that was there; `mlci deploy` then moves the target.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.rollback import rollback as command
    from mlci.core.registry import Actor

    place = Workplace.here()
    config = place.config()
    place.base_commit(None)
    done = command(
        config.model.name,
        stage or config.promote.stage,
        to_version=version,
        reason=reason,
        actor=Actor(*place.actor()),
        registry=place.registry(),
        clock=place.clock,
    )
    if as_json:
        show_json("rollback", {"stage": done.stage, "before": done.before, "version": done.version})
    else:
        show(f"{done.version} is in {done.stage} again; {done.before} is quarantined")


@app.command(short_help="Bring the version of a stage to a target.")
def deploy(
    name: Annotated[str, typer.Argument(help="A deployment of mlci.yaml.")],
    *,
    as_json: Json = False,
) -> None:
    """Example: mlci deploy live.

    Brings the version of a stage to a target: fetch, verify, try it out, switch.
    """
    from mlci.cli.wiring import Workplace, deploy_section
    from mlci.commands.deploy import deploy as command

    place = Workplace.here()
    config = place.config()
    section = deploy_section(config, name)
    place.base_commit(None)
    done = command(
        name,
        config.model.name,
        section.stage,
        registry=place.registry(),
        store=place.open_store(config.promote.store),
        target=place.target(section),
        predictor=place.tools().predictor,
        forge=place.forge(),
    )
    if as_json:
        content = {"version": done.version, "before": done.before, "location": done.location}
        show_json("deploy", {**content, "switched": done.switched})
    elif done.switched:
        show(f"{name} answers with {done.version}" + (f", before {done.before}" if done.before else ""))
        show(f"current: {done.location}")
    else:
        show(f"{name} answers with {done.version} already")
