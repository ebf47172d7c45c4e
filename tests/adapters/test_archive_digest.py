from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.adapters.archive_digest import CHUNK_BYTES, HashingReader, chunks, copied, digest_of, file_digest, opened
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from pathlib import Path


@given(st.binary(max_size=300), st.integers(1, 100))
def test_reader__hands_on_what_it_reads_and_knows_its_hash(content: bytes, size: int) -> None:
    reader = HashingReader(io.BytesIO(content))
    assert b"".join(iter(lambda: reader.read(size), b"")) == content
    reader.check(hashlib.sha256(content).hexdigest())
    with pytest.raises(IntegrityError) as caught:
        reader.check(hashlib.sha256(content + b"x").hexdigest())
    assert caught.value.where == "the archive that was to be stored"


@given(st.binary(max_size=300), st.integers(1, 100))
def test_opened__tells_how_far_it_was_read_and_begins_again_when_asked_to(content: bytes, size: int) -> None:
    heard: list[int] = []
    with opened(content, heard.append) as file:
        for _ in range(2):
            heard.clear()
            file.seek(0)
            assert b"".join(iter(lambda: file.read(size), b"")) == content
            assert heard == sorted(heard)
            assert (heard[-1], file.tell()) == (len(content), len(content))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_pieces__fit_into_memory_and_lose_nothing(tmp_path: Path, size: int) -> None:
    content = bytes(size)
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / "archive").write_bytes(content)
    into = io.BytesIO()
    with opened(tmp_path / "archive") as file:
        assert copied(chunks(file), into) == digest
    assert into.getvalue() == content
    with opened(content) as file:
        pieces = list(chunks(file))
    assert [len(piece) <= CHUNK_BYTES for piece in pieces] == [True] * -(-size // CHUNK_BYTES)
    assert digest_of(pieces) == file_digest(tmp_path / "archive") == digest


def test_file_digest__of_no_file(tmp_path: Path) -> None:
    assert file_digest(tmp_path / "missing") is None
