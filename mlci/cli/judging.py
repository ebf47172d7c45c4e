"""The verbs that judge: from the data to the report."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import Annotated

import typer

from mlci.cli.output import Base, Json, NoFetch, show, show_json, show_report, tell
from mlci.core.plain_text import one_line
from mlci.errors import MlciError

app = typer.Typer()


@app.command(short_help="Check data sets against their contracts.")
def validate(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="DATASET", help="Names of mlci.yaml; all that have a contract by default."),
    ] = None,
    *,
    base: Base = None,
    as_json: Json = False,
) -> None:
    """Example: mlci validate cells.

    Checks data sets, all or those named, against their contracts.
    """
    from mlci.cli.job import annotate
    from mlci.cli.wiring import Workplace
    from mlci.commands.validate import validate as command
    from mlci.render.terminal import dataset_text

    place = Workplace.here()
    commit = place.base_commit_if_any(base)
    if commit is None:
        tell("no target branch on an origin yet: the contracts of the work tree serve")
    reports = command(
        datasets or [],
        repository=place.repository,
        data=place.data(),
        objects=place.work.objects,
        base=commit,
        tell=tell,
    )
    rows = place.is_private
    annotate(place.github, reports, place.repository.prefix)
    if as_json:
        told = [report if rows else report.without_examples() for report in reports]
        show_json("validate", {"datasets": [report.to_dict() for report in told]})
    else:
        show("\n".join(dataset_text(report, rows=rows) for report in reports) or "no data set has a contract")
    raise typer.Exit(4 if any(report.leaks for report in reports) else 0 if all(each.passed for each in reports) else 1)


@app.command(short_help="Make the candidate, or reuse the run with the same inputs.")
def train(
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Train even where the inputs are those of a kept run.")
    ] = False,
    unless_promoted: Annotated[
        bool, typer.Option("--unless-promoted", help="Do nothing where production has these very inputs.")
    ] = False,
    no_fetch: NoFetch = False,
    as_json: Json = False,
) -> None:
    """Example: mlci train.

    Makes the candidate; a run with the same inputs is reused.
    """
    from mlci.adapters.installation import state_here
    from mlci.cli.deferring import deferred
    from mlci.cli.wiring import Workplace
    from mlci.commands.train import promoted_version
    from mlci.commands.train import train as command

    place = Workplace.here()
    if unless_promoted:
        from mlci.cli.job import set_outputs
        from mlci.commands.taking_over import taken_over

        if place.github or not no_fetch:  # with --no-fetch, a laptop has the registry that it has
            place.base_commit(None, fetches=not no_fetch)
        version = promoted_version(repository=place.repository, registry=place.registry())
        in_stage = place.version_in_stage()
        set_outputs(place.github, {"needed": "false" if version else "true", "production": in_stage or ""})
        judged = place.github and not version and taken_over(repository=place.repository, work=place.work)
        if version or judged:
            reason = f"{version} in production has the same inputs" if version else "the model is here that was judged"
            if as_json:
                show_json("train", {"outcome": "not needed", "reason": reason, "version": version})
            else:
                show(f"nothing to train: {reason}")
            return
    trained = command(
        repository=place.repository,
        runner=place.runner(),
        predictor=deferred(place.predictor, state=state_here),
        data=deferred(place.data),
        work=place.work,
        force=force,
    )
    candidate = trained.candidate
    for remark in trained.remarks:
        tell(remark)
    if as_json:
        content = {
            "fingerprint": trained.fingerprint.digest,
            "package": candidate.sha256,
            **trained.training.to_dict(),
        }
        show_json("train", content)
    else:
        show(f"{trained.training.outcome}: {trained.training.reason}")
        if trained.training.stages:
            from mlci.core.pipeline import stages_sentence

            show(one_line(stages_sentence(trained.training.stages), 500))
        if trained.training.seeds:
            show(one_line(trained.training.seeds.sentence, 500))
        show(f"candidate {candidate.sha256[:12]} in .mlci/candidate ({candidate.package.info.estimator})")


@app.command(short_help="Validate, train, compare with production, report.")
def check(
    *,
    base: Base = None,
    force: Annotated[bool, typer.Option("--force", help="Train and judge even where nothing changed.")] = False,
    submit: Annotated[
        bool, typer.Option("--submit", help="End with 0 where a candidate was made; the verdict is somebody else's.")
    ] = False,
    no_fetch: NoFetch = False,
    as_json: Json = False,
) -> None:
    """Example: mlci check.

    What a pull request gets: validate, train, compare with production, report.
    """
    from mlci.cli.job import add_summary, annotate, set_outputs
    from mlci.cli.wiring import Workplace
    from mlci.commands.check import check as command
    from mlci.render.markdown import comment, problem_comment

    place = Workplace.here()
    commit = place.base_commit(base, fetches=not no_fetch)
    try:
        report = command(commit, repository=place.repository, runner=place.runner(), tools=place.tools(), force=force)
    except MlciError as error:
        add_summary(place.github, problem_comment(error if place.is_private else error.public()))
        set_outputs(place.github, {"conclusion": "not judged", "submitted": "false"})
        raise
    show_report(report, as_json=as_json, rows=place.is_private)
    if not as_json:
        show("\nReport: .mlci/report.md")
    add_summary(place.github, comment(report, rows=place.is_private))
    annotate(place.github, report.datasets, place.repository.prefix)
    is_submitted = report.subject.candidate_sha256 is not None
    set_outputs(place.github, {"conclusion": str(report.conclusion), "submitted": str(is_submitted).lower()})
    raise typer.Exit(0 if submit and is_submitted else report.exit_code)


@app.command(short_help="Score the candidate that is there, without training.")
def evaluate(
    *,
    base: Base = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="FOLDER", help="Draw curves and differences there, as SVG.")
    ] = None,
    no_fetch: NoFetch = False,
    as_json: Json = False,
) -> None:
    """Example: mlci evaluate --figures figures.

    Scores the candidate of the last training on the rows of the target branch, beside production, by its gates.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.evaluate import evaluate as command

    place = Workplace.here()
    report, evidence = command(
        place.base_commit(base, fetches=not no_fetch), repository=place.repository, tools=place.tools()
    )
    show_report(report, as_json=as_json, rows=place.is_private)
    if figures is not None and report.verdict is not None:
        from mlci.adapters.files import write_atomically
        from mlci.render.figures.evaluation import evaluation_figures

        verdict = report.verdict if place.is_private else report.verdict.without_values()
        drawn = evaluation_figures(evidence, verdict, report.confidence)
        for name, content in drawn.items():
            write_atomically(figures / name, content)
        tell(f"{len(drawn)} figures in {figures}")
    raise typer.Exit(report.exit_code)


