"""Annotations of GitHub Actions: findings beside the line of the contract that holds the rule, and what nobody decides.

They are read by everybody who may see the pull request, so they hold names and counts, and no value of the data.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.core.findings import DatasetReport, Finding

MOST: Final = 10
"""Annotations of one kind that GitHub shows of a step."""
_WORDS: Final = {"error": "error", "warn": "warning"}


def annotated(datasets: Sequence[DatasetReport], folder: str = "") -> str:
    """Return a command for the runner in each line, for the findings in DATASETS; "" where there is nothing to say.

    FOLDER is that of `mlci.yaml`, from the root of the repository. New findings come first.
    """
    findings = sorted((each for dataset in datasets for each in dataset.findings), key=lambda each: bool(each.before))
    return "".join(
        f"{_command(each, folder)}\n"
        for severity in _WORDS
        for each in [finding for finding in findings if finding.severity == severity][:MOST]
    )


def superseded(page: str, branch: str, tip: str, base: str | None) -> str:
    """Return the command for the runner that warns of a TIP of BRANCH which may have no run that decides on it.

    PAGE is the address of the repository, BASE what the branch was at before the push that this job is about.
    """
    rules = f" --base {shlex.quote(base)}" if base and base.strip("0") else ""
    told = (
        f"nothing was promoted: {branch} moved on to {tip}, whose own run decides: {page}/commit/{tip}/checks "
        "GitHub starts none for [skip ci], nor for a push by the token of a job. Where there is none, nobody decides "
        f"before the next push, unless you do: git switch {shlex.quote(branch)} && git pull && mlci train "
        f"&& mlci promote{rules}"
    )
    return f"::warning title={_property(f'mlci: who decides on {tip[:12]}?')}::{_data(one_line(told, 1000))}\n"


def _command(finding: Finding, folder: str) -> str:
    properties = ",".join(f"{name}={_property(text)}" for name, text in _properties(finding, folder))
    standing = f" ({finding.standing})" if finding.standing else ""
    return f"::{_WORDS[finding.severity]} {properties}::{_data(_words(finding.sentence))}{standing}"


def _properties(finding: Finding, folder: str) -> Iterator[tuple[str, str]]:
    file, _, line = (finding.where or "").rpartition(":")
    if line.isdecimal():  # what stands at base alone has no line in the pull request
        yield "file", f"{folder}/{file}" if folder else file
        yield "line", line
    yield "title", f"mlci: {finding.dataset}"


def _words(sentence: str) -> str:
    return one_line(sentence.replace("`", ""), 500)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text, 300)).replace(":", "%3A").replace(",", "%2C")
