"""A store of package archives in a bucket of S3, or of anything that speaks its language.

Needs the extra `s3`. Credentials come from boto3's own environment only (variables, `~/.aws`, a role), never from us.
An object of S3 appears whole or not at all: a small archive by one request, a larger one in parts that are joined
under its name only after all of them together had the right hash. Two that write the same name write the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
from base64 import b64encode
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from botocore import exceptions as boto

from mlci.adapters.archive_digest import CHUNK_BYTES, HashingReader, copied, missing, opened
from mlci.adapters.s3_client import ATTEMPTS, asking, client_of, code_of
from mlci.core.names import SHA256, checked_path, checked_sha256
from mlci.core.plain_text import one_line, without_credentials
from mlci.core.storage import BUCKET_PATTERN, ENDPOINT_PATTERN
from mlci.core.stored import LEAST_AGE, RENEWED_AFTER, Stored
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

    from mlci.adapters.store_cache import StoreCache

PART_BYTES: Final = 16 << 20
"""What is in memory during an upload. S3 takes parts of 5 MiB to 5 GiB."""
MOST_PARTS: Final = 10_000

_BUCKET: Final = re.compile(BUCKET_PATTERN)
_ENDPOINT: Final = re.compile(ENDPOINT_PATTERN)
_NOT_FOUND: Final = frozenset({"NoSuchKey", "NotFound", "404"})


class _Body(Protocol):
    """The bytes of an object, as they arrive."""

    def iter_chunks(self, chunk_size: int) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class _Client(Protocol):
    """The part of boto3's client that we use; boto3 carries no types."""

    def head_object(self, **question: object) -> Mapping[str, object]: ...
    def get_object(self, **question: object) -> Mapping[str, object]: ...
    def list_objects_v2(self, **question: object) -> Mapping[str, object]: ...
    def delete_object(self, **question: object) -> Mapping[str, object]: ...
    def copy_object(self, **question: object) -> Mapping[str, object]: ...
    def put_object(self, **question: object) -> Mapping[str, object]: ...
    def create_multipart_upload(self, **question: object) -> Mapping[str, object]: ...
    def upload_part(self, **question: object) -> Mapping[str, object]: ...
    def complete_multipart_upload(self, **question: object) -> Mapping[str, object]: ...
    def abort_multipart_upload(self, **question: object) -> Mapping[str, object]: ...


