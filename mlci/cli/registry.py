"""The verbs that look into the registry itself, and keep it in order."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer

from mlci.cli.output import Json, show, show_json, tell
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from mlci.adapters.registry_branch import GitRegistry
    from mlci.cli.wiring import Workplace

app = typer.Typer(help="Versions, stages and who moved them.", no_args_is_help=True)

Reference = Annotated[str | None, typer.Argument(metavar="REF", help="A version or a stage.")]
NoFetch = Annotated[bool, typer.Option("--no-fetch", help="Show what an earlier fetch brought.")]


@app.command("list", short_help="List the versions, the newest first.")
def registry_list(*, no_fetch: NoFetch = False, as_json: Json = False) -> None:
    """Example: mlci registry list.

    The versions of the model, and which stages point to them.
    """
    from mlci.commands.registry import list_versions
    from mlci.render.registry_text import list_text

    model, registry = _registry(fetches=not no_fetch)
    listed = list_versions(model, registry=registry, asks=not no_fetch)
    if as_json:
        show_json("registry-list", {"versions": [entry.to_dict() for entry in listed]})
    else:
        show(list_text(listed))


@app.command("show", short_help="Show a stage, a version or the whole history.")
def registry_show(reference: Reference = None, *, no_fetch: NoFetch = False, as_json: Json = False) -> None:
    """Example: mlci registry show "#production".

    What is in a stage since when, and the history of events with actor and reason.
    """
    from mlci.commands.registry import evaluation_of, inputs_of
    from mlci.commands.registry import show as command
    from mlci.render.registry_text import show_text

    model, place = _fetched(fetches=not no_fetch)
    registry = place.registry()
    shown = command(model, reference, registry=registry, asks=not no_fetch)
    version = shown.entry.version if shown.entry else None
    evaluation = evaluation_of(version, registry) if version else None
    inputs = inputs_of(version, place.repository) if version else {}
    if as_json:
        content = {"evaluation": evaluation.to_dict() if evaluation else None, "inputs": inputs}
        show_json("registry-show", shown.to_dict() | content)
    else:
        show(show_text(shown, evaluation, inputs))


@app.command("history", short_help="Tell what happened, the newest first.")
def registry_history(reference: Reference = None, *, no_fetch: NoFetch = False, as_json: Json = False) -> None:
    """Example: mlci registry history.

    What happened to the model, a version or what is in a stage: when, what, by whom and why; the newest first.
    """
    from mlci.commands.registry import show as command
    from mlci.render.registry_text import history_text

    model, registry = _registry(fetches=not no_fetch)
    shown = command(model, reference, registry=registry, asks=not no_fetch)
    if as_json:
        content = shown.to_dict()
        show_json("registry-history", {"model": content["model"], "events": content["events"][::-1]})
    else:
        show(history_text(shown))


@app.command("export", short_help="Write all models into one HTML file.")
def registry_export(
    *,
    html: Annotated[Path, typer.Option("--html", metavar="FILE", help="The file; it is replaced.")],
    no_fetch: NoFetch = False,
    as_json: Json = False,
) -> None:
    """Example: mlci registry export --html registry.html.

    Models, stages, versions, metrics over versions, where each came from, and the history, in one file that needs no
    network and no script.
    """
    from mlci.adapters.files import write_atomically
    from mlci.commands.export import export
    from mlci.render.registry_html import registry_html

    model, registry = _registry(fetches=not no_fetch)
    models = export(registry)
    page = registry_html(models, f"Every model of the repository, {model} among them, as mlci's registry has them.")
    try:
        write_atomically(html, page.encode())
    except OSError as error:
        raise OutsideError(
            "file-failed", f"the file could not be written: {error.strerror}", where=str(html), hint="--html FILE"
        ) from error
    if as_json:
        show_json("registry-export", {"path": str(html), "models": [each.registry.model for each in models]})
    else:
        show(str(html))


@app.command("deployed", short_help="Tell what a deployment answers with.")
def registry_deployed(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A deployment of mlci.yaml.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Such as v1.2.3.")],
    *,
    as_json: Json = False,
) -> None:
    """Example: mlci registry deployed live v1.2.0.

    Adds what `mlci deploy --no-record` left out: an event that says where a version answers. It moves nothing, and done
    twice it does nothing.
    """
    from mlci.cli.wiring import Workplace, deployment
    from mlci.commands.deploy import tell_deployed
    from mlci.core.registry import Actor

    place = Workplace.here()
    config = place.config()
    name, _ = deployment(config, name)
    registry = place.writing_registry(place.base_commit(None))
    actor = Actor(*place.actor())
    told = tell_deployed(name, config.model.name, version, registry=registry, actor=actor, clock=place.clock)
    if as_json:
        show_json("registry-deployed", {"deployment": name, "version": version, "changed": told})
    else:
        show(f"the registry tells that {name} answers with {version}" + ("" if told else " already"))


@app.command("repair", short_help="Say what could be done about a damaged registry.")
def registry_repair(*, as_json: Json = False) -> None:
    """Example: mlci registry repair.

    Names what is wrong with branch and tags, and for each the choices with their commands. It changes nothing.
    """
    from mlci.commands.repair import repair
    from mlci.render.registry_text import repair_text

    model, registry = _registry(fetches=True)
    proposals = repair(model, registry=registry)
    if as_json:
        show_json("registry-repair", {"proposals": [each.to_dict() for each in proposals]})
    else:
        show(repair_text(model, proposals))


@app.command("sync", short_help="Bring packages to each place that lacks them.")
def registry_sync(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what is missing, and copy nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci registry sync --dry-run.

    Copies the package of each version of the model to the store, or to its mirror, where it is missing: after a mirror
    was added, or bytes were lost in one of them.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.sync import refuse_lost, sync
    from mlci.render.registry_text import gaps_text

    place = Workplace.here()
    config = place.config()
    place.base_commit(None)
    stores = place.open_collectable(config.promote)
    gaps = sync(config.model.name, stores, registry=place.registry(), copies=not dry_run, tell=tell)
    if as_json:
        show_json("registry-sync", {"copied": not dry_run, "gaps": [each.to_dict() for each in gaps]})
    else:
        show(gaps_text(gaps, copies=not dry_run))
    refuse_lost(gaps)


@app.command("gc", short_help="Remove packages that no version references.")
def registry_gc(
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="DURATION", help="Keep what was put there since, such as 12h.")
    ] = "30d",
    deletes: Annotated[bool, typer.Option("--delete", help="Remove them; else they are only listed.")] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci registry gc --older-than 90d.

    Lists packages in the store, and in its mirror, that no version of any model of this repository references;
    --delete removes them.
    Do not use it on a store that another repository writes to, too.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.collect import collect
    from mlci.core.duration import parse_duration
    from mlci.render.registry_text import collection_text

    try:
        limit = parse_duration(older_than)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than") from error
    place = Workplace.here()
    config = place.config()
    place.base_commit(None)
    found = collect(place.open_collectable(config.promote), limit, registry=place.registry(), deletes=deletes)
    if as_json:
        show_json("registry-gc", {"places": [each.to_dict() for each in found]})
    else:
        show("\n\n".join(collection_text(each, deletes=deletes) for each in found))


def _registry(*, fetches: bool) -> tuple[str, GitRegistry]:
    """Return the name of the model, and the registries as they are now, or as they were fetched last."""
    model, place = _fetched(fetches=fetches)
    return model, place.registry()


def _fetched(*, fetches: bool) -> tuple[str, Workplace]:
    """Return the name of the model and its workplace, the registries as they are now or as they were fetched last."""
    from mlci.cli.wiring import Workplace

    place = Workplace.here()
    model = place.model_name()  # first: a folder that is about no model needs no origin
    if fetches:
        place.base_commit(None)
    elif model not in place.registry().models():
        tell(f"nothing of the registry of {model} was fetched into this clone; without --no-fetch mlci asks the origin")
    return model, place
