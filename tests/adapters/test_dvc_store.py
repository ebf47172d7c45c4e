from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from mlci.adapters.dvc_store import DvcStore
from mlci.adapters.store_cache import StoreCache
from mlci.errors import IntegrityError, OutsideError, UsageError
from tests.adapters.scripted_host import Answer, ScriptedHost
from tests.testing.store_worlds import configure

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
DVC = Path(sys.executable).with_name("dvc")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    configure(folder, {"core": {"remote": "store"}, "remote": {"store": {"url": str(tmp_path / "remote")}}})
    return folder


@pytest.fixture
def store(repository: Path) -> DvcStore:
    return stored(repository)


def stored(folder: Path, remote: str | None = None) -> DvcStore:
    return DvcStore(folder, cache=StoreCache(folder / "cache"), remote=remote)


def run(*command: Path | str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.slow
def test_put__beside_the_data_that_dvc_itself_keeps_there(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    run("git", "init", "--quiet", folder=folder)
    run(DVC, "init", "--quiet", folder=folder)
    run(DVC, "remote", "add", "--quiet", "--default", "store", tmp_path / "remote", folder=folder)
    (folder / "data.csv").write_text("id\n1\n")
    run(DVC, "add", "--quiet", "data.csv", folder=folder)

    assert stored(folder).put(ARCHIVE, DIGEST) == f"dvc:store/mlci-store/{DIGEST}"
    run(DVC, "push", "--quiet", folder=folder)
    run(DVC, "gc", "--quiet", "--workspace", "--cloud", "--force", folder=folder)

    assert (tmp_path / "remote" / "mlci-store" / DIGEST).read_bytes() == ARCHIVE
    (folder / "data.csv").unlink()
    run(DVC, "pull", "--quiet", "--force", folder=folder)
    assert (folder / "data.csv").read_text() == "id\n1\n"


def test_put__leaves_nothing_else(tmp_path: Path, store: DvcStore) -> None:
    store.put(ARCHIVE, DIGEST)
    assert [path.name for path in (tmp_path / "remote" / "mlci-store").iterdir()] == [DIGEST]


def test_put__wrong_bytes_leave_nothing(tmp_path: Path, store: DvcStore) -> None:
    with pytest.raises(IntegrityError):
        store.put(b"other", DIGEST)
    assert list((tmp_path / "remote" / "mlci-store").iterdir()) == []


def test_put__says_how_far_it_is(repository: Path) -> None:
    heard: list[int] = []
    DvcStore(repository, cache=StoreCache(repository / "cache"), progress=heard.append).put(ARCHIVE, DIGEST)
    assert heard[-1] == len(ARCHIVE)


def test_remote__of_a_model_in_a_folder_below(tmp_path: Path, repository: Path) -> None:
    (repository / "models" / "tumour").mkdir(parents=True)
    stored(repository / "models" / "tumour").put(ARCHIVE, DIGEST)
    assert (tmp_path / "remote" / "mlci-store" / DIGEST).is_file()


def test_remote__beside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".dvc").mkdir(parents=True)
    (tmp_path / "repository" / ".dvc" / "config").write_text(
        "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../remote\n"
    )
    stored(tmp_path / "repository").put(ARCHIVE, DIGEST)
    assert (tmp_path / "remote" / "mlci-store" / DIGEST).is_file()


def test_remote__a_named_one(tmp_path: Path, repository: Path) -> None:
    configure(repository, {"remote": {"other": {"url": str(tmp_path / "other")}}})
    assert stored(repository, "other").put(ARCHIVE, DIGEST) == f"dvc:other/mlci-store/{DIGEST}"
    assert (tmp_path / "other" / "mlci-store" / DIGEST).is_file()


def test_fetch__again_is_answered_from_the_cache(tmp_path: Path, store: DvcStore) -> None:
    store.put(ARCHIVE, DIGEST)
    file = store.fetch(DIGEST)
    (tmp_path / "remote" / "mlci-store" / DIGEST).unlink()
    assert store.fetch(DIGEST) == file


def test_fetch__by_http_which_only_reads(tmp_path: Path) -> None:
    with ScriptedHost() as host:
        configure(tmp_path, {"remote": {"web": {"url": host.url}}})
        host.answers(Answer(200, ARCHIVE), Answer(200, ARCHIVE))
        assert stored(tmp_path, "web").fetch(DIGEST).read_bytes() == ARCHIVE
    assert {asked.path for asked in host.asked} == {f"/mlci-store/{DIGEST}"}


# What can be wrong, told

HINT = "Name one that `dvc remote list` shows, or add a default one: dvc remote add --default NAME URL"


def test_remote__no_repository_of_dvc(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()  # somebody else's: above the repository
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError) as caught:
        stored(tmp_path / "repository").has(DIGEST)
    assert caught.value.to_dict() == {
        "code": "dvc-remote",
        "problem": "the DVC remote cannot be used: there is no DVC repository here",
        "where": "DVC's default remote",
        "cause": None,
        "hint": HINT,
        "exit_code": 2,
    }


def test_remote__no_default(tmp_path: Path) -> None:
    configure(tmp_path, {"remote": {"store": {"url": "remote"}}})
    with pytest.raises(UsageError) as caught:
        stored(tmp_path).put(ARCHIVE, DIGEST)
    assert caught.value.problem == "the DVC remote cannot be used: the DVC repository has no default remote"


def test_remote__that_is_not_there(repository: Path) -> None:
    with pytest.raises(UsageError) as caught:
        stored(repository, "missing").fetch(DIGEST)
    assert (caught.value.problem, caught.value.where, caught.value.hint) == (
        "the DVC remote cannot be used: config file error: remote 'missing' doesn't exist",
        "DVC remote missing",
        HINT,
    )


def test_remote__without_the_plug_in_that_it_needs(repository: Path) -> None:
    configure(repository, {"remote": {"cloud": {"url": "s3://models"}}})
    with pytest.raises(UsageError) as caught:
        stored(repository, "cloud").has(DIGEST)
    assert caught.value.to_dict() == {
        "code": "extra-missing",
        "problem": "DVC lacks what this remote needs: s3 is supported, but requires 'dvc-s3' to be installed",
        "where": "DVC remote cloud",
        "cause": None,
        "hint": 'Install DVC\'s plug-in beside mlci, for example: pip install "dvc-s3"',
        "exit_code": 2,
    }


def test_remote__down(tmp_path: Path, store: DvcStore) -> None:
    (tmp_path / "remote").write_bytes(b"")
    with pytest.raises(OutsideError) as caught:
        store.put(ARCHIVE, DIGEST)
    assert caught.value.to_dict() == {
        "code": "store-failed",
        "problem": "the DVC remote could not be used: Not a directory",
        "where": "DVC's default remote",
        "cause": "The remote is down or full, or these credentials may not do this.",
        "hint": "`dvc push` to this remote, on this machine, tells more.",
        "exit_code": 5,
    }


def test_remote__by_http_is_not_written(repository: Path) -> None:
    with ScriptedHost() as host:
        configure(repository, {"remote": {"web": {"url": host.url, "password": "canary"}}})
        host.answers(Answer(404))
        with pytest.raises(UsageError) as caught:
            stored(repository, "web").put(ARCHIVE, DIGEST)
    assert caught.value.code == "store-read-only"


def test_remote__a_cache_that_cannot_be_written_is_not_its_fault(repository: Path) -> None:
    stored(repository).put(ARCHIVE, DIGEST)
    (repository / "cache").write_bytes(b"")
    with pytest.raises(OutsideError) as caught:
        stored(repository).fetch(DIGEST)
    assert (caught.value.code, caught.value.where) == ("store-failed", str(repository / "cache"))


WEBDAV = "webdav://acme.example/models"
COMMAND = {"bearer_token_command": "touch canary"}
CREDENTIALS = {"credentialpath": "credentials"}


@pytest.mark.parametrize(
    ("remotes", "name"),
    [
        ({"cloud": {"url": WEBDAV, **COMMAND}}, "cloud"),
        ({"cloud": {"url": "s3://models", **CREDENTIALS}}, "cloud"),
        ({"cloud": {"url": "s3://models", "configpath": "config"}}, "cloud"),
        ({"cloud": {"url": "remote://below/models"}, "below": {"url": WEBDAV, **COMMAND}}, "below"),
    ],
)
def test_settings__that_run_a_program_do_not_come_from_git(
    tmp_path: Path, remotes: dict[str, object], name: str
) -> None:
    configure(tmp_path, {"remote": remotes})
    with pytest.raises(UsageError) as caught:
        stored(tmp_path, "cloud").has(DIGEST)
    assert (caught.value.code, caught.value.where) == ("dvc-remote-unsafe", f".dvc/config, remote {name}")


def test_settings__that_run_a_program_are_the_users_own_business(tmp_path: Path) -> None:
    configure(tmp_path, {"remote": {"cloud": {"url": WEBDAV}}})
    configure(tmp_path, {"remote": {"cloud": dict(COMMAND)}}, "local")
    with pytest.raises(UsageError) as caught:
        stored(tmp_path, "cloud").has(DIGEST)
    assert caught.value.code == "extra-missing"  # that far it got
