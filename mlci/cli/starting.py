"""The verbs for newcomers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlci.cli.output import Base, Json, show, show_json, tell
from mlci.cli.streams import Stream
from mlci.errors import MlciError, UsageError
from mlci.version import VERSION

app = typer.Typer()

MLCI = f"mlci/mlci@v{VERSION}"
"""Where the reusable workflows of this version are."""


@app.command(short_help="Write mlci.yaml, a contract inferred from the data, and .gitignore.")
def init(
    train_data: Annotated[Path | None, typer.Argument(metavar="DATA.csv", help="Labelled rows to train on.")] = None,
    *,
    label: Annotated[str | None, typer.Option(metavar="COLUMN", help="The column to predict.")] = None,
    positive: Annotated[
        str | None, typer.Option(metavar="VALUE", help="Its value that counts as positive; 1, true or yes by default.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="binary, multiclass or regression; by default as the label is.")
    ] = None,
    holdout: Annotated[Path | None, typer.Option(metavar="CSV", help="Labelled rows to judge on.")] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="The name of the model.")] = "model",
    train: Annotated[str, typer.Option(metavar="COMMAND", help="Makes model.skops.")] = "python train.py",
    github: Annotated[bool, typer.Option("--github", help="Write the workflows for GitHub, too.")] = False,
    install: Annotated[str, typer.Option(metavar="SCRIPT", help="With --github: installs what training needs.")] = "",
    deploy: Annotated[str, typer.Option(metavar="NAME", help="With --github: deploy this after a promotion.")] = "",
    mlci: Annotated[
        str, typer.Option(metavar="REPOSITORY@REF", help="With --github: where mlci's own workflows are.")
    ] = MLCI,
    as_json: Json = False,
) -> None:
    """Example: mlci init data/cells.csv --holdout data/holdout.csv --label malignant.

    Writes mlci.yaml and a contract inferred from the data, and adds to .gitignore; changes no other file. With
    --github, the workflows that check, report and merge; alone where there is an mlci.yaml already.
    """
    from mlci.commands.init import Wish, judges_on_training_rows
    from mlci.commands.init import init as command
    from mlci.commands.init_github import Hosting, init_github

    folder = Path.cwd()
    written: list[str] = []
    if train_data is None or label is None:
        if not github or train_data or label:
            raise _unnamed(train_data, label)
    else:
        from mlci.adapters.contract_inference import infer

        wish = Wish(
            name=name,
            train_data=train_data.as_posix(),
            holdout=(holdout or train_data).as_posix(),
            label=label,
            positive=positive,
            train=train,
            task=task,
            releases=github,
        )
        written += command(wish, folder=folder, infer=infer, tell=tell)
        if judges_on_training_rows(wish):
            tell("holdout is the training data, which flatters a model: point data.holdout to rows that it never saw")
    if github:
        repository, _, reference = mlci.partition("@")
        hosting = Hosting(repository, reference, install=install, deploy=deploy, default_branch=_default_branch(folder))
        written += init_github(hosting, folder=folder)
    following = "git add -A && git commit, then " + ("git push" if github else "mlci check")
    if as_json:
        show_json("init", {"wrote": written, "next": following})
    else:
        show("\n".join([*(f"wrote {path}" for path in written), f"next: {following}"]))


def _unnamed(train_data: Path | None, label: str | None) -> UsageError:
    """Return the error of an init that lacks the data or the label."""
    command = f"mlci init {train_data or 'DATA.csv'} --label {label or 'COLUMN'}"
    is_bare = train_data is None and label is None
    otherwise = "A repository of data alone needs no init: an mlci.yaml with data: and contracts is all."
    return UsageError(
        "data-unnamed",
        "init needs the data to train on and the column to predict",
        cause=otherwise if is_bare else None,
        hint=f"{command}; for data alone: mlci contract infer DATA.csv -o contracts/data.yaml" if is_bare else command,
    )


def _default_branch(folder: Path) -> str:
    """Return the branch that the origin calls its default; main where there is none to ask, or it is empty."""
    from mlci.adapters.git import GitRepository
    from mlci.adapters.git_process import Git

    try:
        return GitRepository.open(folder, Git(os.environ)).default_branch()
    except MlciError:
        return "main"


@app.command(short_help="Look at all that a check needs, and say what mends it.")
def doctor(*, base: Base = None, as_json: Json = False) -> None:
    """Example: mlci doctor.

    Looks at configuration, data, evaluation set, training, registry and store, says what is wrong and what mends it,
    and warns of gates that the evaluation set cannot decide. Changes nothing.
    """
    from shutil import which

    from mlci.cli.wiring import Workplace
    from mlci.commands.doctor import Practice
    from mlci.commands.doctor import doctor as command
    from mlci.render.doctor_text import diagnoses_text

    place = Workplace.here()
    found = command(
        Practice(
            repository=place.repository,
            tools=place.tools(),
            base_commit=lambda: place.base_commit_if_any(base),
            finds=lambda program: which(program, path=place.runner().search_path) is not None,
            workflows={
                path.relative_to(place.repository.root).as_posix(): path.read_bytes()
                for path in (place.repository.root / ".github" / "workflows").glob("*.y*ml")
            },
            refuse_unsigned=place.refuse_unsigned,
        )
    )
    if as_json:
        show_json("doctor", {"diagnoses": [each.to_dict() for each in found]})
    else:
        show(diagnoses_text(found))
    raise typer.Exit(next((each.exit_code for each in found if each.state == "error"), 0))


@app.command(short_help="Part data into train, validation and test.")
def split(
    data: Annotated[Path, typer.Argument(metavar="DATA.csv", help="CSV, JSON Lines (also packed) or Parquet.")],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Rows with the same value stay together: an id, a patient.")
    ] = None,
    time: Annotated[str | None, typer.Option(metavar="COLUMN", help="The earliest rows are to train on.")] = None,
    shares: Annotated[str, typer.Option(metavar="PERCENTS", help="Of train, validation and test; or of two.")] = (
        "80/10/10"
    ),
    salt: Annotated[str, typer.Option(metavar="TEXT", help="With --key: another text makes other sets.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the files of an earlier split.")] = False,
    as_json: Json = False,
) -> None:
    """Example: mlci split data/visits.csv --key patient --shares 80/10/10.

    Writes the sets beside the data, in the same format and unpacked: by time, or by a hash, the same on every machine.
    """
    from mlci.adapters.data_split import split_by_key, split_by_time
    from mlci.core.data_format import unpacked_name
    from mlci.core.splitting import parse_shares

    parsed = parse_shares(shares)
    if (key is None) == (time is None) or (time and salt):
        problem = "--salt goes with --key" if time and salt else "a split is by one column: of --key or --time"
        raise UsageError("wrong-usage", problem, hint=f"mlci split {data} --key id")
    plain = data.with_name(unpacked_name(data.name))
    targets = [plain.with_name(f"{plain.stem}-{name}{plain.suffix}") for name in parsed.names]
    there = [target for target in targets if target.exists()]
    if there and not force:
        problem = f"there is a {there[0].as_posix()} already"
        raise UsageError("file-exists", problem, hint="Add --force to replace the sets of an earlier split.")
    if key is not None:
        written = split_by_key(data, targets, key, parsed, salt)
    else:
        written = split_by_time(data, targets, str(time), parsed)
    if as_json:
        sets = [
            {"name": name, "path": each.path.as_posix(), "rows": each.rows, "sha256": each.sha256}
            for name, each in zip(parsed.names, written, strict=True)
        ]
        show_json("split", {"by": "key" if key else "time", "column": key or time, "salt": salt, "sets": sets})
    else:
        show("\n".join(f"wrote {each.path.as_posix()} ({each.rows:,} rows)" for each in written))


@app.command(short_help="Play seven acts of a model's life.")
def demo(
    *,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to play; it must not exist yet. Kept afterwards.")
    ] = None,
) -> None:
    """Example: mlci demo --keep demo.

    Plays seven acts of a model's life in a real Git repository: about a minute, and every command is shown.
    """
    from mlci.adapters.demo_stage import DemoStage
    from mlci.commands.demo import play

    if isinstance(sys.stdout, Stream):
        sys.stdout.stop = _leave
    play(DemoStage(keep, os.environ, sys.stdout))


def _leave() -> None:
    """End a verb that nobody listens to any more."""
    raise typer.Exit


@app.command(short_help="Show the version.")
def version(*, as_json: Json = False) -> None:
    """Example: mlci version.

    The version of mlci; `mlci --version` says the same.
    """
    if as_json:
        show_json("program", {"program": "mlci", "version": VERSION})
    else:
        show(f"mlci {VERSION}")
