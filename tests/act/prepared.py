"""Copies of workflows that act 0.2.87 can run; only the copies are changed, never the files of the product.

act does not know `uses: $/…` and `environment.deployment`, and it has one token for all jobs of a run. So each job
runs alone, with the token that its own `permissions:` grant, and `needs` become words.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from tests.actions.documents import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.actions.documents import Document

LEVELS = {"none": 0, "read": 1, "write": 2}
_NEEDS = re.compile(r"\bneeds\.(?P<job>\w+)\.(?:result\b|outputs\.(?P<output>\w+))")
_OF_STATUS = re.compile(r"\b(always|cancelled|failure|success)\(\)")
_OUTPUT = re.compile(r"\$\{\{ steps\.(?P<step>\w+)\.outputs\.(?P<output>\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller as it stands in a user's repository: one job that calls one reusable workflow."""

    document: Document

    @classmethod
    def read(cls, text: str) -> Caller:
        return cls(parse(text))

    @property
    def name(self) -> str:
        return str(self.document["name"])

    @property
    def granted(self) -> dict[str, str]:
        (job,) = self.document["jobs"].values()
        return dict(job["permissions"])

    @property
    def called(self) -> tuple[str, str, str]:
        """The repository, the path and the reference of the reusable workflow."""
        (job,) = self.document["jobs"].values()
        where, _, reference = str(job["uses"]).partition("@")
        owner, name, path = where.split("/", 2)
        return f"{owner}/{name}", path, reference


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that others need: how it ended, and its outputs."""

    result: str
    outputs: Mapping[str, str]


def needed_by(job: Document) -> list[str]:
    """Return the names of the jobs that JOB needs."""
    names = job.get("needs", [])
    return [names] if isinstance(names, str) else list(names)


def is_asked(job: Document, needs: Mapping[str, Ended]) -> bool:
    """Return whether GitHub looks at the `if` of JOB: where all went well, or it speaks of what did not."""
    return all(each.result == "success" for each in needs.values()) or bool(_OF_STATUS.search(job.get("if", "")))


def permissions(caller: Caller, job: Document) -> dict[str, str]:
    """Return what the token of a called job may do; GitHub starts no workflow whose jobs ask for more."""
    asked = dict(job["permissions"])
    beyond = {name for name, level in asked.items() if LEVELS[level] > LEVELS[caller.granted.get(name, "none")]}
    assert beyond == set(), f"the caller does not grant {sorted(beyond)}"
    return asked


def job_outputs(job: Document, of_steps: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the outputs of a job whose steps had these."""
    found = {name: _OUTPUT.fullmatch(value) for name, value in job.get("outputs", {}).items()}
    return {name: of_steps.get(each["step"], {}).get(each["output"], "") for name, each in found.items() if each}


def for_act(document: Document, repository: str, reference: str) -> Document:
    """Return a workflow in words that act knows: `$/` is REPOSITORY at REFERENCE, an environment is a name."""
    spelled_out = _substituted(document, re.compile(r'(?<=")\$/([\w/-]+)'), rf"{repository}/\1@{reference}")
    jobs = {
        name: {**job, "environment": job["environment"]["name"]} if "environment" in job else job
        for name, job in spelled_out["jobs"].items()
    }
    return {**spelled_out, "jobs": jobs}


def alone(document: Document, job: str, needs: Mapping[str, Ended]) -> Document:
    """Return a workflow with one job, which reads results and outputs of those that it needs as literals."""
    content = {key: value for key, value in document["jobs"][job].items() if key != "needs"}

    def literal(found: re.Match[str]) -> str:
        ended = needs[found["job"]]
        return f"'{ended.outputs.get(found['output'], '') if found['output'] else ended.result}'"

    return {**document, "jobs": {job: _substituted(content, _NEEDS, literal)}}


def written(document: Document) -> str:
    """Return a document as YAML."""
    return yaml.dump(document, sort_keys=False, width=10**6, allow_unicode=True)


def _substituted(document: Document, pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str]) -> Document:
    """Return a document with its words changed, wherever they stand."""
    changed: Document = json.loads(pattern.sub(by, json.dumps(document)))
    return changed
