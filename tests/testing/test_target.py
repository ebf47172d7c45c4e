"""One contract for targets: the fake keeps it, and so does the folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.directory_target import DirectoryTarget
from mlci.core.target import Placed
from mlci.errors import IntegrityError, UsageError
from mlci.testing import MemoryTarget

if TYPE_CHECKING:
    from mlci.commands.ports import Target

FILES = {"manifest.json": b"{}", "model/model.skops": b"model"}
DIGEST = "a" * 64


def in_memory(_: Path) -> Target:
    return MemoryTarget()


def in_a_folder(folder: Path) -> Target:
    return DirectoryTarget(folder / "live")


def deploy(target: Target, version: str) -> None:
    target.switch(target.stage(version, DIGEST, FILES))


@pytest.fixture(params=[in_memory, in_a_folder])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    made: Target = request.param(tmp_path)
    return made


def test_current__of_a_new_target(target: Target) -> None:
    assert target.current() is None


def test_stage__switches_nothing(target: Target) -> None:
    deploy(target, "v1.0.0")
    target.stage("v1.1.0", "b" * 64, FILES)
    assert target.current() == Placed.of("v1.0.0", DIGEST)


def test_switch__goes_forth_and_back(target: Target) -> None:
    first = target.stage("v1.0.0", DIGEST, FILES)
    target.switch(first)
    target.switch(target.stage("v1.1.0", "b" * 64, FILES))
    assert target.current() == Placed.of("v1.1.0", "b" * 64)
    target.switch(first)
    assert target.current() == Placed.of("v1.0.0", DIGEST)


def test_deploy__twice_is_the_same(target: Target) -> None:
    deploy(target, "v1.0.0")
    deploy(target, "v1.0.0")
    assert target.current() == Placed.of("v1.0.0", DIGEST)


def test_stage__other_files_under_the_same_name(target: Target) -> None:
    target.stage("v1.0.0", DIGEST, FILES)
    with pytest.raises(IntegrityError) as caught:
        target.stage("v1.0.0", DIGEST, FILES | {"manifest.json": b"{ }"})
    assert caught.value.code == "target-changed"


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", ""])
def test_stage__files_stay_inside(target: Target, path: str) -> None:
    with pytest.raises(UsageError) as caught:
        target.stage("v1.0.0", DIGEST, {path: b""})
    assert caught.value.code == "bad-path"


@pytest.mark.parametrize("version", ["1.0.0", "../v1.0.0", "v1.0.0/../../x", ""])
def test_stage__versions_are_versions(target: Target, version: str) -> None:
    with pytest.raises(UsageError) as caught:
        target.stage(version, DIGEST, FILES)
    assert caught.value.code == "bad-version"


def test_switch__to_what_was_not_staged(target: Target) -> None:
    with pytest.raises(UsageError) as caught:
        target.switch(Path("elsewhere"))
    assert caught.value.code == "not-staged"
    assert target.current() is None


def test_current__tells_versions_of_the_same_number_apart(target: Target) -> None:
    deploy(target, "v1.0.0")
    target.switch(target.stage("v1.0.0", "b" * 64, FILES))
    assert target.current() == Placed.of("v1.0.0", "b" * 64) != Placed.of("v1.0.0", DIGEST)
