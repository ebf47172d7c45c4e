"""Rules for branches and tags, as GitHub's rulesets: who may move them, and which status their commit must have.

This file is also the `update` hook of the bare repositories (`python -I ref_rules.py REF OLD NEW`), so it imports the
standard library only. What the hook must know stands in the variable FAKEGITHUB_RULES.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

VARIABLE: Final = "FAKEGITHUB_RULES"
_NOTHING: Final = "0" * 40


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for the refs that match `pattern` (such as `refs/heads/mlci/*`; `*` goes beyond slashes).

    Whoever is named in `bypass` need not keep it. `restricts`: nobody else may move such a ref at all.
    `required_status`: the new commit has this status, a success, written by the login `status_from` if that is given.
    No rule lets anybody delete a ref or push over it by force.
    """

    pattern: str
    bypass: frozenset[str] = frozenset()
    restricts: bool = False
    required_status: str | None = None
    status_from: str | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What a rule asks of one push: the commits in `passed` have the required status."""

    pattern: str
    restricts: bool
    required_status: str | None
    passed: tuple[str, ...]


def objections(demands: Iterable[Demand], ref: str, new: str, *, is_forced: bool) -> list[str]:
    """Return why GitHub would refuse to move `ref` to `new`, in its words; empty: it would not."""
    found: list[str] = []
    for each in demands:
        if not fnmatchcase(ref, each.pattern):
            continue
        if each.restricts:
            found.append("Cannot update this protected ref.")
        elif new == _NOTHING:
            found.append("Cannot delete this branch")
        elif is_forced:
            found.append("Cannot force-push to this branch")
        elif each.required_status is not None and new not in each.passed:
            found.append(f'Required status check "{each.required_status}" is expected.')
    return found


def as_variable(demands: Iterable[Demand]) -> str:
    """Return the demands as the hook reads them."""
    return json.dumps([asdict(each) for each in demands])


def main(arguments: list[str], variable: str) -> int:
    """Judge one ref of a push; returns 1, and tells why, when it may not be moved."""
    ref, old, new = arguments
    demands = [Demand(**{**each, "passed": tuple(each["passed"])}) for each in json.loads(variable)]
    found = objections(demands, ref, new, is_forced=_is_forced(old, new))
    if found:
        lines = [f"error: GH013: Repository rule violations found for {ref}.", *(f"- {each}" for each in found)]
        sys.stderr.write("\n".join(lines) + "\n")
    return 1 if found else 0


def _is_forced(old: str, new: str) -> bool:
    if _NOTHING in {old, new}:
        return False
    return subprocess.run(["git", "merge-base", "--is-ancestor", old, new], check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ[VARIABLE]))
