"""What a script logged during a run: lines of JSON that its processes wrote, hostile until they are read here."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from mlci.core.plain_text import is_visible
from mlci.core.runs.parameters import LONGEST_NAME, MOST_PARAMETERS, Plain, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Number = float | Literal["nan", "inf", "-inf"]
"""A number of a metric; JSON has no word for the three that are none."""

LARGEST_BYTES: Final = 64 << 20
"""What is read of all lines of a run."""
LONGEST_LINE: Final = 64 << 10
MOST_METRICS: Final = 1_000
MOST_POINTS: Final = 10_000
"""Points that are kept of one metric; of more, every second, fourth, … and the last one."""
MOST_ARTIFACTS: Final = 200
LONGEST_PATH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was logged."""

    metrics: Mapping[str, tuple[tuple[int, Number], ...]] = field(default_factory=dict)
    """Step and value of each metric by its name, in the order of logging."""
    params: Mapping[str, Plain] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    """Paths as the script gave them, made absolute by it."""
    left_out: tuple[str, ...] = ()
    """What was not kept, and why, in sentences."""

    @property
    def last(self) -> Mapping[str, Number]:
        """The last value of each metric."""
        return {name: points[-1][1] for name, points in self.metrics.items()}


def read_lines(files: Iterable[bytes]) -> Tracked:
    """Return what the files of lines of all processes say together, in the order of time."""
    left_out: Counter[str] = Counter()
    entries = sorted(_entries(files, left_out), key=lambda entry: entry[0])
    metrics: dict[str, list[tuple[int, Number]]] = {}
    params: dict[str, Plain] = {}
    artifacts: dict[str, None] = {}
    for _, kind, name, rest in entries:
        match kind:
            case "metric":
                if name not in metrics and len(metrics) == MOST_METRICS:
                    left_out[f"values of metrics beyond the first {MOST_METRICS:,}"] += 1
                    continue
                points = metrics.setdefault(name, [])
                value, step = rest
                points.append((len(points) if step is None else step, value))
            case "param":
                if name not in params and len(params) == MOST_PARAMETERS:
                    left_out[f"parameters beyond the first {MOST_PARAMETERS:,}"] += 1
                    continue
                params[name] = plain(name, rest)
            case _:
                if name not in artifacts and len(artifacts) == MOST_ARTIFACTS:
                    left_out[f"artifacts beyond the first {MOST_ARTIFACTS:,}"] += 1
                    continue
                artifacts[name] = None
    return Tracked(
        {name: _thinned(points) for name, points in sorted(metrics.items())},
        dict(sorted(params.items())),
        tuple(sorted(artifacts)),
        tuple(f"{count:,} {what}" for what, count in sorted(left_out.items())),
    )


def _thinned(points: list[tuple[int, Number]]) -> tuple[tuple[int, Number], ...]:
    every = 1
    while len(points) / every > MOST_POINTS:
        every *= 2
    if every == 1:
        return tuple(points)
    kept = points[::every]
    return (*kept, points[-1]) if (len(points) - 1) % every else tuple(kept)


_Entry = tuple[tuple[int, int], str, str, Any]


def _entries(files: Iterable[bytes], left_out: Counter[str]) -> Iterator[_Entry]:
    number = 0
    for content in files:
        for line in content.split(b"\n"):
            if not line:
                continue
            number += 1
            entry = _entry(line, number) if len(line) <= LONGEST_LINE else None
            if entry is None:
                left_out["lines that mlci did not write"] += 1
            else:
                yield entry


def _entry(line: bytes, number: int) -> _Entry | None:
    """Return a line as (order, kind, name, rest), None where it is not in the form that the API writes."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match value:
        case [int(time), "metric", str(name), number_or_word, (int() | None) as step] if _is_name(name, LONGEST_NAME):
            read = _number(number_or_word)
            steps = step is None or abs(step) < 1 << 63
            return ((time, number), "metric", name, (read, step)) if read is not None and steps else None
        case [int(time), "param", str(name), rest] if _is_name(name, LONGEST_NAME):
            return ((time, number), "param", name, rest) if not isinstance(rest, (dict, list)) else None
        case [int(time), "artifact", str(name)] if _is_name(name, LONGEST_PATH):
            return (time, number), "artifact", name, None
        case _:
            return None


def _is_name(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and is_visible(text)


def _number(value: object) -> Number | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if math.isnan(number):
        return "nan"
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return number
