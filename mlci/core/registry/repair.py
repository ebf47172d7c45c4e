"""What could be done about a damaged registry: choices with their commands, of which a person takes one."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.core.plain_text import one_line
from mlci.core.registry.numbers import NUMBER, sort_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.registry.audit import Finding, Trail
    from mlci.core.registry.history import Registry
    from mlci.errors import MlciError

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that could be done: when it is right, and the commands."""

    when: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A problem, and the choices that there are."""

    problem: str
    choices: tuple[Choice, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the proposal as a JSON object."""
        choices = [{"when": each.when, "commands": list(each.commands)} for each in self.choices]
        return {"problem": self.problem, "choices": choices}


def propose_restoring(model: str, error: MlciError, trail: Trail, whole: tuple[str, Registry] | None) -> Proposal:
    """Return what could be done about a branch that cannot be read; WHOLE is its newest commit that can, if any."""
    if whole is None:
        return Proposal(error.problem, _from_clones(model, trail))
    commit, registry = whole
    after = trail.steps[_place(trail, commit) + 1 :]
    named = "; ".join(f"{step.commit[:12]} by {one_line(step.author, 80)}" for step in after[-MOST_NAMED:])
    when = (
        f"If nothing after event {registry.sequence} is to be kept: the branch goes back to {commit[:12]}, the newest "
        f"commit that holds. That takes out {len(after)} ({named}). Look at them first."
    )
    look = f"git log -p {commit}..{trail.commit}"
    back = Choice(when, (look, _set_back(model, trail, commit)))
    return Proposal(error.problem, (back, *_from_clones(model, trail)))


def propose_recreating(model: str, trail: Trail) -> Proposal | None:
    """Return what could be done where the branch is gone, and tags or this clone tell of it; else `None`."""
    if trail.commit is not None or not (trail.tags or trail.lost):
        return None
    # Only the tag of a version is sure to name the commit that made it.
    own = [tag for tag, commit in trail.tags.items() if commit not in trail.foreign]
    versions = [number for tag in own if NUMBER.fullmatch(number := tag.removeprefix(f"{model}@"))]
    choices = [*_from_clones(model, trail)]
    if versions:
        tag = f"{model}@{max(versions, key=sort_key)}"
        when = (
            f"Else {tag} names the registry as it was with that version; what came after, such as a rollback, is lost:"
        )
        fetch = f"git fetch origin {_quoted(tag)}"
        choices.append(Choice(when, (fetch, f"git push origin 'FETCH_HEAD^{{commit}}:{_branch(model)}'")))
    if trail.lost:
        when = "If the model is to begin anew: forget here what its branch was; then remove its tags at the origin."
        choices.append(Choice(when, tuple(f"git update-ref -d {reference}" for reference in trail.lost)))
    left = "its tags are left" if trail.tags else "this clone fetched it before"
    return Proposal(f"the branch mlci/registry/{model} is gone, and {left}", tuple(choices))


def propose_for(model: str, findings: Sequence[Finding], trail: Trail) -> tuple[Proposal, ...]:
    """Return what could be done about each finding of an audit."""
    return tuple(Proposal(finding.problem, _choices(model, finding, trail)) for finding in findings)


def _choices(model: str, finding: Finding, trail: Trail) -> tuple[Choice, ...]:
    tag = finding.where
    match finding.code:
        case "history-edited":
            when = "If what the branch says now is right: nothing. It is whole again; the edit stays in its history."
            return (Choice(when, (_look(model),)),)
        case "edit-undone" | "time-goes-back":
            return (Choice("Nothing: all that counts is as it should be. See who it was:", (_look(model),)),)
        case "branch-rewritten":
            return _after_a_loss(model, tag, trail)
        case "tag-missing":
            wanted = finding.wanted
            if wanted is None:
                return (Choice("In a clone with the whole history, the commit is known.", ("git fetch --unshallow",)),)
            return (Choice("Nothing reads tags to decide. If people or GTO miss it:", _make(tag, wanted)),)
        case "tag-moved":
            held = {step.commit for step in trail.steps}
            right = finding.wanted or ""
            choices = [Choice("If the branch is right and the tag was moved:", (*_make(tag, right, force=True),))]
            if finding.found is not None and finding.found not in held | trail.foreign:
                choices.append(
                    Choice(
                        "If the branch was rewritten: the commit of the tag is what it was. Look at both, and go back.",
                        (
                            f"git fetch origin {_quoted(tag)}",
                            f"git diff {finding.found} {trail.commit}",
                            _set_back(model, trail, finding.found),
                        ),
                    )
                )
            return tuple(choices)
        case "tag-unknown":
            return _unknown_tag(model, finding, trail)


def _unknown_tag(model: str, finding: Finding, trail: Trail) -> tuple[Choice, ...]:
    tag = finding.where
    remove = (f"git push origin --delete {_quoted(tag)}",)
    if finding.found in {step.commit for step in trail.steps}:
        # It is about an older version, and names the commit of that; the commit of the event is in no tag.
        return (*_from_clones(model, trail), Choice("If the tag is foreign:", remove))
    if finding.found in trail.foreign:
        return (Choice("It names no registry, so it is foreign:", remove),)
    return (
        Choice(
            "If the branch was set back: the tag's commit holds what is missing. Look at it, and go forward.",
            (
                f"git fetch origin {_quoted(tag)}",
                f"git log -p {trail.commit or ''}..{finding.found}",
                _set_back(model, trail, finding.found or ""),
            ),
        ),
        Choice("If the tag is foreign:", remove),
    )


def _after_a_loss(model: str, reference: str, trail: Trail) -> tuple[Choice, ...]:
    """Return what could be done about a branch that lacks what REFERENCE still has here."""
    return (
        Choice(
            "If it was taken off wrongly: go back to what this clone fetched. Look at both first.",
            (f"git log -p {reference}", f"git diff {reference} {trail.commit}", _set_back(model, trail, reference)),
        ),
        Choice("If the branch is right as it is now: forget here what it was.", (f"git update-ref -d {reference}",)),
    )


def _look(model: str) -> str:
    return f"git log -p refs/mlci/registry/{model}"


def _make(tag: str, commit: str, *, force: bool = False) -> tuple[str, ...]:
    forced = "--force " if force else ""
    return (
        f"git tag --annotate {forced}--message 'made again' {shlex.quote(tag)} {commit}",
        f"git push {forced}origin {_quoted(tag)}",
    )


def _set_back(model: str, trail: Trail, commit: str) -> str:
    branch = _branch(model)
    return f"git push --force-with-lease={branch}:{trail.commit or ''} origin {commit}:{branch}"


def _from_clones(model: str, trail: Trail) -> tuple[Choice, ...]:
    """Return how to go back to what this clone fetched before the damage, the newest first, or another one did."""
    here = "If this is what the branch was before the damage, which this clone fetched: look at it, and push it."
    elsewhere = "If another clone fetched the registry before the damage: look there, and push it from there."
    kept = [(here, reference) for reference in trail.lost[:MOST_NAMED]]
    return tuple(
        Choice(when, (f"git log {reference}", _set_back(model, trail, reference)))
        for when, reference in (*kept, (elsewhere, f"refs/mlci/registry/{model}"))
    )


def _quoted(tag: str) -> str:
    """Return the full name of a tag for a shell; somebody else's may hold what a shell would act on."""
    return shlex.quote(f"refs/tags/{tag}")


def _branch(model: str) -> str:
    return f"refs/heads/mlci/registry/{model}"


def _place(trail: Trail, commit: str) -> int:
    return next(place for place, step in enumerate(trail.steps) if step.commit == commit)
