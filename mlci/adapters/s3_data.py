"""Data in a bucket of S3, or of anything that speaks its language. Needs the extra `s3`.

Credentials come from boto3's own environment only (variables, `~/.aws`, a role); no command of a repository sees them.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from mlci.core.plain_text import one_line, without_credentials
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.data_files import Wanted

CHUNK_BYTES: Final = 1 << 20
_REFUSED: Final = frozenset(
    {
        "403", "404", "AccessDenied", "ExpiredToken", "Forbidden", "InvalidAccessKeyId", "InvalidToken",
        "NoSuchBucket", "NoSuchKey", "NotFound", "SignatureDoesNotMatch", "Unauthorized",
    }
)  # fmt: skip


def s3_data(wanted: Wanted) -> Iterator[bytes]:
    """Yield the bytes of an object.

    Raises `UsageError`: "data-credentials" where there are none, "data-not-there" where nothing is for them to read;
    `OutsideError("data-failed")`.
    """
    bucket, _, key = (wanted.address or "").removeprefix("s3://").partition("/")
    settings = Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 4},
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if wanted.endpoint_url else "auto"},
    )
    try:
        client = boto3.session.Session().client(
            "s3", endpoint_url=wanted.endpoint_url, region_name=wanted.region, config=settings
        )
        with closing(client.get_object(Bucket=bucket, Key=key)["Body"]) as body:
            yield from body.iter_chunks(CHUNK_BYTES)
    except boto.ClientError as error:
        told = error.response.get("Error", {})
        code = str(told.get("Code", ""))
        if code not in _REFUSED:
            raise _failed(wanted, code) from error
        raise UsageError(
            "data-not-there",
            f"the bucket {bucket} gives no {one_line(key, 200)} to these credentials: {one_line(code, 60)}",
            where=wanted.name,
            cause="The address is mistyped, the object was removed, or the credentials may not read it.",
            hint=f"Allow s3:GetObject on {one_line(key, 200)}, and s3:ListBucket on the bucket.",
        ) from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError) as error:
        raise UsageError(
            "data-credentials",
            "there are no credentials for the bucket",
            where=wanted.name,
            cause="Neither the environment, nor ~/.aws, nor a role gives any; a forked pull request has none.",
            hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for this job.",
        ) from error
    except boto.BotoCoreError as error:
        raise _failed(wanted, str(error)) from error


def _failed(wanted: Wanted, told: str) -> OutsideError:
    return OutsideError(
        "data-failed",
        f"the bucket did not answer as it should: {without_credentials(one_line(told, 200))}",
        where=wanted.name,
        cause="The network or the store is down, or endpoint_url or region is not right.",
        hint="Run it again; what has been brought by then is kept.",
    )
