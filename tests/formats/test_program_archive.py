from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.program import Program, ProgramInfo
from mlci.errors import IntegrityError
from mlci.formats.archive import pack, unpack
from mlci.formats.program_archive import is_program, read_program, write_program

PROGRAM = Program(
    ProgramInfo(command=("sh", "score.sh"), rows="jsonl", timeout_seconds=60, inputs=("radius",)),
    {"score.sh": b"cat\n", "lib/weights.bin": b"\0\1"},
    answers=b"[]\n",
    golden=b"{}\n",
)


def test_program__is_read_as_it_was_written() -> None:
    data = write_program(PROGRAM)
    assert is_program(data)
    assert read_program(data) == PROGRAM


def test_program__equal_content_is_equal_bytes_whatever_the_order() -> None:
    files = dict(reversed(list(PROGRAM.files.items())))
    assert write_program(Program(PROGRAM.info, files, PROGRAM.answers, PROGRAM.golden)) == write_program(PROGRAM)


def test_program__no_model_is_taken_for_one() -> None:
    assert not any(map(is_program, (b"", b"PK\3\4", b"tree\n", b'["mlci/predictions/1"', pack({"model.skops": b"x"}))))


@pytest.mark.parametrize(
    "edit",
    [
        {"PROGRAM.json": b"{}"},
        {"answers.jsonl": None},
        {"more.txt": b""},
    ],
    ids=["says nothing", "no answers", "something else"],
)
def test_program__that_is_not_whole_is_refused(edit: dict[str, bytes | None]) -> None:
    files = unpack(write_program(PROGRAM)) | edit
    with pytest.raises(IntegrityError) as caught:
        read_program(pack({name: data for name, data in files.items() if data is not None}))
    assert caught.value.code == "program-malformed"


def reads_as_written(data: bytes) -> bool:
    """Return whether DATA is refused, or is what would be written of what it says."""
    try:
        return write_program(read_program(data)) == data
    except IntegrityError:
        return True


@given(place=st.integers(0), value=st.integers(0, 255))
def test_program__any_edit_is_refused_or_read_as_what_it_says(place: int, value: int) -> None:
    data = bytearray(write_program(PROGRAM))
    data[place % len(data)] = value
    assert reads_as_written(bytes(data))
