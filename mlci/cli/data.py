"""The verbs about where data lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlci.cli.output import Json, show, show_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.commands.data import Standing

app = typer.Typer(help="Where data sets lie, and bringing those outside of Git.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(metavar="DATASET", help="Names of mlci.yaml; all by default.")]


@app.command("status", short_help="Show where data sets lie and whether they are here.")
def data_status(datasets: Names = None, *, as_json: Json = False) -> None:
    """Example: mlci data status.

    Where every file lies, its format, size and recorded hash, and whether it is here, missing or changed.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.data import data_status as command

    place = Workplace.here()
    _show(command(datasets or (), repository=place.repository, data=place.data()), "data-status", as_json=as_json)


@app.command("pull", short_help="Bring data that lie outside of Git.")
def data_pull(datasets: Names = None, *, as_json: Json = False) -> None:
    """Example: mlci data pull cells.

    Brings what DVC keeps into the work tree and what lies at an address into .mlci/, each verified by its hash; without
    names, all but the sealed set. A changed file is left as it is.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.data import data_pull as command

    place = Workplace.here()
    place.work.ready()
    found = command(datasets or (), repository=place.repository, data=place.data(), place=place.put)
    _show(found, "data-pull", as_json=as_json)


def _show(standings: Sequence[Standing], schema: str, *, as_json: bool) -> None:
    from mlci.render.data_text import standings_text

    listed = [each.to_dict() for each in standings]
    if as_json:
        show_json(schema, {"files": listed})
    else:
        show(standings_text(listed))
