"""The verbs of the sealed set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlci.cli.output import Json, NoFetch, show, show_json
from mlci.errors import UsageError

app = typer.Typer(help="The sealed set: the rows it needs, and the looks left.", no_args_is_help=True)

LOOKS = 20
PASSES = 3


@app.command("plan", short_help="Compute how many rows a sealed set needs.")
def sealed_plan(
    *,
    margin: Annotated[
        float, typer.Option(metavar="AMOUNT", help="What a candidate may be worse by, in the metric's unit.")
    ],
    looks: Annotated[int, typer.Option(metavar="N", help="How many candidates it may judge.")] = LOOKS,
    passes: Annotated[int, typer.Option(metavar="N", help="After how many that pass it retires.")] = PASSES,
    reliability: Annotated[
        float,
        typer.Option(metavar="SHARE", help="The chance that none passes, in all looks, that is worse by the margin."),
    ] = 0.95,
    power: Annotated[
        float, typer.Option(metavar="SHARE", help="The chance of a candidate that is as good as production to pass.")
    ] = 0.8,
    disagreement: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="On how many rows models differ, such as 10%; the last report says it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci sealed plan --margin 0.02.

    Computes how many rows a sealed set needs, so that its looks and passes still prove something.
    """
    from mlci.adapters.work_folder import WorkFolder
    from mlci.core.sealed import plan
    from mlci.render.sealed_text import plan_text

    planned = plan(
        margin,
        reliability,
        power,
        looks,
        passes,
        disagreement=None if disagreement is None else _share(disagreement),
        last_report=WorkFolder(Path.cwd()).read("report.json"),
    )
    if as_json:
        show_json("sealed-plan", planned.to_dict())
    else:
        show(plan_text(planned))


@app.command("status", short_help="Show how many looks and passes are left.")
def sealed_status(*, no_fetch: NoFetch = False, as_json: Json = False) -> None:
    """Example: mlci sealed status.

    Shows how often the sealed set was opened, and what is left of its budget.
    """
    from mlci.cli.wiring import Workplace
    from mlci.core.sealed import status_of
    from mlci.render.sealed_text import status_text

    place = Workplace.here()
    config = place.config()
    if config.sealed is None:
        raise UsageError(
            "nothing-sealed",
            "mlci.yaml names no sealed set",
            where="mlci.yaml",
            hint="sealed: {data: NAME, looks: 20, passes: 3}; mlci sealed plan says how many rows it needs",
        )
    if not no_fetch:
        place.base_commit(None)
    status = status_of(config.sealed, config.statistics, place.registry().load(config.model.name).registry)
    if as_json:
        show_json("sealed-status", status.to_dict())
    else:
        show(status_text(status))


def _share(text: str) -> float:
    from mlci.core.contract.share import parse_share

    try:
        return float(parse_share(text).percent) / 100
    except ValueError as error:
        raise UsageError("wrong-usage", f"--disagreement: {error}", hint="--disagreement 10%") from error
