from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from mlci.commands.kept_package import FILE
from mlci.core.baseline import BASELINE_FILE
from mlci.core.package import with_file
from mlci.core.submission import Submission
from mlci.errors import IntegrityError
from mlci.formats.archive import pack
from mlci.testing import ScriptedRunner
from tests.commands.builders import COMMAND, CONTRACT, a_configuration, a_model, a_project, some_rows
from tests.commands.test_programs import a_program_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.core.training import Completed
    from mlci.testing.predictor import Columns
    from tests.commands.builders import Project

LOCK = b"numpy==2.2.0 --hash=sha256:" + b"a" * 64 + b"\n"

LISTED = f"{{run: {COMMAND}, data: [cells], code: [train.py], params: params.yaml, model: model.skops}}"


class InterveningRunner(ScriptedRunner):
    """Something happens in the work tree while a command runs."""

    meanwhile: Callable[[], None]

    @override
    def run(self, command: str, **given: Any) -> Completed:
        self.meanwhile()
        return super().run(command, **given)


def asked_again(project: Project) -> bool:
    """Tell whether the model is asked when the same run is reused; whatever is kept, the package is as a new one."""
    project.predictor.asked.clear()
    trained = project.train()
    assert trained.training.outcome == "reused"
    asks = bool(project.predictor.asked)
    del project.work.files[FILE]
    assert project.train().candidate.archive == trained.candidate.archive
    return asks


def test_package__of_a_reused_run_is_the_kept_one(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    first = project.train()
    assert not asked_again(project)
    assert project.train().candidate.archive == first.candidate.archive


def test_package__that_is_kept_says_what_it_said_when_it_was_made(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(requirements_txt=LOCK)
    project.repository.commit("Add a lock of too little")
    remarks = project.train().remarks
    assert remarks == (
        "no hashes in requirements.txt: requirements.txt does not name joblib, and mlci predicts with 1.5.0",
    )
    project.predictor.asked.clear()
    assert (project.train().remarks, project.predictor.asked) == (remarks, [])


def test_package__of_a_model_that_was_ended_while_it_was_asked_is_made_again(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.predictor.models["present"] = replace(a_model(), probability=ended_by_many_rows)
    trained = project.train()
    assert trained.remarks == ("no predictions in baseline.json: the model was ended: it took more than 60 s",)
    assert b'"predictions": null' in trained.candidate.package.files[BASELINE_FILE]
    project.predictor.models["present"] = a_model()
    again = project.train()
    assert (again.training.outcome, again.remarks) == ("reused", ())
    assert b'"predictions": {' in again.candidate.package.files[BASELINE_FILE]


def ended_by_many_rows(columns: Columns) -> Any:  # noqa: ANN401 - as the function of a model that it stands for
    if len(columns["radius"]) > 16:  # as many as golden rows
        raise IntegrityError("model-killed", "the model was ended: it took more than 60 s")
    return a_model().probability(columns)


CHANGES: dict[str, Callable[[Project], object]] = {
    "contract": lambda project: project.write(cells_yaml=CONTRACT.replace("max: 30", "max: 40")),
    "rules": lambda project: project.write(
        mlci_yaml=a_configuration(model="{name: tumour, task: binary, objective: Find them}")
    ),
    "other libraries": lambda project: setattr(
        project.predictor, "versions", {**project.predictor.versions, "scipy": "1.15.0"}
    ),
    "no word of it": lambda project: project.work.files.pop(FILE),
    "a damaged word of it": lambda project: project.work.files.update({FILE: b"{"}),
    "of a newer mlci": lambda project: project.work.files.update({FILE: b'{"schema": "mlci/packaged/99"}'}),
    "bytes that were changed": lambda project: altered(project, lambda archive: archive.replace(b"tumour", b"tumoum")),
    "bytes that were cut": lambda project: altered(project, lambda archive: archive[:-512]),
}


def altered(project: Project, change: Callable[[bytes], bytes]) -> None:
    submission = project.work.submission()
    assert submission is not None
    changed = Submission(submission.record, change(submission.archive))
    assert changed != submission
    project.work.submit(changed, project.train().candidate.package)


@pytest.mark.parametrize("change", CHANGES)
def test_package__is_made_anew_where_anything_of_it_changed(change: str, tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    CHANGES[change](project)
    assert asked_again(project)


def test_package__that_somebody_made_in_its_place_is_not_taken(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    trained = project.train()
    other = with_file(trained.candidate.package, "README.md", b"# Another card\n")
    project.work.submit(Submission(b"{}", pack(other.files)), other)
    assert asked_again(project)
    assert project.train().candidate.archive == trained.candidate.archive


def test_package__is_made_anew_for_another_lock_of_the_project(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=LISTED)
    project.train()
    project.write(requirements_txt=LOCK)
    assert asked_again(project)


def test_package__of_a_run_that_was_asked_for_again_is_made_anew(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.predictor.asked.clear()
    project.train(force=True)
    assert project.predictor.asked != []


def test_package__is_kept_for_the_lock_that_it_was_made_with_whatever_was_there_before(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=LISTED)
    runner = InterveningRunner(project.runner.scripts)
    runner.meanwhile = lambda: project.write(requirements_txt=LOCK)
    replace(project, runner=runner).train()
    project.repository.remove("requirements.txt")
    assert asked_again(project)


def test_package__without_what_could_not_be_counted_is_not_kept(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(data__cells_csv=some_rows(100, {3: "3,?,1,1"}))
    assert project.train().remarks != ()
    assert FILE not in project.work.files


def test_package__of_a_program_is_not_kept(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    project.train()
    assert FILE not in project.work.files


def test_train__files_of_a_commit_where_runs_are_kept_are_no_run(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.repository.write(".mlci/trained/0123/model.bin", b"whatever")
    project.repository.commit("Bring a run")
    with pytest.raises(IntegrityError) as caught:
        project.train()
    assert (caught.value.code, caught.value.where) == ("output-committed", ".mlci/trained/0123/model.bin")
