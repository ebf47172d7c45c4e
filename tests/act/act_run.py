"""One run of nektos/act in host mode, without Docker, network or terminal; what it says is read from its JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
ACT = ROOT / ".bootstrap" / "bin" / "act"
TIMEOUT_SECONDS = 300

# A real interpreter: a shim would not find its versions under another HOME.
PATH = os.pathsep.join([str(Path(os.path.realpath(sys.executable)).parent), "/usr/local/bin", "/usr/bin", "/bin"])

# act runs steps on a pseudo-terminal, on which it loses the last lines of a step that fails, and pagers wait. Where
# /dev/ptmx cannot be opened it takes pipes, as GitHub does. The namespaces also end whatever a step left behind.
_NO_TERMINAL = 'mount --bind /dev/null /dev/ptmx && exec "$@"'
_FLAGS = "-mpf" if os.getuid() == 0 else "-rmpf"
_WRAPPER = ("unshare", _FLAGS, "--kill-child", "--mount-proc", "sh", "-c", _NO_TERMINAL, "sh")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What act said of a job that ran alone."""

    result: str
    """`success`, `failure` or `skipped`."""
    steps: Mapping[str, Mapping[str, str]]
    """The outputs of the job's own steps that have an id."""
    summary: str
    log: str
    """What the steps printed."""
    everything: str
    """Every line of act, masked and not."""


@dataclass(frozen=True, slots=True)
class Request:
    """What act is to run: an event with its payload, one workflow, and what stands around it."""

    event: str
    payload: Path
    workflow: Path
    repository: Path
    actor: str
    variables: Mapping[str, str]
    token: str
    local: Mapping[str, Path]
    """Actions and reusable workflows by `owner/name@reference`, each a folder."""


def run(request: Request, place: Path) -> Outcome:
    """Run act; PLACE is an empty folder of its own."""
    (place / "home").mkdir(parents=True)
    empty, secrets = place / "empty", place / "secrets"
    empty.touch()
    secrets.write_text(f"GITHUB_TOKEN={request.token}\n")
    environ = {"PATH": PATH, "HOME": str(place / "home"), "LANG": "C.UTF-8", "ACT_DISABLE_VERSION_CHECK": "1"}
    command = [
        str(ACT), request.event, "--workflows", str(request.workflow), "--directory", str(request.repository),
        "--eventpath", str(request.payload), "--actor", request.actor, "--json", "--verbose",
        "--platform", "ubuntu-24.04=-self-hosted", "--platform", "self-hosted=-self-hosted",
        "--rm", "--no-cache-server", "--pull=false", "--concurrent-jobs", "1", "--no-skip-checkout",
        "--action-cache-path", str(place / "cache"),
        *(part for name, folder in request.local.items() for part in ("--local-repository", f"{name}={folder}")),
        *(part for name, value in request.variables.items() for part in ("--env", f"{name}={value}")),
        *(part for kind in ("env", "var", "input") for part in (f"--{kind}-file", str(empty))),
        "--secret-file", str(secrets),
    ]  # fmt: skip
    done = subprocess.run(
        [*_wrapper(), *command], cwd=place, env=environ, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", timeout=TIMEOUT_SECONDS, check=False,
    )  # fmt: skip
    return _outcome(done.stdout, done.stderr)


@cache
def _wrapper() -> tuple[str, ...]:
    """Return what takes the terminal away; nothing where the machine lets nobody make namespaces."""
    works = subprocess.run([*_WRAPPER, "true"], capture_output=True, check=False).returncode == 0
    return _WRAPPER if works else ()


def _outcome(out: str, err: str) -> Outcome:
    records = [record for record in map(_record, out.splitlines()) if record is not None]
    results = {str(record["jobResult"]) for record in records if "jobResult" in record}
    assert len(results) == 1, f"act ran no job, or more than one: {sorted(results)}\n{out[-4000:]}\n{err}"
    steps: dict[str, dict[str, str]] = {}
    for record in records:
        if record.get("command") == "set-output" and "name" in record and len(record["stepID"]) == 1:
            steps.setdefault(record["stepID"][0], {})[record["name"]] = record["arg"]
    return Outcome(
        result=results.pop(),
        steps=steps,
        summary="".join(_summaries(records)),
        log="".join(record["msg"] for record in records if record.get("raw_output")),
        everything=out + err,
    )


def _summaries(records: Sequence[dict[str, Any]]) -> list[str]:
    """Return the summaries of the steps; act tells the last one of a composite a second time, for its outer step."""
    steps = {tuple(record["stepID"]) for record in records if "stepID" in record}
    outer = {step[:length] for step in steps for length in range(1, len(step))}
    told = [record for record in records if record.get("command") == "summary"]
    return [record["content"] for record in told if tuple(record["stepID"]) not in outer]


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
