"""Running a verb, and telling what went wrong."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from typing import NoReturn

from mlci.errors import BUG_EXIT_CODE, INTERRUPTED_EXIT_CODE, MlciError, UsageError

EXTRAS = {"duckdb": "data", "numpy": "data", "scipy": "ml", "pandas": "ml", "sklearn": "ml", "skops": "ml"}
"""Which extra brings a module."""


def run(arguments: list[str]) -> int:
    """Run the verb in ARGUMENTS; every way out has the exit code of the design's table."""
    debug = "--debug" in arguments
    as_json = "--json" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        from mlci.cli.app import app

        app(args=arguments, prog_name="mlci")
    except SystemExit as finished:
        code = finished.code if isinstance(finished.code, int) else 0
        if code == INTERRUPTED_EXIT_CODE:
            _tell("interrupted")
        return code
    except KeyboardInterrupt:
        _tell("interrupted")
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        # Whoever read our output has gone (`mlci … | head`); nothing is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and has an exit code
        if debug:
            traceback.print_exc()
        return _tell_problem(error, as_json=as_json)
    return 0


def _tell_problem(error: Exception, *, as_json: bool) -> int:
    """Tell what went wrong, and return the exit code; what is no error of ours is a bug of ours."""
    known = missing_extra(error) if isinstance(error, ModuleNotFoundError) else error
    if not isinstance(known, MlciError):
        _tell(f"error[bug]: {type(error).__name__}; this is a bug in mlci")
        _tell("  mend:  run it again with --debug, and report what it prints: https://github.com/mlci/mlci/issues")
        return BUG_EXIT_CODE
    _tell_error(known, as_json=as_json)
    return known.exit_code


def missing_extra(error: ModuleNotFoundError) -> UsageError | None:
    """Return the error that says which extra brings the missing module, None if none does."""
    module = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(module)
    if extra is None:
        return None
    return UsageError(
        "extra-missing",
        f"this verb needs {module}, which is not installed",
        cause="`pip install mlci` is small; each extra adds one ability.",
        hint=f'pip install "mlci[{extra}]"',
    )


def _tell_error(error: MlciError, *, as_json: bool) -> None:
    if as_json:
        content = {"schema": "mlci/error/1", **error.to_dict()}
        sys.stdout.write(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        return
    from mlci.render.lines import error_text

    _tell(error_text(error))


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def _interrupt(*_: object) -> NoReturn:
    """End like Ctrl-C, so that every `finally` runs and no child is left behind."""
    raise KeyboardInterrupt
