"""The verbs for newcomers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlci.cli.output import show, tell

app = typer.Typer()


@app.command(short_help="Write mlci.yaml, a contract inferred from the data, and .gitignore.")
def init(
    train_data: Annotated[Path, typer.Argument(metavar="DATA.csv", help="Labelled rows to train on.")],
    label: Annotated[str, typer.Option(help="The column to predict.")],
    positive: Annotated[str, typer.Option(help="The value of the label that counts as positive.")] = "1",
    holdout: Annotated[Path | None, typer.Option(metavar="CSV", help="Labelled rows to judge on.")] = None,
    name: Annotated[str, typer.Option(help="The name of the model.")] = "model",
    train: Annotated[str, typer.Option(metavar="COMMAND", help="Makes model.skops.")] = "python train.py",
) -> None:
    """Example: mlci init data/cells.csv --holdout data/holdout.csv --label malignant.

    Writes mlci.yaml and a contract inferred from the data, and adds to .gitignore; changes no other file.
    """
    from mlci.adapters.contract_inference import infer
    from mlci.commands.init import Wish
    from mlci.commands.init import init as command

    wish = Wish(
        name=name,
        train_data=train_data.as_posix(),
        holdout=(holdout or train_data).as_posix(),
        label=label,
        positive=positive,
        train=train,
    )
    for path in command(wish, folder=Path.cwd(), infer=infer):
        show(f"wrote {path}")
    if holdout is None:
        tell("holdout is the training data, which flatters a model: set data.holdout.path to rows that it never saw")
    show("next: git add -A && git commit, then mlci check")


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

    play(DemoStage(keep, os.environ, sys.stdout))


@app.command(short_help="Show the version.")
def version() -> None:
    """Example: mlci version.

    The version of mlci.
    """
    from mlci.version import VERSION

    show(f"mlci {VERSION}")
