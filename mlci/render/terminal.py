"""A report in the terminal: calm, aligned, each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.gates import Outcome
from mlci.core.plain_text import one_line
from mlci.core.words import counted
from mlci.render.lines import filled, plain, table
from mlci.render.wording import (
    SHORT_DIGEST,
    asked,
    broken_by,
    flipped_sentence,
    flips_are_its_own,
    interval,
    judged_on,
    level,
    limit,
    of_them_positive,
    power_sentence,
    title,
    value,
    value_of,
    worst_slices,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.findings import DatasetReport, Finding
    from mlci.core.gates import Flips, Verdict
    from mlci.core.report import Report

MOST_ROWS = 12
MOST_DIFFERENCES = 5


def report_text(report: Report, *, rows: bool = True) -> str:
    """Return a report for the terminal; `rows=False` leaves out ids and lines of the data, for public logs."""
    blocks = [
        filled(f"{report.subject.model}: {title(report, loud=True)}\n{plain(report.headline)}"),
        *_rule_changes(report),
        *(
            filled(f"the contract of {' and '.join(diff.datasets)} changes, which {broken_by(diff)}")
            for diff in report.contracts
        ),
        *_verdict(report, rows=rows),
        *(
            dataset_text(each, rows=rows)
            for each in report.datasets
            if each.findings or each.fixed or each.differences or each.not_compared or not report.verdict
        ),
        filled(f"Trust: {plain(report.trust.line)}"),
    ]
    return "\n\n".join(blocks)


def dataset_text(dataset: DatasetReport, *, rows: bool = True) -> str:
    """Return what was found in one data set, with the first failing ROWS or without."""
    head = f"{dataset.dataset} ({dataset.path}, {counted(dataset.rows, 'row')})"
    after = [filled(f"fixed: at base {plain(each.sentence)}", "  ✓ ", "    ") for each in dataset.fixed]
    if dataset.not_compared:
        after.append(filled(f"not compared with base: {plain(one_line(dataset.not_compared))}", "  ! ", "    "))
    after += _differences(dataset, rows=rows)
    if not dataset.findings:
        return "\n".join([f"{head}: as the contract says", *after])
    lines = [f"{head}: {_extent(dataset)}"]
    said: set[str] = set()
    for finding in dataset.findings:
        measured = f": {', '.join(map(one_line, finding.measured))}" if rows and finding.measured else ""
        sign = "  ✗ " if finding.severity == "error" else "  ! "
        standing = f" [{finding.standing}]" if finding.standing else ""
        lines.append(filled(f"{plain(finding.sentence)}{measured}{standing}", sign, "    "))
        # Rules that one damage breaks have the same cause and rows, which are told once.
        details = [text for text in _details(finding, rows=rows) if text not in said]
        said.update(details)
        lines += [filled(text, "    ", "    ") for text in details]
    return "\n".join([*lines, *after])


def _differences(dataset: DatasetReport, *, rows: bool) -> list[str]:
    """Return how the columns differ from base, the largest difference first."""
    lines = [
        filled(f"{plain(each.sentence)}{f' ({plain(each.detail)})' if rows and each.detail else ''}", "  ≠ ", "    ")
        for each in dataset.differences[:MOST_DIFFERENCES]
    ]
    more = len(dataset.differences) - MOST_DIFFERENCES
    return (
        [*lines, f"  ≠ and {counted(more, 'column')} more: mlci profile {dataset.dataset} --diff BASE"]
        if more > 0
        else lines
    )


def _extent(dataset: DatasetReport) -> str:
    """Return how many rules are broken, and how many of them only warn."""
    broken, warned = len(dataset.errors), len(dataset.warnings)
    parts = [f"{counted(broken, 'rule')} broken"] * bool(broken) + [counted(warned, "warning")] * bool(warned)
    return ", ".join(parts)


def _details(finding: Finding, *, rows: bool) -> Iterator[str]:
    """Yield the suspected cause and the first failing rows of a finding, and where its rule stands."""
    if finding.cause:
        values = f" ({', '.join(one_line(text, 40) for text in finding.cause.values)})" if rows else ""
        yield f"suspected cause: {plain(finding.cause.sentence)}{values if finding.cause.values else ''}"
    first = [
        f"line {example.place}" + (f" ({one_line(example.key, 40)})" if example.key is not None else "")
        for example in finding.examples
    ]
    if rows and first:
        yield f"first rows: {', '.join(first)}"
    if finding.where:
        yield f"rule: {one_line(finding.where, 200)}"


def _rule_changes(report: Report) -> Iterator[str]:
    if report.changes:
        lines = [
            filled(f"this pull request {plain(change.sentence)}; {change.effect}", "  ! ", "    ")
            for change in report.changes
        ]
        whose = "come from the target branch" if report.trust.has_base else "are this branch's own"
        yield f"Rules {whose}:\n" + "\n".join(lines)


def _verdict(report: Report, *, rows: bool) -> Iterator[str]:
    verdict = report.verdict
    if verdict is None:
        return
    subject = report.subject
    against = f" against production {subject.production}" if subject.production else ""
    yield filled(
        f"candidate {(subject.candidate_sha256 or '')[:SHORT_DIGEST]}{against} {judged_on(verdict)}"
        + ("" if verdict.positives is None else f", {verdict.positives:,} of them positive ({report.positive})")
    )
    head = ["gate", "asked", "production", "candidate", f"difference [{level(report.confidence)}]", "verdict"]
    lines = [
        [
            f"{result.metric} {plain(asked(result))}",
            limit(result, report),
            value_of(result, result.production),
            value_of(result, result.candidate),
            interval(result),
            str(result.outcome),
        ]
        for result in verdict.results
    ]
    yield table(head, lines, frozenset({2, 3}))
    yield from _reasons(verdict)
    if verdict.notes:
        yield "\n".join(filled(plain(each), "  ! ", "    ") for each in verdict.notes)
    yield from _worst_slices(verdict, rows=rows)
    if verdict.flips:
        yield _flips(verdict.flips, rows=rows)


def _reasons(verdict: Verdict) -> Iterator[str]:
    lines = [
        filled(
            f"{result.metric} {plain(asked(result))}: "
            + "; ".join(
                filter(None, (result.sentence, flipped_sentence(result) if flips_are_its_own(result, verdict) else ""))
            ),
            "  ✗ ",
            "    ",
        )
        for result in verdict.with_outcome(Outcome.FAIL)
    ]
    lines += [
        filled(
            f"{result.metric} {plain(asked(result))}: "
            + (result.sentence if result.has_no_interval else f"{result.sentence}; {power_sentence(result)}"),
            "  ? ",
            "    ",
        )
        for result in verdict.with_outcome(Outcome.INCONCLUSIVE)
    ]
    if lines:
        yield "\n".join(lines)


def _worst_slices(verdict: Verdict, *, rows: bool) -> Iterator[str]:
    """Yield a table of the worst slices of each gate that looks at slices."""
    for result in verdict.results:
        if not result.slices:
            continue
        shown, more = worst_slices(result, rows=rows)
        lines = [
            [
                one_line(each.label, 40),
                f"{each.rows:,}",
                value(each.production),
                value(each.candidate),
                interval(result, each.interval) if each.interval else "–",
                str(each.outcome),
            ]
            for each in shown
        ]
        beside = f", {counted(more, 'more slice')} not shown" if more else ""
        title = filled(f"{result.metric} {plain(asked(result))}, from the worst{beside}")
        head = ["slice", "rows", "production", "candidate", "interval", "verdict"]
        yield f"{title}\n{table(head, lines, frozenset({1, 2, 3}))}"


def _flips(flips: Flips, *, rows: bool) -> str:
    lines = ["rows that changed sides"]
    for name, ids, positive in (
        ("right → wrong", flips.right_to_wrong, of_them_positive(flips)[0]),
        ("wrong → right", flips.wrong_to_right, of_them_positive(flips)[1]),
    ):
        count = f"{name}: {len(ids)}{positive}"
        shown = ", ".join(one_line(row, 40) for row in ids[:MOST_ROWS])
        more = f" and {len(ids) - MOST_ROWS} more" if len(ids) > MOST_ROWS else ""
        names_rows = ids and rows and not flips.has_private_ids
        lines.append(filled(f"{count}: {shown}{more}" if names_rows else count, "  ", "    "))
    return "\n".join(lines)
