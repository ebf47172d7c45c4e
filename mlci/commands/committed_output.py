"""What mlci keeps beside `mlci.yaml`, where a commit brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUT: Final = ".mlci/"
"""What mlci itself writes."""


def refuse_committed_output(ids: Mapping[str, str]) -> None:
    """Raise where `.mlci/` is in Git: a commit could forge predictions, runs and packages that mlci keeps there."""
    committed = sorted(path for path in ids if path.startswith(OUTPUT))
    if committed:
        raise IntegrityError(
            "output-committed",
            f"{OUTPUT} is in Git, with {len(committed)} file{'s' if len(committed) > 1 else ''}",
            where=committed[0],
            cause="Somebody added it by force. What mlci keeps there it believes, so it may come from no commit.",
            hint=f"git rm -r --cached {OUTPUT} && git commit",
        )
