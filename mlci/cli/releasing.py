"""The verbs that move a model: into a stage, back, and to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mlci.cli.output import Base, Json, show, show_json, tell

if TYPE_CHECKING:
    from mlci.cli.wiring import Workplace
    from mlci.commands.rollback import Rollback

app = typer.Typer()


@app.command(short_help="Bring base, registries and production from the origin.")
def fetch(
    *,
    base: Base = None,
    data: Annotated[
        bool, typer.Option("--data", help="Bring data outside of Git instead, for base and the work tree.")
    ] = False,
    labels: Annotated[bool, typer.Option("--labels", help="With --data: labels that are kept apart as well.")] = False,
    sealed: Annotated[bool, typer.Option("--sealed", help="With --data: these and the sealed set as well.")] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci fetch --base main.

    Brings what judging needs, so that later steps with --no-fetch need no token and no network; after a push also the
    model that its pull request was judged with. --data is for a step of its own, which has the credentials of the store
    and no token; base is what an earlier fetch brought, or a commit.
    """
    from mlci.cli.job import set_outputs
    from mlci.cli.wiring import Workplace

    place = Workplace.here()
    if data or labels or sealed:
        _fetch_data(place, base, labels=labels, sealed=sealed, as_json=as_json)
        return
    # These load what judges, and the step that brings data has none of that.
    from mlci.commands.fetch import fetch as command
    from mlci.commands.taking_over import spared_training

    commit = place.base_commit(base)
    brought = command(
        commit,
        repository=place.repository,
        registry=place.registry(),
        open_store=place.open_store,
        data=place.data(),
        objects=place.work.objects,
    )
    push = place.github.event if place.github and place.github.event.name == "push" else None
    spared = (
        spared_training(
            push.before,
            repository=place.repository,
            registry=place.registry(),
            forge=place.forge(),
            work=place.work,
        )
        if push
        else None
    )
    set_outputs(place.github, {"train": "false" if spared else "true"})
    if as_json:
        show_json("fetch", {"base": brought.base, "production": brought.production, "spared_training": spared})
    else:
        show(f"base {brought.base[:12]}, production {brought.production or 'none yet'}")
        if spared:
            show(f"nothing to train: {spared}")


def _fetch_data(place: Workplace, base: str | None, *, labels: bool, sealed: bool, as_json: bool) -> None:
    from mlci.commands.fetch_data import fetch_data
    from mlci.render.data_text import brought_text

    commit = place.base_commit_if_here(base)
    found = fetch_data(
        commit, repository=place.repository, data=place.outside(), place=place.put, labels=labels, sealed=sealed
    )
    listed = [each.to_dict() for each in found]
    if as_json:
        show_json("fetch-data", {"base": commit, "datasets": listed})
    else:
        show(brought_text(listed))


