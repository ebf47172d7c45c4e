"""Where package bytes lie: the part of the configuration that names a store."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from mlci.core.paths import PathBelow, Place  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.section import RULE, Identifier, Section

BUCKET_PATTERN: Final = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
ENDPOINT_PATTERN: Final = r"^https?://[A-Za-z0-9.\[\]:_-]+(/[A-Za-z0-9._~/-]*)?$"
"""The address of a store; it has no place for credentials."""
PREFIX_PATTERN: Final = "^[A-Za-z0-9._/=-]+$"
REGION_PATTERN: Final = "^[a-z0-9-]{1,40}$"


class S3Section(Section):
    """A bucket of S3, or of anything that speaks its language."""

    bucket: Annotated[str, Field(pattern=BUCKET_PATTERN), RULE]
    prefix: Annotated[Annotated[PathBelow, Field(pattern=PREFIX_PATTERN)], RULE] = "mlci-store"
    endpoint_url: Annotated[Annotated[str, Field(pattern=ENDPOINT_PATTERN)] | None, RULE] = None
    region: Annotated[Annotated[str, Field(pattern=REGION_PATTERN)] | None, RULE] = None


class DvcSection(Section):
    """A remote of the DVC repository that the model lies in."""

    remote: Annotated[Identifier | None, RULE] = None


class StoreSection(Section):
    """Where package bytes lie: a directory, a bucket, a remote of DVC, or the releases of the repository."""

    directory: Annotated[Place | None, RULE] = None
    releases: Annotated[bool, RULE] = False
    s3: Annotated[S3Section | None, RULE] = None
    dvc: Annotated[DvcSection | None, RULE] = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if [self.directory is not None, self.releases, self.s3 is not None, self.dvc is not None].count(True) != 1:
            message = "name one place: directory: PATH, s3: {bucket: NAME}, dvc: {remote: NAME} or releases: true"
            raise ValueError(message)
        return self

    @property
    def text(self) -> str:
        """The place as a person would say it."""
        if self.s3 is not None:
            return f"s3://{self.s3.bucket}/{self.s3.prefix}" + (
                f" at {self.s3.endpoint_url}" if self.s3.endpoint_url else ""
            )
        if self.dvc is not None:
            return f"DVC remote {self.dvc.remote}" if self.dvc.remote else "DVC's default remote"
        return "releases" if self.releases else str(self.directory)
