"""The report as Markdown: the comment on a pull request, and the job summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.forge import LONGEST_COMMENT, LONGEST_DESCRIPTION
from mlci.core.gates import Outcome
from mlci.core.pipeline import stages_sentence
from mlci.core.plain_text import one_line
from mlci.core.report import Conclusion
from mlci.core.words import counted
from mlci.render.escape import markdown_code, markdown_text
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
    reading,
    rows_judged,
    title,
    value,
    value_of,
    worst_slices,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.findings import Finding
    from mlci.core.gates import Flips, GateResult, Verdict
    from mlci.core.report import Report
    from mlci.errors import MlciError

MARKER = "<!-- mlci:report -->"
"""How the comment is found again; invisible to readers."""
MOST_ROWS = 20
MOST_DIFFERENCES = 5
LONGEST_PART = 1_500
"""Characters of each part of an error; escaped, four of them fit into a comment whatever they are."""

_SIGNS = {
    Conclusion.PASS: "✅",
    Conclusion.FIRST: "✅",
    Conclusion.NOTHING_CHANGED: "✅",
    Conclusion.INCONCLUSIVE: "❔",
    Conclusion.NOT_COMPARABLE: "❔",
    Conclusion.FAIL: "❌",
    Conclusion.DATA_REJECTED: "❌",
    Conclusion.TESTS_FAILED: "❌",
    Conclusion.TRAINING_FAILED: "❌",
    Conclusion.NOT_JUDGED: "❔",
}
_GATE_SIGNS = {
    "pass": "✅",
    "fail": "❌",
    "inconclusive": "❔",
    "not comparable": "❔",
    "not applicable": "–",
    "too small": "–",
}


def comment(report: Report, *, rows: bool = True) -> str:
    """Return the report as a comment; `rows=False` leaves out ids and values, for public places."""
    blocks = [
        MARKER,
        f"### {_SIGNS[report.conclusion]} {markdown_code(report.subject.model)}: {title(report)}",
        f"**{_sentence(report.headline)}**",
        *_rule_changes(report),
        *_contracts(report),
        *_gates(report, rows=rows),
        *_data(report, rows=rows),
        *_training(report),
        _footer(report),
    ]
    text = "\n\n".join(blocks) + "\n"
    if len(text) <= LONGEST_COMMENT:
        return text
    return comment(report, rows=False) if rows else text[: LONGEST_COMMENT - 1] + "…"


def problem_comment(error: MlciError) -> str:
    """Return the comment for a check that could not be judged; in a public place, of an error that is `public`."""
    blocks = [MARKER, "### ❌ not judged", f"**{_sentence(one_line(error.problem, LONGEST_PART))}**"]
    for name, text in (("Where", error.where), ("Usual cause", error.cause), ("What mends it", error.hint)):
        if text:
            shown = one_line(text, LONGEST_PART)
            blocks.append(f"{name}: {markdown_code(shown) if name == 'What mends it' else _sentence(shown)}")
    return "\n\n".join(blocks) + "\n"


def status_description(report: Report) -> str:
    """Return the line beside the status: the outcome and its sentence, at most 140 characters."""
    text = f"{title(report)}: {report.headline}".replace("`", "")
    return text if len(text) <= LONGEST_DESCRIPTION else text[: LONGEST_DESCRIPTION - 1] + "…"


def _sentence(text: str) -> str:
    """Return one of our own sentences with its `code` spans kept, and everything else in it escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return markdown_text(text)
    return "".join(markdown_code(part) if place % 2 else _text(part) for place, part in enumerate(parts))


def _text(part: str) -> str:
    """Return PART escaped, with the space at its ends kept: it separates it from the code beside it."""
    before = " " if part[:1].isspace() else ""
    after = " " if part.strip() and part[-1:].isspace() else ""
    return before + markdown_text(part.strip()) + after


def _rule_changes(report: Report) -> Iterator[str]:
    if not report.changes:
        return
    lines = [f"- {_change(change.sentence)}; {_sentence(change.effect)}" for change in report.changes]
    if report.trust.has_base:
        head = "**This pull request changes the rules.** They are read from the target branch"
        yield f"{head}, so what it loosens does not judge itself:" if report.loosened else f"{head}:"
    else:
        yield "**This pull request is judged by its own rules:**"
    yield "\n".join(lines)


def _contracts(report: Report) -> Iterator[str]:
    """Yield what a changed contract means to those who rely on it."""
    for diff in report.contracts:
        names = " and ".join(map(markdown_text, diff.datasets))  # a summary is HTML, where code spans are none
        lines = ["| change | for readers of the data | for users of a model |", "|---|---|---|"]
        lines += [f"| {_sentence(each.sentence)} | {each.readers} | {each.model} |" for each in diff.changes]
        head = f"The contract of {names} changes, which {broken_by(diff)}"
        yield f"<details><summary>{head}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _change(sentence: str) -> str:
    verb, _, rest = sentence.partition(" ")
    return f"it **{markdown_text(verb)}** {_sentence(rest)}"


