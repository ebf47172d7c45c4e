"""The verbs that look at runs."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated

import typer

from mlci.cli.output import Json, show, show_json
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.adapters.runs_branch import GitRuns
    from mlci.adapters.work_folder import WorkFolder
    from mlci.commands.runs import Shown
    from mlci.core.runs.listing import Wanted

app = typer.Typer(help="What was trained, how it ended, and which was the best.", no_args_is_help=True)

NEWEST = 30


@app.command("list", short_help="List the runs, the newest first.")
def runs_list(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="How many runs.")] = NEWEST,
    as_json: Json = False,
) -> None:
    """Example: mlci runs list.

    The runs of this folder, failed ones too, and those that were shared as far as they were fetched: outcome, commit,
    the parameters in which they differ, and metrics.
    """
    from mlci.commands.runs import list_runs, run_dict
    from mlci.render.runs_text import runs_text

    runs = list_runs(*_runs())
    if as_json:
        show_json("runs-list", {"total": len(runs), "runs": [run_dict(run) for run in runs[:limit]]})
    else:
        show(runs_text(runs[:limit], len(runs)))


@app.command("show", short_help="Show all that is known of a run.")
def runs_show(
    reference: Annotated[str, typer.Argument(metavar="RUN", help="The first digits of a run or of a fingerprint.")],
    *,
    as_json: Json = False,
) -> None:
    """Example: mlci runs show 3f2a91.

    What went in, what came out, and what it cost.
    """
    from mlci.commands.runs import show_run

    _show(show_run(reference, *_runs()), "runs-show", as_json=as_json)


@app.command("best", short_help="Show the run with the best value of a metric.")
def runs_best(
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="A metric that the script logs.")],
    *,
    highest: Annotated[bool, typer.Option("--highest", help="The highest value is the best.")] = False,
    lowest: Annotated[bool, typer.Option("--lowest", help="The lowest value is the best.")] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci runs best val_loss --lowest.

    The run whose last value of a metric is the best, of those that made a model.
    """
    from mlci.commands.runs import best_run

    if highest and lowest:
        raise UsageError("wrong-usage", "--highest and --lowest exclude each other", hint="Keep one of them.")
    wanted: Wanted | None = "highest" if highest else "lowest" if lowest else None
    _show(best_run(metric, wanted, *_runs()), "runs-best", as_json=as_json)


@app.command("export", short_help="Write all runs as CSV, or as JSON.")
def runs_export(*, as_json: Json = False) -> None:
    """Example: mlci runs export > runs.csv.

    Every run with all parameters and metrics: CSV, or with --json the whole records.
    """
    from mlci.commands.runs import list_runs, run_dict
    from mlci.core.runs.listing import csv_text

    runs = list_runs(*_runs())
    if as_json:
        show_json("runs-export", {"runs": [run_dict(run) for run in runs]})
    else:
        show(csv_text(runs).removesuffix("\n"))


@app.command("publish", short_help="Share the record of the candidate's run.")
def runs_publish(*, as_json: Json = False) -> None:
    """Example: mlci runs publish.

    Adds the record of the run that made the candidate of HEAD to the branch mlci/runs of the origin, for everybody.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.publish import publish

    place = Workplace.here()
    who, _ = place.actor()
    published = publish(
        who, repository=place.repository, work=place.work, shared=place.shared_runs(), clock=place.clock
    )
    if as_json:
        run, is_new = published or (None, False)
        show_json("runs-publish", {"run": run.id if run else None, "is_new": is_new})
    elif published is None:
        show("nothing to share: no candidate here has the record of its run")
    else:
        run, is_new = published
        show(f"run {run.id} is on the branch mlci/runs" + ("" if is_new else " already"))


def _show(shown: Shown, schema: str, *, as_json: bool) -> None:
    from mlci.render.runs_text import run_text

    if as_json:
        show_json(schema, {"run": shown.to_dict()})
    else:
        show(run_text(shown.run, shown.details))


def _runs() -> tuple[WorkFolder, GitRuns]:
    """Return where runs are kept, here and by the origin; where there is none yet, there must at least be a model."""
    from mlci.cli.wiring import Workplace

    # Thousands of records are no garbage, and looking through them for some takes half of the time.
    gc.disable()
    place = Workplace.here()
    if not (place.work.path / "runs").is_dir():
        place.config()
    return place.work, place.shared_runs()
