"""The registry in the terminal: tables that a manager can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.writing import write_time
from mlci.render.event_words import happened, person
from mlci.render.lines import filled, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.core.evaluation import Evaluation
    from mlci.core.registry.catalogue import Entry, History
    from mlci.core.registry.repair import Proposal
    from mlci.core.stored import Collection, Gap


NOT_HERE: Final = "not known here: this clone lacks the commit, as a shallow one may, or its configuration is older"
"""What is told in place of the hashes of what went into a version."""


def list_text(entries: Sequence[Entry]) -> str:
    """Return the versions, the newest first."""
    if not entries:
        return "no version yet: mlci promote registers the first"
    rows = [
        [
            entry.version.number,
            entry.standing,
            write_time(entry.version.time)[:16].replace("T", " "),
            person(entry.version.actor),
            one_line(entry.version.number_reason, 40),
            entry.version.package_sha256[:12],
        ]
        for entry in entries
    ]
    return table(["version", "stage", "registered (UTC)", "by", "why this number", "package"], rows)


def show_text(history: History, evaluation: Evaluation | None = None, inputs: Mapping[str, str] | None = None) -> str:
    """Return what points where, what is known of a version, and the events with actor and reason."""
    blocks: list[str] = []
    entry = history.entry
    if entry is None:
        lines = [f"{history.model}#{stage}: {version}" for stage, version in history.stages]
        blocks.append("\n".join(lines) or f"{history.model}: nothing is in a stage")
    else:
        version = entry.version
        where = entry.standing or "in no stage"
        facts = [
            ("", f"{history.model}@{version.number}: {where}"),
            ("package", f"{version.package_sha256} ({version.package_size:,} bytes)"),
            ("commit", version.commit),
            ("run", version.run),
            ("signature", version.signature),
            ("number", version.number_reason),
            ("lies in", ", ".join(dict.fromkeys(version.locations))),
            *(inputs.items() if inputs else [("inputs", NOT_HERE)] if inputs is not None else []),
            *_evaluated(evaluation),
            *([("approved by", ", ".join(history.approvals))] if history.approvals else []),
            *(
                ("answers at", f"{each.target}, since {write_time(each.since)[:16].replace('T', ' ')} UTC")
                for each in entry.deployments
            ),
        ]
        width = max(len(name) for name, _ in facts) + 2
        blocks.append(
            "\n".join(f"  {name:<{width}}{one_line(text)}" if name else one_line(text) for name, text in facts)
        )
    rows = [
        [
            str(event.sequence),
            write_time(event.time)[:16].replace("T", " "),
            event.type,
            event.version or "",
            event.stage or "",
            person(event.actor),
            one_line(event.reason, 60),
        ]
        for event in history.events
    ]
    if rows:
        head = ["#", "time (UTC)", "event", "version", "stage", "actor", "reason"]
        blocks.append(table(head, rows, frozenset({0})))
    return "\n\n".join(blocks)


def _evaluated(evaluation: Evaluation | None) -> list[tuple[str, str]]:
    """Return what a version was promoted on, metric by metric."""
    if evaluation is None:
        return []
    facts = [("verdict", evaluation.conclusion + (f", on {evaluation.rows:,} rows" if evaluation.rows else ""))]
    if evaluation.is_pickle:
        facts.append(("format", "a raw pickle, which runs code wherever it is loaded (train.allow_pickle)"))
    for each in evaluation.measured:
        if each.candidate is not None and each.metric not in (name for name, _ in facts):
            before = f", before {each.production:.4f}" if each.production is not None else ""
            facts.append((each.metric, f"{each.candidate:.4f}{before}"))
    return facts


def history_text(history: History) -> str:
    """Return what happened, the newest first: when, what, by whom, and why."""
    if not history.events:
        return "nothing happened yet: mlci promote registers the first version"
    rows = [
        [
            str(event.sequence),
            write_time(event.time)[:16].replace("T", " "),
            happened(event),
            person(event.actor),
            one_line(event.reason, 60),
        ]
        for event in reversed(history.events)
    ]
    return table(["#", "time (UTC)", "what", "by", "why"], rows, frozenset({0}))


def repair_text(model: str, proposals: Sequence[Proposal]) -> str:
    """Return what could be done, each command on a line of its own."""
    if not proposals:
        return f"nothing to repair: branch and tags of {model} are as mlci wrote them"
    blocks = []
    for proposal in proposals:
        lines = [f"✗ {one_line(proposal.problem, 500)}"]
        for choice in proposal.choices:
            lines += [filled(one_line(choice.when, 500), "  ", "  "), *(f"    {each}" for each in choice.commands)]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, "Nothing was changed: which of these is right, only you can know."])


def collection_text(found: Collection, *, deletes: bool) -> str:
    """Return what became of the packages in a store."""
    kept, young = len(found.referenced), len(found.young)
    needed = f"{kept} {_packages(kept)} that a version references, {young} too young to tell"
    lines = [f"{one_line(found.place, 200)}: {needed}"]
    if found.unneeded:
        rows = [
            [each.sha256, f"{each.size:,}", f"{each.age.days} d", "removed" if each.sha256 in found.removed else "kept"]
            for each in found.unneeded
        ]
        lines.append(table(["package", "bytes", "age", "now"], rows, frozenset({1, 2})))
    count, size = len(found.unneeded), sum(each.size for each in found.unneeded)
    if deletes and count:
        lines.append(f"removed {len(found.removed)} of {count}")
    elif count:
        lines.append(f"{count} {_packages(count)}, {size:,} bytes: nothing was removed; --delete does it")
    if found.unfinished:
        halves = "1 half" if found.unfinished == 1 else f"{found.unfinished} halves"
        lines.append(f"{halves} of killed uploads" + (" removed" if deletes else "; --delete removes them, too"))
    if not count and not found.unfinished:
        lines.append("nothing to remove")
    return "\n".join(lines)


def gaps_text(gaps: Sequence[Gap], *, copies: bool) -> str:
    """Return which places lacked what, and what became of it."""
    if not gaps:
        return "nothing to copy: every version lies in each configured place"
    rows = [
        [each.version, each.sha256, f"{each.size:,}", one_line(each.place, 80), _became(each, copies=copies)]
        for each in gaps
    ]
    found = sum(each.source is not None for each in gaps)
    ended = f"copied {found} of {len(gaps)}" if copies else "nothing was copied; without --dry-run it is"
    return table(["version", "package", "bytes", "missing in", "now"], rows, frozenset({2})) + f"\n{ended}"


def _became(gap: Gap, *, copies: bool) -> str:
    if gap.source is None:
        return "in no other place"
    return f"{'copied' if copies else 'to be copied'} from {one_line(gap.source, 80)}"


def _packages(count: int) -> str:
    return "package" if count == 1 else "packages"