class S3Store:
    """Archives as `s3://<bucket>/<prefix>/<sha256>`; one is read only if its hash is right."""

    def __init__(
        self,
        bucket: str,
        *,
        cache: StoreCache,
        prefix: str = "mlci-store",
        endpoint_url: str | None = None,
        region: str | None = None,
        attempts: int = ATTEMPTS,
        part_bytes: int = PART_BYTES,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Keep archives below `prefix` in a bucket that exists, of AWS or of what answers at `endpoint_url`.

        A request is tried `attempts` times; `progress` hears how many bytes of an archive have been read for sending.
        Nothing is asked before it is needed. Raises `UsageError`: "bad-store", "bad-path".
        """
        self._bucket = _checked(bucket, _BUCKET, "the name of a bucket")
        self._prefix = checked_path(prefix)
        self._endpoint_url = (
            _checked(endpoint_url, _ENDPOINT, "the address of a store") if endpoint_url is not None else None
        )
        self._region = region
        self._cache = cache
        self._attempts = attempts
        self._part_bytes = part_bytes
        self._progress = progress

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive (its bytes or a file of them) and return its location; one that is there stays.

        Raises `IntegrityError("package-damaged")` when the bytes are not those that the digest names; `UsageError`:
        "store-credentials", "store-missing", "store-refused"; `OutsideError("store-failed")`.
        """
        place = self._place(sha256)
        try:
            with opened(archive, self._progress) as file:
                size = file.seek(0, io.SEEK_END)
                file.seek(0)
                if not self._is_whole(sha256, size):
                    reader = HashingReader(file)
                    if size <= self._part_bytes:
                        self._put_at_once(reader, size, sha256)
                    else:
                        self._put_in_parts(reader, size, sha256)
        except OSError as error:
            raise OutsideError("store-failed", f"the package could not be read: {error.strerror}") from error
        return place

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, hashed just now; from the cache, if it is there and right.

        Raises `OutsideError`: "package-missing", "store-failed"; `IntegrityError("package-damaged")`; `UsageError` as
        `put` does.
        """
        place = self._place(sha256)
        return self._cache.fetch(sha256, lambda into: self._download(sha256, into), where=place)

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is there; `fetch` says whether it is right."""
        return self._head(checked_sha256(sha256)) is not None

    def stored(self) -> tuple[Stored, ...]:
        """Return every archive with its size and how long ago it was put there or renewed, by the store's own clock."""
        found: list[Stored] = []
        question: dict[str, object] = {"Bucket": self._bucket, "Prefix": f"{self._prefix}/"}
        with self._asking():
            while True:
                answer = self._client.list_objects_v2(**question)
                now = _clock(answer)
                for each in cast("list[dict[str, Any]]", answer.get("Contents", [])):
                    name = str(each["Key"]).removeprefix(f"{self._prefix}/")
                    if SHA256.fullmatch(name):
                        found.append(Stored(name, int(each["Size"]), now - each["LastModified"]))
                if not answer.get("IsTruncated"):
                    return tuple(found)
                question["ContinuationToken"] = answer["NextContinuationToken"]

    def remove(self, sha256: str, older_than: timedelta) -> bool:
        """Remove an archive if it is still older than that, and than what `put` renews; say whether it is gone.

        S3 knows no locks: a promotion of the same archive between the question and the removal would lose its bytes.
        """
        named = self._object(checked_sha256(sha256))
        head = self._head(sha256)
        if head is None:
            return True
        age = _clock(head) - cast("datetime", head["LastModified"])
        if age <= max(older_than, LEAST_AGE):
            return False
        with self._asking():
            self._client.delete_object(**named)
        return True

    def unfinished(self, older_than: timedelta, *, removes: bool) -> int:  # noqa: ARG002 - the port's arguments
        """Return 0: what a killed upload leaves has no name, and a lifecycle rule of the bucket frees it."""
        return 0

    def _renew(self, sha256: str, head: Mapping[str, object]) -> None:
        """Make an old archive young again, by a copy onto itself: no version may reference it yet."""
        if _clock(head) - cast("datetime", head["LastModified"]) <= RENEWED_AFTER:
            return
        named = self._object(sha256)
        source = {"Bucket": named["Bucket"], "Key": named["Key"]}
        with self._asking():
            self._client.copy_object(
                **named, CopySource=source, MetadataDirective="REPLACE", Metadata={"sha256": sha256}
            )

    def _is_whole(self, sha256: str, size: int) -> bool:
        """Say whether the archive is there, as far as S3 tells without sending it."""
        try:
            found = self._head(sha256)
        except UsageError as error:
            if error.code != "store-refused":
                raise
            return False  # who may write but not list is told 403 of what is not there
        if found is None or (found["ContentLength"], found["Metadata"]) != (size, {"sha256": sha256}):
            return False
        self._renew(sha256, found)
        return True

    def _head(self, sha256: str) -> Mapping[str, object] | None:
        with self._asking():
            try:
                return self._client.head_object(**self._object(sha256))
            except boto.ClientError as error:
                if code_of(error) not in _NOT_FOUND:
                    raise
                return None

    def _put_at_once(self, reader: HashingReader, size: int, sha256: str) -> None:
        content = reader.read(size)
        reader.check(sha256)
        checksum = b64encode(hashlib.sha256(content).digest()).decode()
        with self._asking():
            self._client.put_object(
                **self._object(sha256), Body=content, ChecksumSHA256=checksum, Metadata={"sha256": sha256}
            )

    def _put_in_parts(self, reader: HashingReader, size: int, sha256: str) -> None:
        part_bytes = max(self._part_bytes, -(-size // MOST_PARTS))
        named = self._object(sha256)
        with self._asking():
            begun = self._client.create_multipart_upload(**named, Metadata={"sha256": sha256})
            upload = {**named, "UploadId": begun["UploadId"]}
            try:
                parts: list[dict[str, object]] = []
                while content := reader.read(part_bytes):
                    number = len(parts) + 1
                    sent = self._client.upload_part(**upload, PartNumber=number, Body=content)
                    parts.append({"PartNumber": number, "ETag": sent["ETag"]})
                reader.check(sha256)
                self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
            except BaseException:
                # What cannot be taken back is no object, only space, which a lifecycle rule of the bucket frees.
                with suppress(Exception):
                    self._client.abort_multipart_upload(**upload)
                raise

    def _download(self, sha256: str, into: BinaryIO) -> str:
        with self._asking():
            for _ in range(self._attempts - 1):
                # boto3 repeats a question, but not an answer that breaks off.
                with suppress(boto.ResponseStreamingError, boto.IncompleteReadError):
                    return self._written(sha256, into)
            return self._written(sha256, into)

    def _written(self, sha256: str, into: BinaryIO) -> str:
        try:
            answer = self._client.get_object(**self._object(sha256))
        except boto.ClientError as error:
            if code_of(error) not in _NOT_FOUND:
                raise
            raise missing(
                self._place(sha256),
                sha256,
                cause="The store is another one than at the time of the promotion, or somebody removed the object.",
            ) from error
        into.seek(0)
        into.truncate()
        with closing(cast("_Body", answer["Body"])) as body:
            return copied(body.iter_chunks(CHUNK_BYTES), into)

    @cached_property
    def _client(self) -> _Client:
        return cast("_Client", client_of(self._endpoint_url, self._region, self._attempts))

    def _asking(self) -> AbstractContextManager[None]:
        return asking(self._bucket, self._prefix)

    @property
    def _where(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def _place(self, sha256: str) -> str:
        return f"{self._where}/{checked_sha256(sha256)}"

    def _object(self, sha256: str) -> dict[str, object]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}/{sha256}"}


def _checked(text: str, pattern: re.Pattern[str], what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise UsageError(
            "bad-store",
            f"“{without_credentials(one_line(text, 120))}” cannot be {what}",
            hint="promote: {store: {s3: {bucket: acme-models, endpoint_url: https://s3.acme.example}}}",
        )
    return text


def _clock(answer: Mapping[str, object]) -> datetime:
    """Return what time the store says it is: our own clock may be wrong by a day."""
    headers = cast("dict[str, dict[str, str]]", answer["ResponseMetadata"])["HTTPHeaders"]
    return parsedate_to_datetime(headers["date"])
