"""A pull request whose model was judged, and its merge."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from mlci.core.submission import ARCHIVE, RECORD
from mlci.formats.archive import unpack
from tests.commands.builders import Project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

RUN = 7
PLACE = (RUN, "mlci-submission")


def a_judged_pull_request(place: Path, *, reuse: str = "", run: int | None = RUN) -> Project:
    """Return a project on a branch whose model `careful` was judged, as RUN submitted it."""
    project = a_released_project(place, promote=f"{{store: {{directory: ../models}}{reuse}}}")
    project.repository.switch("change")
    project.trains("careful")
    project.repository.commit("A change")
    project.train()
    if run is not None:
        project.forge.artifacts[PLACE] = handed_in(project)
    project.report(run)
    return project


def merged(project: Project, retrained: str) -> Project:
    """Merge the branch, and let the training make another model of the same inputs."""
    project.repository.switch("main")
    project.repository.merge("change")
    project.repository.push()
    project.makes(retrained)
    project.train(force=True)
    return project


def handed_in(project: Project) -> bytes:
    """Return what was submitted, as a host keeps it."""
    submission = project.work.submission()
    assert submission is not None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(RECORD, submission.record)
        archive.writestr(ARCHIVE, submission.archive)
    return buffer.getvalue()


def shipped(project: Project) -> bytes:
    """Return the model in production."""
    return unpack(project.store.archives[project.production.package_sha256])["model.skops"]