def _gates(report: Report, *, rows: bool) -> Iterator[str]:
    verdict = report.verdict
    if verdict is None:
        return
    subject = report.subject
    candidate = markdown_code((subject.candidate_sha256 or "")[:SHORT_DIGEST])
    against = f" against production {markdown_code(subject.production)}" if subject.production else ""
    positive = markdown_code(report.positive)
    yield (
        f"Candidate {candidate}{against} {judged_on(verdict)}"
        + ("." if verdict.positives is None else f", {verdict.positives:,} of them positive ({positive}).")
    )
    lines = [
        f"| gate | rows | production | candidate | difference [{level(report.confidence)} interval] | verdict | why |",
        "|---|---:|---:|---:|---|---|---|",
    ]
    lines += [
        f"| {markdown_code(result.metric)} {markdown_text(asked(result))}, {limit(result, report)} "
        f"| {rows_judged(result)} | {value_of(result, result.production)} | {value_of(result, result.candidate)} "
        f"| {interval(result)} "
        f"| {_GATE_SIGNS[str(result.outcome)]} {result.outcome} | {_why(result)} |"
        for result in verdict.results
    ]
    yield "\n".join(lines)
    yield from _what_would_decide(verdict)
    yield from _what_flipped(verdict)
    yield from (f"- {_sentence(each)}." for each in verdict.notes)
    yield from _worst_slices(verdict, rows=rows)
    if verdict.flips:
        yield _flips(verdict.flips, rows=rows)
    if verdict.results:
        lines = [
            f"- {markdown_code(name)}: {_sentence(text)}." for name, text in reading(verdict.results, report.confidence)
        ]
        yield "<details><summary>How to read this</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _why(result: GateResult) -> str:
    """Return why a gate came out as it did; why nothing is comparable stands above, once."""
    return "see above" if result.outcome is Outcome.NOT_COMPARABLE else _sentence(result.sentence)


def _what_would_decide(verdict: Verdict) -> Iterator[str]:
    undecided = [result for result in verdict.with_outcome(Outcome.INCONCLUSIVE) if not result.has_no_interval]
    if undecided:
        yield "\n".join(f"- {markdown_code(result.name)}: {power_sentence(result)}." for result in undecided)


def _what_flipped(verdict: Verdict) -> Iterator[str]:
    """Yield how the rows of failed gates changed sides, where the count of all rows does not tell it."""
    failed = [each for each in verdict.with_outcome(Outcome.FAIL) if each.flipped and flips_are_its_own(each, verdict)]
    if failed:
        yield "\n".join(f"- {markdown_code(each.name)}: {flipped_sentence(each)}." for each in failed)


def _worst_slices(verdict: Verdict, *, rows: bool) -> Iterator[str]:
    """Yield a table of the worst slices of every gate that looks at slices, folded away unless one failed."""
    sliced = [result for result in verdict.results if result.slices]
    if not sliced:
        return
    lines = [
        "| slice | gate | rows | production | candidate | interval | verdict |",
        "|---|---|---:|---:|---:|---|---|",
    ]
    for result in sliced:
        shown, more = worst_slices(result, rows=rows)
        lines += [
            f"| {markdown_code(each.label)} | {markdown_code(result.metric)} {markdown_text(asked(result))} "
            f"| {each.rows:,} | {value(each.production)} | {value(each.candidate)} "
            f"| {interval(result, each.interval) if each.interval else '–'} "
            f"| {_GATE_SIGNS[str(each.outcome)]} {each.outcome} |"
            for each in shown
        ]
        if more:
            gate = f"{markdown_code(result.metric)} {markdown_text(asked(result))}"
            lines.append(f"| {counted(more, 'more slice')} | {gate} | | | | | |")
    is_open = " open" if any(result.outcome is Outcome.FAIL for result in sliced) else ""
    yield f"<details{is_open}><summary>Worst slices</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _flips(flips: Flips, *, rows: bool) -> str:
    lost, won = len(flips.right_to_wrong), len(flips.wrong_to_right)
    positive_lost, positive_won = of_them_positive(flips)
    text = f"**Rows that changed sides:** {lost} right → wrong{positive_lost}, {won} wrong → right{positive_won}."
    if not rows or flips.has_private_ids or not (lost or won):
        return text
    lists = [
        f"{name}: {', '.join(markdown_code(row) for row in ids[:MOST_ROWS])}"
        + (f" and {len(ids) - MOST_ROWS} more" if len(ids) > MOST_ROWS else "")
        for name, ids in (("right → wrong", flips.right_to_wrong), ("wrong → right", flips.wrong_to_right))
        if ids
    ]
    return f"{text}\n\n<details><summary>Which rows</summary>\n\n" + "\n\n".join(lists) + "\n\n</details>"


