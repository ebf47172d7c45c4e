"""Changes of a contract in the terminal: whom each of them breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.render.lines import plain, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.contract.compatibility import ContractChange

HEAD: Final = ("the newer contract", "for readers", "for the model")


def contract_changes_text(changes: Sequence[ContractChange]) -> str:
    """Return a table of the changes, the breaking ones first as they come."""
    if not changes:
        return "both demand the same"
    return table(HEAD, [[plain(change.sentence), change.readers, change.model] for change in changes])
