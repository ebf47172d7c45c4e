"""The child that becomes a program of a package: it confines itself, and then is that program.

The one argument is a request as JSON: `{"program": PATH, "command": […], "environment": {…}, "folder": PATH,
"readable": […], "startable": […], "writable": PATH, "limits": {"memory_bytes": …, "cpu_seconds": …, "file_bytes": …}}`.
What ends before the program begins has the exit code of `env` and shells: 125, 126.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Final

from .confinement import ConfinementError, Programs, confine

NOT_CONFINED: Final = 125
NOT_STARTED: Final = 126


def main() -> int:
    """Become the program; return the exit code where that cannot be."""
    request = json.loads(sys.argv[1])
    limits = request["limits"]
    programs = Programs(tuple(request["startable"]), request["writable"], limits["file_bytes"])
    os.chdir(request["folder"])
    try:
        confine(
            request["readable"],
            memory_bytes=limits["memory_bytes"],
            cpu_seconds=limits["cpu_seconds"],
            programs=programs,
        )
    except ConfinementError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_CONFINED
    try:
        os.execve(request["program"], request["command"], request["environment"])  # noqa: S606 - the very purpose: no shell, confined
    except OSError as error:
        sys.stderr.write(f"{error.strerror}\n")
        return NOT_STARTED
