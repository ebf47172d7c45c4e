"""Running a verb, and telling what went wrong."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from mlci.cli.audience import is_private
from mlci.cli.streams import Stream
from mlci.errors import BUG_EXIT_CODE, INTERRUPTED_EXIT_CODE, MlciError, OutsideError, UsageError

EXTRAS = {
    "backports": "data",
    "boto3": "s3",
    "duckdb": "data",
    "dvc": "dvc",
    "lightgbm": "lightgbm",
    "matplotlib": "plot",
    "numpy": "data",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "pandas": "ml",
    "scipy": "ml",
    "skl2onnx": "onnx",
    "sklearn": "ml",
    "skops": "ml",
    "xgboost": "xgboost",
}
"""Which extra brings a module."""

SHOWN_BEFORE = frozenset({"training-failed", "tests-failed"})
"""Errors that quote, from their second line on, what a program said last: in a terminal it stands there already."""

REFUSED = frozenset(
    {errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG}
)
"""What the system says of permissions, of damage, and of paths that lead nowhere."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""What the system says where no more can be written."""


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

        code = app(args=arguments, prog_name="mlci", standalone_mode=False) or 0
    except KeyboardInterrupt:
        code = INTERRUPTED_EXIT_CODE
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and has an exit code
        if debug:
            _tell(_traceback(error))
        return _tell_problem(error, arguments, as_json=as_json)
    if code == INTERRUPTED_EXIT_CODE:
        _tell("interrupted")
    return int(code)


def tell_error(error: MlciError, *, as_json: bool = False) -> int:
    """Tell an error, as JSON on standard output or as text beside it, and return its exit code.

    In a public place without what it holds in the words of a model or a command.
    """
    error = error if is_private(os.environ) else error.public()
    if as_json:
        content = {"schema": "mlci/error/1", **error.to_dict()}
        sys.stdout.write(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if not (isinstance(sys.stdout, Stream) and sys.stdout.lost):
            return error.exit_code
        # It got to nobody, so it is told as text.
    from mlci.render.lines import error_text

    _tell(error_text(error, quotes=error.code not in SHOWN_BEFORE))
    return error.exit_code


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


def full_disk(error: OSError) -> OutsideError:
    """Return the error that says that a disk takes no more; what was there before is still there."""
    return OutsideError(
        "disk-full",
        f"a file could not be written: {error.strerror}",
        where=str(error.filename) if error.filename else None,
        cause="The disk or a quota is full, or what lies there may only be read. Nothing half written was left behind.",
        hint="Make room (rm -r .mlci/cache costs only time), and run it again.",
    )


def _tell_problem(error: Exception, arguments: list[str], *, as_json: bool) -> int:
    """Tell what went wrong, and return the exit code; what is no error of ours is a bug of ours."""
    if _is_request_for_help(error):
        _tell(str(error).rstrip())
        return UsageError.exit_code
    known = _known(error, arguments)
    if known is None:
        _tell(f"error[bug]: {type(error).__name__}; this is a bug in mlci")
        _tell("  mend:  run it again with --debug, and report what it prints: https://github.com/mlci/mlci/issues")
        return BUG_EXIT_CODE
    return tell_error(known, as_json=as_json)


def _known(error: Exception, arguments: list[str]) -> MlciError | None:
    """Return ERROR as one of the family, None where it is a bug."""
    if isinstance(error, MlciError):
        if error.code == "no-configuration" and error.where == "work tree":
            from mlci.cli.nearby import with_nearby

            return with_nearby(error, Path.cwd())
        return error
    if isinstance(error, ModuleNotFoundError):
        return missing_extra(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return full_disk(error)
    if isinstance(error, OSError) and error.errno in REFUSED:
        return refused_by_system(error)
    return _wrong_usage(error, arguments)


def refused_by_system(error: OSError) -> OutsideError:
    """Return the error of a file that the system would not read or write, where nobody nearer had more to say."""
    told = error.filename2 or error.filename  # of a copy, where it was to lie
    named = told.decode(errors="replace") if isinstance(told, bytes) else told
    where = str(named) if isinstance(named, (str, Path)) else None
    is_forbidden = error.errno in {errno.EACCES, errno.EPERM}
    return OutsideError(
        "file-failed",
        f"a file could not be used: {error.strerror}",
        where=where,
        cause="This user lacks the permission, on it or on a folder above it." if is_forbidden else None,
        hint=f"ls -ld {shlex.quote(where)} shows who may; chmod or chown it, or run mlci as another user."
        if is_forbidden and where
        else "Look at the path and its permissions, and run it again.",
    )


def _wrong_usage(error: Exception, arguments: list[str]) -> UsageError | None:
    """Return the error for arguments that the command line does not take, None where ERROR is about something else."""
    if not isinstance(error, _argument_error()):
        return None
    # An option without its value is found before there is a context; the verb is the first word.
    command = error.ctx.command_path if error.ctx else f"mlci {arguments[0]}"
    return UsageError("wrong-usage", error.format_message().removesuffix("."), where=command, hint=f"{command} --help")


def _traceback(error: Exception) -> str:
    """Return the traceback, which in a public place holds nothing more of an error than is told of it."""
    text = "".join(traceback.format_exception(error)).rstrip()
    if isinstance(error, MlciError) and error.private and not is_private(os.environ):
        return text.replace(error.private, "…")
    return text


def _is_request_for_help(error: Exception) -> bool:
    """Say whether the error is a bare `mlci` or `mlci registry`, whose message is the help."""
    return isinstance(error, _argument_error()) and type(error).__name__ == "NoArgsIsHelpError"


def _argument_error() -> type[Any]:
    """Return what every error about arguments descends from: click's, or typer's own since it ships without click."""
    import typer

    return typer.BadParameter.__base__ or typer.BadParameter


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def _interrupt(*_: object) -> NoReturn:
    """End like Ctrl-C, so that every `finally` runs and no child is left behind."""
    raise KeyboardInterrupt
