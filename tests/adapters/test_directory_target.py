from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.directory_target import DirectoryTarget
from mlci.core.target import Placed
from mlci.errors import IntegrityError, OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {"manifest.json": b"{}", "model/model.skops": b"model"}
DIGEST = "a" * 64


def deploy(target: DirectoryTarget, version: str) -> None:
    target.switch(target.stage(version, DIGEST, FILES))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_deploy__layout(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path / "live")
    deploy(target, "v1.0.0")
    current = tmp_path / "live/current"
    assert current.readlink() == Path("versions/v1.0.0-aaaaaaaaaaaa")
    assert (current / "model/model.skops").read_bytes() == b"model"
    assert target.location == str(current)
    assert names(tmp_path / "live") == ["current", "versions"]
    assert names(tmp_path / "live/versions") == ["v1.0.0-aaaaaaaaaaaa"]


def test_deploy__the_folder_may_be_moved(tmp_path: Path) -> None:
    deploy(DirectoryTarget(tmp_path / "live"), "v1.0.0")
    (tmp_path / "live").rename(tmp_path / "moved")
    assert (tmp_path / "moved/current/manifest.json").read_bytes() == b"{}"


def test_switch__keeps_three_and_the_present_one(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path)
    for number in (9, 10, 11, 12):
        deploy(target, f"v1.{number}.0")
    kept = ["v1.10.0-aaaaaaaaaaaa", "v1.11.0-aaaaaaaaaaaa", "v1.12.0-aaaaaaaaaaaa"]
    assert names(tmp_path / "versions") == kept
    deploy(target, "v1.0.0")
    assert names(tmp_path / "versions") == ["v1.0.0-aaaaaaaaaaaa", *kept[1:]]
    assert target.current() == Placed.of("v1.0.0", DIGEST)


def test_switch__removes_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "versions/notes").mkdir(parents=True)
    target = DirectoryTarget(tmp_path, kept=1)
    deploy(target, "v1.0.0")
    deploy(target, "v1.1.0")
    assert names(tmp_path / "versions") == ["notes", "v1.1.0-aaaaaaaaaaaa"]


def test_switch__ends_a_removal_that_was_interrupted(tmp_path: Path) -> None:
    (tmp_path / "versions/.removed-1/model").mkdir(parents=True)
    deploy(DirectoryTarget(tmp_path), "v1.0.0")
    assert names(tmp_path / "versions") == ["v1.0.0-aaaaaaaaaaaa"]


def test_switch__a_reader_always_finds_one_whole_version(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path)
    staged = [target.stage(f"v{number}.0.0", DIGEST, {"model": b"%d" % number}) for number in (1, 2)]
    target.switch(staged[0])
    seen: list[bytes] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append((tmp_path / "current/model").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        target.switch(staged[turn % 2])
    done.set()
    reader.join()
    assert len(seen) > 10
    assert set(seen) <= {b"1", b"2"}


def test_switch__there_is_no_moment_without_a_version(tmp_path: Path) -> None:
    target, current = DirectoryTarget(tmp_path), str(tmp_path / "current")
    deploy(target, "v1.0.0")
    staged = target.stage("v2.0.0", DIGEST, FILES)
    was_there: list[bool] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename" and str(arguments[1]) == current:
            was_there.append(os.path.lexists(current))

    sys.addaudithook(watch)
    target.switch(staged)
    assert was_there == [True]


def test_switch__current_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "current").mkdir()
    target = DirectoryTarget(tmp_path)
    with pytest.raises(UsageError) as caught:
        deploy(target, "v1.0.0")
    assert caught.value.code == "foreign-target"
    assert names(tmp_path / "current") == []


def test_switch__mends_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to("versions/gone")
    target = DirectoryTarget(tmp_path)
    deploy(target, "v1.0.0")
    assert target.current() == Placed.of("v1.0.0", DIGEST)


def replaced_by_a_link(model: Path) -> None:
    model.symlink_to(model.rename(model.parent.parent.parent / "elsewhere"))


CHANGES: dict[str, Callable[[Path], object]] = {
    "changed": lambda model: model.write_bytes(b"other"),
    "added": lambda model: model.with_name("more").write_bytes(b""),
    "removed": lambda model: model.unlink(),
    "replaced by a link": replaced_by_a_link,
}


