from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.directory_store import DirectoryStore
from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()


def test_put__layout_and_location(tmp_path: Path) -> None:
    location = DirectoryStore(tmp_path / "models").put(ARCHIVE, DIGEST)
    assert location == f"directory:{DIGEST[:2]}/{DIGEST}.tar"
    assert (tmp_path / "models" / DIGEST[:2] / f"{DIGEST}.tar").read_bytes() == ARCHIVE


@pytest.mark.parametrize("damage", [ARCHIVE[:-1], ARCHIVE + b"x", b"", b"X" + ARCHIVE[1:]])
def test_fetch__damaged_bytes_are_never_returned(tmp_path: Path, damage: bytes) -> None:
    store = DirectoryStore(tmp_path)
    store.put(ARCHIVE, DIGEST)
    store.fetch(DIGEST).write_bytes(damage)
    with pytest.raises(IntegrityError) as caught:
        store.fetch(DIGEST)
    assert caught.value.code == "package-damaged"


def test_put__mends_a_damaged_file(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put(ARCHIVE, DIGEST)
    store.fetch(DIGEST).write_bytes(b"damaged")
    store.put(ARCHIVE, DIGEST)
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE


def test_put__what_is_there_is_not_written_again(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put(ARCHIVE, DIGEST)
    before = store.fetch(DIGEST).stat()
    store.put(ARCHIVE, DIGEST)
    assert store.fetch(DIGEST).stat().st_ino == before.st_ino


def test_put__wrong_bytes_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError):
        DirectoryStore(tmp_path).put(b"other", DIGEST)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_put__a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutsideError) as caught:
        DirectoryStore(tmp_path / "file").put(ARCHIVE, DIGEST)
    assert (caught.value.code, caught.value.where) == ("store-failed", str(tmp_path / "file"))


KILLED = """
import os, signal, sys
from pathlib import Path
from mlci.adapters.files import new_file
with new_file(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_put__an_upload_that_was_killed_leaves_no_readable_half(tmp_path: Path) -> None:
    file = tmp_path / DIGEST[:2] / f"{DIGEST}.tar"
    assert subprocess.run([sys.executable, "-c", KILLED, file], check=False).returncode == -9
    store = DirectoryStore(tmp_path)
    assert not store.has(DIGEST)
    store.put(ARCHIVE, DIGEST)
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE


def test_unfinished__halves_of_killed_uploads_go_when_they_are_old(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "models")
    assert store.unfinished(timedelta(0), removes=True) == 0
    store.put(ARCHIVE, DIGEST)
    folder = tmp_path / "models" / DIGEST[:2]
    old, young = (folder / f".{DIGEST}.tar.{name}.partial" for name in ("00ff", "11ee"))
    for half in (old, young):
        half.write_bytes(b"half")
    os.utime(old, (0, old.stat().st_mtime - 90 * 86_400))
    month = timedelta(days=30)
    assert (store.unfinished(month, removes=False), old.exists()) == (1, True)
    assert (store.unfinished(month, removes=True), old.exists(), young.exists()) == (1, False, True)
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE


def test_remove__what_a_promotion_may_be_about_to_register_stays_whatever_limit_is_asked_for(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put(ARCHIVE, DIGEST)
    file = store.fetch(DIGEST)
    put = file.stat().st_mtime
    os.utime(file, (0, put - 50 * 60))
    assert (store.remove(DIGEST, timedelta(seconds=1)), store.has(DIGEST)) == (False, True)
    os.utime(file, (0, put - 70 * 60))
    assert (store.remove(DIGEST, timedelta(seconds=1)), store.has(DIGEST)) == (True, False)
