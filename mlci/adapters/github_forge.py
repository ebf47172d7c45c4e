"""The forge that is GitHub: pull requests, the one comment, statuses, deployments, artifacts, permissions."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from mlci.adapters.github_answers import (
    ArtifactAnswer,
    ArtifactsAnswer,
    CollaboratorAnswer,
    CommentAnswer,
    DeploymentAnswer,
    DeploymentStatusAnswer,
    MadeAnswer,
    PullAnswer,
    RepositoryAnswer,
    ReviewAnswer,
    StatusAnswer,
)
from mlci.core.forge import (
    ENDED,
    LARGEST_ARTIFACT_BYTES,
    LONGEST_COMMENT,
    Deployment,
    Head,
    NoPullRequest,
    Permission,
    PullRequest,
    Status,
    artifact_missing,
    artifact_too_large,
    checked_actor,
    checked_artifact,
    checked_environment,
    checked_marker,
    checked_repository,
    checked_run,
    comment_too_long,
    shown_description,
)
from mlci.core.github_event import ACTIONS_LOGIN
from mlci.core.names import checked_commit
from mlci.core.proof import CONTEXT, read_proof
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.adapters.github_session import GithubSession
    from mlci.core.forge import DeploymentStatus
    from mlci.core.proof import Proof

_APPROVED: Final = "APPROVED"
_OWN_PEOPLE: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_DECISIVE: Final = frozenset({_APPROVED, "CHANGES_REQUESTED", "DISMISSED"})
"""What a review may say that replaces what the same person said before; a comment does not."""


class GithubForge:
    """One repository on GitHub, seen with the token of a session."""

    def __init__(self, session: GithubSession, repository: str, *, login: str = ACTIONS_LOGIN) -> None:
        """Take the repository's full name (`acme/tumour`) and whose the session's token is.

        Raises `UsageError`: "bad-repository", "bad-actor".
        """
        self._session = session
        self._repository = checked_repository(repository)
        self._path = f"/repos/{repository}"
        self._login = checked_actor(login)

    @property
    def default_branch(self) -> str:
        """The branch that pull requests go to unless they say otherwise."""
        return self._facts.default_branch

    @property
    def is_public(self) -> bool:
        """Whether everybody can read the repository; internal ones of an enterprise are not public."""
        return not self._facts.private

    def find_pull_request(self, head: Head, base: str | None = None) -> PullRequest | NoPullRequest:
        """Return the open pull request whose head is this commit on this branch of this repository, as GitHub says.

        Of several (one branch may go to many) the one into BASE, or else into the default branch, or else the oldest.
        What an event or an artifact says about pull requests is not asked.
        """
        repository = head.repository or self._repository
        if head.branch is None:
            return NoPullRequest("absent", "a commit without a branch has no pull request")
        of_branch = [
            pull
            for pull in self._open_pulls(repository, head.branch)
            if pull.head.repo is not None
            and (pull.head.repo.full_name, pull.head.ref) == (repository, head.branch)
            and base in {None, pull.base.ref}
        ]
        same = [pull for pull in of_branch if pull.head.sha == head.commit]
        if same:
            return self._chosen(same, head)
        if of_branch:
            tip = of_branch[0].head.sha[:7]
            return NoPullRequest(
                "moved", f"{head.branch} was pushed to meanwhile: it is at {tip}, not {head.commit[:7]}"
            )
        into = f" into {base}" if base else ""
        return NoPullRequest("absent", f"no open pull request{into} has the head {repository}:{head.branch}")

    def pull_request(self, branch: str | None, commit: str) -> PullRequest:
        """Return the pull request of a branch of this repository.

        Raises `IntegrityError("stale-head")` if it is at another commit by now, `UsageError("no-pull-request")`.
        """
        found = self.find_pull_request(Head(branch, commit))
        if isinstance(found, NoPullRequest):
            raise found.error()
        return found

    def comment(self, pull_request: PullRequest, marker: str, body: str) -> str:
        """Write the one comment that has `marker` (`<!-- mlci:report -->`) and is our own, or replace it.

        Return its address. A comment of somebody else that holds our marker is left alone.
        Raises `UsageError`: "bad-marker", "comment-too-long", "no-pull-request".
        """
        checked_marker(marker)
        text = body if marker in body.splitlines() else f"{marker}\n{body}"
        if len(text) > LONGEST_COMMENT:
            raise comment_too_long(text)
        if pull_request.number is None:
            raise UsageError("no-pull-request", "a branch without a pull request has no place for a comment")
        place = f"{self._path}/issues/{pull_request.number}/comments"
        own = next((each for each in self._comments(place) if self._is_own(each, marker)), None)
        if own is None:
            return self._session.send("POST", place, {"body": text}, CommentAnswer).html_url
        if own.body == text:
            return own.html_url
        path = f"{self._path}/issues/comments/{own.id}"
        return self._session.send("PATCH", path, {"body": text}, CommentAnswer).html_url

    def set_status(self, commit: str, status: Status) -> None:
        """Say what a check found about a commit; saying the same twice changes nothing that anybody sees."""
        said = status.shortened()
        body = {"context": said.context, "state": said.state, "description": said.description}
        path = f"{self._path}/statuses/{checked_commit(commit)}"
        self._session.send("POST", path, body | _if_any("target_url", said.url), MadeAnswer, is_repeatable=True)

    def prove(self, commit: str, proof: Proof) -> None:
        """Keep a proof as a status of the commit, which nobody can edit; its address leads to the run that submitted.

        It says of the newest judging of these inputs; of other inputs (another model) earlier ones stay beside it.
        """
        run = None if proof.run is None else f"{self._facts.html_url}/actions/runs/{checked_run(proof.run)}"
        self.set_status(commit, Status(CONTEXT, "success", proof.sentence, run))

    def proof(self, commit: str, fingerprint: str) -> Proof | None:
        """Return what our own login said of these inputs last, in a pull request that became this commit.

        That of a fork proves nothing: whoever sent it was trusted with no more than a proposal that people read.
        """
        for pull in self._merged_as(checked_commit(commit)):
            if pull.head.repo is not None and pull.head.repo.full_name == self._repository:
                found = self._proof_at(checked_commit(pull.head.sha), fingerprint)
                if found:
                    return found
        return None

    def approvals(self, commit: str) -> tuple[str, ...]:
        """Return the logins of those whose last word on the pull request that became this commit was to approve it.

        What was said of an earlier commit than the one that was merged does not count, nor what a stranger said: on a
        public repository everybody may approve.
        """
        last: dict[str, str] = {}
        for pull in self._merged_as(checked_commit(commit)):
            for page in self._session.pages(f"{self._path}/pulls/{pull.number}/reviews", list[ReviewAnswer]):
                for review in page:
                    is_of_head = review.commit_id == pull.head.sha and review.author_association in _OWN_PEOPLE
                    if review.user and is_of_head and review.state in _DECISIVE:
                        last[checked_actor(review.user.login)] = review.state
        return tuple(sorted(login for login, state in last.items() if state == _APPROVED))

    def deployment(self, environment: str, commit: str, description: str = "") -> Deployment:
        """Begin to bring a commit into an environment; statuses of other checks are not asked, mlci has decided."""
        checked_environment(environment)
        body = {
            "ref": checked_commit(commit),
            "environment": environment,
            "description": shown_description(description),
            "auto_merge": False,
            "required_contexts": [],
        }
        made = self._session.send("POST", f"{self._path}/deployments", body, MadeAnswer)
        return Deployment(made.id, environment, commit, shown_description(description))

    def set_deployment_status(self, deployment: Deployment, status: DeploymentStatus) -> None:
        """Say how far a deployment is; after a success GitHub itself ends earlier ones of the environment."""
        said = status.shortened()
        body = {"state": said.state, "description": said.description}
        path = f"{self._path}/deployments/{deployment.id}/statuses"
        self._session.send("POST", path, body | _if_any("environment_url", said.url), MadeAnswer, is_repeatable=True)

    def unfinished_deployment(self, environment: str) -> Deployment | None:
        """Return the newest deployment of an environment, if this login made it and it did not end.

        Such a one is left where a job was killed; GitHub makes older deployments inactive only after a success.
        """
        path = f"{self._path}/deployments"
        query = {"environment": checked_environment(environment)}
        newest = max(self._session.get(path, list[DeploymentAnswer], query), key=_id, default=None)
        if newest is None or newest.creator is None or newest.creator.login != self._login:
            return None
        statuses = self._session.get(f"{path}/{newest.id}/statuses", list[DeploymentStatusAnswer])
        last = max(statuses, key=_id, default=None)
        if last is not None and last.state in ENDED:
            return None
        return Deployment(newest.id, environment, newest.sha, newest.description or "")

    def artifact(self, run_id: int, name: str, limit_bytes: int = LARGEST_ARTIFACT_BYTES) -> bytes:
        """Return the zip archive that a run submitted, the newest of its name; it is hostile input.

        Raises `UsageError("artifact-missing")`; `IntegrityError`: "artifact-too-large", before it is downloaded if
        GitHub says so, else while it is; "artifact-damaged".
        """
        path = f"{self._path}/actions/runs/{checked_run(run_id)}/artifacts"
        found = [
            each
            for page in self._session.pages(path, ArtifactsAnswer, {"name": checked_artifact(name)})
            for each in page.artifacts
            if each.name == name and not each.expired
        ]
        if not found:
            raise artifact_missing(run_id, name)
        newest = max(found, key=lambda each: each.id)
        if newest.size_in_bytes > limit_bytes:
            raise artifact_too_large(name, limit_bytes)
        return self._downloaded(newest, limit_bytes)

    def permission(self, actor: str) -> Permission:
        """Return what somebody may do in the repository; who is no collaborator of a private one may do nothing."""
        path = f"{self._path}/collaborators/{quote(checked_actor(actor), safe='')}/permission"
        found = self._session.find(path, CollaboratorAnswer)
        return "none" if found is None else found.permission

    @cached_property
    def _facts(self) -> RepositoryAnswer:
        return self._session.get(self._path, RepositoryAnswer)

    def _merged_as(self, commit: str) -> Iterator[PullAnswer]:
        """Yield the pull requests that were merged as this very commit."""
        for page in self._session.pages(f"{self._path}/commits/{commit}/pulls", list[PullAnswer]):
            yield from (pull for pull in page if pull.merged_at is not None and pull.merge_commit_sha == commit)

    def _open_pulls(self, repository: str, branch: str) -> Iterator[PullAnswer]:
        owner = repository.partition("/")[0]
        for page in self._session.pages(
            f"{self._path}/pulls", list[PullAnswer], {"state": "open", "head": f"{owner}:{branch}"}
        ):
            yield from page

    def _proof_at(self, commit: str, fingerprint: str) -> Proof | None:
        """Return the newest proof of these inputs among the statuses of a commit, which come newest first."""
        for page in self._session.pages(f"{self._path}/commits/{commit}/statuses", list[StatusAnswer]):
            for status in page:
                is_own = status.creator is not None and status.creator.login == self._login
                if is_own and status.context == CONTEXT:
                    proof = read_proof(status.description or "", status.target_url)
                    if proof and proof.fingerprint == fingerprint:
                        return proof
        return None

    def _chosen(self, pulls: list[PullAnswer], head: Head) -> PullRequest:
        into_default = [pull for pull in pulls if len(pulls) > 1 and pull.base.ref == self.default_branch]
        pull = min(into_default or pulls, key=lambda each: each.number)
        return PullRequest(
            head.branch,
            head.commit,
            pull.number,
            pull.html_url,
            base=pull.base.ref,
            repository=head.repository or self._repository,
        )

    def _comments(self, place: str) -> Iterator[CommentAnswer]:
        """Yield the comments of a pull request, page by page, oldest first."""
        for page in self._session.pages(place, list[CommentAnswer]):
            yield from page

    def _is_own(self, comment: CommentAnswer, marker: str) -> bool:
        return comment.user is not None and comment.user.login == self._login and marker in comment.body.splitlines()

    def _downloaded(self, artifact: ArtifactAnswer, limit_bytes: int) -> bytes:
        content = io.BytesIO()
        path = f"{self._path}/actions/artifacts/{artifact.id}/zip"
        try:
            digest = self._session.download(path, content, limit_bytes)
        except IntegrityError as error:
            if error.code != "download-too-large":
                raise
            raise artifact_too_large(artifact.name, limit_bytes) from None
        if artifact.digest not in {None, f"sha256:{digest}"}:
            raise IntegrityError("artifact-damaged", f"the bytes of {artifact.name} are not those that were uploaded")
        return content.getvalue()


def _id(made: DeploymentAnswer | DeploymentStatusAnswer) -> int:
    """Return the number that GitHub counts up."""
    return made.id


def _if_any(name: str, url: str | None) -> dict[str, str]:
    """Return a field for an address that there is."""
    return {} if url is None else {name: url}
