"""The command line: arguments to adapters to one command to an exit code."""

from __future__ import annotations

import sys

from mlci.cli.streams import guarded, output_failed
from mlci.errors import BUG_EXIT_CODE, INTERRUPTED_EXIT_CODE

PROGRAM = "mlci"


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return its exit code; the one place where errors become text."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with guarded() as out:
        exit_code = _run(arguments)
        sys.stdout.flush()
        lost = output_failed(out.lost) if out and out.lost else None
        if lost is None or exit_code in {BUG_EXIT_CODE, INTERRUPTED_EXIT_CODE}:
            return exit_code
        from mlci.cli.run import tell_error

        return tell_error(lost)


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["version"]):
        # Answered before anything is imported: a script asks this often.
        from mlci.version import VERSION

        sys.stdout.write(f"{PROGRAM} {VERSION}\n")
        return 0
    from mlci.cli.run import run

    return run(arguments)
