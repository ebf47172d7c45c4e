"""What a process may do after it has confined itself: compute, read its libraries and its input, and write to pipes.

Landlock (Documentation/userspace-api/landlock.rst) closes files, TCP, abstract sockets and signals; seccomp closes what
Landlock leaves open (UDP, new programs and processes, attributes of files); limits close memory and time. None of it
needs privileges, and none can be undone. Neither hides that a path exists (`stat`), and both need Linux: elsewhere
only the limits apply, and `available` says so.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .system_calls import MACHINES, RETURN_ERRNO, Machine, filter_program

if TYPE_CHECKING:
    from collections.abc import Sequence

# Landlock's calls have one number on all architectures.
CREATE_RULESET: Final = 444
ADD_RULE: Final = 445
RESTRICT_SELF: Final = 446
ASK_VERSION: Final = 1
RULE_PATH_BENEATH: Final = 1

EXECUTE: Final = 1 << 0
WRITE_FILE: Final = 1 << 1
READ_FILE: Final = 1 << 2
READ_DIRECTORY: Final = 1 << 3
WRITE_BELOW: Final = WRITE_FILE | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8
"""Writing and removing files and folders, and making them; no device, socket, pipe or link."""
TRUNCATE: Final = 1 << 14
ABI_WITH_TRUNCATE: Final = 3
FILE_RIGHTS_BY_ABI: Final = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights over files a version knows: the first 13 bits, then REFER, TRUNCATE, IOCTL_DEV."""

ABI_WITH_NETWORK: Final = 4
ABI_WITH_SCOPES: Final = 6
NETWORK_RIGHTS: Final = 0b11  # bind and connect TCP
SCOPES: Final = 0b11  # abstract Unix sockets, signals

PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_SECCOMP: Final = 22
PR_SET_DUMPABLE: Final = 4
SECCOMP_MODE_FILTER: Final = 2
SECCOMP_GET_ACTION_AVAIL: Final = 2
CAPABILITY_VERSION_3: Final = 0x20080522

OPEN_FILES: Final = 256

SYSTEM_FOLDERS: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)


DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


@dataclass(frozen=True, slots=True)
class Programs:
    """What a process may do that starts programs: start what lies in STARTABLE, and write below WRITABLE."""

    startable: tuple[str, ...]
    """Folders and files; what they need of the system's libraries is below them."""
    writable: str
    largest_file: int
    """In bytes."""


class ConfinementError(OSError):
    """A confinement that this kernel offers could not be applied; what follows must not run."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What this kernel offers: the version of Landlock (0: none), and whether seccomp takes our filter."""

    landlock_abi: int
    seccomp: bool

    @property
    def is_complete(self) -> bool:
        """Whether files are closed and connections and new programs too."""
        return self.landlock_abi > 0 and self.seccomp

    @property
    def sentence(self) -> str:
        """What the trust line says, such as `confined: Landlock 7, seccomp`."""
        if self.is_complete:
            return f"confined: Landlock {self.landlock_abi}, seccomp"
        if self.landlock_abi:
            return f"partly confined: Landlock {self.landlock_abi}, no seccomp"
        if not sys.platform.startswith("linux"):
            return "not confined: this system has no Landlock"
        return "not confined: this kernel lacks Landlock"


def available() -> Confinement:
    """Return what `confine` will apply here; asks the kernel and changes nothing."""
    if not sys.platform.startswith("linux"):
        return Confinement(0, seccomp=False)
    library = _library()
    version = library.syscall(
        ctypes.c_long(CREATE_RULESET), ctypes.c_void_p(None), ctypes.c_size_t(0), ctypes.c_uint(ASK_VERSION)
    )
    machine = _machine()
    takes_filter = False
    if machine is not None:
        action = ctypes.c_uint32(RETURN_ERRNO)
        answer = library.syscall(
            ctypes.c_long(machine.seccomp),
            ctypes.c_uint(SECCOMP_GET_ACTION_AVAIL),
            ctypes.c_uint(0),
            ctypes.byref(action),
        )
        takes_filter = answer == 0
    return Confinement(max(int(version), 0), seccomp=takes_filter)


def confine(
    readable: Sequence[str], *, memory_bytes: int, cpu_seconds: int, programs: Programs | None = None
) -> Confinement:
    """Confine this process for good, and return what was applied (always all of `available`).

    `readable`: folders or files that it may read besides its interpreter's and the system's libraries; imports that
    come later work if they lie there. `memory_bytes` bounds the address space, `cpu_seconds` the CPU time.
    Only who names PROGRAMS may start any.
    Call it while the process has one thread: Landlock binds the thread that calls it and those which it starts.

    Raises ConfinementError if there are more threads, a path is missing, or the kernel refuses what it offers.
    """
    offered = available()
    _limit(memory_bytes, cpu_seconds, programs.largest_file if programs else 0)
    if not sys.platform.startswith("linux"):
        return offered
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise ConfinementError(f"{threads} threads run already; a confinement would not bind them all")
    library = _library()
    _prctl(library, PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")
    # Not dumpable: other processes of the same user cannot attach to it, and it leaves no core.
    _prctl(library, PR_SET_DUMPABLE, 0, "dumpable")
    machine = _machine()
    if machine is not None:
        _drop_capabilities(library, machine)
    if offered.landlock_abi:
        _apply_landlock(library, offered.landlock_abi, [*_libraries(), *readable], readable, programs)
    if offered.seccomp and machine is not None:
        _apply_seccomp(library, filter_program(machine, os.getpid(), starts=programs is not None))
    return offered


def _libraries() -> list[str]:
    """Return the folders of the interpreter and the system.

    Not `sys.path`: an editable installation puts a whole repository there, and with it the labels.
    """
    prefixes = dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix))
    own = [f"{prefix}/{folder}" for prefix in prefixes for folder in ("lib", "lib64")]
    return [folder for folder in (*own, *SYSTEM_FOLDERS) if Path(folder).exists()]


