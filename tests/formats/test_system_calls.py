from __future__ import annotations

import errno
import struct

import pytest

from mlci.formats.system_calls import MACHINES, STARTING, Machine, filter_program

OWN = 4242
ALLOW, KILL = "allow", "kill"
ANSWERS = {0x7FFF0000: ALLOW, 0x80000000: KILL} | {0x50000 | number: name for number, name in errno.errorcode.items()}


def answer(machine: Machine, number: int, first: int = 0, *, audit: int | None = None, starts: bool = False) -> str:
    """What the kernel would answer: an interpreter of the five instructions that a filter of ours has."""
    data = struct.pack("=IIQ6Q", number, audit or machine.audit, 0, first, *([0] * 5))
    program = list(struct.iter_unpack("=HBBI", filter_program(machine, OWN, starts=starts)))
    place, loaded = 0, 0
    while True:
        code, then, otherwise, value = program[place]
        if code == 0x06:
            return ANSWERS[value]
        if code == 0x20:
            (loaded,) = struct.unpack_from("=I", data, value)
            place += 1
        else:
            holds = {0x15: loaded == value, 0x45: bool(loaded & value), 0x35: loaded >= value}[code]
            place += 1 + (then if holds else otherwise)


@pytest.fixture(params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    return MACHINES[request.param]


def test_filter__refuses_every_denied_call(machine: Machine) -> None:
    assert {name: answer(machine, number) for name, number in machine.denied.items()} == dict.fromkeys(
        machine.denied, "EPERM"
    )


def test_filter__allows_the_others(machine: Machine) -> None:
    special = {machine.clone, machine.clone3, machine.kill, machine.tgkill, machine.prlimit64}
    others = set(range(440)) - set(machine.denied.values()) - special
    assert {answer(machine, number) for number in others} == {ALLOW}


@pytest.mark.parametrize(("flags", "expected"), [(0x003D0F00, ALLOW), (0x11, "EPERM"), (0, "EPERM")])
def test_filter__a_clone_must_make_a_thread(machine: Machine, flags: int, expected: str) -> None:
    assert answer(machine, machine.clone, flags) == expected


def test_filter__clone3_looks_absent(machine: Machine) -> None:
    assert answer(machine, machine.clone3) == "ENOSYS"


@pytest.mark.parametrize(("process", "expected"), [(OWN, ALLOW), (1, "EPERM"), (0, "EPERM"), (2**32 - 1, "EPERM")])
def test_filter__signals_go_to_itself(machine: Machine, process: int, expected: str) -> None:
    assert answer(machine, machine.kill, process) == expected
    assert answer(machine, machine.tgkill, process) == expected


@pytest.mark.parametrize(("process", "expected"), [(OWN, ALLOW), (0, ALLOW), (1, "EPERM")])
def test_filter__limits_are_its_own(machine: Machine, process: int, expected: str) -> None:
    assert answer(machine, machine.prlimit64, process) == expected


def test_filter__kills_another_architecture(machine: Machine) -> None:
    assert answer(machine, 0, audit=0x40000003) == KILL


def test_filter__refuses_the_second_set_of_numbers(machine: Machine) -> None:
    assert answer(machine, 0x40000000 | 41) == "EPERM"


def test_filter__fits_the_kernel(machine: Machine) -> None:
    program = filter_program(machine, OWN)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096


def test_machines__deny_the_same_calls_by_their_new_names() -> None:
    # aarch64 never had these: calls that newer ones replace.
    old = {"fork", "vfork", "chmod", "chown", "lchown", "utime", "utimes", "futimesat", "inotify_init"}
    assert set(MACHINES["x86_64"].denied) - set(MACHINES["aarch64"].denied) == old
    assert set(MACHINES["aarch64"].denied) <= set(MACHINES["x86_64"].denied)


def test_filter__who_starts_programs_may_do_that_and_nothing_else_more(machine: Machine) -> None:
    told = {name: answer(machine, number, starts=True) for name, number in machine.denied.items()}
    assert {name for name, each in told.items() if each == ALLOW} == STARTING & machine.denied.keys()
    assert {name for name, each in told.items() if each == "EPERM"} == machine.denied.keys() - STARTING


def test_filter__no_process_leaves_the_group_that_it_is_ended_with(machine: Machine) -> None:
    assert {answer(machine, number, starts=True) for number in machine.leaving.values()} == {"EPERM"}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0x11, ALLOW), (0x4111, ALLOW), (0x10000011, "EPERM"), (0x20000, "EPERM"), (1 << 30, "EPERM")],
)
def test_filter__a_new_process_is_in_no_namespace_of_its_own(machine: Machine, flags: int, expected: str) -> None:
    assert answer(machine, machine.clone, flags, starts=True) == expected
    assert answer(machine, machine.clone3, starts=True) == "ENOSYS"
