"""The registry in the terminal: tables that a manager can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.core.registry.entries import write_time
from mlci.render.lines import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.registry import Actor
    from mlci.core.registry.catalogue import Entry, History


def list_text(entries: Sequence[Entry]) -> str:
    """Return the versions, the newest first."""
    if not entries:
        return "no version yet: mlci promote registers the first"
    rows = [
        [
            entry.version.number,
            ", ".join(entry.stages) or ("quarantined" if entry.is_quarantined else ""),
            write_time(entry.version.time)[:16].replace("T", " "),
            person(entry.version.actor),
            one_line(entry.version.number_reason, 40),
            entry.version.package_sha256[:12],
        ]
        for entry in entries
    ]
    return table(["version", "stage", "registered (UTC)", "by", "why this number", "package"], rows)


def person(actor: Actor) -> str:
    """Return who it was without the address, and whether a host vouches for it."""
    name = one_line(actor.name.partition("<")[0].strip() or actor.name, 30)
    return name if actor.verified else f"{name} (unverified)"


def show_text(history: History) -> str:
    """Return what points where, and the events with actor and reason."""
    blocks: list[str] = []
    entry = history.entry
    if entry is None:
        lines = [f"{history.model}#{stage}: {version}" for stage, version in history.stages]
        blocks.append("\n".join(lines) or f"{history.model}: nothing is in a stage")
    else:
        version = entry.version
        where = ", ".join(entry.stages) or ("quarantined" if entry.is_quarantined else "in no stage")
        facts = [
            ("", f"{history.model}@{version.number}: {where}"),
            ("package", f"{version.package_sha256} ({version.package_size:,} bytes)"),
            ("commit", version.commit),
            ("run", version.run),
            ("signature", version.signature),
            ("number", version.number_reason),
        ]
        blocks.append("\n".join(f"  {name:<10}{one_line(text)}" if name else one_line(text) for name, text in facts))
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
