"""What goes wrong on demand: errors, limits, slow answers, lost answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakegithub.answers import ApiError

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from tests.fakegithub.answers import Reply

_SECONDARY_LIMIT = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
_MESSAGES = {403: _SECONDARY_LIMIT, 429: _SECONDARY_LIMIT}


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests whose `METHOD /path?query` the pattern finds.

    With `status`, that is the answer; 0 is none at all: the connection is closed. None: the answer is only late, by
    `delay_seconds`. `takes_effect`: the request is carried out all the same, only its answer is lost.
    """

    match: re.Pattern[str]
    times: int
    status: int | None
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    takes_effect: bool = False

    def is_carried_out(self) -> bool:
        """Say whether the request has an effect."""
        return self.status is None or self.takes_effect

    def instead_of(self, reply: Reply) -> Reply | None:
        """Return what is answered instead of `reply`; None: the connection is closed."""
        if self.status is None:
            return reply
        if self.status == 0:
            return None
        message = self.message or _MESSAGES.get(self.status, "Server Error")
        return ApiError(self.status, message, headers=self.headers).reply()


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Arrange for a fault."""
        with self._lock:
            self._waiting.append(fault)

    def next_for(self, request: str) -> Fault | None:
        """Return the first fault that meets a request (`GET /path?query`), and count it."""
        with self._lock:
            for fault in self._waiting:
                if fault.times > 0 and fault.match.search(request):
                    fault.times -= 1
                    return fault
        return None

    def left(self) -> int:
        """Return how many requests are still to be met."""
        with self._lock:
            return sum(fault.times for fault in self._waiting)
