"""The verbs that tell where a model comes from, and make it once more."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer

from mlci.cli.output import Json, NoFetch, json_text, show, show_json, tell
from mlci.core.reproduction import TOLERANCE
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.core.runs.comparison import RunComparison

app = typer.Typer()


@app.command(short_help="Show what a model was made from, or what used a data set.")
def lineage(
    reference: Annotated[
        str,
        typer.Argument(metavar="REF", help="A version, a stage, run:ID, candidate, a package's path, or a data set."),
    ],
    *,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Answer as a flow chart for Mermaid.")] = False,
    no_fetch: NoFetch = False,
    as_json: Json = False,
) -> None:
    """Example: mlci lineage "#production".

    Which data, which code, which run, which evaluation; of a data set, by its name, path or hash, which models used it.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.lineage import lineage as command
    from mlci.render.lineage_text import lineage_text, mermaid

    if as_mermaid and as_json:
        raise UsageError("wrong-usage", "--mermaid and --json exclude each other", hint="Keep one of them.")
    place = Workplace.here()
    if not no_fetch:
        place.base_commit_if_any(None)
    tree = command(
        reference,
        repository=place.repository,
        registry=place.registry(),
        work=place.work,
        shared=place.shared_runs(),
    )
    if as_json:
        show_json("lineage", {"tree": tree.to_dict()})
    else:
        show(mermaid(tree) if as_mermaid else lineage_text(tree))


@app.command(short_help="Show two models or runs side by side.")
def compare(
    first: Annotated[
        str, typer.Argument(metavar="A", help="A version, a stage, candidate, a run, or the path of a package.")
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="As A.")],
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer in CSV.")] = False,
    curves: Annotated[
        Path | None,
        typer.Option("--curves", metavar="FOLDER", help="Write metrics over steps there, as SVG, CSV and JSON."),
    ] = None,
    no_fetch: NoFetch = False,
    as_json: Json = False,
) -> None:
    """Example: mlci compare "#production" candidate.

    What two models score on the rows of the evaluation set, with intervals, and in what they differ: parameters, data,
    code, environment, signature.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.compare import compare as command
    from mlci.core.side_by_side import side_by_side_csv
    from mlci.render.comparison_text import side_by_side_text

    if as_csv and as_json:
        raise UsageError("wrong-usage", "--csv and --json exclude each other", hint="Keep one of them.")
    place = Workplace.here()
    compared = command(
        first,
        second,
        base=None if no_fetch else place.base_commit_if_any(None),
        repository=place.repository,
        shared=place.shared_runs(),
        tools=place.tools(),
    )
    if as_json:
        show_json("side-by-side", compared.to_dict())
    else:
        show(side_by_side_csv(compared).removesuffix("\n") if as_csv else side_by_side_text(compared))
    if curves is not None:
        if compared.runs is None:
            raise UsageError(
                "run-not-here",
                "there are no curves to draw",
                cause="They come from the records of both runs, and one of them is not here.",
                hint="Compare two runs of: mlci runs list",
            )
        _write_curves(compared.runs, curves)


def _write_curves(compared: RunComparison, folder: Path) -> None:
    """Write all values as CSV and JSON, for which nothing more is needed, then a figure of each metric with steps."""
    from mlci.adapters.files import write_atomically
    from mlci.commands.compare import curve_files
    from mlci.core.runs.comparison import curves_csv, curves_dict

    write_atomically(folder / "curves.csv", curves_csv(compared).encode())
    write_atomically(folder / "curves.json", json_text("curves", curves_dict(compared)).encode())
    drawn = curve_files(compared)
    if drawn:
        from mlci.render.figures.history import metric_history

        names = (compared.first.id[:8], compared.second.id[:8])
        for metric, file in drawn.items():
            first_history, second_history = zip(names, compared.histories[metric], strict=True)
            write_atomically(folder / file, metric_history(metric, first_history, second_history))
    tell(f"{len(drawn)} figure{'s' if len(drawn) != 1 else ''}, curves.csv and curves.json in {folder}")


@app.command(short_help="Make a model once more from its commit, and compare.")
def reproduce(
    reference: Annotated[str, typer.Argument(metavar="REF", help="A version, a stage, a run, or candidate.")],
    *,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=1, help="How far answers may lie apart.")
    ] = TOLERANCE,
    no_fetch: NoFetch = False,
    as_json: Json = False,
) -> None:
    """Example: mlci reproduce "#production".

    Trains in a work tree of its own, with data restored by hash; the same bytes, the same answers, or what differs.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.reproduce import reproduce as command
    from mlci.render.reproduction_text import reproduction_text

    place = Workplace.here()
    if not no_fetch:
        place.base_commit_if_any(None)
    made = command(
        reference,
        tolerance=tolerance,
        repository=place.repository,
        runner=place.runner(),
        tools=place.tools(),
        shared=place.shared_runs(),
        separate=place.separate,
    )
    if as_json:
        show_json("reproduction", made.to_dict())
    else:
        show(reproduction_text(made))
    raise typer.Exit(1 if made.outcome == "different" else 0)
