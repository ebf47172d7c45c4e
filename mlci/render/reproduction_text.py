"""A reproduction for people: what came out, and which inputs differ, first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.render.lines import table

if TYPE_CHECKING:
    from mlci.core.reproduction import Reproduction


def reproduction_text(reproduction: Reproduction) -> str:
    """Return how making a model once more came out."""
    blocks = [f"{reproduction.subject}: {reproduction.outcome}"]
    if reproduction.differences:
        rows = [[one_line(each.what, 60), each.then, each.now] for each in reproduction.differences]
        blocks.append(table(["differs", "then", "now"], rows))
    made = f"from commit {reproduction.commit[:12]}, model {reproduction.model_sha256[:12]}"
    blocks.append(f"  {reproduction.reason}\n  {made}")
    return "\n".join(blocks)
