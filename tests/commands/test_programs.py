"""A model that is a program: trained, packaged, judged by its answers, asked where it may be started."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typing_extensions import override

from mlci.commands.installed import Installed
from mlci.commands.packaging import packaged
from mlci.commands.predict import predict
from mlci.commands.programs import golden_of
from mlci.commands.verify import verify_package, verify_registry, worst
from mlci.core.config import read_config
from mlci.core.golden import GOLDEN_FILE
from mlci.core.package import REQUIREMENTS_FILE, Package, read_package
from mlci.core.report import Conclusion
from mlci.core.submission import Submission
from mlci.errors import MlciError, RejectedError
from mlci.formats.archive import pack, unpack
from mlci.formats.program_archive import read_program, write_program
from mlci.testing import Script, ScriptedPredictor, model_file
from mlci.testing.predictor import ScriptedModel
from tests.commands.builders import (
    COMMAND,
    Project,
    a_configuration,
    a_model,
    a_project,
    refused,
    some_rows,
)

if TYPE_CHECKING:
    from pathlib import Path

PREDICT = "predict: {run: ./score rows, model: model.bin, files: [score, requirements.txt]}"
TRAIN = f"{{run: {COMMAND}, data: [cells], params: params.yaml, {PREDICT}}}"


def a_program_project(place: Path, *gates: str, trains: str = "present", **changes: str) -> Project:
    """Return a project whose model is a program, landed."""
    project = a_project(place, *gates, **({"train": TRAIN} | changes))
    project.repository.write("score", b"#!/bin/sh\n")
    project.repository.write("requirements.txt", b"numpy==2.2.0\n")
    leaves(project, trains)
    project.land("Answer by a program")
    return project


def leaves(project: Project, model: str) -> None:
    """Let the training code, changed, leave a model."""
    project.write(train_py=f"# makes the {model} one\n")
    project.runner.scripts[COMMAND] = Script({"model.bin": model_file(model)})


def package_of(project: Project) -> Package:
    return project.train().candidate.package


def a_branch_of_a_program(place: Path) -> Project:
    """Return a project whose program is in production, on a branch that changed nothing yet."""
    project = a_program_project(place)
    project.train()
    project.promote()
    project.repository.switch("change")
    return project


def test_train__the_package_has_the_program_its_signature_and_golden_answers(tmp_path: Path) -> None:
    package = package_of(a_program_project(tmp_path))
    program = read_program(package.model)
    assert sorted(package.files) == [
        "MLmodel", "README.md", "baseline.json", "contract.json", "golden.json", "manifest.json", "mlci_model.py",
        "package.json", "program.tar", "requirements.txt",
    ]  # fmt: skip
    assert (package.info.format, package.level, package.info.estimator) == ("program", "predictions", "./score rows")
    assert [each.name for each in package.info.signature.inputs] == ["radius", "texture"]
    assert (package.info.signature.classes, package.info.signature.positive) == ((0, 1), 1)
    assert program.files == {
        "model.bin": model_file("present"), "requirements.txt": b"numpy==2.2.0\n", "score": b"#!/bin/sh\n",
    }  # fmt: skip
    assert package.files[REQUIREMENTS_FILE] == b"numpy==2.2.0\n"
    assert "is code of whoever trained it" in package.files["README.md"].decode()


def test_train__the_program_sees_neither_ids_nor_labels(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    project.train()
    assert {each.columns for each in project.predictor.asked} == {("radius", "texture")}


def test_train__equal_programs_are_equal_packages(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (a_program_project(tmp_path / name).train().candidate for name in ("one", "other"))
    assert one.archive == other.archive


def test_train__a_run_is_reused_until_the_program_changes(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    first = project.train()
    assert project.train().training.outcome == "reused"
    project.repository.write("score", b"#!/bin/sh\n# otherwise\n")
    changed = project.train()
    assert (changed.training.outcome, changed.candidate.archive == first.candidate.archive) == ("trained", False)


def test_check__and_promote_judge_it_by_its_answers(tmp_path: Path) -> None:
    project = a_branch_of_a_program(tmp_path)
    leaves(project, "careless")
    project.repository.commit("Be careless")
    worse = project.check()
    assert (worse.conclusion, worse.trust.level) == (Conclusion.FAIL, "predictions")
    leaves(project, "careful")
    project.repository.commit("Be careful")
    assert project.check().conclusion is Conclusion.PASS


def test_rules__which_program_it_is_is_head_s_own(tmp_path: Path) -> None:
    project = a_branch_of_a_program(tmp_path)
    project.write(mlci_yaml=a_configuration(train=TRAIN.replace("./score rows", "./score otherwise")))
    project.repository.commit("Call it otherwise")
    judged = project.check()
    assert (judged.conclusion, judged.changes) == (Conclusion.PASS, ())
    candidate = project.work.submission()
    assert candidate is not None
    assert read_package(unpack(candidate.archive)).info.estimator == "./score otherwise"


def test_report__starts_nothing_of_it(tmp_path: Path) -> None:
    project = a_branch_of_a_program(tmp_path)
    leaves(project, "careful")
    project.repository.commit("Be careful")
    project.train()
    project.predictor.asked.clear()
    judged, _ = project.report()
    assert (judged.conclusion, project.predictor.asked) == (Conclusion.PASS, [])


def test_report__forged_golden_rows_are_left_out(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    program = read_program(package_of(project).model)
    assert program.golden is not None
    for forged in (b"{}", program.golden.replace(b"0.9", b"0.9e400", 1), program.golden + b" ", program.golden[:90]):
        found = packaged(write_program(replace(program, golden=forged)), *rules(project), project.predictor)
        assert GOLDEN_FILE not in found.files


def test_report__golden_rows_of_another_signature_are_left_out(tmp_path: Path) -> None:
    package = package_of(a_program_project(tmp_path))
    program, signature = read_program(package.model), package.info.signature
    assert golden_of(program, signature) == program.golden
    assert golden_of(program, signature.model_copy(update={"inputs": signature.inputs[:1]})) is None


def test_rules__that_want_a_model_take_no_program(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.repository.switch("change")
    project.write(mlci_yaml=a_configuration(train=TRAIN))
    project.repository.write("score", b"#!/bin/sh\n")
    project.repository.write("requirements.txt", b"")
    leaves(project, "present")
    project.repository.commit("Answer by a program")
    with pytest.raises(MlciError) as caught:
        project.check()
    assert caught.value.code == "level-lowered"


def test_rules__that_want_a_model_take_no_program_that_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    smuggled = package_of(a_program_project(tmp_path / "other"))
    project = a_project(tmp_path)
    project.train()
    submission = project.work.submission()
    assert submission is not None
    project.work.submit(Submission(submission.record, pack(smuggled.files)), smuggled)
    project.repository.switch("change")
    with pytest.raises(MlciError) as caught:
        project.report()
    assert caught.value.code == "level-lowered"


def test_predict__asks_the_program(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    rows = tmp_path / "rows.csv"
    rows.write_bytes(some_rows(2))
    found = predict(Installed(package_of(project), "0" * 64), rows, data=project.data, predictor=project.predictor)
    assert (found.said.tolist(), found.classes) == ([0.9, 0.1], ("1", "0"))


def test_verify__asks_golden_rows_where_programs_may_be_started(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    installed = Installed(package_of(project), "0" * 64)
    told = [each.result for each in verify_package(installed, "here", project.predictor)]
    assert told == ["10 files match", "answers 16 golden rows in a child as when it was packaged"]
    beside_token = verify_package(installed, "here", Tied(project.predictor.models))
    assert beside_token[1].result == "holds a program and its answers, each a finite number; it is not started here"


def test_verify__a_program_that_answers_otherwise_than_it_did(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    package = package_of(project)
    project.predictor.models["present"] = a_model(0, 1)
    with pytest.raises(MlciError) as caught:
        verify_package(Installed(package, "0" * 64), "here", project.predictor)
    assert caught.value.code == "golden-differs"


def test_verify__the_registry_s_versions(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    project.train()
    project.promote()
    checked = verify_registry(
        "tumour", None, repository=project.repository, registry=project.registry, stores=[(None, project.store)],
        predictor=Tied(project.predictor.models),
    )  # fmt: skip
    assert worst(checked) is None


def test_deploy__a_program_is_laid_out_like_any_package(tmp_path: Path) -> None:
    project = a_program_project(tmp_path, deploy="{live: {target: directory, path: ../live}}")
    project.train()
    project.promote()
    assert project.deploy().version == project.production.number


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"data": "{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv}}"}, "program-contract"),
        ({"train": TRAIN.replace("files: [score,", "files: [nothing,")}, "program-file"),
        ({"train": TRAIN.replace("files:", "inputs: [malignant], files:")}, "label-as-feature"),
        ({"train": TRAIN.replace("files:", "inputs: [unknown], files:")}, "feature-not-in-contract"),
        ({"train": TRAIN.replace("model: model.bin", "model: other.bin")}, "no-model"),
    ],
)
def test_train__what_is_missing_is_named(changes: dict[str, str], code: str, tmp_path: Path) -> None:
    assert refused(a_program_project(tmp_path, **changes), "train").code == code


def test_train__a_file_that_is_a_link_to_another_place_is_refused(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    (tmp_path / "secret").write_text("labels")
    (project.repository.folder / "score").unlink()
    (project.repository.folder / "score").symlink_to(tmp_path / "secret")
    assert refused(project, "train").code == "program-file"


def test_train__answers_of_another_task_are_refused(tmp_path: Path) -> None:
    project = a_program_project(tmp_path, trains="number")
    project.predictor.models["number"] = replace(a_model(), classes=None)
    error = refused(project, "train")
    assert (error.code, error.problem) == (
        "program-answers",
        "`./score rows` answers with `prediction`, as no binary task does",
    )


def test_train__of_several_classes(tmp_path: Path) -> None:
    def probability(columns: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 - columns of a test
        large = np.asarray(columns["radius"]) > 15
        return np.column_stack([large * 0.5, large * 0.25, 1 - large * 0.75])

    project = a_program_project(
        tmp_path,
        "{metric: accuracy, require: not_worse, margin: 0.05}",
        trains="several",
        model="{name: tumour, task: multiclass}",
        evaluate="{data: holdout, id: id, label: malignant}",
    )
    project.predictor.models["several"] = ScriptedModel(("radius", "texture"), probability, classes=("0", "1", "2"))
    package = package_of(project)
    assert package.info.signature.classes == ("0", "1", "2")
    assert verify_package(Installed(package, "0" * 64), "here", project.predictor)[1].result.startswith("answers 16")


def test_train__of_several_labels(tmp_path: Path) -> None:
    def probability(columns: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 - columns of a test
        large = np.asarray(columns["radius"]) > 15
        return np.column_stack([large * 0.9, large * 0.25 + 0.5])

    project = a_program_project(
        tmp_path,
        "{metric: f1_micro, require: not_worse, margin: 0.05}",
        trains="labels",
        model="{name: tumour, task: multilabel}",
        evaluate="{data: holdout, id: id, label: [malignant, texture]}",
    )
    project.predictor.models["labels"] = ScriptedModel(("radius",), probability, None, labels=2)
    package = package_of(project)
    signature = package.info.signature
    assert (signature.classes, signature.is_multilabel) == (("malignant", "texture"), True)
    assert [each.name for each in signature.inputs] == ["radius"]
    assert read_program(package.model).info.labels == ("malignant", "texture")
    assert b'about.get("labels")' in package.files["mlci_model.py"]
    assert verify_package(Installed(package, "0" * 64), "here", project.predictor)[1].result.startswith("answers 16")


def test_train__golden_rows_that_it_refuses_have_no_answers(tmp_path: Path) -> None:
    project = a_program_project(tmp_path)
    project.predictor = Particular(project.predictor.models)
    assert b'"answers": null' in package_of(project).files[GOLDEN_FILE]


def rules(project: Project) -> tuple[Any, Any]:
    """Return configuration and contract of a project."""
    config = read_config((project.repository.folder / "mlci.yaml").read_bytes())
    submission = project.work.submission()
    assert submission is not None
    from mlci.commands.sides import head_side  # noqa: PLC0415 - for one test

    assert read_package(unpack(submission.archive)).info.format == "program"
    return config, head_side(project.repository.work_tree()).contracts["holdout"]


class Tied(ScriptedPredictor):
    """One that holds a token."""

    @property
    @override
    def starts_programs(self) -> bool:
        """Whether programs of packages are started."""
        return False

    @override
    def run_program(self, content: bytes, columns: Any) -> Any:
        """Start nothing."""
        raise AssertionError("a program was started beside a token")


class Particular(ScriptedPredictor):
    """One whose program takes no row that was made up."""

    @override
    def run_program(self, content: bytes, columns: Any) -> Any:
        """Answer many rows only."""
        if len(next(iter(columns.values())).values) == 16:
            raise RejectedError("program-failed", "unknown texture")
        return super().run_program(content, columns)
