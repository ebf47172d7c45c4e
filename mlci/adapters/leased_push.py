"""Writing one of mlci's own branches: objects first, then one push that moves all references from where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.git_objects import pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.adapters.git import GitRepository
    from mlci.adapters.git_process import Finished
    from mlci.core.git_objects import GitObject, ObjectFormat


def keep_objects(repository: GitRepository, objects: Sequence[GitObject], object_format: ObjectFormat) -> None:
    """Write OBJECTS into the repository; no reference names them yet."""
    repository.git.run(
        ["unpack-objects", "-q", "--strict"], folder=repository.folder, stdin=pack(objects, object_format)
    )


def leased_push(repository: GitRepository, targets: Mapping[str, str], expected: Mapping[str, str]) -> Finished:
    """Push the objects TARGETS to references of the origin, all or none, and return what Git said.

    Each reference must be where it is EXPECTED; the empty text means that it does not exist. No hook, no configured
    option and no other reference of the user takes part.
    """
    arguments = [
        "push",
        "--porcelain",
        "--no-progress",
        "--atomic",
        "--no-verify",
        "--no-follow-tags",
        "--no-signed",
        "--recurse-submodules=no",
        *(f"--force-with-lease={name}:{where}" for name, where in expected.items()),
        "origin",
        *(f"{object_id}:{name}" for name, object_id in targets.items()),
    ]
    return repository.git.attempt(["-c", "push.pushOption=", *arguments], folder=repository.folder, network=True)


def references_of_origin(repository: GitRepository, patterns: Sequence[str]) -> dict[str, str]:
    """Return the references of the origin that match PATTERNS, with their objects, as they are now."""
    output = repository.talk(["ls-remote", "origin", *patterns]).decode(errors="replace")
    return {name: object_id for object_id, _, name in (line.partition("\t") for line in output.splitlines())}
