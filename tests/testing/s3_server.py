"""An S3 on loopback: moto's server, in a process of its own, whose memory is not that of a test."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

import boto3

if TYPE_CHECKING:
    import pytest

KEY, SECRET = "canary-key", "canary-secret"

_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


class S3Server:
    """A server with buckets; `admin` is what a test does to it from outside."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self.admin: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="admin",
            aws_secret_access_key="admin",  # noqa: S106 - of a server on loopback, which takes any
        )
        self._buckets = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.admin.close()
        self._process.communicate("")

    def new_bucket(self) -> str:
        """Make a bucket that keeps every version of its objects, so that uploads can be counted."""
        self._buckets += 1
        bucket = f"models-{self._buckets}"
        self.admin.create_bucket(Bucket=bucket)
        self.admin.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return bucket

    def uploads(self, bucket: str) -> int:
        """Return how many times an object was written."""
        return len(self.admin.list_object_versions(Bucket=bucket).get("Versions", []))

    def unfinished(self, bucket: str) -> int:
        """Return how many uploads in parts have neither been completed nor given up."""
        return len(self.admin.list_multipart_uploads(Bucket=bucket).get("Uploads", []))


def set_credentials(environment: pytest.MonkeyPatch) -> None:
    """Let boto3 find credentials in the environment, and nothing of the machine's."""
    without_credentials(environment)
    environment.setenv("AWS_ACCESS_KEY_ID", KEY)
    environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


def without_credentials(environment: pytest.MonkeyPatch) -> None:
    """Let boto3 find no credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        environment.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        environment.setenv(name, "/dev/null")
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    environment.setenv("NO_PROXY", "127.0.0.1")
