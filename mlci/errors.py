"""The family of errors that a user can meet.

An error says what happened (`problem`), where, the usual cause, and what mends it (`hint`). Each kind has one exit
code; `code` is the name of the problem's page in `mlci explain`. The command line shows them; nothing else does.
"""

from __future__ import annotations

from typing import ClassVar, Self


class MlciError(Exception):
    """A problem that is told without a traceback; the parent of the family, never raised itself."""

    exit_code: ClassVar[int]
    private: str | None = None
    """What `problem` holds in the words of a model or a command, which may be values of the data."""

    def __init__(
        self,
        code: str,
        problem: str,
        *,
        where: str | None = None,
        cause: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Keep the four parts of the message; `code` is a slug such as `dirty-tree`."""
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.where = where
        self.cause = cause
        self.hint = hint

    def public(self) -> Self:
        """Return the same error as it may stand in a public place: what is `private` becomes an ellipsis."""
        if not self.private:
            return self
        problem = self.problem.replace(self.private, "…")
        return type(self)(self.code, problem, where=self.where, cause=self.cause, hint=self.hint)

    def to_dict(self) -> dict[str, str | int | None]:
        """Return the error as a JSON object."""
        return {
            "code": self.code,
            "problem": self.problem,
            "where": self.where,
            "cause": self.cause,
            "hint": self.hint,
            "exit_code": self.exit_code,
        }


class RejectedError(MlciError):
    """The work was judged and did not pass: a gate, a rule, the training, a deployment."""

    exit_code = 1


class UsageError(MlciError):
    """Wrong usage or configuration."""

    exit_code = 2


class UndecidedError(MlciError):
    """Inconclusive or not comparable where the policy blocks."""

    exit_code = 3


class IntegrityError(MlciError):
    """A hash, a chain, an expectation or the form of an input does not hold."""

    exit_code = 4


class OutsideError(MlciError):
    """Something outside failed after retries: network, host, store, Git."""

    exit_code = 5


BUG_EXIT_CODE = 70
INTERRUPTED_EXIT_CODE = 130
