"""What a job of GitHub Actions wants to hear: its summary and its outputs. Nothing is said on a laptop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.github_event import GithubEnvironment


def add_summary(github: GithubEnvironment | None, text: str) -> None:
    """Add Markdown to the page of the job."""
    if github and github.step_summary:
        with Path(github.step_summary).open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def set_outputs(github: GithubEnvironment | None, outputs: Mapping[str, str]) -> None:
    """Set outputs of the step; names and values are our own words, of one line each."""
    if github and github.output:
        with Path(github.output).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in outputs.items())
