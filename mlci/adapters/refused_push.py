"""Why a push of one of mlci's own branches did not arrive."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from mlci.adapters.git_process import Finished

_LOCKED: Final = re.compile(
    r"lock|failed to update ref|transaction failed|already exists|but expected", re.IGNORECASE
)  # fmt: skip
_REFUSED: Final = re.compile(r"hook declined|protected branch|GH0\d\d|not allowed|denied|prohibited", re.IGNORECASE)


def is_locked(finished: Finished) -> bool:
    """Say whether somebody else's push held a reference at that moment."""
    return _LOCKED.search(said(finished)) is not None


def is_refused(finished: Finished) -> bool:
    """Say whether a rule of the origin refused the push."""
    return _REFUSED.search(said(finished)) is not None


def said(finished: Finished) -> str:
    """Return what Git and the origin said about a push: the reasons of `--porcelain`, and what is for people."""
    lines = finished.output.decode(errors="replace").splitlines()
    reasons = "; ".join(line.split("\t")[-1] for line in lines if line.startswith("!"))
    return one_line(f"{reasons}: {finished.errors}", 1000)


def folders_of(reference: str, root: str) -> list[str]:
    """Return the references below ROOT that would be folders of REFERENCE.

    >>> folders_of("refs/heads/mlci/runs", "refs/heads/")
    ['refs/heads/mlci']
    """
    parts = reference.removeprefix(root).split("/")
    return [root + "/".join(parts[:count]) for count in range(1, len(parts))]


def is_in_the_way(name: str, branch: str) -> bool:
    """Say whether `branch` cannot exist beside a reference: one would have to be a folder of the other."""
    return branch.startswith(f"{name}/") or name.startswith(f"{branch}/")


def branch_in_the_way(found: str, wanted: str, holds: str) -> UsageError:
    """Return the error of a branch FOUND beside which Git cannot make the branch WANTED, which HOLDS something."""
    quoted, place = shlex.quote(found), shlex.quote(f":refs/heads/{found}")
    return UsageError(
        "foreign-branch",
        f"the origin has a branch `{found}`, so Git cannot make the branch `{wanted}` that holds {holds}",
        where=found,
        hint=f"Rename it: git fetch origin {quoted} && git push origin FETCH_HEAD:refs/heads/OTHER {place}",
    )


def push_rejected(branch: str, finished: Finished, hint: str) -> OutsideError:
    """Return the error of a push to BRANCH that a rule of the origin refused."""
    return OutsideError(
        "push-rejected",
        f"the origin refused the push to {branch}: {said(finished)}",
        cause="A hook, a protection or a ruleset covers the branch or its tags, or the token may not write.",
        hint=hint,
    )
