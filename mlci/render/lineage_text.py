"""Lineage for people: a tree in the terminal, and a graph in Mermaid's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.lineage import Node

_PLAIN: Final = frozenset(" .,:-_/@()+")
LONGEST: Final = 160


def lineage_text(tree: Node) -> str:
    """Return a tree of lines, each with how it hangs on the one above.

    >>> from mlci.core.lineage import Node
    >>> print(lineage_text(Node("version", "v1", "v1", inner=(Node("code", "c", "commit c", "from"),))))
    v1
    └─ from commit c
    """
    return "\n".join([_line(tree), *_below(tree, "")])


def mermaid(tree: Node) -> str:
    """Return a flow chart in which each thing stands once; GitHub draws it in a block of the language `mermaid`."""
    numbers: dict[tuple[str, str], str] = {}
    lines: list[str] = []
    edges: dict[str, None] = {}
    _draw(tree, numbers, lines, edges)
    return "\n".join(["flowchart LR", *lines, *edges])


def _draw(node: Node, numbers: dict[tuple[str, str], str], lines: list[str], edges: dict[str, None]) -> str:
    key = (node.kind, node.id)
    if key not in numbers:
        numbers[key] = f"n{len(numbers)}"
        lines.append(f'  {numbers[key]}["{_label(node.title)}"]')
    for each in node.inner:
        below = _draw(each, numbers, lines, edges)
        edges[f"  {numbers[key]} -->|{_label(each.relation or 'has')}| {below}"] = None
    return numbers[key]


def _label(text: str) -> str:
    """Return TEXT as it may stand in a label: everything that Mermaid or HTML could read as more is a number."""
    shown = one_line(text, LONGEST)
    return "".join(each if each.isalnum() or each in _PLAIN else f"#{ord(each)};" for each in shown)


def _below(node: Node, indent: str) -> Iterator[str]:
    for place, each in enumerate(node.inner):
        is_last = place == len(node.inner) - 1
        yield f"{indent}{'└─' if is_last else '├─'} {_line(each)}"
        yield from _below(each, f"{indent}{'   ' if is_last else '│  '}")


def _line(node: Node) -> str:
    return one_line(f"{node.relation} {node.title}".strip(), LONGEST + 40)
