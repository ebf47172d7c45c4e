"""The page of a registry branch: what is in production, since when, by whom, and how to check it with plain Git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.registry.deployments import deployments
from mlci.core.registry.numbers import sort_key
from mlci.core.registry.writing import write_time
from mlci.render.escape import markdown_code, markdown_text
from mlci.render.event_words import happened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.registry import Registry, Version
    from mlci.core.registry.entries import Event

# The page is part of every commit; the whole history is in the events.
_SHOWN: Final = 50


def registry_page(registry: Registry) -> str:
    """Return the page as Markdown."""
    return "\n".join(
        [
            f"# Registry of {markdown_code(registry.model)}",
            "",
            "Written by mlci, which only ever adds to this branch. Please do not edit it by hand.",
            "",
            "## Stages",
            "",
            *_stages(registry),
            "",
            *_deployments(registry),
            "## Versions",
            "",
            *_versions(registry),
            "",
            "## History",
            "",
            *_history(registry),
            "",
            "## How to verify",
            "",
            *_verify(registry.model),
            "",
        ]
    )


def _stages(registry: Registry) -> list[str]:
    rows = []
    for name, stage in sorted(registry.stages.items()):
        event = registry.events[stage.sequence - 1]
        version = "none" if stage.version is None else markdown_code(stage.version)
        rows.append([markdown_code(name), version, write_time(event.time), _actor(event), markdown_text(event.reason)])
    return _table(["stage", "version", "since", "by", "reason"], rows)


def _deployments(registry: Registry) -> list[str]:
    rows = [
        [markdown_code(each.target), markdown_code(each.version), write_time(each.since)]
        for each in deployments(registry)
    ]
    return ["## Deployments", "", *_table(["target", "answers with", "since"], rows), ""] if rows else []


def _versions(registry: Registry) -> list[str]:
    versions = sorted(registry.versions.values(), key=lambda version: sort_key(version.number), reverse=True)
    rows = [
        [
            markdown_code(version.number),
            _state(registry, version),
            markdown_code(version.package_sha256[:12]),
            markdown_code(version.commit[:12]),
            write_time(version.time),
            markdown_text(version.number_reason),
        ]
        for version in versions[:_SHOWN]
    ]
    header = ["version", "state", "package", "commit", "registered", "why this number"]
    return [*_table(header, rows), *_more(len(versions), "versions")]


def _state(registry: Registry, version: Version) -> str:
    stages = [name for name, stage in sorted(registry.stages.items()) if stage.version == version.number]
    marks = (
        ("quarantined", registry.is_quarantined(version.number)),
        ("deprecated", registry.is_deprecated(version.number)),
    )
    told = [*(f"in {markdown_code(name)}" for name in stages), *(word for word, is_so in marks if is_so)]
    return ", ".join(told) or "registered"


def _history(registry: Registry) -> list[str]:
    rows = [
        [
            str(event.sequence),
            write_time(event.time),
            markdown_text(happened(event)),
            _actor(event),
            markdown_text(event.reason),
        ]
        for event in reversed(registry.events[-_SHOWN:])
    ]
    header = ["event", "time", "what", "by", "reason"]
    return [*_table(header, rows), *_more(len(registry.events), "events")]


def _actor(event: Event) -> str:
    return markdown_text(event.actor.name) + ("" if event.actor.verified else " (unverified)")


def _more(count: int, folder: str) -> list[str]:
    return ["", f"{count - _SHOWN} older ones are in `{folder}/`."] if count > _SHOWN else []


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _verify(model: str) -> list[str]:
    return [
        "Every event names the sha256 of the file of the event before it, every version's sha256 is in the event that",
        "registered it, and a package's name in the store is its sha256. With plain Git:",
        "",
        "```sh",
        f"git fetch origin mlci/registry/{model}",
        "git log -p FETCH_HEAD -- events stages               # who did what, when and why",
        "git show FETCH_HEAD:events/000001.json | sha256sum   # is `previous` in events/000002.json",
        "```",
        "",
        "`mlci verify` checks all of it.",
    ]