@app.command(short_help="Judge the candidate for HEAD and publish on the host.")
def report(
    *,
    base: Base = None,
    of_run: Annotated[
        bool, typer.Option("--run", help="Judge what the run submitted that the event workflow_run is about.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci report.

    Judges the candidate of the last check for the commit HEAD, and publishes comment and status on the host.
    """
    from mlci.cli.submitted import find_pull_request
    from mlci.cli.wiring import Workplace
    from mlci.commands.candidate import find_submission
    from mlci.commands.report import problems_published
    from mlci.commands.report import report as command

    place = Workplace.here()
    repository, forge = place.repository, place.forge()
    if of_run:
        found = find_pull_request(place, forge)
        if isinstance(found, str):
            if as_json:
                show_json("nothing-to-report", {"reason": found})
            else:
                show(found)
            return
        pull_request, run_id = found
    else:
        pull_request, run_id = forge.pull_request(repository.branch(), repository.head()), None
    with problems_published(pull_request, forge):
        commit = pull_request.commit if run_id is None else repository.fetch_merge(pull_request)
        judged, location = command(
            place.base_commit(base or pull_request.base),
            commit,
            pull_request,
            place.work.submission() if run_id is None else find_submission(forge, run_id),
            repository=repository,
            forge=forge,
            tools=place.tools(),
            run=run_id,
        )
    if as_json:
        show_report(judged, as_json=True, rows=place.is_private)
    else:
        show(f"mlci/gate: {judged.status}, {judged.headline.replace('`', '')}")
        show(f"comment: {location}")
    # In a job of its own, the verdict is the status alone; the job was there to publish it.
    raise typer.Exit(0 if of_run else judged.exit_code)
