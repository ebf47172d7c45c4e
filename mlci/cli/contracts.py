"""The verbs about contracts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mlci.cli.output import Json, show, show_json
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from mlci.commands.ports import Repository

app = typer.Typer(help="What a data set must satisfy.", no_args_is_help=True)

Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")]
Force = Annotated[bool, typer.Option("--force", help="Replace FILE where there is one.")]


@app.command("infer", short_help="Draft a contract from data.")
def contract_infer(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Rows that are as they should be: a file, a folder or a pattern.")
    ],
    *,
    output: Output = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Example: mlci contract infer data/cells.csv -o contracts/cells.yaml.

    Drafts a contract from data: types, keys, and bounds with room for the next delivery. A comment marks each guess.
    """
    from mlci.adapters.contract_inference import infer_all as adapter
    from mlci.commands.contract import infer

    _show_document(infer(data, infer=adapter), "contract-infer", output, force=force, as_json=as_json)


@app.command("diff", short_help="Say what changed between two contracts, and whom it breaks.")
def contract_diff(
    one: Annotated[str, typer.Argument(metavar="A", help="The older contract: a path or REVISION:PATH.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The newer contract.")],
    *,
    as_json: Json = False,
) -> None:
    """Example: mlci contract diff main:contracts/cells.yaml contracts/cells.yaml.

    Says of each change whether it is breaking, compatible or unknown: for who reads the data, and for a model's users.
    """
    from mlci.commands.contract import diff
    from mlci.core.contract.compatibility import breaks
    from mlci.render.contract_text import contract_changes_text

    changes = diff(one, other, folder=Path.cwd(), repository=_repository)
    if as_json:
        content = {"breaking": breaks(changes), "changes": [change.to_dict() for change in changes]}
        show_json("contract-diff", content)
    else:
        show(contract_changes_text(changes))


@app.command("export", short_help="Write a contract for other tools.")
def contract_export(
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="A path or REVISION:PATH.")],
    *,
    format_: Annotated[
        Literal["json-schema"], typer.Option("--format", help="JSON Schema, draft 2020-12.")
    ] = "json-schema",
    output: Output = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Example: mlci contract export contracts/cells.yaml -o cells.schema.json.

    A schema of the rows as JSON objects; what it cannot say is listed in it under x-not-said.
    """
    from mlci.commands.contract import read_contract
    from mlci.core.contract.json_schema import json_schema

    hint = "mlci contract export contracts/cells.yaml"
    schema = json_schema(read_contract(contract, folder=Path.cwd(), repository=_repository, hint=hint))
    text = json.dumps(schema, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    _show_document(text, f"contract-export-{format_}", output, force=force, as_json=as_json)


def _repository() -> Repository:
    from mlci.cli.wiring import Workplace

    return Workplace.here().repository


def _show_document(text: str, schema: str, output: Path | None, *, force: bool, as_json: bool) -> None:
    """Show TEXT, or write it to OUTPUT, which must be free unless FORCE is said."""
    if output is not None:
        _write(output, text, force=force)
    if as_json:
        show_json(schema, {"text": text, "wrote": None if output is None else output.as_posix()})
    else:
        show(text.removesuffix("\n") if output is None else f"wrote {output.as_posix()}")


def _write(path: Path, text: str, *, force: bool) -> None:
    from mlci.adapters.files import write_atomically

    if path.exists() and not (force and path.is_file()):
        problem = f"there is a {path.as_posix()} already"
        raise UsageError("file-exists", problem, hint="Add --force to replace it, or name another file with -o.")
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        problem = f"{path.as_posix()} cannot be written: {error.strerror}"
        raise OutsideError("not-written", problem, hint="Look at `ls -ld .` and `df .`.") from error
