"""The seccomp filter of the child, as data: which system calls it may not make, and the program that says so.

The program is classic BPF, as described in the kernel's Documentation/userspace-api/seccomp_filter.rst and in
`linux/filter.h`; numbers of calls are those of `asm/unistd_64.h` (x86_64) and `asm-generic/unistd.h` (aarch64).
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a filter returns (linux/seccomp.h).
RETURN_ALLOW: Final = 0x7FFF0000
RETURN_ERRNO: Final = 0x00050000
RETURN_KILL_PROCESS: Final = 0x80000000

# Instructions (linux/bpf_common.h): load a word, jump if equal, jump if any bit is set, jump if at least, return.
LOAD: Final = 0x20
JUMP_EQUAL: Final = 0x15
JUMP_SET: Final = 0x45
JUMP_AT_LEAST: Final = 0x35
RETURN: Final = 0x06

# Offsets in struct seccomp_data; the lower half of the first argument on little-endian machines.
OFFSET_NUMBER: Final = 0
OFFSET_ARCHITECTURE: Final = 4
OFFSET_FIRST_ARGUMENT: Final = 16

X32_BIT: Final = 0x40000000
"""x86_64 kernels accept a second set of numbers with this bit, which would slip past the list."""

CLONE_THREAD: Final = 0x00010000
CLONE_NAMESPACES: Final = 0x7E020000
"""Mount, control group, host name, messages, users, processes, network (linux/sched.h)."""

STARTING: Final = frozenset({"execve", "execveat", "fork", "vfork"})
"""Calls that start programs and processes."""


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture: its audit number, and its numbers of the calls that the filter names."""

    audit: int
    seccomp: int
    capset: int
    clone: int
    clone3: int
    kill: int
    tgkill: int
    prlimit64: int
    denied: Mapping[str, int]
    leaving: Mapping[str, int]
    """Calls by which a process leaves the group that it is ended with."""


_DENIED_ALIKE: Final = {  # one number on both machines
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "pidfd_send_signal": 424,
    "pidfd_open": 434,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsmount": 432,
    "fspick": 433,
    "mount_setattr": 442,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
    "file_setattr": 469,
}

_DENIED_X86_64: Final = {
    # connections and other ways to speak with processes
    "socket": 41, "socketpair": 53, "connect": 42, "bind": 49, "listen": 50, "accept": 43, "accept4": 288,
    "sendto": 44, "sendmsg": 46, "sendmmsg": 307,
    "shmget": 29, "shmat": 30, "msgget": 68, "semget": 64, "mq_open": 240, "memfd_create": 319,
    # programs and processes
    "execve": 59, "execveat": 322, "fork": 57, "vfork": 58,
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
    "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
    "setpriority": 141, "ioprio_set": 251, "sched_setaffinity": 203, "sched_setscheduler": 144, "sched_setparam": 142,
    "sched_setattr": 314, "migrate_pages": 256, "move_pages": 279,
    # what Landlock does not handle: the attributes of files, watching them, files by handle
    "chmod": 90, "fchmod": 91, "fchmodat": 268, "chown": 92, "lchown": 94, "fchown": 93, "fchownat": 260,
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
    "inotify_init": 253, "inotify_init1": 294, "fanotify_init": 300,
    "name_to_handle_at": 303, "open_by_handle_at": 304,
    # the kernel's own surface
    "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "add_key": 248, "request_key": 249, "keyctl": 250,
    "kexec_load": 246, "init_module": 175, "finit_module": 313, "personality": 135,
}  # fmt: skip

