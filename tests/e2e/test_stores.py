"""Packages in a bucket, on a remote of DVC, in a mirror: promoted, verified, deployed, pulled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project
from tests.testing.s3_server import KEY, SECRET, S3Server
from tests.testing.store_worlds import configure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Ended

pytestmark = pytest.mark.slow

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}
NOBODY = CREDENTIALS | {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


def keeping(project: Project, store: str) -> Project:
    """Return the project with its packages kept elsewhere, on main."""
    project.replace("mlci.yaml", "store: {directory: ../models}", f"store: {store}")
    project.commit("Keep packages elsewhere")
    project.git("commit", "--quiet", "--allow-empty", "--message", "Promote by the rules that are here now")
    project.git("push", "--quiet")
    return project


def succeed(project: Project, *verbs: str, **variables: str) -> Ended:
    ended = project.mlci(*verbs, **variables)
    assert ended.exit_code == 0, ended.err
    return ended


def locations(project: Project) -> list[str]:
    project.git("fetch", "--quiet", "origin", "mlci/registry/tumour")
    found: list[str] = json.loads(project.git("show", "FETCH_HEAD:versions/v1.0.0.json"))["locations"]
    return found


def clone(project: Project, name: str) -> Project:
    project.git("clone", "--quiet", "../origin.git", f"../{name}")
    return Project(project.place / name)


def pulled_elsewhere(project: Project, **variables: str) -> subprocess.CompletedProcess[str]:
    """Pull in a folder that is no repository."""
    folder = project.place / "app"
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-P", "-m", "mlci", "pull", "#production", "--from", f"file://{project.place}/origin.git"],
        cwd=folder, env=project.environment | variables | {"GIT_CEILING_DIRECTORIES": str(project.place)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_s3__with_a_mirror_in_a_folder(fresh: Project, s3: S3Server) -> None:
    bucket = s3.new_bucket()
    place = (
        f"{{s3: {{bucket: {bucket}, endpoint_url: '{s3.url}', region: us-east-1}}}}, mirror: {{directory: ../mirror}}"
    )
    project = keeping(fresh, place)
    succeed(project, "train")
    succeed(project, "promote", **CREDENTIALS)
    first, second = locations(project)
    digest = first.rpartition("/")[2]
    assert (first, second) == (f"s3://{bucket}/mlci-store/{digest}", f"directory:{digest[:2]}/{digest}.tar")

    other = clone(project, "second")
    ended = succeed(other, "deploy", "live", **NOBODY)
    assert "the first store did not help" in ended.err
    assert ended.out.startswith("live answers with v1.0.0\n")

    succeed(other, "verify", **CREDENTIALS)
    assert "✗ tumour@v1.0.0 bytes in s3://" in other.mlci("verify", **NOBODY).out  # .mlci/cache has it, the mirror too
    shutil.rmtree(project.place / "mirror")
    ended = other.mlci("verify", **CREDENTIALS)
    assert (ended.exit_code, "✗ tumour@v1.0.0 bytes in ../mirror: " in ended.out) == (5, True), ended.out
    shutil.rmtree(other.folder / ".mlci")
    done = pulled_elsewhere(other, **CREDENTIALS)
    assert (done.returncode, done.stdout) == (0, ".mlci/pulled/tumour-v1.0.0\n"), done.stderr


def test_s3__without_credentials_it_says_which_are_missing(fresh: Project, s3: S3Server) -> None:
    project = keeping(fresh, f"{{s3: {{bucket: {s3.new_bucket()}, endpoint_url: '{s3.url}', region: us-east-1}}}}")
    succeed(project, "train")
    before = project.outside()
    ended = project.mlci("promote", **NOBODY)
    assert (ended.exit_code, ended.err.splitlines()[-4].partition(":")[0]) == (2, "error[store-credentials]"), ended.err
    assert project.outside() == before


def test_s3__credentials_reach_no_training_command(fresh: Project, s3: S3Server) -> None:
    project = keeping(fresh, f"{{s3: {{bucket: {s3.new_bucket()}, endpoint_url: '{s3.url}', region: us-east-1}}}}")
    with (project.folder / "train.py").open("a") as script:
        script.write("\nimport os\nopen('seen.txt', 'w').write(str(sorted(os.environ.items())))\n")
    project.commit("Look around")
    succeed(project, "train", **CREDENTIALS)
    seen = (project.folder / "seen.txt").read_text()
    assert ("'PATH'" in seen, KEY in seen, SECRET in seen) == (True, False, False)


def test_dvc__a_remote_of_the_repository(fresh: Project) -> None:
    configure(fresh.folder, {"core": {"remote": "store"}, "remote": {"store": {"url": str(fresh.place / "remote")}}})
    project = keeping(fresh, "{dvc: {}}")
    succeed(project, "train")
    succeed(project, "promote")
    (location,) = locations(project)
    digest = location.rpartition("/")[2]
    assert location == f"dvc:store/mlci-store/{digest}"
    assert (project.place / "remote" / "mlci-store" / digest).is_file()
    succeed(clone(project, "second"), "verify")
    done = pulled_elsewhere(project)
    assert (done.returncode, done.stdout) == (0, ".mlci/pulled/tumour-v1.0.0\n"), done.stderr


def test_verify__says_where_a_package_was_put_that_is_gone(fresh: Project) -> None:
    configure(fresh.folder, {"core": {"remote": "store"}, "remote": {"store": {"url": str(fresh.place / "remote")}}})
    project = keeping(fresh, "{dvc: {remote: store}}")
    succeed(project, "train")
    succeed(project, "promote")
    shutil.rmtree(project.place / "remote")
    other = clone(project, "second")
    ended = other.mlci("verify")
    assert (ended.exit_code, f"v1.0.0 was put at {locations(project)[0]}." in ended.err) == (5, True), ended.err
