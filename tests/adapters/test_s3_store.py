from __future__ import annotations

import hashlib
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.s3_store import S3Store
from mlci.adapters.store_cache import StoreCache
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError
from tests.adapters.scripted_host import Answer, ScriptedHost
from tests.testing.s3_server import KEY, SECRET, S3Server, set_credentials, without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
PART = 5 << 20
LARGE = b"archive" * (2 << 20)  # three parts
LARGE_DIGEST = hashlib.sha256(LARGE).hexdigest()


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as made:
        yield made


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    set_credentials(monkeypatch)


@pytest.fixture
def bucket(server: S3Server) -> str:
    return server.new_bucket()


@pytest.fixture
def store(server: S3Server, bucket: str, tmp_path: Path) -> S3Store:
    return at(server.url, tmp_path / "cache", bucket)


def at(url: str, folder: Path, bucket: str = "models", attempts: int = 1) -> S3Store:
    return S3Store(bucket, cache=StoreCache(folder), endpoint_url=url, part_bytes=PART, attempts=attempts)


def test_put__one_object_and_its_location(server: S3Server, bucket: str, store: S3Store) -> None:
    assert store.put(ARCHIVE, DIGEST) == f"s3://{bucket}/mlci-store/{DIGEST}"
    found = server.admin.get_object(Bucket=bucket, Key=f"mlci-store/{DIGEST}")
    assert (found["Body"].read(), found["Metadata"]) == (ARCHIVE, {"sha256": DIGEST})


def test_put__below_a_prefix(server: S3Server, bucket: str, tmp_path: Path) -> None:
    store = S3Store(bucket, cache=StoreCache(tmp_path), endpoint_url=server.url, prefix="acme/models")
    assert store.put(ARCHIVE, DIGEST) == f"s3://{bucket}/acme/models/{DIGEST}"
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE


def test_put__a_large_one_in_parts(server: S3Server, bucket: str, tmp_path: Path) -> None:
    heard: list[int] = []
    store = S3Store(bucket, cache=StoreCache(tmp_path), endpoint_url=server.url, part_bytes=PART, progress=heard.append)
    store.put(LARGE, LARGE_DIGEST)
    assert heard == [PART, 2 * PART, len(LARGE), len(LARGE)]
    assert store.fetch(LARGE_DIGEST).read_bytes() == LARGE
    written = server.uploads(bucket)
    store.put(LARGE, LARGE_DIGEST)
    assert server.uploads(bucket) == written == 1


def test_put__a_large_one_of_other_bytes_gets_no_name(server: S3Server, bucket: str, store: S3Store) -> None:
    with pytest.raises(IntegrityError):
        store.put(LARGE, DIGEST)
    assert (server.uploads(bucket), server.unfinished(bucket)) == (0, 0)