@app.command(short_help="Make the candidate production, if it passes the gates.")
def promote(
    *,
    stage: Annotated[
        str | None,
        typer.Option(metavar="STAGE", help="The stage to move and to judge against; the one of promote: by default."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="COMMIT", help="The branch before the push; HEAD's first parent by default."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why; the subject of the commit by default.")
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="VERSION|EVENT", help="Refuse unless the stage holds this, or `none`."),
    ] = None,
    bump: Annotated[
        Literal["major", "minor", "patch"] | None,
        typer.Option("--bump", help="Count up this part of the number, for the reason that --reason gives."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci promote.

    Registers the candidate of HEAD and makes it production, if it passes the gates against production as it is now.
    """
    from mlci.cli.job import warn_of_superseded
    from mlci.cli.wiring import Workplace
    from mlci.commands.promote import promote as command
    from mlci.core.registry import Actor

    place = Workplace.here()
    promotion = command(
        place.target_commit(),
        base,
        reason=reason,
        actor=Actor(*place.actor()),
        repository=place.repository,
        forge=place.forge(),
        tools=place.tools(),
        clock=place.clock,
        expect=expect,
        bump=bump,
        stage=stage,
    )
    if promotion.superseded_by:
        warn_of_superseded(place.github, promotion.superseded_by, base)
    if as_json:
        content = {"version": promotion.version, "stage": promotion.stage, "before": promotion.before}
        decided = {"package": promotion.sha256, "verdict": promotion.verdict, "superseded_by": promotion.superseded_by}
        show_json("promote", content | decided | {"provenance": promotion.provenance or None})
    elif promotion.superseded_by:
        show(f"nothing to promote: the branch moved on to {promotion.superseded_by[:12]}, whose own push decides")
    elif promotion.verdict:
        before = f", before {promotion.before}" if promotion.before else ""
        show(f"{promotion.version} is in {promotion.stage}{before}")
        show(f"package {(promotion.sha256 or '')[:12]}, verdict {promotion.verdict}")
        if promotion.provenance:
            show(promotion.provenance)
    else:
        show(f"nothing to promote: {promotion.version} in {promotion.stage} is this very package")


@app.command(short_help="Move the stage back, and quarantine what was there.")
def rollback(
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the history.")],
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="VERSION|EVENT", help="What to take back; refuse where it is not there."),
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Go to this one, not to the one before; `none` empties it.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option(metavar="STAGE", help="The stage to move; the one of promote: by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci rollback --expect v1.1.0 --reason "misses large cells".

    Moves the stage back and quarantines the version that was there; `mlci deploy` then moves the target. With --expect,
    another version that came meanwhile stays, and a second call does nothing. Where nothing healthy was there before,
    --version none empties the stage.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.rollback import rollback as command
    from mlci.core.registry import Actor

    place = Workplace.here()
    config = place.config()
    base = place.base_commit(None)
    registry = place.writing_registry(base)
    done = command(
        config.model.name,
        stage or config.promote.stage,
        to_version=version,
        reason=reason,
        actor=Actor(*place.actor()),
        registry=registry,
        clock=place.clock,
        vouching=place.vouching(base),
        expect=expect,
    )
    if as_json:
        content = {"stage": done.stage, "before": done.before, "version": done.version, "moved": done.moved}
        show_json("rollback", {**content, "answering": list(done.answering), "held_by": list(done.held_by)})
    else:
        show(_rollback_text(done))


def _rollback_text(done: Rollback) -> str:
    if done.moved:
        now = f"{done.version} is in {done.stage} again" if done.version else f"nothing is in {done.stage} any more"
        lines = [f"{now}; {done.before} is quarantined"]
    else:
        now = f"{done.version} is in {done.stage}" if done.version else f"nothing is in {done.stage}"
        lines = [f"nothing to roll back: {now} in place of {done.before} already"]
    for target in done.answering:
        mends = f"mlci deploy {target}" if done.version else "mlci promote a good one, or take it down yourself"
        lines.append(f"{target} still answers with {done.before}: {mends}")
    for stage in done.held_by:
        mends = f'mlci rollback --stage {stage} --expect {done.before} --reason "…"'
        lines.append(f"{stage} still holds {done.before}: {mends}")
    return "\n".join(lines)


@app.command(short_help="Bring the version of a stage to a target.")
def deploy(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A deployment of mlci.yaml; may be left out if there is one.")
    ] = None,
    *,
    no_record: Annotated[
        bool, typer.Option("--no-record", help="Leave it to `mlci registry deployed` to tell the registry.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci deploy live.

    Brings the version of a stage to a target: fetch, verify, try it out, switch. With --no-record it needs no right to
    write: another job may tell the registry.
    """
    from mlci.cli.job import set_outputs
    from mlci.cli.wiring import Workplace, deployment
    from mlci.commands.deploy import deploy as command
    from mlci.core.registry import Actor

    place = Workplace.here()
    config = place.config()
    name, section = deployment(config, name)
    base = place.base_commit(None)
    done = command(
        name,
        config.model.name,
        section.stage,
        registry=place.registry(),
        store=place.open_store(config.promote),
        target=place.target(section),
        predictor=place.tools().predictor,
        forge=place.forge(),
        actor=Actor(*place.actor()),
        clock=place.clock,
        refuse_unsigned=lambda: place.refuse_unsigned(base),
        records=not no_record,
        vouching=place.vouching(base),
    )
    told = done.is_told and done.unrecorded is None
    set_outputs(place.github, {"version": done.version, "told": "true" if told else "false"})
    if done.unrecorded:
        tell(f"deployed, and the registry does not tell of it: {done.unrecorded}")
    if done.moved:
        tell(f"deployed, and meanwhile {done.moved} Run mlci deploy {name} again.")
    if as_json:
        content = {"version": done.version, "before": done.before, "location": done.location}
        how = {"switched": done.switched, "told": told, "unrecorded": done.unrecorded, "moved": done.moved}
        show_json("deploy", content | how)
        return
    if done.switched:
        show(f"{name} answers with {done.version}" + (f", before {done.before}" if done.before else ""))
        show(f"current: {done.location}")
    else:
        show(f"{name} answers with {done.version} already")
    if not done.is_told:
        show(f"the registry is yet to be told: mlci registry deployed {name} {done.version}")
