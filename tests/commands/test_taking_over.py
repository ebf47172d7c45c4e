from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from mlci.commands.proven import REVIEWED
from mlci.commands.taking_over import spared_training, taken_over
from mlci.core.proof import Proof
from mlci.errors import OutsideError
from mlci.testing import MemoryWorkbench, model_file
from tests.commands.judged import PLACE, RUN, a_judged_pull_request, handed_in, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.builders import Project

TAKEN = "taken over: the model that the pull request was judged with"


def a_merge(place: Path, *, reuse: str = "", run: int | None = RUN) -> Project:
    """Return a project whose pull request was judged and merged, as the job that trains sees it: with no run yet."""
    project = a_judged_pull_request(place, reuse=reuse, run=run)
    project.repository.switch("main")
    project.repository.merge("change")
    project.repository.push()
    project.work = MemoryWorkbench(project.work.path.parent)
    project.makes("narrow")
    return project


def spared(project: Project, base: str | None = None) -> str | None:
    return spared_training(
        base, repository=project.repository, registry=project.registry, forge=project.forge, work=project.work
    )


def is_taken_over(project: Project) -> bool:
    return taken_over(repository=project.repository, work=project.work) is not None


def test_merge__takes_over_what_was_judged_and_ships_it_without_training(tmp_path: Path) -> None:
    project = a_merge(tmp_path)
    assert (spared(project), is_taken_over(project)) == (TAKEN, True)
    project.forge.artifacts.clear()  # nobody asks for it a second time
    assert (project.promote().provenance, shipped(project)) == (REVIEWED, model_file("careful"))


def test_merge__what_production_was_made_from_needs_nothing(tmp_path: Path) -> None:
    project = a_merge(tmp_path)
    spared(project)
    project.promote()
    assert spared(project) == "v1.1.0 in production has the same inputs"


def test_merge__of_inputs_that_nobody_judged_trains(tmp_path: Path) -> None:
    project = a_merge(tmp_path)
    project.write(params_yaml="C: 2\n")
    project.land("Another push, without a pull request")
    assert (spared(project), is_taken_over(project)) == (None, False)


def test_merge__of_bytes_that_have_expired_trains(tmp_path: Path) -> None:
    project = a_merge(tmp_path)
    project.forge.artifacts.clear()
    assert (spared(project), is_taken_over(project)) == (None, False)


def test_merge__of_a_run_that_handed_in_something_else_since_trains(tmp_path: Path) -> None:
    project = a_merge(tmp_path)
    project.train()
    project.forge.artifacts[PLACE] = handed_in(project)
    project.work = MemoryWorkbench(project.work.path.parent)
    assert (spared(project), is_taken_over(project)) == (None, False)


def test_merge__that_wants_a_model_trained_after_it_trains(tmp_path: Path) -> None:
    assert spared(a_merge(tmp_path, reuse=", reuse: never")) is None


def test_merge__that_takes_that_wish_back_trains_once_more(tmp_path: Path) -> None:
    project = a_merge(tmp_path, reuse=", reuse: never")
    before = project.repository.head()
    text = project.repository.work_tree().read("mlci.yaml")
    assert text
    project.write(mlci_yaml=text.decode().replace(", reuse: never", ""))
    commit = project.land("Ship what was judged")
    inputs = project.train().fingerprint.digest
    project.forge.artifacts[PLACE] = handed_in(project)
    model = hashlib.sha256(model_file("narrow")).hexdigest()
    project.forge.prove(commit, Proof(inputs, model, RUN))
    project.work = MemoryWorkbench(project.work.path.parent)
    assert (spared(project, before), spared(project, commit)) == (None, TAKEN)


def test_merge__where_the_host_does_not_answer_trains(tmp_path: Path) -> None:
    project = a_merge(tmp_path)

    def unanswered(*_: object) -> None:
        raise OutsideError("github-unreachable", "it does not answer")

    vars(project.forge).update(proof=unanswered)
    assert spared(project) is None


@pytest.mark.parametrize("changed", ["params_yaml", "train_py"])
def test_taken_over__is_not_for_other_inputs(tmp_path: Path, changed: str) -> None:
    project = a_merge(tmp_path)
    spared(project)
    project.write(**{changed: "C: 3\n"})
    assert not is_taken_over(project)
