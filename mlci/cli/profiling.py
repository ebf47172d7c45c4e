"""The verb that looks at data without judging them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import Annotated

import typer

from mlci.cli.output import Json, show, show_json
from mlci.errors import UsageError

app = typer.Typer()


@app.command(short_help="Show what the columns of data sets hold, and how they differ from a revision.")
def profile(
    datasets: Annotated[
        list[str] | None, typer.Argument(metavar="DATASET", help="Names of mlci.yaml; all by default.")
    ] = None,
    *,
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="REV", help="Compare with the data sets of a commit or branch.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one page of HTML that needs nothing else.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci profile cells --diff main --html cells.html.

    Shows for each column: what is missing, how many different values there are, bounds, median, mean and distribution.
    With --diff, how far each column is from what it was, the largest difference first.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.profile import profile as command

    place = Workplace.here()
    found = command(
        datasets or [],
        repository=place.repository,
        data=place.data(),
        objects=place.work.objects,
        revision=diff,
    )
    told = [each if place.is_private else each.bare() for each in found]
    if html is not None:
        from mlci.render.profile_page import profile_page

        _write(html, profile_page([(each.profile, each.differences) for each in told], diff).encode())
    if as_json:
        show_json("profile", {"datasets": [each.to_dict() for each in told]})
        return
    from mlci.render.profile_text import profile_text

    show("\n\n".join(profile_text(each.profile, each.differences) for each in told))


def _write(path: Path, page: bytes) -> None:
    from mlci.adapters.files import write_atomically

    try:
        write_atomically(path, page)
    except OSError as error:
        raise UsageError(
            "not-written",
            f"the page cannot be written: {error.strerror or 'the file system refuses'}",
            where=str(path),
            hint="Name a file in a folder that you may write to.",
        ) from error
