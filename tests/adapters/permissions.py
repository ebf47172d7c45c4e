"""Being somebody whom the system refuses what permissions forbid: root, as in a container, is refused nothing."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ANYBODY = 65534 if os.getuid() == 0 else os.getuid()


@contextmanager
def as_anybody() -> Iterator[None]:
    """Be that user in the block, with every child that begins in it."""
    before = os.geteuid()
    os.seteuid(ANYBODY)
    try:
        yield
    finally:
        os.seteuid(before)