def test_put__a_large_one_that_is_interrupted_leaves_nothing(server: S3Server, bucket: str, tmp_path: Path) -> None:
    def interrupt(read: int) -> None:
        if read > PART:
            raise KeyboardInterrupt

    store = S3Store(bucket, cache=StoreCache(tmp_path), endpoint_url=server.url, part_bytes=PART, progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.put(LARGE, LARGE_DIGEST)
    assert (server.uploads(bucket), server.unfinished(bucket)) == (0, 0)


def test_fetch__again_is_answered_from_the_cache(server: S3Server, bucket: str, store: S3Store) -> None:
    store.put(ARCHIVE, DIGEST)
    file = store.fetch(DIGEST)
    server.admin.delete_object(Bucket=bucket, Key=f"mlci-store/{DIGEST}")
    assert store.fetch(DIGEST) == file


def test_fetch__an_answer_that_breaks_off_is_asked_for_again(tmp_path: Path) -> None:
    with ScriptedHost() as host:
        host.answers(Answer(200, ARCHIVE[:100], declared=len(ARCHIVE)), Answer(200, ARCHIVE))
        assert at(host.url, tmp_path, attempts=2).fetch(DIGEST).read_bytes() == ARCHIVE
    assert [asked.path for asked in host.asked] == [f"/models/mlci-store/{DIGEST}"] * 2


def test_fetch__an_answer_that_always_breaks_off(tmp_path: Path) -> None:
    with ScriptedHost() as host:
        host.answers(*[Answer(200, ARCHIVE[:100], declared=len(ARCHIVE))] * 2)
        with pytest.raises(OutsideError) as caught:
            at(host.url, tmp_path, attempts=2).fetch(DIGEST)
    assert caught.value.code == "store-failed"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_fetch__a_store_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    with ScriptedHost() as host:
        host.answers(Answer(503, refusal("SlowDown")), Answer(200, ARCHIVE))
        assert at(host.url, tmp_path, attempts=2).fetch(DIGEST).read_bytes() == ARCHIVE


# What can be wrong, told


def refusal(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>as it is</Message></Error>".encode()


def test_credentials__none(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_credentials(monkeypatch)
    with pytest.raises(UsageError) as caught:
        at(server.url, tmp_path).put(ARCHIVE, DIGEST)
    assert caught.value.to_dict() == {
        "code": "store-credentials",
        "problem": "there are no credentials for the store: Unable to locate credentials",
        "where": "s3://models/mlci-store",
        "cause": "Neither the environment, nor ~/.aws, nor a role gives any; a forked pull request has none.",
        "hint": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for this job; "
        "for pull requests from forks: promote: {mirror: {releases: true}}",
        "exit_code": 2,
    }


def test_credentials__a_profile_that_is_not_there(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "acme")
    with pytest.raises(UsageError) as caught:
        at(server.url, tmp_path).put(ARCHIVE, DIGEST)
    assert caught.value.code == "store-credentials"


def put(store: S3Store) -> None:
    store.put(ARCHIVE, DIGEST)


def fetch(store: S3Store) -> None:
    store.fetch(DIGEST)


@pytest.mark.parametrize("ask", [put, fetch])
def test_bucket__that_is_not_there(server: S3Server, tmp_path: Path, ask: Callable[[S3Store], None]) -> None:
    with pytest.raises(UsageError) as caught:
        ask(at(server.url, tmp_path, "no-such-bucket"))
    assert caught.value.to_dict() == {
        "code": "store-missing",
        "problem": "there is no bucket no-such-bucket",
        "where": "s3://no-such-bucket/mlci-store",
        "cause": None,
        "hint": "Make it, or correct `promote.store` in mlci.yaml.",
        "exit_code": 2,
    }


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"])
def test_access__denied(tmp_path: Path, code: str) -> None:
    with ScriptedHost() as host:
        host.answers(Answer(403, refusal(code)))
        with pytest.raises(UsageError) as caught:
            at(host.url, tmp_path).fetch(DIGEST)
    assert caught.value.to_dict() == {
        "code": "store-refused",
        "problem": f"the store refuses these credentials: {code}: as it is",
        "where": "s3://models/mlci-store",
        "cause": "They are wrong or too old, or may not do this. S3 also says so of a missing object to who may "
        "not list.",
        "hint": "Allow s3:GetObject and s3:PutObject on mlci-store/*, and s3:ListBucket on the bucket.",
        "exit_code": 2,
    }


def test_endpoint__down(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OutsideError) as caught:
        at(f"http://127.0.0.1:{port}", tmp_path).put(ARCHIVE, DIGEST)
    assert caught.value.to_dict() == {
        "code": "store-failed",
        "problem": "the store did not answer as it should: Could not connect to the endpoint URL: "
        f'"http://127.0.0.1:{port}/models/mlci-store/{DIGEST}"',
        "where": "s3://models/mlci-store",
        "cause": "The network or the store is down, or its address (`endpoint_url`) or region is not right.",
        "hint": "Run it again; what has been kept by then is skipped.",
        "exit_code": 5,
    }


def test_endpoint__in_trouble(tmp_path: Path) -> None:
    with ScriptedHost() as host:
        host.answers(Answer(500, refusal("InternalError")))
        with pytest.raises(OutsideError) as caught:
            at(host.url, tmp_path).fetch(DIGEST)
    assert (caught.value.code, caught.value.exit_code) == ("store-failed", 5)
    assert "InternalError" in caught.value.problem


@pytest.mark.parametrize("script", [[Answer(403, refusal("AccessDenied"))], [Answer(500)], [Answer(200, b"x")], []])
def test_secret__is_in_no_error_and_on_no_wire(tmp_path: Path, script: list[Answer]) -> None:
    with ScriptedHost() as host:
        host.answers(*script)
        with pytest.raises(MlciError) as caught:
            at(host.url, tmp_path).fetch(DIGEST)
    error = caught.value
    assert SECRET not in f"{error!r} {error.to_dict()} {error.__cause__!r} {error.__context__!r} {host.asked!r}"
    assert [KEY in asked.headers["authorization"] for asked in host.asked] == [True]


@pytest.mark.parametrize("name", ["", "a", "Models", "acme/models", "../models", "-models", "models\n"])
def test_bucket__a_name_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        S3Store(name, cache=StoreCache(tmp_path))
    assert caught.value.code == "bad-store"


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "s3.acme.example", "http://me:secret@host", "http://h/?a=b"])
def test_endpoint__an_address_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError) as caught:
        S3Store("models", cache=StoreCache(tmp_path), endpoint_url=url)
    assert caught.value.code == "bad-store"
    assert "secret" not in caught.value.problem


