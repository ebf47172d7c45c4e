"""What `mlci doctor` found, for a terminal."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from mlci.render.lines import filled, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.diagnosis import Diagnosis


def diagnoses_text(found: Sequence[Diagnosis]) -> str:
    """Return each diagnosis with what mends it below, and how many are bad."""
    widths = max(len(each.state) for each in found), max(len(each.subject) for each in found)
    lines: list[str] = []
    for each, following in zip_longest(found, found[1:]):
        first = f"{each.state:<{widths[0]}}  {each.subject:<{widths[1]}}  "
        later = " " * len(first)
        lines.append(filled(plain(each.sentence), first, later))
        if each.hint and not (following and following.hint == each.hint):
            lines.append(filled(f"mend: {plain(each.hint)}", later, later + "      "))
    return "\n".join([*lines, "", _summary(found)])


def _summary(found: Sequence[Diagnosis]) -> str:
    errors, warnings = (sum(each.state == state for each in found) for state in ("error", "warning"))
    if not errors:
        return f"ready; {_counted(warnings, 'warning')}" if warnings else "ready"
    return f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"
