"""Many runs beside each other: which came last, in what they differ, which is the best."""

from __future__ import annotations

import csv
import io
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from mlci.core.metrics import METRICS
from mlci.core.plain_text import one_line
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlci.core.runs.record import KeptRun

Wanted = Literal["highest", "lowest"]

SHORTEST_REFERENCE: Final = 4
MOST_NAMED: Final = 5
_BEGINS_FORMULA: Final = frozenset("=+-@\t\r")


def newest_first(runs: Iterable[KeptRun]) -> list[KeptRun]:
    """Return the runs, the last one to begin first; those of one second in the order of their names."""
    return sorted(sorted(runs, key=lambda run: run.id), key=lambda run: run.record.started, reverse=True)


def differing(runs: Sequence[KeptRun]) -> tuple[str, ...]:
    """Return the names of the parameters that do not have the same value in all runs."""
    names = sorted({name for run in runs for name in run.record.params})
    missing = object()
    return tuple(
        name for name in names if len({repr(run.record.params.get(name, missing)) for run in runs}) > 1
    )  # fmt: skip


def metrics_of(runs: Iterable[KeptRun]) -> tuple[str, ...]:
    """Return the names of all metrics that were logged, in order."""
    return tuple(sorted({name for run in runs for name in run.record.metrics}))


def found(runs: Iterable[KeptRun], reference: str) -> KeptRun:
    """Return the run that REFERENCE names: the beginning of its name, or of its fingerprint, then the newest of those.

    Raises `UsageError`: "unknown-run", "ambiguous-run".
    """
    name = reference.removeprefix("run:")
    if len(name) >= SHORTEST_REFERENCE:
        known = newest_first(runs)
        named = [run for run in known if run.id.startswith(name)]
        if len(named) > 1:
            listed = ", ".join(run.id for run in named[:MOST_NAMED])
            raise UsageError(
                "ambiguous-run", f"{len(named)} runs begin with {name}", hint=f"Write more of one: {listed}"
            )
        alike = named or [run for run in known if run.record.fingerprint.startswith(name)]
        if alike:
            return alike[0]
    raise UsageError(
        "unknown-run",
        f"no run here is called {one_line(reference, 80)!r}",
        cause="A run has a name of 16 hexadecimal digits, of which the first four will do; it lies in .mlci/runs.",
        hint="mlci runs list",
    )


def best(runs: Iterable[KeptRun], metric: str, wanted: Wanted | None) -> KeptRun:
    """Return the run with the best last value of METRIC among those that made a model; of equals, the first.

    What is better is known for the metrics of gates. Raises `UsageError`: "metric-unknown", "direction-unknown".
    """
    known = [run for run in reversed(newest_first(runs)) if run.record.outcome == "trained"]
    values = [(value, run) for run in known if isinstance(value := run.record.metrics.get(metric), (int, float))]
    if not values:
        names = ", ".join(metrics_of(known)[:MOST_NAMED])
        raise UsageError(
            "metric-unknown",
            f"no run here that made a model has logged a number as {one_line(metric, 80)!r}",
            cause=f"Logged are: {one_line(names)}" if names else "No run has logged any metric.",
            hint=f'mlci.log_metric("{one_line(metric, 80)}", value)',
        )
    direction = wanted or _direction(metric)
    if direction is None:
        raise UsageError(
            "direction-unknown",
            f"is a high or a low {one_line(metric, 80)!r} better?",
            hint=f"mlci runs best {one_line(metric, 80)} --highest, or --lowest",
        )
    choose = max if direction == "highest" else min
    _, run = choose(values, key=lambda pair: pair[0])
    return run


def _direction(metric: str) -> Wanted | None:
    known = {str(name): each for name, each in METRICS.items()}.get(metric)
    if known is None:
        return None
    return "highest" if known.higher_is_better else "lowest"


def csv_text(runs: Sequence[KeptRun]) -> str:
    """Return a line for every run, parameters and metrics in columns of their own; for spreadsheets and data frames."""
    params = sorted({name for run in runs for name in run.record.params})
    metrics = metrics_of(runs)
    data = sorted({name for run in runs for name in run.record.data})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = ("run", "where", *_FACTS, *(f"data.{name}.sha256" for name in data))
    writer.writerow(
        [cell(name) for name in (*names, *(f"params.{name}" for name in params), *(f"metrics.{m}" for m in metrics))]
    )
    for run in runs:
        record = run.record
        files = [record.data[name].sha256 if name in record.data else None for name in data]
        values = [
            *files,
            *(record.params.get(name) for name in params),
            *(record.metrics.get(name) for name in metrics),
        ]
        writer.writerow([cell(value) for value in (run.id, run.where, *_facts(run), *values)])
    return buffer.getvalue()


_FACTS: Final = (
    "started", "outcome", "reason", "commit", "dirty", "fingerprint", "command", "seed",
    "wall_seconds", "cpu_seconds", "peak_bytes", "python", "platform", "cpu", "model_sha256",
)  # fmt: skip
_COSTS: Final = frozenset({"wall_seconds", "cpu_seconds", "peak_bytes"})
_READ: Final = attrgetter(*(f"cost.{name}" if name in _COSTS else name for name in _FACTS))


def _facts(run: KeptRun) -> Iterator[Any]:
    started, *others = _READ(run.record)
    return iter((started.isoformat().replace("+00:00", "Z"), *others))


def cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula (OWASP, CSV injection); numbers are left as they are."""
    if type(value) is not str or value[:1] not in _BEGINS_FORMULA or value == "-inf":
        return value
    return f"'{value}"