def _data(report: Report, *, rows: bool) -> Iterator[str]:
    findings = [finding for dataset in report.datasets for finding in dataset.findings]
    if not findings:
        if report.datasets:
            checked = ", ".join(
                f"{markdown_code(dataset.dataset)} ({counted(dataset.rows, 'row')})" for dataset in report.datasets
            )
            yield f"Data: {checked} as the contract says."
        yield from _beside_base(report, rows=rows)
        return
    lines = ["| data set | what is wrong | against base | suspected cause |", "|---|---|---|---|"]
    lines += [
        f"| {markdown_code(finding.dataset)} | {_fault(finding, rows=rows)} | {_standing(finding)} "
        f"| {_cause(finding, rows=rows)} |"
        for finding in findings
    ]
    yield "\n".join(lines)
    yield from _beside_base(report, rows=rows)
    if rows and any(finding.examples for finding in findings):
        yield _examples(findings)


def _cause(finding: Finding, *, rows: bool) -> str:
    """Return what probably happened, with the values that it speaks of where rows may be shown."""
    if finding.cause is None:
        return "–"
    values = ", ".join(map(markdown_code, finding.cause.values)) if rows else ""
    return f"{_sentence(finding.cause.sentence)}{f' ({values})' if values else ''}"


def _standing(finding: Finding) -> str:
    """Return whether a finding is new; a dash where base has nothing to compare with."""
    return f"**{finding.standing}**" if finding.before == 0 else finding.standing or "–"


def _beside_base(report: Report, *, rows: bool) -> Iterator[str]:
    """Yield what is otherwise than at base, and which data sets could not be compared with it."""
    missing = [(each.dataset, each.not_compared) for each in report.datasets if each.not_compared]
    if missing:
        yield "\n".join(
            f"- {markdown_code(name)} is not compared with base: {markdown_text(problem)}" for name, problem in missing
        )
    yield from _fixed(report)
    yield from _differences(report, rows=rows)


def _fixed(report: Report) -> Iterator[str]:
    """Yield what was wrong at base and is not any more."""
    fixed = [finding for dataset in report.datasets for finding in dataset.fixed]
    if fixed:
        yield "**Fixed:** what was wrong at base and is not any more:"
        yield "\n".join(f"- {markdown_code(each.dataset)}: {_sentence(each.sentence)}" for each in fixed)


def _differences(report: Report, *, rows: bool) -> Iterator[str]:
    """Yield how columns differ from base, the largest difference of all data sets first."""
    apart = [(each, dataset.dataset) for dataset in report.datasets for each in dataset.differences]
    if not apart:
        return
    apart.sort(key=lambda pair: (-pair[0].distance, pair[1], pair[0].column))
    lines = [
        f"- {markdown_code(dataset)}: {_sentence(each.sentence)}"
        + (f" ({markdown_text(each.detail)})" if rows and each.detail else "")
        for each, dataset in apart[:MOST_DIFFERENCES]
    ]
    if len(apart) > MOST_DIFFERENCES:
        more = counted(len(apart) - MOST_DIFFERENCES, "column")
        lines.append(f"- and {more} more: {markdown_code('mlci profile --diff BASE')}")
    yield "**The data changed**, more than chance explains:"
    yield "\n".join(lines)


def _fault(finding: Finding, *, rows: bool) -> str:
    """Return what is wrong; a warning says so, and what was computed is shown where rows may be."""
    sign = "⚠️ only a warning: " if finding.severity == "warn" else ""
    measured = f": {', '.join(markdown_code(text) for text in finding.measured)}" if rows and finding.measured else ""
    owner = f" (owner: {markdown_text(finding.owner)})" if finding.owner else ""
    where = f"<br><sub>{markdown_text(finding.where)}</sub>" if finding.where else ""
    return f"{sign}{_sentence(finding.sentence)}{measured}{owner}{where}"


def _examples(findings: list[Finding]) -> str:
    lines = ["| data set | line | key | value |", "|---|---:|---|---|"]
    for finding in findings:
        lines += [
            f"| {markdown_code(finding.dataset)} | {markdown_text(example.place)} "
            f"| {markdown_code(example.key) if example.key is not None else '–'} "
            f"| {markdown_code(example.value) if example.value is not None else 'empty'} |"
            for example in finding.examples
        ]
    return "<details><summary>First failing rows</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _training(report: Report) -> Iterator[str]:
    """Yield how the candidate came about; that there is none, or that tests failed, is the headline."""
    if report.tests and report.tests.outcome == "passed":
        yield f"Own tests: {markdown_code(report.tests.command)}: passed."
    training = report.training
    if training is not None and training.outcome in {"trained", "reused", "brought in"}:
        yield f"Training: {markdown_code(training.command)}: {training.outcome}, {_sentence(training.reason)}."
        if training.stages:
            yield f"Pipeline, as it tells: {_sentence(stages_sentence(training.stages))}."
        if training.seeds:
            yield f"Seeds, as logged: {_sentence(training.seeds.sentence)}."


def _footer(report: Report) -> str:
    return f"<sub>Trust: {_sentence(report.trust.line)}.</sub>"