def _limit(memory_bytes: int, cpu_seconds: int, largest_file: int) -> None:
    limits = [
        (resource.RLIMIT_FSIZE, largest_file),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ]
    if sys.platform.startswith("linux"):  # macOS refuses a limit of the address space
        limits.append((resource.RLIMIT_AS, memory_bytes))
    for kind, value in limits:
        bound = _lowered(kind, value)
        resource.setrlimit(kind, (bound, bound))
    # A soft limit below the hard one ends the process by SIGXCPU, which tells the parent why.
    soft = _lowered(resource.RLIMIT_CPU, cpu_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, _lowered(resource.RLIMIT_CPU, cpu_seconds + 1)))


def _lowered(kind: int, value: int) -> int:
    _, hard = resource.getrlimit(kind)
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _drop_capabilities(library: ctypes.CDLL, machine: Machine) -> None:
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    if library.syscall(ctypes.c_long(machine.capset), header, bytes(24)):
        raise _failed("capset")


def _apply_landlock(
    library: ctypes.CDLL, abi: int, folders: Sequence[str], required: Sequence[str], programs: Programs | None
) -> None:
    handled = (1 << max(bits for version, bits in FILE_RIGHTS_BY_ABI.items() if version <= abi)) - 1
    attributes = [handled]
    if abi >= ABI_WITH_NETWORK:
        attributes.append(NETWORK_RIGHTS)
    if abi >= ABI_WITH_SCOPES:
        attributes.append(SCOPES)
    packed = struct.pack(f"={len(attributes)}Q", *attributes)
    ruleset = library.syscall(ctypes.c_long(CREATE_RULESET), packed, ctypes.c_size_t(len(packed)), ctypes.c_uint(0))
    if ruleset < 0:
        raise _failed("landlock_create_ruleset")
    try:
        for folder in dict.fromkeys(folders):
            # Loading a library needs no right to execute; starting a program would.
            _allow(library, ruleset, folder, READ_FILE | READ_DIRECTORY, is_required=folder in required)
        if programs is not None:
            _allow_programs(library, ruleset, abi, programs)
        if library.syscall(ctypes.c_long(RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint(0)):
            raise _failed("landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow_programs(library: ctypes.CDLL, ruleset: int, abi: int, programs: Programs) -> None:
    for path in programs.startable:
        _allow(library, ruleset, path, EXECUTE | READ_FILE | READ_DIRECTORY, is_required=False)
    for path in DEVICES:
        _allow(library, ruleset, path, READ_FILE | WRITE_FILE, is_required=False)
    writing = READ_FILE | READ_DIRECTORY | WRITE_BELOW | (TRUNCATE if abi >= ABI_WITH_TRUNCATE else 0)
    _allow(library, ruleset, programs.writable, writing, is_required=True)


def _allow(library: ctypes.CDLL, ruleset: int, path: str, rights: int, *, is_required: bool) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        if is_required:
            raise ConfinementError(error.errno, f"cannot allow reading {path}: {error.strerror}") from error
        return
    try:
        of_a_file = EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE
        rule = struct.pack("=Qi", rights if Path(path).is_dir() else rights & of_a_file, descriptor)
        if library.syscall(
            ctypes.c_long(ADD_RULE),
            ctypes.c_int(ruleset),
            ctypes.c_int(RULE_PATH_BENEATH),
            rule,
            ctypes.c_uint(0),
        ):
            raise _failed("landlock_add_rule")
    finally:
        os.close(descriptor)


def _apply_seccomp(library: ctypes.CDLL, program: bytes) -> None:
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a count, padding, a pointer
    descriptor = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    if library.prctl(
        ctypes.c_int(PR_SET_SECCOMP),
        ctypes.c_ulong(SECCOMP_MODE_FILTER),
        descriptor,
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    ):
        raise _failed("seccomp")


def _prctl(library: ctypes.CDLL, option: int, value: int, name: str) -> None:
    nothing = ctypes.c_ulong(0)
    if library.prctl(ctypes.c_int(option), ctypes.c_ulong(value), nothing, nothing, nothing):
        raise _failed(name)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


def _machine() -> Machine | None:
    # A 32-bit interpreter on a 64-bit kernel makes other calls than those in the table.
    return MACHINES.get(platform.machine()) if struct.calcsize("P") == struct.calcsize("Q") else None


def _failed(name: str) -> ConfinementError:
    number = ctypes.get_errno()
    return ConfinementError(number, f"{name} failed: {os.strerror(number)}")
