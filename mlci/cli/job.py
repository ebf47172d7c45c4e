"""What a job of GitHub Actions wants to hear: its summary and its outputs. Nothing is said on a laptop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.core.findings import DatasetReport
    from mlci.core.github_event import GithubEnvironment


def add_summary(github: GithubEnvironment | None, text: str) -> None:
    """Add Markdown to the page of the job."""
    if github and github.step_summary:
        with Path(github.step_summary).open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def annotate(github: GithubEnvironment | None, datasets: Sequence[DatasetReport], prefix: str) -> None:
    """Show findings beside the contracts that they break; PREFIX is the folder of `mlci.yaml`, ending with `/`."""
    if github:
        from mlci.render.annotations import annotated

        sys.stderr.write(annotated(datasets, prefix.rstrip("/")))


def warn_of_superseded(github: GithubEnvironment | None, tip: str, base: str | None) -> None:
    """Warn that the branch is at TIP by now, for which GitHub may have started no run; BASE is from before the push."""
    if github:
        from mlci.render.annotations import superseded

        page, branch = f"{github.server_url}/{github.repository}", github.ref.removeprefix("refs/heads/")
        sys.stderr.write(superseded(page, branch, tip, base))


def set_outputs(github: GithubEnvironment | None, outputs: Mapping[str, str]) -> None:
    """Set outputs of the step; names and values are our own words, of one line each."""
    if github and github.output:
        with Path(github.output).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in outputs.items())
