"""What the branch was before the push: the commit whose rules judge a promotion, so that no push judges itself.

A host knows it and says it. On a laptop only the first parent of HEAD is known, which lies inside a push of several
commits; so where it matters, nothing is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.commands.sides import read_side
from mlci.core.rules import effective
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.commands.case import Case
    from mlci.commands.ports import Repository
    from mlci.core.registry import Version
    from mlci.core.rule_changes import RuleChange

NOT_THERE_YET: Final = ("0" * 40, "0" * 64)
"""What a host says of a branch that did not exist before the push."""
_SHOWN: Final = 3


def before_push(stated: str | None, commit: str, repository: Repository) -> str | None:
    """Return what the branch was before the push of COMMIT: as STATED, else its first parent, else None.

    Raises `UsageError("base-not-before")` where COMMIT does not come after what is stated.
    """
    if stated is None:
        return next(iter(repository.parents(commit)), None)
    if stated in NOT_THERE_YET:
        return None
    base = repository.resolve(stated)
    if not repository.is_ancestor(base, commit):
        raise UsageError(
            "base-not-before",
            f"{stated[:12]} does not lie before HEAD, so its rules are not those from before the push",
            hint="--base COMMIT names what the branch was at before; HEAD's first parent is the default",
        )
    return base


def refuse_to_guess(base: str | None, case: Case, repository: Repository) -> None:
    """Raise where it matters whether BASE, HEAD's first parent, was in the push already.

    It does where the rules of BASE ask for less than those of the commit that made production what it is.
    """
    if base is None or case.base_side is None or case.production is None or case.production.commit == base:
        return
    changes = _not_tighter(case, case.production, repository)
    if changes is None:
        problem = f"the rules that {case.production.number} was decided by cannot be read here and compared with now's"
        where = f"commit {case.production.commit[:12]}"
    elif changes:
        problem = (
            f"the rules changed since {case.production.number}, and nothing here tells whether they did in this push"
        )
        more = " …" if len(changes) > _SHOWN else ""
        where = "; ".join(f"{change.subject}: {change.sentence}" for change in changes[:_SHOWN]) + more
    else:
        return
    raise UsageError(
        "base-ambiguous",
        problem,
        where=where,
        cause="No push may loosen the rules that judge it, and only the host knows where a push began.",
        hint="Name what the branch was at before the push. If only HEAD was pushed: "
        f"mlci promote --base {base[:12]}; if all since {case.production.number}: "
        f"mlci promote --base {case.production.commit[:12]}",
    )


def _not_tighter(case: Case, production: Version, repository: Repository) -> tuple[RuleChange, ...] | None:
    """Return what production's commit asked for and base's rules do not; None if that cannot be read."""
    if case.base_side is None or not repository.has_commit(production.commit):
        return None
    try:
        then = read_side(repository.tree(production.commit))
    except UsageError:  # written for another version of mlci, and unreadable now
        return None
    if then is None:  # it stood elsewhere then
        return None
    _, changes = effective(then, case.base_side)
    return tuple(change for change in changes if change.direction != "tighter")
