"""The command line: arguments to adapters to one command to an exit code."""

from __future__ import annotations

import sys

PROGRAM = "mlci"


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return its exit code; the one place where errors become text."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments in (["--version"], ["version"]):
        # Answered before anything is imported: a script asks this often.
        from mlci.version import VERSION

        sys.stdout.write(f"{PROGRAM} {VERSION}\n")
        return 0
    from mlci.cli.run import run

    return run(arguments)
