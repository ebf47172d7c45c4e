"""The registry of a model as an orphan branch of the origin: read from what was fetched, changed by one push."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from mlci.adapters.git import BRANCHES, REGISTRY_BRANCHES, REGISTRY_REFERENCES, GitRepository
from mlci.adapters.git_reader import GitReader, missing, reading
from mlci.adapters.leased_push import keep_objects, leased_push, references_of_origin
from mlci.adapters.refused_push import (
    branch_in_the_way,
    folders_of,
    is_in_the_way,
    is_locked,
    is_refused,
    push_rejected,
)
from mlci.adapters.registry_files import COMMIT_LIMIT_BYTES, FILE_LIMIT_BYTES, file_ids, registry_at
from mlci.adapters.registry_trail import taken_from, trail_of, version_tags
from mlci.core.git_objects import GitObject, ObjectFormat, blob, commit, commit_parents, format_of, tag, trees
from mlci.core.names import NAME, checked_commit, checked_name, checked_sha256
from mlci.core.registry import Change, LoadedRegistry, Trail, stale_promotion
from mlci.core.registry.entries import evaluation_path, event_path, sha256, version_path
from mlci.core.registry.loss import branch_rewritten, registry_gone
from mlci.core.registry.signing import signed
from mlci.errors import IntegrityError, MlciError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.adapters.git_process import Finished
    from mlci.core.registry.signing import Sign

_ATTEMPTS: Final = 5
_PAUSE_SECONDS: Final = 0.1


class GitRegistry:
    """The registries that a repository's origin holds, one branch a model."""

    def __init__(self, repository: GitRepository, sign: Sign | None = None) -> None:
        """Read and write through `repository`; it fetches, and this reads what was fetched.

        Each event that is written is signed where there is a SIGN.
        """
        self._repository = repository
        self._sign = sign

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that have a branch, as it was fetched last."""
        arguments = ["for-each-ref", "--format=%(refname)", REGISTRY_REFERENCES]
        output = self._repository.git.run(arguments, folder=self._repository.folder).decode(errors="replace")
        names = (line.removeprefix(REGISTRY_REFERENCES) for line in output.splitlines())
        return tuple(name for name in names if NAME.fullmatch(name) is not None)

    def load(self, model: str) -> LoadedRegistry:
        """Return the registry as it was fetched last, with its commit; an empty one where there is no branch.

        Two processes of Git. Raises `IntegrityError`: "foreign-branch" when the branch holds something else,
        "registry-broken", "newer-schema"; "branch-rewritten" when it lacks what this clone fetched of it before, and
        "registry-gone" when it is not there any more.
        """
        found = registry_at(self._repository, model, REGISTRY_REFERENCES + checked_name(model, "model"))
        taken = taken_from(self._repository, found)
        if taken:
            raise registry_gone(model, next(iter(taken))) if found.commit is None else branch_rewritten(model, taken)
        return found

    def refreshed(self, model: str) -> LoadedRegistry:
        """Fetch the registries, and return that of a model as it is now; raises as `load`, and "origin-failed"."""
        self._repository.fetch_references(f"+{REGISTRY_BRANCHES}*:{REGISTRY_REFERENCES}*", "--prune")
        return self.load(model)

    def load_at(self, model: str, commit: str) -> LoadedRegistry:
        """Return the registry as a commit of its branch holds it, whatever this clone fetched before."""
        return registry_at(self._repository, checked_name(model, "model"), checked_commit(commit))

    def evaluation(self, model: str, digest: str) -> bytes | None:
        """Return the evaluation with this sha256 as it was fetched last, None where the branch has none.

        Whether it is that one is for its reader to say.
        """
        reference = REGISTRY_REFERENCES + checked_name(model, "model")
        with reading(self._repository.git, self._repository.folder) as reader:
            path = evaluation_path(checked_sha256(digest))
            found = reader.find(f"{reference}:{path}", "blob", FILE_LIMIT_BYTES)
        return None if found is None else found[1]

    def trail(self, model: str) -> Trail:
        """Ask the origin for the branch and the tags of a model, and return them with the commits of the branch.

        Raises `OutsideError("origin-failed")`.
        """
        return trail_of(self._repository, model)

    def version_tags(self) -> frozenset[tuple[str, str]]:
        """Ask the origin for the tags of versions, and return model and number of each; raises as `trail`."""
        return version_tags(self._repository)

    def push(self, model: str, change: Change, parent: str | None) -> str:
        """Write the change as a commit on `parent`, with its tags, in one atomic push; return the new commit's id.

        Nothing happens at all, here or there, unless the branch is still at `parent` (`None`: does not exist) and no
        tag of the change exists. Raises `IntegrityError`: "stale-promotion" saying what moved, "foreign-tag";
        `UsageError("foreign-branch")` when a branch `mlci` is in the way; `OutsideError`: "push-rejected" (a hook, a
        protection), "origin-failed".
        """
        checked_name(model, "model")
        change = change if self._sign is None else signed(change, self._sign)
        prepared = self._prepare(change, parent)
        keep_objects(self._repository, prepared.objects, prepared.object_format)
        branch = REGISTRY_BRANCHES + model
        targets = {branch: prepared.commit, **prepared.tags}
        expected = {branch: parent or "", **dict.fromkeys(prepared.tags, "")}
        for attempt in range(_ATTEMPTS):
            finished = leased_push(self._repository, targets, expected)
            if finished.exit_code == 0:
                self._keep(model, prepared.commit)
                return prepared.commit
            problem = self._problem(model, change, parent, prepared, finished)
            if problem is None:
                return prepared.commit
            if attempt + 1 == _ATTEMPTS or not is_locked(finished) or problem.code != "origin-failed":
                raise problem
            # Somebody else's push holds the lock of a reference and has not ended yet. Nothing has moved so far, so
            # that the same push with the same lease is as right as before.
            time.sleep(_PAUSE_SECONDS * 2**attempt)
        raise AssertionError  # the last attempt returns or raises

    def _keep(self, model: str, commit_id: str) -> None:
        """Let what is read here be what was written, as after a fetch."""
        arguments = ["update-ref", REGISTRY_REFERENCES + model, commit_id]
        self._repository.git.run(arguments, folder=self._repository.folder)

    def _prepare(self, change: Change, parent: str | None) -> _Prepared:
        listing: dict[str, str] = {}
        object_format = self._repository.object_format() if parent is None else format_of(parent)
        if parent is not None:
            with reading(self._repository.git, self._repository.folder) as reader:
                found = reader.find(parent, "commit", COMMIT_LIMIT_BYTES)
                if found is None:
                    raise missing(parent)
                listing = file_ids(reader, found[1], object_format)
                _check_parent(change, listing, reader)
        elif change.before.sequence:
            raise stale_promotion(change.before, change.stage, change.expected)
        prepared = _Prepared(change, parent, listing, object_format, self._registered(change, parent))
        # The lease lets a commit through that does not follow its parent: then history would be lost.
        if commit_parents(prepared.commit_body) != (() if parent is None else (parent,)):
            raise stale_promotion(change.before, change.stage, change.expected)
        return prepared

    def _registered(self, change: Change, parent: str | None) -> dict[str, str]:
        """Return version → the commit that registered it, for the tags of the change about an earlier version."""
        earlier = {tag.version for tag in change.tags if tag.version and version_path(tag.version) not in change.files}
        if parent is None or not earlier:
            return {}
        self._repository.bring_history(parent, REGISTRY_BRANCHES + change.before.model)
        found: dict[str, str] = {}
        for number in sorted(earlier):
            arguments = [
                *("-c", "log.showRoot=true", "log", "-1", "--format=%H", "--no-show-signature"),
                *("--no-renames", "--no-follow", "--diff-filter=A", parent, "--", version_path(number)),
            ]
            output = self._repository.git.run(arguments, folder=self._repository.folder)
            if output:
                found[number] = output.decode().strip()
        return found

    def _problem(
        self, model: str, change: Change, parent: str | None, prepared: _Prepared, finished: Finished
    ) -> MlciError | None:
        """Return the error that says why a push did not arrive; `None` if it did arrive after all."""
        branch = REGISTRY_BRANCHES + model
        try:
            found = self._look(branch, prepared)
        except MlciError:
            return self._repository.origin_failed(finished)
        present = found.get(branch)
        if present == prepared.commit:
            # The answer was lost on its way back, the push was not.
            self._keep(model, prepared.commit)
            return None
        in_the_way = next((name for name in found if is_in_the_way(name, branch)), None)
        if in_the_way is not None:
            return branch_in_the_way(in_the_way.removeprefix(BRANCHES), branch.removeprefix(BRANCHES), "the registry")
        if present != parent:
            return self._what_moved(model, change, present, parent, prepared.commit)
        foreign = next((name for name in prepared.tags if name in found), None)
        if foreign is not None:
            return _foreign_tag(foreign.removeprefix("refs/tags/"))
        if is_refused(finished):
            return push_rejected(
                branch.removeprefix(BRANCHES),
                finished,
                "Allow this actor to push to `mlci/**` and to create the tags, or run `mlci promote` in CI.",
            )
        return self._repository.origin_failed(finished)

    def _look(self, branch: str, prepared: _Prepared) -> dict[str, str]:
        patterns = [branch, f"{branch}/*", *folders_of(branch, BRANCHES), *prepared.tags]
        return references_of_origin(self._repository, patterns)

    def _what_moved(
        self, model: str, change: Change, present: str | None, parent: str | None, written: str
    ) -> MlciError | None:
        """Return the error that says what moved the branch; `None` if it was WRITTEN, and others followed."""
        reference, branch = REGISTRY_REFERENCES + model, REGISTRY_BRANCHES + model
        if present is None:
            # The commit by its id: the next fetch moves the reference to it below `LOST_REFERENCES`.
            return IntegrityError(
                "stale-promotion",
                f"the branch {branch.removeprefix(BRANCHES)} was removed while this was decided; nothing was written",
                hint=f"Find out who removed it; `git push origin {parent}:{branch}` restores it.",
            )
        self._repository.fetch_references(f"+{branch}:{reference}")
        if self._repository.is_ancestor(written, self._repository.resolve(reference)):
            return None
        return stale_promotion(self.load(model).registry, change.stage, change.expected)


class _Prepared:
    """The objects of a change: its commit, its tags by full name, and all that is to be unpacked."""

    def __init__(
        self,
        change: Change,
        parent: str | None,
        listing: Mapping[str, str],
        object_format: ObjectFormat,
        registered: Mapping[str, str],
    ) -> None:
        blobs = {path: blob(content) for path, content in change.files.items()}
        files = dict(listing) | {path: each.id(object_format) for path, each in blobs.items()}
        tree_id, tree_objects = trees(files, object_format)
        who, when = change.actor.name, change.time
        made = commit(tree_id, parent, who, when, change.message)
        self.object_format: ObjectFormat = object_format
        self.commit = made.id(object_format)
        self.commit_body = made.body
        tags = {
            f"refs/tags/{each.name}": tag(
                each.name, registered.get(each.version or "", self.commit), who, when, each.message
            )
            for each in change.tags
        }
        self.tags = {name: each.id(object_format) for name, each in tags.items()}
        self.objects: list[GitObject] = [*blobs.values(), *tree_objects, made, *tags.values()]


def _check_parent(change: Change, listing: Mapping[str, str], reader: GitReader) -> None:
    """Raise "stale-promotion" unless the parent holds exactly the events that the change was planned on."""
    before = change.before
    sequence = sum(path.startswith("events/") for path in listing)
    last = listing.get(event_path(sequence))
    content = b"" if last is None else next(reader.blobs([last], FILE_LIMIT_BYTES))
    planned_on = before.events[-1].digest if before.events else None
    append_only = (path for path in change.files if path.startswith(("events/", "versions/", "signatures/")))
    if sha256(content) != planned_on or any(path in listing for path in append_only):
        raise stale_promotion(before, change.stage, change.expected)


def _foreign_tag(name: str) -> IntegrityError:
    return IntegrityError(
        "foreign-tag",
        f"the origin has a tag {name} already, of which the registry knows nothing; nothing was registered",
        where=name,
        cause="Another tool makes such tags; or the registry branch was set back, and the tag is what is left.",
        hint=f"See who made it: git fetch origin tag '{name}' && git show '{name}'. "
        f"If it is foreign, remove it: git push origin ':refs/tags/{name}'",
    )
