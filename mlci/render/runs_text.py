"""Runs in the terminal: what was tried, how it ended, in what the tries differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.runs.listing import differing, metrics_of
from mlci.render.lines import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlci.core.runs import KeptRun, RunDetails, RunRecord

MOST_COLUMNS: Final = 6
"""Parameters, and metrics, that have a column; all are in `mlci runs export`."""
MOST_PATHS: Final = 5
LONGEST_CELL: Final = 24
SHORT: Final = 8
_MIB: Final = 1 << 20


def runs_text(runs: Sequence[KeptRun], total: int) -> str:
    """Return a table of the runs, of which there are TOTAL, with the parameters in which they differ."""
    if not runs:
        return "no run yet: mlci train makes the first"
    params, metrics = differing(runs), metrics_of(runs)
    shown, measured = params[:MOST_COLUMNS], metrics[:MOST_COLUMNS]
    where = ["where"] if any(run.where != "here" for run in runs) else []
    seed = ["seed"] if len({run.record.seed for run in runs}) > 1 else []
    head = ["run", "when (UTC)", "outcome", "commit", *where, *seed, *(_cell(name) for name in (*shown, *measured))]
    rows = [
        [
            run.id[:SHORT],
            _time(run.record),
            run.record.outcome,
            _commit(run.record, SHORT),
            *([run.where] if where else []),
            *([_cell(run.record.seed)] if seed else []),
            *(_cell(run.record.params.get(name, "")) for name in shown),
            *(_cell(run.record.metrics.get(name, "")) for name in measured),
        ]
        for run in runs
    ]
    numbers = frozenset(range(4 + len(where), len(head)))
    lines = [table(head, rows, numbers)]
    hidden = len(params) - len(shown) + len(metrics) - len(measured)
    if len(runs) < total:
        lines.append(f"{len(runs):,} of {total:,} runs; --limit {total} shows all")
    if hidden:
        lines.append(f"{hidden} more columns: mlci runs export")
    if any(run.record.dirty for run in runs):
        lines.append("+ the work tree differed from the commit")
    return "\n".join(lines)


def run_text(run: KeptRun, details: RunDetails | None) -> str:
    """Return all that is known of a run, for people; code and packages as numbers."""
    record = run.record
    blocks = [
        "\n".join(
            [
                f"run {run.id}: {record.outcome}{'' if run.where == 'here' else ', as it was shared'}",
                *_facts(record, details),
            ]
        ),
        _block("data", ["name", "path", "rows", "sha256"], _data_rows(record), {2}),
        _block("parameters", ["name", "value"], [[_cell(name), _cell(value)] for name, value in record.params.items()]),
        _block("metrics", ["name", "last", "values"], _metric_rows(record, details), {1, 2}),
        _block(
            "artifacts",
            ["path", "bytes", "sha256"],
            [[one_line(each.path, 60), f"{each.bytes:,}", each.sha256[:12]] for each in record.artifacts],
            {1},
        ),
        f"also wrote: {one_line(', '.join(details.also_wrote))}" if details and details.also_wrote else "",
        "\n".join(f"left out: {one_line(each)}" for each in (details.left_out if details else ())),
    ]
    return "\n\n".join(block for block in blocks if block)


def _facts(record: RunRecord, details: RunDetails | None) -> Iterable[str]:
    facts = [
        ("reason", record.reason),
        ("command", record.command),
        ("began", f"{_time(record)} (UTC)"),
        ("cost", _cost(record)),
        ("commit", record.commit + (f", {_changed(details)}" if record.dirty else "")),
        ("code", f"{len(details.code):,} file{'s' if len(details.code) != 1 else ''}" if details else "not kept here"),
        ("python", _python(record, details)),
        ("machine", " · ".join(part for part in (record.platform, record.cpu) if part)),
        ("seed", str(record.seed)),
        ("variables", ", ".join(f"{name}={value}" for name, value in record.variables.items())),
        ("fingerprint", record.fingerprint),
        ("model", f"sha256 {record.model_sha256}" if record.model_sha256 else ""),
    ]
    return (f"  {name:<13}{one_line(text)}" for name, text in facts if text)


def _changed(details: RunDetails | None) -> str:
    if details is None:
        return "with changes"
    more = ", …" if len(details.dirty_paths) > MOST_PATHS else ""
    return f"changed: {', '.join(details.dirty_paths[:MOST_PATHS])}{more}"


def _cost(record: RunRecord) -> str:
    cost = record.cost
    parts = [f"{cost.wall_seconds:,.1f} s"]
    if cost.cpu_seconds is not None:
        parts.append(f"{cost.cpu_seconds:,.1f} s of CPU time")
    if cost.peak_bytes is not None:
        parts.append(f"at most {cost.peak_bytes / _MIB:,.0f} MiB of memory")
    return ", ".join(parts)


def _python(record: RunRecord, details: RunDetails | None) -> str:
    if record.python is None:
        return "not known: the command does not begin with an interpreter"
    return record.python + (f", {len(details.packages)} packages" if details else "")


def _data_rows(record: RunRecord) -> list[list[str]]:
    return [
        [name, one_line(file.path, 60), "" if file.rows is None else f"{file.rows:,}", file.sha256[:12]]
        for name, file in record.data.items()
    ]


def _metric_rows(record: RunRecord, details: RunDetails | None) -> list[list[str]]:
    history = details.history if details else {}
    return [
        [_cell(name), _cell(value), f"{len(history[name]):,}" if name in history else ""]
        for name, value in record.metrics.items()
    ]


def _block(title: str, head: list[str], rows: list[list[str]], right: Iterable[int] = ()) -> str:
    return f"{title}\n{table(head, rows, frozenset(right))}" if rows else ""


def _time(record: RunRecord) -> str:
    return record.started.strftime("%Y-%m-%d %H:%M")


def _commit(record: RunRecord, length: int) -> str:
    return record.commit[:length] + ("+" if record.dirty else "")


def _cell(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:.6g}" if isinstance(value, float) else one_line(str(value), LONGEST_CELL)
