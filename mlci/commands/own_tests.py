"""The project's own tests: run first, with what a training command sees, and told in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.environment import prepared
from mlci.core.report import OwnTests
from mlci.core.runs.secrets import secrets_in, without_secrets, without_tokens
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.ports import Repository, Runner, Workbench
    from mlci.core.config import Config

LOG = "tests"
MOST_LINES = 10


def run_tests(
    config: Config, ids: Mapping[str, str], repository: Repository, runner: Runner, work: Workbench
) -> tuple[OwnTests | None, RejectedError | None]:
    """Run the tests that CONFIG names, if any; return how they ended, and the error if that was not well.

    They run in the environment that training has, and have as much time.
    """
    if config.tests is None:
        return None, None
    folder = repository.folder
    surroundings = prepared(config, ids, repository, runner, work)
    command = without_secrets(config.tests)
    log = work.log_of(LOG)
    done = runner.run(
        config.tests,
        folder=folder,
        log=log,
        variables=surroundings.variables,
        passed=config.train.env,
        timeout=config.train.timeout,
        secrets=secrets_in(config.tests),
    )
    if done.exit_code == 0:
        return OwnTests(command, "passed", ""), None
    limit = config.train.timeout.total_seconds()
    reason = f"exit code {done.exit_code}" if done.exit_code is not None else f"not done after {limit:g} s"
    last = without_tokens("\n".join(done.tail[-MOST_LINES:]))
    error = RejectedError(
        "tests-failed",
        f"`{command}` did not pass: {reason}" + (f"\n{last}" if last else ""),
        where=log.relative_to(folder).as_posix(),
        cause="The project's own tests run before anything is trained, and nothing was.",
        hint=f"Run them by hand: {command}",
    )
    error.private = last or None  # what a test prints may be rows
    return OwnTests(command, "failed", reason), error
