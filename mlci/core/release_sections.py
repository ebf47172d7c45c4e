"""Where a merge takes the model: `promote` and `deploy`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mlci.core.paths import PathBelow, Place  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.section import PARTS, RULE, Name, Section
from mlci.core.storage import StoreSection  # noqa: TC001 - as above


class SignSection(Section):
    """Who must have signed what stands in the registry."""

    signers: Annotated[PathBelow, RULE]
    since: Annotated[int, RULE] = Field(default=1, ge=1)


class PromoteSection(Section):
    """Where a merge takes the model."""

    stage: Annotated[Name, RULE] = "production"
    store: Annotated[StoreSection, PARTS]
    mirror: Annotated[StoreSection | None, RULE] = None
    sign: Annotated[SignSection | None, RULE] = None
    reuse: Annotated[Literal["fingerprint", "never"], RULE] = "fingerprint"

    @model_validator(mode="after")
    def _mirrors_elsewhere(self) -> Self:
        if self.mirror == self.store:
            message = "the mirror is the store itself; name another place"
            raise ValueError(message)
        return self


class DeploySection(Section):
    """One place where a version is deployed to."""

    stage: Annotated[Name, RULE] = "production"
    target: Annotated[Literal["directory"], RULE]
    path: Annotated[Place, RULE]
