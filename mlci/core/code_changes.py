"""What head changes about code that base's rules name: the functions of metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.metric_function import file_and_function
from mlci.core.rule_changes import RuleChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.config import Config

SHOWN: Final = 10
"""Characters of an id of Git."""


def code_changes(base: Config, base_ids: Mapping[str, str], head_ids: Mapping[str, str]) -> tuple[RuleChange, ...]:
    """Return in words which files with functions of BASE head changes, by the ids that Git has of both.

    Base's code judges; a change takes effect after the merge.
    """
    named: dict[str, list[str]] = {}
    for name, function in base.evaluate.metrics.items():
        named.setdefault(file_and_function(function)[0], []).append(name)
    found = []
    for file, names in named.items():
        before, after = (ids.get(file, "none") for ids in (base_ids, head_ids))
        if before != after:
            of = ", ".join(f"`{name}`" for name in names)
            sentence = f"changes the code of {of} in `{_plain(file)}`: {before[:SHOWN]} → {after[:SHOWN]}"
            found.append(RuleChange("evaluate.metrics", "other", sentence))
    return tuple(found)


def _plain(path: str) -> str:
    return path.replace("`", "'")
