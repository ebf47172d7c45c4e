"""The verb that makes a package of a model that lies here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlci.cli.output import Json, show, show_json, tell

app = typer.Typer()


@app.command(short_help="Make the package of a model file.")
def package(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A model in any format that mlci reads.")],
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to put it; .mlci/packaged by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci package model.skops.

    Checks the model, asks it golden rows in a confined child, and prints the folder of the package.
    """
    from mlci.adapters.package_shelf import PackageShelf
    from mlci.cli.wiring import Workplace
    from mlci.commands.package import package as command

    place = Workplace.here()
    shelf = PackageShelf(to or Path(".mlci", "packaged"))
    tools = place.tools()
    made = command(
        file,
        repository=place.repository,
        predictor=tools.predictor,
        data=tools.data,
        objects=place.work.objects,
        shelf=shelf,
    )
    for remark in made.remarks:
        tell(remark)
    if as_json:
        content = {"path": str(made.path), "package": made.sha256, "format": made.format}
        show_json("package", {**content, "assumption": made.assumption})
    else:
        show(str(made.path))