@pytest.mark.parametrize("kind", CHANGES)
def test_stage__a_folder_that_was_changed_by_hand(tmp_path: Path, kind: str) -> None:
    target = DirectoryTarget(tmp_path)
    staged = target.stage("v1.0.0", DIGEST, FILES)
    CHANGES[kind](staged / "model/model.skops")
    with pytest.raises(IntegrityError) as caught:
        target.stage("v1.0.0", DIGEST, FILES)
    assert caught.value.code == "target-changed"


def test_current__of_a_version_that_was_removed_is_none_until_it_is_there_again(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path)
    deploy(target, "v1.0.0")
    (staged,) = (tmp_path / "versions").iterdir()
    shutil.rmtree(staged)
    assert target.current() is None
    deploy(target, "v1.0.0")
    assert target.current() == Placed.of("v1.0.0", DIGEST)


def test_stage__after_an_error_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        DirectoryTarget(tmp_path).stage("v1.0.0", DIGEST, {"good": b"", "../bad": b""})
    assert names(tmp_path / "versions") == []


def test_stage__a_target_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutsideError) as caught:
        DirectoryTarget(tmp_path / "file").stage("v1.0.0", DIGEST, FILES)
    assert caught.value.code == "target-failed"


@pytest.mark.parametrize(
    "link", ["v1.0.0-aaaaaaaaaaaa", "/elsewhere/versions/v1.0.0-aaaaaaaaaaaa", "versions/v1.0.0", "versions/gone"]
)
def test_current__of_a_link_that_mlci_did_not_make(tmp_path: Path, link: str) -> None:
    (tmp_path / "current").symlink_to(link)
    assert DirectoryTarget(tmp_path).current() is None


def test_current__has_the_digest_of_the_link(tmp_path: Path) -> None:
    (tmp_path / "versions/v1.0.0-000000000000").mkdir(parents=True)
    (tmp_path / "current").symlink_to("versions/v1.0.0-000000000000")
    assert DirectoryTarget(tmp_path).current() == Placed("v1.0.0", "000000000000")


def test_stage__follows_no_link_to_another_place(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "live").mkdir()
    (tmp_path / "live/versions").symlink_to("../elsewhere")
    target = DirectoryTarget(tmp_path / "live")
    with pytest.raises(UsageError) as caught:
        target.stage("v1.0.0", DIGEST, FILES)
    assert (caught.value.code, names(tmp_path / "elsewhere")) == ("foreign-target", [])


def test_switch__follows_no_link_to_another_place(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path / "live")
    staged = target.stage("v1.0.0", DIGEST, FILES)
    (tmp_path / "live/versions").rename(tmp_path / "elsewhere")
    (tmp_path / "live/versions").symlink_to("../elsewhere")
    with pytest.raises(UsageError) as caught:
        target.switch(staged)
    assert (caught.value.code, target.current()) == ("foreign-target", None)


def test_stage__a_version_that_is_a_link_to_another_place(tmp_path: Path) -> None:
    target = DirectoryTarget(tmp_path / "live")
    staged = target.stage("v1.0.0", DIGEST, FILES)
    staged.symlink_to(staged.rename(tmp_path / "elsewhere"))
    with pytest.raises(IntegrityError) as caught:
        target.stage("v1.0.0", DIGEST, FILES)
    assert caught.value.code == "target-changed"


@pytest.mark.parametrize(
    "path", [".", ".git", ".git/hooks", "live", "model/../live", "../other/.git", "../other/.GIT/x", "../link"]
)
def test_target__never_lies_in_a_repository(tmp_path: Path, path: str) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (tmp_path / "link").symlink_to(repository)
    with pytest.raises(UsageError) as caught:
        DirectoryTarget(repository / path, apart_from=repository)
    assert caught.value.code == "target-in-repository"


@pytest.mark.parametrize("path", ["../live", "..", "../repository-live"])
def test_target__may_lie_beside_a_repository(tmp_path: Path, path: str) -> None:
    target = DirectoryTarget(tmp_path / "repository" / path, apart_from=tmp_path / "repository")
    assert target.current() is None
