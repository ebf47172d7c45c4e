"""The clock of the machine, or the fixed time that the environment asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "SOURCE_DATE_EPOCH"


class SystemClock:
    """The time now in UTC, in whole seconds; `SOURCE_DATE_EPOCH` fixes it (reproducible-builds.org/specs)."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read the variable once; raises `UsageError("bad-source-date-epoch")` if it is no time."""
        self._fixed = _fixed(environ[VARIABLE]) if environ.get(VARIABLE) else None

    def now(self) -> datetime:
        """Return the time now in UTC, without a fraction of a second."""
        return self._fixed or datetime.now(UTC).replace(microsecond=0)


def _fixed(text: str) -> datetime:
    # Digits alone: what lies before 1970 could be written neither into a commit nor into the registry.
    seconds = text if text.isascii() and text.isdecimal() else ""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            "bad-source-date-epoch",
            f"{VARIABLE} is “{one_line(text, 80)}”, which is no number of seconds since 1970",
            hint=f"unset {VARIABLE}, or set it to the output of: git log -1 --format=%ct",
        ) from error
