"""The registries of a repository as one HTML file that asks nobody for anything: no script, font or image from afar."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.catalogue import entries
from mlci.core.registry.writing import write_time
from mlci.render.event_words import happened, person

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mlci.core.evaluation import Evaluation
    from mlci.core.registry import Registry
    from mlci.core.registry.catalogue import Entry

WIDTH, HEIGHT, MARGIN = 360, 120, 14
"""Of a chart, in pixels; the margin has room for a point at the edge."""
MOST_VERSIONS: Final = 60
"""What a chart shows; the table has all."""
LONGEST: Final = 300

_STYLE: Final = """
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --line: #d0d7de; --back: #ffffff; --mark: #0b5cad;
  --good: #1a7f37; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9aa4af; --line: #343b44; --back: #0f1318;
  --mark: #6cb6ff; --good: #56d364; --bad: #ff7b72; } }
* { box-sizing: border-box }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--text); background: var(--back);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem }
h3 { margin: 1.6rem 0 .5rem; font-size: 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 600; white-space: nowrap } td.number { text-align: right }
code { font: .87em ui-monospace, monospace; overflow-wrap: anywhere } .soft { color: var(--soft) }
code.digest { white-space: nowrap } .stage { color: var(--good); font-weight: 600 }
.bad { color: var(--bad); font-weight: 600 } time { white-space: nowrap }
.charts { display: flex; flex-wrap: wrap; gap: 1.2rem 2rem } figure { margin: 0; max-width: 100% }
figcaption { font-weight: 600 } svg { display: block; max-width: 100%; height: auto }
polyline { fill: none; stroke: var(--mark); stroke-width: 1.5 } circle { fill: var(--mark) }
circle.production { fill: var(--good) } circle.bad { fill: var(--bad) } svg text { fill: var(--soft); font-size: 11px }
line { stroke: var(--line) }
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """One model, with the evaluations that are known, by version."""

    registry: Registry
    evaluations: Mapping[str, Evaluation]


def registry_html(models: Sequence[Exported], made_from: str) -> str:
    """Return the page; MADE_FROM says in words what it shows, such as the address of the origin."""
    body = "".join(_model(each) for each in models) or "<p>No model has a version yet.</p>"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Models</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Models</h1>\n"
        f'<p class="soft">{_text(made_from)}</p>\n{body}</body>\n</html>\n'
    )


def _model(model: Exported) -> str:
    registry = model.registry
    listed = entries(registry)
    parts = [
        f"<h2>{_text(registry.model)}</h2>\n",
        _stages(registry),
        _charts(model, tuple(reversed(listed))),
        "<h3>Versions</h3>\n",
        _table(
            ["version", "state", "registered", "by", "why this number", "metrics"],
            [_version(entry, model.evaluations.get(entry.version.number)) for entry in listed],
        ),
        "<h3>Where they come from</h3>\n",
        _table(["version", "commit", "run", "package", "evaluation", "lies in"], [_lineage(entry) for entry in listed]),
        "<h3>History</h3>\n",
        _table(["#", "time", "what", "by", "why"], _history(registry)),
    ]
    return "".join(parts)


def _stages(registry: Registry) -> str:
    rows = []
    for name, stage in sorted(registry.stages.items()):
        event = registry.events[stage.sequence - 1]
        version = _text(stage.version or "nothing")
        rows.append(
            [_text(name), f'<span class="stage">{version}</span>', _time(event.time), _text(person(event.actor))]
        )
    return "<h3>Stages</h3>\n" + _table(["stage", "version", "since", "by"], rows)


def _version(entry: Entry, evaluation: Evaluation | None) -> list[str]:
    version = entry.version
    state = f'<span class="stage">{_text(", ".join(entry.stages))}</span>' if entry.stages else ""
    mark = f'<span class="bad">{_text(entry.mark)}</span>' if entry.mark else ""
    metrics = evaluation.metrics if evaluation else {}
    return [
        _text(version.number),
        " ".join(filter(None, (state, mark))) or '<span class="soft">kept</span>',
        _time(version.time),
        _text(person(version.actor)),
        _text(version.number_reason),
        ", ".join(f"{_text(name)} {value:.4f}" for name, value in metrics.items())
        or '<span class="soft">not known</span>',
    ]


def _lineage(entry: Entry) -> list[str]:
    version = entry.version
    return [
        _text(version.number),
        _digest(version.commit),
        _digest(version.run),
        _digest(version.package_sha256),
        _digest(version.evaluation or ""),
        "<br>".join(f"<code>{_text(place, 80)}</code>" for place in dict.fromkeys(version.locations)),
    ]


def _history(registry: Registry) -> list[list[str]]:
    return [
        [
            str(event.sequence),
            _time(event.time),
            _text(happened(event)),
            _text(person(event.actor)),
            _text(event.reason),
        ]
        for event in reversed(registry.events)
    ]


def _charts(model: Exported, oldest_first: Sequence[Entry]) -> str:
    shown = oldest_first[-MOST_VERSIONS:]
    names = dict.fromkeys(name for each in model.evaluations.values() for name in each.metrics)
    if not names:
        return ""
    charts = "".join(_chart(name, shown, model.evaluations) for name in names)
    return f'<h3>Metrics over versions</h3>\n<div class="charts">\n{charts}</div>\n'


def _chart(metric: str, shown: Sequence[Entry], evaluations: Mapping[str, Evaluation]) -> str:
    """Return one metric as a line of points, a point a version, with its value as the point's title."""
    points = [
        (place, entry, evaluations[entry.version.number].metrics[metric])
        for place, entry in enumerate(shown)
        if entry.version.number in evaluations and metric in evaluations[entry.version.number].metrics
    ]
    if not points:
        return ""
    low, high = min(value for *_, value in points), max(value for *_, value in points)
    span = high - low or 1.0

    def at(place: int, value: float) -> tuple[float, float]:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (place / max(1, len(shown) - 1))
        return round(x, 1), round(HEIGHT - 2 * MARGIN - (HEIGHT - 4 * MARGIN) * ((value - low) / span), 1)

    line = " ".join("{},{}".format(*at(place, value)) for place, _, value in points)
    dots = "".join(
        '<circle cx="{}" cy="{}" r="4"{}><title>{}</title></circle>'.format(
            *at(place, value), _class(entry), _text(f"{entry.version.number}: {value:.4f}")
        )
        for place, entry, value in points
    )
    label = _text(f"{metric}, {low:.4f} to {high:.4f}, over {len(points)} versions")
    return (
        f'<figure><figcaption>{_text(metric)} <span class="soft">{points[-1][2]:.4f}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{label}">'
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT - 1}" y2="{HEIGHT - 1}"/><polyline points="{line}"/>{dots}'
        f'<text x="0" y="10">{high:.4f}</text><text x="0" y="{HEIGHT - 4}">{low:.4f}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{_text(points[-1][1].version.number)}</text>'
        "</svg></figure>\n"
    )


def _class(entry: Entry) -> str:
    if entry.mark:
        return ' class="bad"'
    return ' class="production"' if entry.stages else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{each}</th>" for each in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n'


def _digest(text: str) -> str:
    if not text:
        return '<span class="soft">none</span>'
    return f'<code class="digest" title="{_text(text)}">{_text(text[:12])}</code>'


def _time(time: datetime) -> str:
    text = write_time(time)
    return f'<time datetime="{text}">{text[:16].replace("T", " ")}</time>'


def _text(text: str, limit: int = LONGEST) -> str:
    """Return text from elsewhere for any place in HTML, an attribute in quotes too."""
    return escape(one_line(text, limit), quote=True)
