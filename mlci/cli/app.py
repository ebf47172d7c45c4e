"""The command line: every verb turns arguments into adapters, calls one command, and shows the outcome."""

from __future__ import annotations

import inspect
from typing import Final

import typer
from typer.core import TyperGroup
from typing_extensions import override

from mlci.cli import (
    contracts,
    data,
    judging,
    looking,
    packing,
    profiling,
    releasing,
    sealed,
    starting,
    tracing,
    tracking,
    versions,
)

ORDER: Final = (
    *("init", "doctor", "demo", "version"),
    *("validate", "profile", "contract", "split", "data"),
    *("train", "package", "runs", "lineage", "reproduce", "predict"),
    *("check", "evaluate", "compare", "sealed", "report", "fetch"),
    *("promote", "rollback", "quarantine", "readmit", "deprecate", "pull", "verify", "registry", "deploy"),
)
"""Verbs in the order in which a model meets them."""


class InOrder(TyperGroup):
    """Verbs and groups of verbs as they are listed to a reader."""

    @override
    def list_commands(self, ctx: object) -> list[str]:
        """Return the verbs by `ORDER`."""
        return sorted(self.commands, key=ORDER.index)


app = typer.Typer(
    name="mlci",
    cls=InOrder,
    help="MLOps in the pull request: data contracts, a verdict with statistics, a registry that is only Git.",
    epilog="In any verb: --debug shows the traceback of an error. New here? Begin with: mlci demo",
    context_settings={"max_content_width": 100},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # text that a terminal, a log and a page of the documentation show alike
)


def _help(callback: object) -> str:
    """Return the docstring of a verb; its example, the first line, without the full stop, as one would paste it."""
    example, _, rest = (inspect.getdoc(callback) or "").partition("\n")
    # \b keeps a paragraph as it is written: an example is one line, however long.
    return f"\b\n{example.removesuffix('.')}\n{rest}"


GROUPS = {
    starting.app: None,
    judging.app: None,
    profiling.app: None,
    releasing.app: None,
    versions.app: None,
    looking.app: None,
    packing.app: None,
    tracing.app: None,
    tracking.app: "runs",
    sealed.app: "sealed",
    contracts.app: "contract",
    data.app: "data",
}
"""Verbs, and the word that stands before them where there is one."""

for group, name in GROUPS.items():
    for verb in group.registered_commands:
        verb.help = _help(verb.callback)
    app.add_typer(group, name=name)
for verb in looking.registry_app.registered_commands:  # which lies in looking.app
    verb.help = _help(verb.callback)
