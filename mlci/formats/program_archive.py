"""A program with its files and answers as one file, with equal bytes for equal content."""

from __future__ import annotations

from typing import Final

from mlci.core.golden import GOLDEN_FILE
from mlci.core.program import ABOUT, ANSWERS, FOLDER, Program, read_info
from mlci.errors import IntegrityError

from .archive import pack, unpack

_HEAD: Final = f"{ABOUT}\0".encode()


def is_program(data: bytes) -> bool:
    """Return whether a file says that it is a program; `read_program` tells whether it is."""
    return data.startswith(_HEAD)


def write_program(program: Program) -> bytes:
    """Return the file of PROGRAM; raises IntegrityError `package-malformed` for a name that no package may hold."""
    files = {f"{FOLDER}{path}": content for path, content in program.files.items()}
    golden = {} if program.golden is None else {GOLDEN_FILE: program.golden}
    return pack({ABOUT: program.info.to_bytes(), ANSWERS: program.answers, **golden, **files})


def read_program(data: bytes) -> Program:
    """Return the program in a hostile file; raises IntegrityError `package-malformed` or `program-malformed`."""
    files = unpack(data)
    own = {name.removeprefix(FOLDER): content for name, content in files.items() if name.startswith(FOLDER)}
    try:
        info = read_info(files.get(ABOUT, b""))
        if set(files) - {ABOUT, ANSWERS, GOLDEN_FILE} - {f"{FOLDER}{path}" for path in own} or ANSWERS not in files:
            raise ValueError("it holds other files than a program does")  # noqa: TRY301 - told as what cannot be parsed
    except ValueError as error:
        raise IntegrityError(
            "program-malformed",
            f"the program of a package cannot be used: {error}",
            cause="The package was put together by hand.",
            hint="mlci train",
        ) from error
    return Program(info, own, files[ANSWERS], files.get(GOLDEN_FILE))
