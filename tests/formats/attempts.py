"""A program that confines itself and then tries one forbidden thing.

`python -I -B attempts.py FORMATS CONFINED ATTEMPT ARGUMENT READABLE…` prints `allowed`, or the name of the error.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import resource
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = 512 * 1024**2


def system_call(number: int, *arguments: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments)) < 0:
        raise OSError(ctypes.get_errno(), "system call")


def connect(family: int, kind: int, address: object) -> None:
    with socket.socket(family, kind) as connection:
        connection.connect(address)  # type: ignore[arg-type]  # an address is of the type that its family has


def fork(_: str) -> None:
    if os.fork() == 0:
        os._exit(0)


def start_thread(_: str) -> None:
    thread = threading.Thread(target=len, args=((),))
    thread.start()
    thread.join()


def burn(_: str) -> None:
    while True:
        sum(range(10_000))


ATTEMPTS: dict[str, Callable[[str], object]] = {
    "read": lambda path: Path(path).read_bytes(),
    "list": os.listdir,
    "write": lambda path: Path(path).write_bytes(b""),
    "truncate": lambda path: os.truncate(path, 0),
    "make folder": os.mkdir,
    "remove": os.unlink,
    "rename": lambda path: os.rename(path, f"{path}.moved"),  # noqa: PTH104  # the system call itself
    "link": lambda path: os.symlink("/etc", path),  # noqa: PTH211  # the system call itself
    "change mode": lambda path: os.chmod(path, 0o700),  # noqa: PTH101  # the system call itself
    "change times": lambda path: os.utime(path, (0, 0)),
    "connect tcp": lambda port: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(port))),
    "connect udp": lambda port: connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", int(port))),
    "connect unix": lambda path: connect(socket.AF_UNIX, socket.SOCK_STREAM, path),
    "pair of sockets": lambda _: socket.socketpair(),
    "execute": lambda _: os.execv(shutil.which("echo") or "", ["echo", "allowed"]),  # noqa: S606  # no shell is the point
    "spawn": lambda _: os.posix_spawn(shutil.which("true") or "", ["true"], {}),
    "fork": fork,
    "signal": lambda process: os.kill(int(process), 0),
    "trace": lambda process: system_call(101, 0x4206, int(process), 0, 0),  # PTRACE_SEIZE
    "lower limits of": lambda process: resource.prlimit(int(process), resource.RLIMIT_CORE, (0, 0)),
    "io_uring": lambda _: system_call(425, 0, 0),
    "memory file": lambda _: os.memfd_create("secret"),
    "allocate": lambda size: bytearray(int(size)),
    "raise limit": lambda _: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2),
    "open many": lambda count: [os.dup(0) for _ in range(int(count))],
    "burn": burn,
    "thread": start_thread,
    "import": importlib.import_module,
}


def main(formats: str, confined: str, attempt: str, argument: str, *readable: str) -> None:
    sys.path.insert(0, str(Path(formats).parent))
    confinement = importlib.import_module(f"{Path(formats).name}.confinement")
    sys.path.pop(0)
    if confined == "confined":
        confinement.confine(list(readable), memory_bytes=MEMORY, cpu_seconds=1)
    try:
        ATTEMPTS[attempt](argument)
    except OSError as error:
        answer = errno.errorcode.get(error.errno or 0, "OSError")
    except (MemoryError, ValueError) as error:
        answer = type(error).__name__
    else:
        answer = "allowed"
    print(answer)  # noqa: T201  # this is a program


if __name__ == "__main__":
    main(*sys.argv[1:])
