from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.directory_store import DirectoryStore
from mlci.adapters.mirror_store import MirrorStore
from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()


class Mirror:
    """Two folders; one that is down is a file."""

    def __init__(self, folder: Path) -> None:
        self.folders = (folder / "first", folder / "second")
        self.first, self.second = map(DirectoryStore, self.folders)
        self.told: list[str] = []
        self.store = MirrorStore(self.first, self.second, tell=self.told.append)

    def take_down(self, number: int) -> None:
        folder = self.folders[number]
        if folder.exists():
            folder.rename(folder.with_suffix(".away"))
        folder.write_bytes(b"")

    def bring_back(self, number: int) -> None:
        self.folders[number].unlink()


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path)


def test_put__lies_in_both(mirror: Mirror) -> None:
    here = f"directory:{DIGEST[:2]}/{DIGEST}.tar"
    assert mirror.store.put(ARCHIVE, DIGEST) == f"{here} {here}"
    assert mirror.first.fetch(DIGEST).read_bytes() == mirror.second.fetch(DIGEST).read_bytes() == ARCHIVE
    assert mirror.told == []


@pytest.mark.parametrize("down", [0, 1])
def test_put__to_one_that_is_down_is_no_success_and_the_next_attempt_completes_it(mirror: Mirror, down: int) -> None:
    mirror.take_down(down)
    with pytest.raises(OutsideError) as caught:
        mirror.store.put(ARCHIVE, DIGEST)
    assert (caught.value.code, caught.value.where) == ("store-failed", str(mirror.folders[down]))
    mirror.bring_back(down)
    mirror.store.put(ARCHIVE, DIGEST)
    assert mirror.first.has(DIGEST)
    assert mirror.second.has(DIGEST)


def test_fetch__from_the_first(mirror: Mirror) -> None:
    mirror.store.put(ARCHIVE, DIGEST)
    mirror.take_down(1)
    assert mirror.store.fetch(DIGEST) == mirror.first.fetch(DIGEST)
    assert mirror.told == []


def test_fetch__from_the_second_when_the_first_is_down(mirror: Mirror) -> None:
    mirror.store.put(ARCHIVE, DIGEST)
    mirror.take_down(0)
    assert mirror.store.fetch(DIGEST) == mirror.second.fetch(DIGEST)
    reason = "the store could not be used: Not a directory"
    assert mirror.told == [f"the first store did not help ({reason}); asking its mirror"]


def test_fetch__from_the_second_when_the_first_is_damaged(mirror: Mirror) -> None:
    mirror.store.put(ARCHIVE, DIGEST)
    mirror.first.fetch(DIGEST).write_bytes(b"damaged")
    assert mirror.store.fetch(DIGEST).read_bytes() == ARCHIVE
    reason = f"the bytes of the package are not those that were registered as {DIGEST}"
    assert mirror.told == [f"the first store did not help ({reason}); asking its mirror"]


def test_fetch__from_the_second_when_only_that_has_it(mirror: Mirror) -> None:
    mirror.second.put(ARCHIVE, DIGEST)
    assert mirror.store.has(DIGEST)
    assert mirror.store.fetch(DIGEST).read_bytes() == ARCHIVE


def test_fetch__when_neither_helps_both_are_told(mirror: Mirror) -> None:
    mirror.store.put(ARCHIVE, DIGEST)
    mirror.first.fetch(DIGEST).write_bytes(b"damaged")
    mirror.take_down(1)
    with pytest.raises(IntegrityError) as caught:
        mirror.store.fetch(DIGEST)
    assert caught.value.to_dict() == {
        "code": "package-damaged",
        "problem": f"the bytes of the package are not those that were registered as {DIGEST}",
        "where": str(mirror.folders[0] / DIGEST[:2] / f"{DIGEST}.tar"),
        "cause": "Its mirror did not help either: the store could not be used: Not a directory.",
        "hint": "Remove the file; then mlci registry sync copies it from a mirror, or mlci train --force && mlci "
        "promote makes it again.",
        "exit_code": 4,
    }


def test_has__neither(mirror: Mirror) -> None:
    assert not mirror.store.has(DIGEST)