@pytest.mark.parametrize("prefix", ["", "/models", "../models", "a//b"])
def test_prefix__that_is_none(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(UsageError) as caught:
        S3Store("models", cache=StoreCache(tmp_path), prefix=prefix)
    assert caught.value.code == "bad-path"


def aged(days: float) -> timedelta:
    return timedelta(days=days)


def test_stored__names_archives_with_size_and_age_and_nothing_else(
    server: S3Server, bucket: str, store: S3Store
) -> None:
    store.put(ARCHIVE, DIGEST)
    for key in ("mlci-store/notes.txt", f"elsewhere/{DIGEST}", f"mlci-store/deeper/{DIGEST}"):
        server.admin.put_object(Bucket=bucket, Key=key, Body=b"x")
    (found,) = store.stored()
    assert (found.sha256, found.size) == (DIGEST, len(ARCHIVE))
    assert abs(found.age) < timedelta(minutes=5)


def test_stored__more_than_one_answer_holds(tmp_path: Path) -> None:
    pages = [a_page(DIGEST, "more"), a_page("f" * 64, None)]
    with ScriptedHost() as host:
        host.answers(*pages)
        found = at(host.url, tmp_path).stored()
    assert [(each.sha256, each.size, each.age) for each in found] == [
        (DIGEST, 7, timedelta(days=90)),
        ("f" * 64, 7, timedelta(days=90)),
    ]


def a_page(digest: str, token: str | None) -> Answer:
    """Return a listing of one archive that is ninety days old, by the clock of the store."""
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    body = (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>models</Name>{more}<Contents><Key>mlci-store/{digest}</Key><Size>7</Size>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>"
    )
    return Answer(200, body.encode(), {"Date": "Wed, 01 Apr 2026 00:00:00 GMT"})


@pytest.mark.parametrize("older_than", [timedelta(0), timedelta(days=30)])
def test_remove__what_is_young_stays_whatever_is_asked(store: S3Store, older_than: timedelta) -> None:
    store.put(ARCHIVE, DIGEST)
    assert (store.remove(DIGEST, older_than), store.has(DIGEST)) == (False, True)


def test_remove__what_is_gone_is_gone(store: S3Store) -> None:
    assert store.remove(DIGEST, timedelta(0))


def old(days: int) -> Answer:
    """Return what a store says of an archive that was put there some days before the first of April."""
    modified = {1: "Tue, 31 Mar 2026 12:00:00 GMT", 90: "Thu, 01 Jan 2026 00:00:00 GMT"}[days]
    headers = {"Date": "Wed, 01 Apr 2026 00:00:01 GMT", "Last-Modified": modified, "x-amz-meta-sha256": DIGEST}
    return Answer(200, b"", headers, declared=len(ARCHIVE))


@pytest.mark.parametrize(("days", "removed"), [(1, False), (90, True)])
def test_remove__by_the_clock_of_the_store(tmp_path: Path, days: int, removed: bool) -> None:  # noqa: FBT001 - a table
    with ScriptedHost() as host:
        host.answers(old(days), Answer(204))
        assert at(host.url, tmp_path).remove(DIGEST, timedelta(days=1)) is removed
        assert [asked.method for asked in host.asked] == ["HEAD", "DELETE"][: 1 + removed]


@pytest.mark.parametrize(("days", "asked"), [(1, ["HEAD"]), (90, ["HEAD", "PUT"])])
def test_put__again_makes_an_old_one_young_and_sends_no_bytes(tmp_path: Path, days: int, asked: list[str]) -> None:
    copied = b'<?xml version="1.0"?><CopyObjectResult><ETag>"x"</ETag></CopyObjectResult>'
    with ScriptedHost() as host:
        host.answers(old(days), Answer(200, copied))
        at(host.url, tmp_path).put(ARCHIVE, DIGEST)
        assert [each.method for each in host.asked] == asked
        assert {each.body for each in host.asked} == {b""}
