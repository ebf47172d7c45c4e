"""A connection to a bucket, and what a refusal of it means in our words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from mlci.core.plain_text import one_line, without_credentials
from mlci.errors import MlciError, OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTEMPTS: Final = 4
CONNECT_SECONDS: Final = 10
SILENCE_SECONDS: Final = 60
"""How long the other side may say nothing."""

_DENIED: Final = frozenset(
    {
        "403", "AccessDenied", "AllAccessDisabled", "ExpiredToken", "Forbidden", "InvalidAccessKeyId",
        "InvalidToken", "SignatureDoesNotMatch", "Unauthorized",
    }
)  # fmt: skip


def client_of(endpoint_url: str | None, region: str | None, attempts: int) -> object:
    """Return a client of AWS or of what answers at ENDPOINT_URL; it tries a request so many ATTEMPTS."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=SILENCE_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
        # Other stores than AWS know neither its host names for buckets nor its newer checksums; each of them
        # compares what arrives with the hash that is part of the signature.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if endpoint_url else "auto", "payload_signing_enabled": True},
    )
    # A session of our own: boto3's default one must not be shared by threads.
    session = boto3.session.Session()
    made: object = session.client("s3", endpoint_url=endpoint_url, region_name=region, config=config)
    return made


@contextmanager
def asking(bucket: str, prefix: str) -> Iterator[None]:
    """Tell what boto3 raises in our words, of a store below PREFIX of BUCKET.

    Raises `UsageError`: "store-credentials", "store-missing", "store-refused"; `OutsideError("store-failed")`.
    """
    where = f"s3://{bucket}/{prefix}"
    try:
        yield
    except boto.ClientError as error:
        raise _refused(error, bucket, prefix) from error
    except (
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
        boto.CredentialRetrievalError,
        boto.ProfileNotFound,
        boto.TokenRetrievalError,
    ) as error:
        raise UsageError(
            "store-credentials",
            f"there are no credentials for the store: {_told(error)}",
            where=where,
            cause="Neither the environment, nor ~/.aws, nor a role gives any; a forked pull request has none.",
            hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for this job; "
            "for pull requests from forks: promote: {mirror: {releases: true}}",
        ) from error
    except boto.BotoCoreError as error:
        raise OutsideError(
            "store-failed",
            f"the store did not answer as it should: {_told(error)}",
            where=where,
            cause="The network or the store is down, or its address (`endpoint_url`) or region is not right.",
            hint="Run it again; what has been kept by then is skipped.",
        ) from error


def _refused(error: Exception, bucket: str, prefix: str) -> MlciError:
    code, where = code_of(error), f"s3://{bucket}/{prefix}"
    if code == "NoSuchBucket":
        return UsageError(
            "store-missing",
            f"there is no bucket {bucket}",
            where=where,
            hint="Make it, or correct `promote.store` in mlci.yaml.",
        )
    if code in _DENIED:
        return UsageError(
            "store-refused",
            f"the store refuses these credentials: {_told(error)}",
            where=where,
            cause="They are wrong or too old, or may not do this. S3 also says so of a missing object to who may "
            "not list.",
            hint=f"Allow s3:GetObject and s3:PutObject on {prefix}/*, and s3:ListBucket on the bucket.",
        )
    return OutsideError(
        "store-failed",
        f"the store could not do it: {_told(error)}",
        where=where,
        hint="Run it again; what has been kept by then is skipped.",
    )


def code_of(error: Exception) -> str:
    """Return what the store calls ERROR; empty where it says nothing."""
    return _answer(error, "Code")


def _answer(error: Exception, part: str) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get(part, ""))


def _told(error: Exception) -> str:
    told = f"{code_of(error)}: {_answer(error, 'Message')}" if isinstance(error, boto.ClientError) else str(error)
    return without_credentials(one_line(told, 300))
