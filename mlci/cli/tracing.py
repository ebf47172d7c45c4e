"""The verbs that tell where a model comes from, and make it once more."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import Annotated

import typer

from mlci.cli.output import Json, NoFetch, show, show_json, tell
from mlci.core.reproduction import TOLERANCE
from mlci.errors import UsageError

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
    tree = command(reference, repository=place.repository, registry=place.registry(), work=place.work)
    if as_json:
        show_json("lineage", {"tree": tree.to_dict()})
    else:
        show(mermaid(tree) if as_mermaid else lineage_text(tree))


@app.command(short_help="Show two runs beside each other.")
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="A run, candidate, a version or a stage.")],
    second: Annotated[str, typer.Argument(metavar="B", help="As A.")],
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer in CSV.")] = False,
    curves: Annotated[
        Path | None, typer.Option("--curves", metavar="FOLDER", help="Draw each metric over its steps there, as SVG.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci compare "#production" candidate.

    In what two runs differ (parameters, data, code, environment), and their metrics.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.compare import compare_runs, curve_files
    from mlci.core.runs.comparison import comparison_csv
    from mlci.render.comparison_text import run_comparison_text

    if as_csv and as_json:
        raise UsageError("wrong-usage", "--csv and --json exclude each other", hint="Keep one of them.")
    place = Workplace.here()
    compared = compare_runs(
        first,
        second,
        model=place.config().model.name,
        repository=place.repository,
        registry=place.registry(),
        work=place.work,
        shared=place.shared_runs(),
    )
    if as_json:
        show_json("run-comparison", compared.to_dict())
    else:
        show(comparison_csv(compared).removesuffix("\n") if as_csv else run_comparison_text(compared))
    if curves is not None:
        from mlci.adapters.files import write_atomically
        from mlci.render.figures.history import metric_history

        names = (compared.first.id[:8], compared.second.id[:8])
        drawn = curve_files(compared)
        for metric, file in drawn.items():
            first_history, second_history = zip(names, compared.histories[metric], strict=True)
            write_atomically(curves / file, metric_history(metric, first_history, second_history))
        tell(f"{len(drawn)} figure{'s' if len(drawn) != 1 else ''} in {curves}")


@app.command(short_help="Make a model once more from its commit, and compare.")
def reproduce(
    reference: Annotated[str, typer.Argument(metavar="REF", help="A version, a stage, or the first digits of a run.")],
    *,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=1, help="How far probabilities may lie apart.")
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
        separate=place.separate,
    )
    if as_json:
        show_json("reproduction", made.to_dict())
    else:
        show(reproduction_text(made))
    raise typer.Exit(1 if made.outcome == "different" else 0)
