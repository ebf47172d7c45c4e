"""What GitHub answers, as far as the forge reads it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from mlci.core.forge import Permission  # noqa: TC001 - pydantic reads the annotation


class Answer(BaseModel):
    """The part of an answer that we read; what else is in it is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RepositoryAnswer(Answer):
    """A repository."""

    full_name: str
    html_url: str = ""
    default_branch: str
    private: bool


class HeadRepositoryAnswer(Answer):
    """Whose branch a pull request is of."""

    full_name: str


class SideAnswer(Answer):
    """One end of a pull request."""

    ref: str
    sha: str
    # None: the fork was deleted.
    repo: HeadRepositoryAnswer | None


class PullAnswer(Answer):
    """A pull request."""

    number: int
    html_url: str
    state: Literal["open", "closed"]
    head: SideAnswer
    base: SideAnswer
    merged_at: str | None = None
    merge_commit_sha: str | None = None


class UserAnswer(Answer):
    """A user or a bot."""

    login: str


class ReviewAnswer(Answer):
    """What somebody said of a pull request, the oldest first."""

    user: UserAnswer | None
    state: str
    # None: the commit is gone.
    commit_id: str | None = None
    # What its author is to the repository now.
    author_association: str = "NONE"


class CommentAnswer(Answer):
    """A comment on a pull request."""

    id: int
    html_url: str
    # None: a user who is gone.
    user: UserAnswer | None
    body: str = ""


class ArtifactAnswer(Answer):
    """What a run uploaded."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool
    digest: str | None = None


class ArtifactsAnswer(Answer):
    """A page of what a run uploaded."""

    artifacts: list[ArtifactAnswer]


class CollaboratorAnswer(Answer):
    """What somebody may do."""

    permission: Permission


class MadeAnswer(Answer):
    """Anything that was made."""

    id: int


class DeploymentAnswer(Answer):
    """A deployment."""

    id: int
    sha: str
    description: str | None
    creator: UserAnswer | None


class DeploymentStatusAnswer(Answer):
    """How far a deployment is."""

    id: int
    state: str


class StatusAnswer(Answer):
    """One word of a check about a commit."""

    context: str
    description: str | None
    target_url: str | None
    # None: a user who is gone.
    creator: UserAnswer | None
