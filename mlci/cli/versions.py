"""The verbs about one version: what may be done with it, and bringing it here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlci.cli.output import Json, show, show_json, tell

if TYPE_CHECKING:
    from mlci.commands.marking import Marked

app = typer.Typer()

Version = Annotated[str, typer.Argument(metavar="VERSION", help="Such as v1.2.3.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the history.")]


@app.command(short_help="Forbid to promote or deploy a version.")
def quarantine(version: Version, *, reason: Reason, as_json: Json = False) -> None:
    """Example: mlci quarantine v1.2.0 --reason "trained on leaked labels".

    The version can be neither promoted nor deployed until `mlci readmit`. What is in a stage needs `mlci rollback`.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.marking import quarantine as command
    from mlci.core.registry import Actor

    place = Workplace.here()
    model = place.model_name()
    registry = place.writing_registry(place.base_commit(None))
    actor = Actor(*place.actor())
    done = command(model, version, reason=reason, actor=actor, registry=registry, clock=place.clock)
    _show(done, "quarantine", "is quarantined", as_json=as_json)


@app.command(short_help="Lift the quarantine or deprecation of a version.")
def readmit(version: Version, *, reason: Reason, as_json: Json = False) -> None:
    """Example: mlci readmit v1.2.0 --reason "the labels were right after all".

    An owner's act: model.owners of the branch that sets the rules says whose. Locally Git's identity is unverified.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.marking import readmit as command
    from mlci.commands.sides import read_side
    from mlci.core.registry import Actor

    place = Workplace.here()
    model = place.model_name()
    base = place.base_commit(None)
    rules = read_side(place.repository.tree(base))
    done = command(
        model,
        version,
        reason=reason,
        actor=Actor(*place.actor()),
        owners=rules.config.model.owners if rules else (),
        registry=place.writing_registry(base),
        clock=place.clock,
    )
    _show(done, "readmit", "may be promoted", as_json=as_json)


@app.command(short_help="Keep a version, and promote it no more.")
def deprecate(version: Version, *, reason: Reason, as_json: Json = False) -> None:
    """Example: mlci deprecate v1.0.0 --reason "its scanner is gone".

    Record and package stay; no stage takes the version any more, until `mlci readmit`.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.marking import deprecate as command
    from mlci.core.registry import Actor

    place = Workplace.here()
    model = place.model_name()
    registry = place.writing_registry(place.base_commit(None))
    actor = Actor(*place.actor())
    done = command(model, version, reason=reason, actor=actor, registry=registry, clock=place.clock)
    _show(done, "deprecate", "is deprecated", as_json=as_json)


@app.command(short_help="Bring a package here, verified, and print its path.")
def pull(
    reference: Annotated[str, typer.Argument(metavar="REF", help='v1.0.0, "#production", with the name before it.')],
    *,
    origin: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="Another repository; no clone of it is needed.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--store", metavar="FOLDER", help="Where its packages lie, if in a directory.")
    ] = None,
    to: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to put it; .mlci/pulled by default.")] = None,
    quarantined: Annotated[bool, typer.Option("--quarantined", help="Take it even if it is quarantined.")] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci pull "#production".

    Downloads the package of a version or a stage, verifies it against the registry, and prints the folder it is in.
    """
    from mlci.adapters.package_shelf import PackageShelf
    from mlci.cli.pulling import opened
    from mlci.commands.pull import pull as command

    with opened(reference, origin, directory) as (registry, version, store):
        shelf = PackageShelf(to or Path(".mlci", "pulled"))
        pulled = command(
            registry,
            version,
            store=store,
            shelf=shelf,
            takes_quarantined=quarantined,
            is_foreign=origin is not None,
        )
    if pulled.warning:
        tell(pulled.warning)
    if as_json:
        content = {"model": registry.model, "version": pulled.version, "package": pulled.sha256}
        show_json("pull", {**content, "path": str(pulled.path), "warning": pulled.warning})
    else:
        show(str(pulled.path))


def _show(done: Marked, verb: str, state: str, *, as_json: bool) -> None:
    if as_json:
        show_json(verb, {"version": done.version, "changed": done.changed, "note": done.note})
        return
    if done.note:
        tell(done.note)
    show(f"{done.version} {state}" + ("" if done.changed else " already"))
