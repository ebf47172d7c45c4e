"""The verbs that look and change nothing."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlci.cli import registry
from mlci.cli.asking import asking_predictor
from mlci.cli.output import Json, show, show_json, tell
from mlci.core.plain_text import one_line
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.commands.installed import Installed
    from mlci.commands.predict import Answers

app = typer.Typer()
registry_app = registry.app
app.add_typer(registry_app, name="registry")


@app.command(short_help="Answer rows with any package.")
def predict(
    reference: Annotated[
        str, typer.Argument(metavar="REF", help="v1.0.0, #production, candidate or a package's path.")
    ],
    rows: Annotated[
        Path, typer.Argument(metavar="ROWS", help="CSV, Parquet or JSON Lines with the columns that the model reads.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to a .csv, .jsonl or .parquet file, in batches.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Example: mlci predict "#production" rows.csv.

    Answers each row, by its number: with the probability of the positive class, or of each class, and the class
    decided; or with a number. With --out memory stays small however many rows there are, and the same command goes
    on where an earlier one was killed.
    """
    from mlci.adapters.duckdb import DuckdbData
    from mlci.commands.predict import predict as command

    if not rows.is_file():
        raise _no_rows(reference, rows)
    if out is not None:
        _predict_to(out, reference, rows, as_json=as_json)
        return
    answers = command(_installed(reference), rows, data=DuckdbData(), predictor=asking_predictor())
    if as_json:
        show_json("predict", _content(answers))
        return
    columns, decided = answers.columns, [answers.classes] if answers.classes else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", *columns.names])
    shown = [list(map(_shown, each.tolist())) for each in columns.numbers]
    writer.writerows(zip(range(1, columns.rows + 1), *shown, *decided, strict=True))
    show(text.getvalue().removesuffix("\n"))


@app.command(short_help="Check registry, store and packages.")
def verify(
    reference: Annotated[
        str | None,
        typer.Argument(metavar="REF|PATH", help="A version, a stage, or a package's path; all by default."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Example: mlci verify.

    Checks events, history and tags of the registry, the bytes in the store, and that each package loads as it claims.
    """
    from mlci.cli.wiring import Workplace
    from mlci.commands.package_path import read_path
    from mlci.commands.resolving import is_path
    from mlci.commands.verify import verify_package, verify_registry, worst

    if reference and is_path(reference):
        checked = verify_package(read_path(Path(reference)), reference, asking_predictor())
    else:
        place = Workplace.here()
        config = place.config()
        base = place.base_commit(None)
        with tempfile.TemporaryDirectory(prefix="mlci-") as empty:
            checked = verify_registry(
                config.model.name,
                reference,
                repository=place.repository,
                registry=place.registry(),
                stores=place.open_each(config.promote, Path(empty)),
                predictor=asking_predictor(may_start_programs=False),
                signing=place.signing(),
                demand=place.demand(base),
            )
    error = worst(checked)
    if as_json:
        show_json("verify", {"checked": [each.to_dict() for each in checked]})
        raise typer.Exit(error.exit_code if error else 0)
    for each in checked:
        show(f"{'✗' if each.error else '!' if each.is_warning else '✓'} {each.subject}: {one_line(each.result, 500)}")
    if error:
        raise error


def _shown(number: float | int) -> str:  # noqa: PYI041 - which of the two says what it is
    """Return a number of a table: a probability to six digits, a decision about a label as it is."""
    return f"{number:.6f}" if isinstance(number, float) else str(number)


def _predict_to(out: Path, reference: str, rows: Path, *, as_json: bool) -> None:
    from mlci.adapters.answer_file import AnswerFile
    from mlci.adapters.duckdb import DuckdbData
    from mlci.commands.predict import predict_to

    if out.resolve() == rows.resolve():
        raise UsageError("answers-over-rows", f"the answers would replace {rows}", hint="--out answers.csv")

    def progress(answered: int, total: int) -> None:
        tell(f"{answered:,} of {total:,} rows answered")

    with AnswerFile(out) as file:
        answered = predict_to(
            file, _installed(reference), rows, data=DuckdbData(), predictor=asking_predictor(), progress=progress
        )
    if as_json:
        show_json("predict", {"path": str(out), "rows": answered})
    else:
        show(str(out))


def _content(answers: Answers) -> dict[str, Any]:
    """Return answers as JSON: of a binary task with the positive class, which it names."""
    from mlci.core.answer_columns import class_text

    signature, columns = answers.signature, answers.columns
    decisions = answers.classes or (None,) * columns.rows
    positive = None if signature.positive is None else class_text(signature.positive)
    content: list[dict[str, Any]] = []
    numbered = [each.tolist() for each in columns.numbers]
    for place, (decision, *numbers) in enumerate(zip(decisions, *numbered, strict=True), 1):
        answer: dict[str, Any] = {"row": place, **dict(zip(columns.names, numbers, strict=False))}
        if decision is not None:
            answer["decision"] = decision
        if positive is not None:
            answer["positive"] = decision == positive
        content.append(answer)
    return {"answers": content} if positive is None else {"positive_class": positive, "answers": content}


def _no_rows(reference: str, rows: Path) -> UsageError:
    if Path(reference).is_file() and reference.endswith(".csv"):
        return UsageError(
            "arguments-swapped",
            f"{reference} holds rows, and {rows} is no file",
            hint=f"The model comes first: mlci predict {rows} {reference}",
        )
    problem = f"{rows} is a folder" if rows.is_dir() else f"there is no file {rows}"
    return UsageError(
        "data-missing", problem, hint="Name a file (CSV, Parquet, JSON Lines) with the columns that the model reads."
    )


def _installed(reference: str) -> Installed:
    """Return the package that REFERENCE names; a path needs no repository."""
    from mlci.commands.package_path import read_path
    from mlci.commands.resolving import is_path

    if is_path(reference):
        return read_path(Path(reference))
    from mlci.cli.wiring import Workplace
    from mlci.commands.references import resolve

    place = Workplace.here()
    config = place.config()
    if reference != "candidate":
        place.base_commit(None)
    store = place.open_store(config.promote)
    return resolve(reference, config.model.name, registry=place.registry(), store=store, work=place.work)
