"""What a test arranges on the fake, and what people and runners do there besides the REST interface."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

from tests.fakegithub.bare_repository import NO_COMMIT, BareRepository, Signature
from tests.fakegithub.git_http import demands_on
from tests.fakegithub.permissions import NAMES, normalised, read_only
from tests.fakegithub.pull_requests import after_change, refresh
from tests.fakegithub.ref_rules import Rule, objections
from tests.fakegithub.state import (
    ACTIONS_APP,
    ACTIONS_LOGIN,
    Artifact,
    Comment,
    PullRequest,
    Push,
    Repository,
    Review,
    Role,
    Run,
    State,
    Thread,
    Token,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOOK = Path(__file__).with_name("ref_rules.py")


class Scene:
    """A GitHub without its network: repositories, people, tokens, pull requests, runs.

    Repositories are named by `owner/name`, people by their login.
    """

    def __init__(self, git_root: Path) -> None:
        """Keep the repositories below `git_root`, as `owner/name.git`."""
        self.state = State(git_root)
        self.state.new_app(ACTIONS_APP)

    @property
    def git_root(self) -> Path:
        """Return the folder in which the bare repositories lie, as `owner/name.git`."""
        return self.state.root

    @property
    def pushes(self) -> list[Push]:
        """Return all refs that pushes and merges moved, in their order."""
        return self.state.pushes

    def add_user(self, login: str) -> User:
        """Add a person."""
        return self.state.new_user(login, "User")

    def add_repository(self, full_name: str, *, public: bool = True, default_branch: str = "main") -> Repository:
        """Add an empty repository; its owner becomes an organization if it is nobody yet."""
        owner, _, name = full_name.partition("/")
        self.state.new_user(owner, "Organization")
        git = BareRepository(self.state.root / owner / f"{name}.git")
        git.create(default_branch)
        return self._keep(owner, name, git, is_private=not public, default_branch=default_branch, parent=None)

    def fork(self, full_name: str, owner: str) -> Repository:
        """Fork a repository to a person, with the branches that it has now."""
        self.add_user(owner)
        original = self.state.repository(full_name)
        git = BareRepository(self.state.root / owner / f"{original.name}.git")
        git.copy_from(original.git)
        return self._keep(
            owner,
            original.name,
            git,
            is_private=original.is_private,
            default_branch=original.default_branch,
            parent=original.full_name,
        )

    def add_collaborator(self, full_name: str, login: str, role: Role = "write") -> None:
        """Let a person work on a repository."""
        self.add_user(login)
        self.state.repository(full_name).roles[login.lower()] = role

    def commit(
        self,
        full_name: str,
        branch: str,
        files: Mapping[str, bytes | None],
        *,
        message: str = "change",
        author: str = "ana",
        start: str | None = None,
    ) -> str:
        """Push one commit with `files` (None removes one) to a branch, and return its id.

        A new branch begins at `start` (a branch or a commit), else it has no parents.
        """
        with self.state.push_lock, self.state.lock:
            repository = self.state.repository(full_name)
            self.add_user(author)
            ref = f"refs/heads/{branch}"
            before = repository.git.ref(ref)
            if before is None and start is not None:
                repository.git.set_ref(ref, self._commit_of(repository, start))
            when = self.state.clock.now()
            signature = Signature(author, f"{author}@users.noreply.github.com", when.isoformat())
            sha = repository.git.write_commit(branch, files, message, signature, when)
            self._moved(repository, ref, before, sha, author)
        return sha

    def open_pull_request(
        self,
        full_name: str,
        head_branch: str,
        *,
        head_repository: str | None = None,
        base: str = "main",
        title: str = "A change",
        body: str | None = None,
        author: str = "ana",
        draft: bool = False,
    ) -> Thread:
        """Open a pull request into `base`; from a fork where `head_repository` names one."""
        with self.state.lock:
            repository = self.state.repository(full_name)
            source = self.state.repository(head_repository or full_name)
            self.add_user(author)
            now = self.state.clock.now()
            pull_request = PullRequest(
                head_repository=source.full_name,
                head_branch=head_branch,
                head_sha=self._commit_of(source, f"heads/{head_branch}"),
                base_branch=base,
                base_sha=self._commit_of(repository, f"heads/{base}"),
                is_draft=draft,
            )
            number = len(repository.threads) + 1
            thread = Thread(self.state.new_id(), number, title, body, author, now, now, pull_request=pull_request)
            repository.threads[number] = thread
            refresh(self.state, repository, thread, pull_request, author)
        return thread

    def objections_to_merging(self, full_name: str, number: int, *, login: str = "ana") -> list[str]:
        """Return why GitHub would not offer to merge a pull request: conflicts, and rules for its base."""
        with self.state.lock:
            repository, pull_request = self._pull_request(full_name, number)
            found = [] if pull_request.merge_commit is not None else ["This branch has conflicts that must be resolved"]
            # A merge asks for the statuses of the head, since the merge commit has none yet.
            demands = demands_on(repository, login)
            ref = f"refs/heads/{pull_request.base_branch}"
            return found + objections(demands, ref, pull_request.head_sha, is_forced=False)

    def merge(self, full_name: str, number: int, *, login: str = "ana") -> str:
        """Merge a pull request as its button does, and return the new tip of the base.

        Raises `ValueError` with the objections where the button would be grey.
        """
        with self.state.push_lock, self.state.lock:
            found = self.objections_to_merging(full_name, number, login=login)
            if found:
                raise ValueError("; ".join(found))
            repository, pull_request = self._pull_request(full_name, number)
            self.add_user(login)
            ref = f"refs/heads/{pull_request.base_branch}"
            before = self._commit_of(repository, f"heads/{pull_request.base_branch}")
            message = f"Merge pull request #{number} from {pull_request.head_branch}"
            sha = repository.git.merged(before, pull_request.head_sha, message, self.state.clock.now())
            if sha is None:
                raise AssertionError  # conflicts are among the objections
            repository.git.set_ref(ref, sha)
            self._moved(repository, ref, before, sha, login)
        return sha

    def review(
        self,
        full_name: str,
        number: int,
        author: str,
        state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"] = "APPROVED",
    ) -> None:
        """Say of a pull request, at the commit that it is at, what a reviewer says."""
        with self.state.lock:
            _, pull_request = self._pull_request(full_name, number)
            self.add_user(author)
            now = self.state.clock.now()
            pull_request.reviews.append(Review(self.state.new_id(), author, state, pull_request.head_sha, now))

    def close_pull_request(self, full_name: str, number: int) -> None:
        """Close a pull request without merging it."""
        with self.state.lock:
            thread = self.state.repository(full_name).threads[number]
            thread.state, thread.closed_at = "closed", self.state.clock.now()

    def add_comment(self, full_name: str, number: int, body: str, *, author: str = "ana") -> Comment:
        """Write a comment as a person does in the browser."""
        with self.state.lock:
            self.add_user(author)
            now = self.state.clock.now()
            comment = Comment(self.state.new_id(), number, body, author, None, now, now)
            self.state.repository(full_name).comments[comment.id] = comment
        return comment

    def comments(self, full_name: str, number: int) -> list[Comment]:
        """Return the comments of an issue or a pull request, the oldest first."""
        return [each for each in self.state.repository(full_name).comments.values() if each.number == number]

    def protect(self, full_name: str, rule: Rule) -> None:
        """Add a rule for branches or tags; see `Rule`."""
        repository = self.state.repository(full_name)
        repository.rules.append(rule)
        hook = repository.git.folder / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        command = shlex.join([sys.executable, "-I", os.fspath(_HOOK)])
        hook.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        hook.chmod(0o755)

    def start_run(
        self,
        full_name: str,
        *,
        workflow: str,
        event: str,
        head_branch: str,
        head_sha: str,
        head_repository: str | None = None,
        name: str | None = None,
        actor: str = "ana",
    ) -> Run:
        """Start a run of a workflow (a path such as `.github/workflows/check.yml`); it is in progress."""
        with self.state.lock:
            repository = self.state.repository(full_name)
            self.add_user(actor)
            now = self.state.clock.now()
            run = Run(
                id=self.state.new_id(),
                number=len(repository.runs) + 1,
                repository=repository.full_name,
                workflow=workflow,
                name=name or workflow,
                event=event,
                head_repository=self.state.repository(head_repository or full_name).full_name,
                head_branch=head_branch,
                head_sha=head_sha,
                actor=actor,
                created_at=now,
                updated_at=now,
            )
            repository.runs[run.id] = run
        return run

    def finish_run(self, run: Run, conclusion: str = "success") -> None:
        """End a run; the tokens of its jobs are no longer valid."""
        with self.state.lock:
            run.status, run.conclusion, run.updated_at = "completed", conclusion, self.state.clock.now()
            for secret in [secret for secret, token in self.state.tokens.items() if token.run_id == run.id]:
                del self.state.tokens[secret]

    def add_artifact(self, run: Run, name: str, content: bytes, *, expired: bool = False) -> Artifact:
        """Add an artifact, a zip, to a run."""
        with self.state.lock:
            artifact = Artifact(self.state.new_id(), run.id, name, content, self.state.clock.now(), expired)
            self.state.repository(run.repository).artifacts[artifact.id] = artifact
        return artifact

    def issue_token(self, full_name: str, permissions: Mapping[str, str], *, run: Run | None = None) -> str:
        """Return a `GITHUB_TOKEN` with exactly these permissions (as a job declares them), and metadata.

        In a run of `pull_request` for a fork every permission is for reading, whatever the job declares.
        """
        granted = normalised(permissions)
        if run is not None and run.event == "pull_request" and run.head_repository != run.repository:
            granted = read_only(granted)
        run_id, event = (None, None) if run is None else (run.id, run.event)
        repository = self.state.repository(full_name).full_name
        token = Token(f"ghs_{token_hex(18)}", ACTIONS_LOGIN, ACTIONS_APP, repository, granted, run_id, event)
        return self._issue(token)

    def issue_app_token(self, full_name: str, permissions: Mapping[str, str], *, app: str) -> str:
        """Return the token of an installed app; what it writes is by `APP[bot]`."""
        self.state.new_app(app)
        repository = self.state.repository(full_name).full_name
        return self._issue(Token(f"ghs_{token_hex(18)}", f"{app}[bot]", app, repository, normalised(permissions)))

    def issue_user_token(self, login: str) -> str:
        """Return the token of a person, who may write where their role is `write` or more, and else read."""
        self.add_user(login)
        permissions = normalised(dict.fromkeys(NAMES, "write"))
        return self._issue(Token(f"github_pat_{token_hex(30)}", login, None, None, permissions))

    def revoke(self, secret: str) -> None:
        """Take a token back; from now on it is answered with 401."""
        del self.state.tokens[secret]

    def _issue(self, token: Token) -> str:
        with self.state.lock:
            self.state.tokens[token.secret] = token
        return token.secret

    def _keep(
        self,
        owner: str,
        name: str,
        git: BareRepository,
        *,
        is_private: bool,
        default_branch: str,
        parent: str | None,
    ) -> Repository:
        with self.state.lock:
            repository = Repository(
                id=self.state.new_id(),
                owner=self.state.user(owner).login,
                name=name,
                is_private=is_private,
                default_branch=default_branch,
                git=git,
                parent=parent,
                created_at=self.state.clock.now(),
            )
            if self.state.repositories.setdefault(repository.full_name.lower(), repository) is not repository:
                raise ValueError(f"{repository.full_name} exists already")
        return repository

    def _moved(self, repository: Repository, ref: str, before: str | None, after: str, login: str) -> None:
        self.state.pushes.append(Push(repository.full_name, ref, before or NO_COMMIT, after, login))
        after_change(self.state, repository, login)

    def _pull_request(self, full_name: str, number: int) -> tuple[Repository, PullRequest]:
        repository = self.state.repository(full_name)
        pull_request = repository.threads[number].pull_request
        if pull_request is None or repository.threads[number].state == "closed":
            raise ValueError(f"#{number} is no open pull request")
        return repository, pull_request

    @staticmethod
    def _commit_of(repository: Repository, revision: str) -> str:
        sha = repository.git.commit_of(revision)
        if sha is None:
            raise ValueError(f"{repository.full_name} has no {revision}")
        return sha
