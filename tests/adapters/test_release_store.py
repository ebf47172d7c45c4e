from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.directory_store import DirectoryStore
from mlci.adapters.github_session import ATTEMPTS, GithubSession
from mlci.adapters.release_store import LARGEST_ARCHIVE_BYTES, ReleaseStore
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError
from tests.adapters.scripted_host import Answer, ScriptedHost, answer
from tests.fakegithub.server import FakeGitHub
from tests.testing.release_stores import REPOSITORY, ReleaseWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
TAG = f"mlci-store/{DIGEST}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with FakeGitHub(tmp_path / "git") as github:
        yield ReleaseWorld(github, tmp_path / "cache")


def test_put__one_published_release_that_is_never_the_latest(world: ReleaseWorld) -> None:
    assert world.store.put(ARCHIVE, DIGEST) == f"github:{REPOSITORY}/{TAG}"
    (release,) = world.releases
    assert (release.tag, release.is_draft, release.is_prerelease) == (TAG, False, True)
    assert world.repository.latest_release is None
    assert world.repository.git.ref(f"refs/tags/{TAG}") == world.commit
    assert (world.only_asset().name, world.only_asset().content) == (f"{DIGEST}.tar", ARCHIVE)


def test_put__is_published_only_when_it_is_whole(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    written = [each.operation for each in world.github.log if each.method != "GET"]
    assert written == ["repos/create-release", "repos/upload-release-asset", "repos/update-release"]


def test_put__what_is_there_is_not_sent_again(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    asked = len(world.github.log)
    world.store.put(ARCHIVE, DIGEST)
    assert [each.operation for each in world.github.log[asked:]] == ["repos/get-release-by-tag"]


BROKEN = {"create": ("POST .*/releases$", 1), "upload": ("POST /uploads/", 1), "publish": ("PATCH", ATTEMPTS)}


@pytest.mark.parametrize("step", BROKEN)
@pytest.mark.parametrize("lost", ["question", "answer"])
def test_put__an_interrupted_one_is_completed(world: ReleaseWorld, step: str, lost: str) -> None:
    match, times = BROKEN[step]
    world.github.drop_next(match=match, times=times, takes_effect=lost == "answer")
    with pytest.raises(OutsideError):
        world.store.put(ARCHIVE, DIGEST)
    world.store.put(ARCHIVE, DIGEST)
    assert world.only_asset().content == ARCHIVE
    assert not world.releases[0].is_draft


def test_put__a_draft_is_not_there_for_readers(world: ReleaseWorld, tmp_path: Path) -> None:
    world.github.fail_next(422, match="PATCH")
    with pytest.raises(OutsideError):
        world.store.put(ARCHIVE, DIGEST)
    reader = world.store_with({"contents": "read"}, tmp_path / "reader")
    assert not world.store.has(DIGEST)
    assert not reader.has(DIGEST)
    with pytest.raises(OutsideError) as caught:
        reader.fetch(DIGEST)
    assert caught.value.code == "package-missing"


def test_put__a_damaged_file_is_replaced(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.only_asset().content = b"damaged"
    world.store.put(ARCHIVE, DIGEST)
    assert world.only_asset().content == ARCHIVE


def test_put__a_draft_with_half_a_file_is_filled_anew(world: ReleaseWorld) -> None:
    world.github.fail_next(422, match="PATCH")
    with pytest.raises(OutsideError):
        world.store.put(ARCHIVE, DIGEST)
    world.only_asset().content = ARCHIVE[:100]
    world.store.put(ARCHIVE, DIGEST)
    assert world.only_asset().content == ARCHIVE
    assert not world.releases[0].is_draft


def test_put__a_draft_is_found_among_many_releases(world: ReleaseWorld) -> None:
    world.github.fail_next(422, match="PATCH")
    with pytest.raises(OutsideError):
        world.store.put(ARCHIVE, DIGEST)
    world.add_releases(120)
    world.store.put(ARCHIVE, DIGEST)
    assert [each.is_draft for each in world.releases if each.tag == TAG] == [False]
    assert len(world.github.requests("repos/list-releases")) == 1 + 2


def test_put__says_how_far_it_is(world: ReleaseWorld, tmp_path: Path) -> None:
    heard: list[int] = []
    session = GithubSession(world.token, api_url=world.github.url)
    store = ReleaseStore(session, REPOSITORY, cache=tmp_path, target_commitish=world.commit, progress=heard.append)
    store.put(ARCHIVE, DIGEST)
    assert (heard, heard[-1], world.only_asset().content) == (sorted(heard), len(ARCHIVE), ARCHIVE)


def test_put__again_makes_an_old_one_young_and_sends_no_bytes(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.github.state.clock.wait(timedelta(days=40))
    asked = len(world.github.log)
    world.store.put(ARCHIVE, DIGEST)
    written = [each.operation for each in world.github.log[asked:]]
    assert written == ["repos/get-release-by-tag", "repos/update-release"]
    assert (world.releases[0].is_draft, world.releases[0].is_prerelease) == (False, True)


def test_put__another_job_that_publishes_the_same_meanwhile_is_as_good(world: ReleaseWorld, tmp_path: Path) -> None:
    world.store_with({"contents": "write"}, tmp_path / "other").put(ARCHIVE, DIGEST)
    world.github.fail_next(404, match="GET .*/tags/")  # as if it had been asked before the other one published
    assert world.store.put(ARCHIVE, DIGEST) == f"github:{REPOSITORY}/{TAG}"
    assert [(each.tag, each.is_draft) for each in world.releases] == [(TAG, False)]
    assert len(world.github.requests("repos/delete-release")) == 1


def test_put__another_job_that_publishes_something_else_meanwhile(world: ReleaseWorld, tmp_path: Path) -> None:
    world.store_with({"contents": "write"}, tmp_path / "other").put(ARCHIVE, DIGEST)
    world.only_asset().content = b"damaged"
    world.github.fail_next(404, match="GET .*/tags/")
    with pytest.raises(OutsideError) as caught:
        world.store.put(ARCHIVE, DIGEST)
    assert caught.value.code == "github-refused"


UPLOADED = {"id": 2, "name": f"{DIGEST}.tar", "state": "uploaded", "size": len(ARCHIVE)}
REFUSALS = [answer({"message": "Validation Failed"}, 422), answer({"message": "Not Found"}, 404)]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_put__another_job_that_fills_the_same_draft_meanwhile_is_as_good(tmp_path: Path, refusal: Answer) -> None:
    published = {"id": 1, "tag_name": TAG, "draft": False, "upload_url": "", "assets": [UPLOADED]}
    with ScriptedHost() as host:
        draft = {**published, "draft": True, "upload_url": f"{host.url}/uploads/1/assets{{?name,label}}", "assets": []}
        host.answers(Answer(404), answer([draft]), refusal, answer(published))
        assert on(host, tmp_path).put(ARCHIVE, DIGEST) == f"github:{REPOSITORY}/{TAG}"
    assert [asked.method for asked in host.asked] == ["GET", "GET", "POST", "GET"]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize(("published_id", "then"), [(1, []), (9, ["DELETE"])])
def test_put__another_job_that_publishes_meanwhile_keeps_its_release(
    tmp_path: Path, refusal: Answer, published_id: int, then: list[str]
) -> None:
    draft = {"id": 1, "tag_name": TAG, "draft": True, "upload_url": "", "assets": [UPLOADED]}
    with ScriptedHost() as host:
        host.answers(Answer(404), answer([draft]), refusal, answer({**draft, "draft": False, "id": published_id}))
        host.answers(Answer(404))
        on(host, tmp_path).put(ARCHIVE, DIGEST)
    assert [asked.method for asked in host.asked] == ["GET", "GET", "PATCH", "GET", *then]


def test_put__a_token_that_may_only_read(world: ReleaseWorld, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        world.store_with({"contents": "read"}, tmp_path).put(ARCHIVE, DIGEST)
    assert (caught.value.code, caught.value.hint) == ("permission-missing", "permissions: {contents: write}")


def test_put__larger_than_a_release_takes(world: ReleaseWorld, tmp_path: Path) -> None:
    with (tmp_path / "large.tar").open("wb") as file:
        file.truncate(LARGEST_ARCHIVE_BYTES + 1)
    with pytest.raises(UsageError) as caught:
        world.store.put(tmp_path / "large.tar", DIGEST)
    assert (caught.value.code, world.github.log) == ("package-too-large", [])


def test_put__wrong_bytes_are_never_sent(world: ReleaseWorld) -> None:
    with pytest.raises(IntegrityError):
        world.store.put(b"other", DIGEST)
    assert world.github.log == []


def test_put__an_upload_that_github_has_otherwise_is_not_published(tmp_path: Path) -> None:
    release = {"id": 1, "tag_name": TAG, "draft": True, "upload_url": "", "assets": []}
    asset = {
        "id": 2,
        "name": f"{DIGEST}.tar",
        "state": "uploaded",
        "size": len(ARCHIVE),
        "digest": f"sha256:{'0' * 64}",
    }
    with ScriptedHost() as host:
        release["upload_url"] = f"{host.url}/uploads/1/assets{{?name,label}}"
        host.answers(Answer(404), answer([]), answer(release, 201), answer(asset, 201))
        with pytest.raises(IntegrityError) as caught:
            on(host, tmp_path).put(ARCHIVE, DIGEST)
    assert caught.value.code == "package-damaged"
    assert [asked.method for asked in host.asked] == ["GET", "GET", "POST", "POST"]


def on(host: ScriptedHost, cache: Path) -> ReleaseStore:
    session = GithubSession("canary", api_url=host.url, sleep=lambda _: None)
    return ReleaseStore(session, REPOSITORY, cache=cache, target_commitish="c" * 40)


# Fetching


def test_fetch__by_a_job_that_may_only_read(world: ReleaseWorld, tmp_path: Path) -> None:
    world.store.put(ARCHIVE, DIGEST)
    reader = world.store_with({"contents": "read"}, tmp_path / "reader")
    assert reader.fetch(DIGEST).read_bytes() == ARCHIVE


def test_fetch__the_token_does_not_go_where_the_bytes_are(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.store.fetch(DIGEST)
    blobs = [each for each in world.github.log if each.path.startswith("/_blobs/")]
    assert [(each.status, each.has_credentials) for each in blobs] == [(200, False)]


def test_fetch__again_is_answered_from_the_cache(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    file = world.store.fetch(DIGEST)
    asked = len(world.github.log)
    assert world.store.fetch(DIGEST) == file
    assert len(world.github.log) == asked


def test_fetch__leaves_what_a_job_without_a_token_can_read(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    assert world.store.fetch(DIGEST) == DirectoryStore(world.cache).fetch(DIGEST)


def test_fetch__a_damaged_cache_is_not_believed(world: ReleaseWorld) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.store.fetch(DIGEST).write_bytes(b"damaged")
    assert world.store.fetch(DIGEST).read_bytes() == ARCHIVE


@pytest.mark.parametrize("damage", [ARCHIVE[:-1], ARCHIVE + b"x", b"", b"X" + ARCHIVE[1:]])
def test_fetch__damaged_bytes_are_never_returned(world: ReleaseWorld, damage: bytes) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.only_asset().content = damage
    with pytest.raises(IntegrityError) as caught:
        world.store.fetch(DIGEST)
    assert caught.value.code == "package-damaged"
    assert [path for path in world.cache.rglob("*") if path.is_file()] == []


def test_fetch__more_bytes_than_the_asset_is_said_to_have(tmp_path: Path) -> None:
    asset = {"id": 2, "name": f"{DIGEST}.tar", "state": "uploaded", "size": 4}
    release = {"id": 1, "tag_name": TAG, "draft": False, "upload_url": "", "assets": [asset]}
    with ScriptedHost() as host:
        host.answers(answer(release), Answer(200, ARCHIVE))
        with pytest.raises(IntegrityError) as caught:
            on(host, tmp_path).fetch(DIGEST)
    assert caught.value.code == "package-damaged"


def test_fetch__an_upload_that_was_broken_off_is_none(tmp_path: Path) -> None:
    asset = {"id": 2, "name": f"{DIGEST}.tar", "state": "starter", "size": 4}
    release = {"id": 1, "tag_name": TAG, "draft": False, "upload_url": "", "assets": [asset]}
    with ScriptedHost() as host:
        host.answers(answer(release))
        with pytest.raises(OutsideError) as caught:
            on(host, tmp_path).fetch(DIGEST)
    assert caught.value.code == "package-missing"


def test_fetch__a_cache_that_cannot_be_written(world: ReleaseWorld, tmp_path: Path) -> None:
    world.store.put(ARCHIVE, DIGEST)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutsideError) as caught:
        world.store_with({"contents": "read"}, tmp_path / "file").fetch(DIGEST)
    assert (caught.value.code, caught.value.where) == ("store-failed", str(tmp_path / "file"))


@pytest.mark.parametrize("status", [401, 403, 422, 429, 502, 0])
def test_token__is_in_no_error(world: ReleaseWorld, status: int) -> None:
    world.github.fail_next(status, headers={"Retry-After": "9999"}, times=9)
    with pytest.raises(MlciError) as caught:
        world.store.put(ARCHIVE, DIGEST)
    error = caught.value
    tokens = world.github.state.tokens
    shown = f"{error!r} {error.to_dict()} {error.__cause__!r} {error.__context__!r}"
    assert [token for token in tokens if token in shown] == []
