"""The command line: every verb turns arguments into adapters, calls one command, and shows the outcome."""

from __future__ import annotations

import typer

from mlci.cli import judging, looking, releasing, starting

app = typer.Typer(
    name="mlci",
    help="MLOps in the pull request: data contracts, a verdict with statistics, a registry that is only Git.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="In any verb: --debug shows the traceback of an error.",
)
for group in (starting, judging, releasing, looking):
    app.add_typer(group.app)