_DENIED_AARCH64: Final = {
    "socket": 198, "socketpair": 199, "connect": 203, "bind": 200, "listen": 201, "accept": 202, "accept4": 242,
    "sendto": 206, "sendmsg": 211, "sendmmsg": 269,
    "shmget": 194, "shmat": 196, "msgget": 186, "semget": 190, "mq_open": 180, "memfd_create": 279,
    "execve": 221, "execveat": 281,
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
    "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240,
    "setpriority": 140, "ioprio_set": 30, "sched_setaffinity": 122, "sched_setscheduler": 119, "sched_setparam": 118,
    "sched_setattr": 274, "migrate_pages": 238, "move_pages": 239,
    "fchmod": 52, "fchmodat": 53, "fchown": 55, "fchownat": 54,
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    "utimensat": 88,
    "inotify_init1": 26, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265,
    "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51,
    "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "add_key": 217, "request_key": 218, "keyctl": 219,
    "kexec_load": 104, "init_module": 105, "finit_module": 273, "personality": 92,
}  # fmt: skip

MACHINES: Final[Mapping[str, Machine]] = {
    "x86_64": Machine(
        audit=0xC000003E,
        seccomp=317,
        capset=126,
        clone=56,
        clone3=435,
        kill=62,
        tgkill=234,
        prlimit64=302,
        denied=_DENIED_X86_64 | _DENIED_ALIKE,
        leaving={"setsid": 112, "setpgid": 109},
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        seccomp=277,
        capset=91,
        clone=220,
        clone3=435,
        kill=129,
        tgkill=131,
        prlimit64=261,
        denied=_DENIED_AARCH64 | _DENIED_ALIKE,
        leaving={"setsid": 157, "setpgid": 154},
    ),
}


def filter_program(machine: Machine, process: int, *, starts: bool = False) -> bytes:
    """Return the filter for a process with this id, as an array of struct sock_filter (8 bytes each).

    Denied calls answer EPERM. A clone must make a thread; `clone3`, whose flags a filter cannot see, answers ENOSYS,
    whereupon the C library takes `clone`. Signals and limits are for the process itself. A process that STARTS programs
    may do so and make processes, in no namespace of their own, and none of them leaves the group.
    """
    not_permitted = RETURN_ERRNO | errno.EPERM
    program = [
        _instruction(LOAD, OFFSET_ARCHITECTURE),
        _instruction(JUMP_EQUAL, machine.audit, then=1),
        _instruction(RETURN, RETURN_KILL_PROCESS),
        _instruction(LOAD, OFFSET_NUMBER),
        _instruction(JUMP_AT_LEAST, X32_BIT, otherwise=1),
        _instruction(RETURN, not_permitted),
    ]
    denied = {name: number for name, number in machine.denied.items() if not (starts and name in STARTING)}
    for number in sorted((denied | dict(machine.leaving) if starts else denied).values()):
        program += _answer(number, not_permitted)
    program += _answer(machine.clone3, RETURN_ERRNO | errno.ENOSYS)
    program += [
        _instruction(JUMP_EQUAL, machine.clone, otherwise=4),
        _instruction(LOAD, OFFSET_FIRST_ARGUMENT),
        _instruction(JUMP_SET, CLONE_NAMESPACES, otherwise=1)
        if starts
        else _instruction(JUMP_SET, CLONE_THREAD, then=1),
        _instruction(RETURN, not_permitted),
        _instruction(RETURN, RETURN_ALLOW),
    ]
    program += _own_process_only(machine.kill, (process,), not_permitted)
    program += _own_process_only(machine.tgkill, (process,), not_permitted)
    program += _own_process_only(machine.prlimit64, (0, process), not_permitted)
    program.append(_instruction(RETURN, RETURN_ALLOW))
    return b"".join(program)


def _answer(number: int, answer: int) -> list[bytes]:
    return [_instruction(JUMP_EQUAL, number, otherwise=1), _instruction(RETURN, answer)]


def _own_process_only(number: int, processes: tuple[int, ...], answer: int) -> list[bytes]:
    # The number stays loaded unless the call is this one, and then the branch ends in a return.
    tests = [_instruction(JUMP_EQUAL, process, then=len(processes) - place) for place, process in enumerate(processes)]
    return [
        _instruction(JUMP_EQUAL, number, otherwise=len(tests) + 3),
        _instruction(LOAD, OFFSET_FIRST_ARGUMENT),
        *tests,
        _instruction(RETURN, answer),
        _instruction(RETURN, RETURN_ALLOW),
    ]


def _instruction(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
