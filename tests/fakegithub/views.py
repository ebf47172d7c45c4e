"""What several answers show in the same way: users, apps, repositories, commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakegithub.clock import written
from tests.fakegithub.openapi import description

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.bare_repository import ChangedFile, Signature
    from tests.fakegithub.state import Repository, State

View = dict[str, object]


def filled(schema: str, **values: object) -> View:
    """Return an object of one of GitHub's schemas; see `Description.filled`."""
    return description().filled(schema, values)


def node_id(kind: str, number: int) -> str:
    """Return an id as GraphQL knows it; nobody reads it."""
    return f"{kind}_{number}"


def user_view(state: State, login: str) -> View:
    """Return a user."""
    user = state.user(login)
    return filled(
        "simple-user",
        login=user.login,
        id=user.id,
        node_id=node_id("U", user.id),
        type=user.kind,
        url=f"{state.url}/users/{user.login}",
        html_url=f"{state.url}/{user.login}",
        gravatar_id="",
    )


def association(state: State, repository: Repository, login: str) -> str:
    """Return what somebody is to the repository."""
    if login.lower() == repository.owner.lower():
        return "OWNER"
    return "NONE" if state.role(repository, login) is None else "COLLABORATOR"


def app_view(state: State, slug: str | None) -> View | None:
    """Return an app; None for what a person did."""
    if slug is None:
        return None
    app = state.apps[slug]
    # The description calls any GitHub App `nullable-integration`.
    return filled(
        "nullable-integration",
        id=app.id,
        node_id=node_id("A", app.id),
        slug=app.slug,
        name=app.slug,
        owner=user_view(state, f"{app.slug}[bot]"),
        html_url=f"{state.url}/apps/{app.slug}",
    )


def repository_address(state: State, repository: Repository) -> str:
    """Return where the REST interface has a repository."""
    return f"{state.url}/repos/{repository.full_name}"


def page_address(state: State, repository: Repository) -> str:
    """Return where people see a repository."""
    return f"{state.url}/{repository.full_name}"


def repository_view(state: State, repository: Repository, schema: str) -> View:
    """Return a repository by one of its schemas: `full-repository`, `minimal-repository` or `repository`."""
    view = filled(
        schema,
        id=repository.id,
        node_id=node_id("R", repository.id),
        name=repository.name,
        full_name=repository.full_name,
        owner=user_view(state, repository.owner),
        private=repository.is_private,
        visibility="private" if repository.is_private else "public",
        default_branch=repository.default_branch,
        fork=repository.parent is not None,
        url=repository_address(state, repository),
        html_url=page_address(state, repository),
        clone_url=f"{page_address(state, repository)}.git",
        releases_url=f"{repository_address(state, repository)}/releases{{/id}}",
        created_at=written(repository.created_at),
        updated_at=written(repository.created_at),
        pushed_at=written(repository.created_at),
    )
    if schema == "full-repository" and repository.parent is not None:
        view["parent"] = view["source"] = repository_view(state, state.repository(repository.parent), "repository")
    return view


def signature_view(signature: Signature) -> View:
    """Return who wrote or committed, as Git has it."""
    return {"name": signature.name, "email": signature.email, "date": signature.date}


def file_view(state: State, repository: Repository, sha: str, file: ChangedFile) -> View:
    """Return one changed file."""
    view = filled(
        "diff-entry",
        sha=file.blob,
        filename=file.path,
        status=file.status,
        additions=file.additions,
        deletions=file.deletions,
        changes=file.additions + file.deletions,
        contents_url=f"{repository_address(state, repository)}/contents/{file.path}?ref={sha}",
    )
    optional: Mapping[str, str | None] = {"patch": file.patch or None, "previous_filename": file.previous_path}
    return {**view, **{name: value for name, value in optional.items() if value is not None}}
