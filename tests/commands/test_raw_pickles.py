"""A pickle that cannot be converted: shipped raw where base says so, judged by its answers, marked everywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from mlci.commands.installed import Installed
from mlci.commands.registry import evaluation_of
from mlci.commands.verify import verify_package
from mlci.core.config import read_config
from mlci.core.report import Conclusion
from mlci.core.submission import Submission
from mlci.errors import MlciError, UsageError
from mlci.formats.archive import pack
from mlci.formats.program_archive import read_program
from mlci.render.markdown import comment
from mlci.testing import Script, ScriptedPredictor
from mlci.testing.predictor import PICKLED
from tests.commands.builders import COMMAND, Project, a_configuration, a_project, a_released_project, refused

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.package import Package

TRAIN = f"{{run: {COMMAND}, data: [cells], params: params.yaml, model: model.pkl}}"
ALLOWED = TRAIN.replace("model.pkl", "model.pkl, allow_pickle: true")
MARK = "the model is a raw pickle, which runs code wherever it is loaded (`train.allow_pickle`)"


def leaves(project: Project, model: str = "careful") -> None:
    """Let the training code, changed, leave a pickle of a model that cannot be converted."""
    project.write(train_py=f"# pickles the {model} one\n")
    project.predictor.unconvertible.add(model)
    project.runner.scripts[COMMAND] = Script({"model.pkl": PICKLED + model.encode()})


def a_pickling_project(place: Path, train: str = ALLOWED, **changes: str) -> Project:
    project = a_project(place, train=train, **changes)
    leaves(project, "present")
    project.repository.write("src/own.py", b"class Model: ...\n")
    project.repository.write("requirements.txt", b"numpy==2.2.0\n")
    project.land("Pickle it")
    return project


def package_of(project: Project) -> Package:
    return project.train().candidate.package


def test_train__ships_a_pickle_with_the_code_that_it_names(tmp_path: Path) -> None:
    package = package_of(a_pickling_project(tmp_path))
    program = read_program(package.model)
    assert (package.info.format, package.level, package.info.model) == ("pickle", "predictions", "program.tar")
    assert sorted(program.files) == [
        "about.json", "answer.py", "code/src/own.py", "code/train.py", "model.pkl", "requirements.txt",
    ]  # fmt: skip
    assert program.files["model.pkl"] == PICKLED + b"present"
    assert package.files["requirements.txt"] == b"numpy==2.2.0\n"
    assert "**a pickle runs code wherever it is loaded**" in " ".join(package.files["README.md"].decode().split())


def test_train__says_that_it_is_one_and_that_nobody_listed_what_it_needs(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=ALLOWED)
    leaves(project, "present")
    trained = project.train()
    assert trained.remarks == (
        "the model could not be converted: it is shipped as a raw pickle (train.allow_pickle), judged by its answers",
    )
    assert trained.candidate.package.files["requirements.txt"].startswith(b"# Nobody knows what a pickle imports")


def test_train__what_can_be_converted_is_shipped_converted(tmp_path: Path) -> None:
    project = a_pickling_project(tmp_path)
    project.predictor.unconvertible.clear()
    package = package_of(project)
    assert (package.info.format, package.level) == ("skops", "model")
    assert project.check(force=True).trust.is_pickle is False


def test_train__where_nobody_allows_it_the_type_is_named(tmp_path: Path) -> None:
    with pytest.raises(MlciError) as caught:
        a_pickling_project(tmp_path, TRAIN).train()
    assert caught.value.code == "model-forbidden-type"
    assert "allow_pickle: true" in str(caught.value.hint)


def test_train__equal_pickles_are_equal_packages(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (a_pickling_project(tmp_path / name).train().candidate for name in ("one", "other"))
    assert one.archive == other.archive


def a_branch_of_a_pickle(place: Path) -> Project:
    project = a_pickling_project(place)
    project.train()
    project.promote()
    project.repository.switch("change")
    return project


def test_check__judges_it_by_its_answers_and_marks_it(tmp_path: Path) -> None:
    project = a_branch_of_a_pickle(tmp_path)
    leaves(project, "careless")
    project.repository.commit("Be careless")
    worse = project.check()
    assert (worse.conclusion, worse.trust.level) == (Conclusion.FAIL, "predictions")
    leaves(project, "careful")
    project.repository.commit("Be careful")
    better = project.check()
    assert better.conclusion is Conclusion.PASS
    for told in (worse, better):
        assert MARK in told.trust.line
        assert "raw pickle" in comment(told)
        assert told.to_dict()["is_pickle"] is True


def test_report__loads_nothing_of_it_and_marks_it(tmp_path: Path) -> None:
    project = a_branch_of_a_pickle(tmp_path)
    leaves(project, "careful")
    project.repository.commit("Be careful")
    project.train()
    project.predictor.asked.clear()
    judged, _ = project.report()
    assert (judged.conclusion, project.predictor.asked) == (Conclusion.PASS, [])
    assert MARK in judged.trust.line


def test_promote__the_registry_knows_that_it_is_one(tmp_path: Path) -> None:
    project = a_branch_of_a_pickle(tmp_path)
    evaluation = evaluation_of(project.production, project.registry)
    assert evaluation is not None
    assert evaluation.is_pickle


def test_verify__marks_it(tmp_path: Path) -> None:
    project = a_pickling_project(tmp_path)
    told = verify_package(Installed(package_of(project), "0" * 64), "here", project.predictor)
    assert [(each.subject, each.is_warning) for each in told] == [
        ("here manifest", False), ("here model", False), ("here format", True),
    ]  # fmt: skip
    assert told[1].result == "answers 16 golden rows in a child as when it was packaged"
    assert told[2].result.startswith("a raw pickle, which runs code wherever it is loaded")


def test_rules__a_pull_request_that_allows_it_is_named_and_ignored(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, train=TRAIN.replace("model.pkl", "model.skops"))
    project.repository.switch("change")
    project.write(mlci_yaml=a_configuration(train=ALLOWED))
    project.runner.scripts[COMMAND] = Script({"model.pkl": PICKLED + b"careful"})
    project.repository.commit("Allow pickles")
    judged = project.check()  # what converts is converted, and judged as a model
    assert (judged.conclusion, judged.trust.level) == (Conclusion.PASS, "model")
    assert [(each.direction, each.sentence, each.effect) for each in judged.changes if "pickle" in each.sentence] == [
        (
            "looser",
            "lets a model be shipped as a pickle, which runs code wherever it is loaded",
            "takes effect after merge",
        )
    ]
    leaves(project)
    project.repository.commit("And ship one")
    assert refused(project).code == "model-forbidden-type"


def test_rules__who_judges_takes_no_pickle_that_base_does_not_allow(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, train=TRAIN.replace("model.pkl", "model.skops"))
    project.repository.switch("change")
    project.write(mlci_yaml=a_configuration(train=ALLOWED))
    leaves(project)
    project.repository.commit("Allow pickles, and ship one")
    project.train()  # on a laptop, by the rules of the work tree
    for judging in (project.check, project.report):
        with pytest.raises(UsageError) as caught:
            judging()
        assert caught.value.code == "pickle-not-allowed"


def test_rules__a_level_of_predictions_is_no_leave_for_pickles(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    pickled = package_of(a_pickling_project(tmp_path / "other"))
    by_predictions = TRAIN.replace("model: model.pkl", "predictions: answers.csv")
    project = a_project(tmp_path, train=by_predictions)
    project.runner.scripts[COMMAND] = Script({"answers.csv": ANSWERS})
    project.train()
    submission = project.work.submission()
    assert submission is not None
    project.work.submit(Submission(submission.record, pack(pickled.files)), pickled)
    project.repository.switch("change")
    with pytest.raises(UsageError) as caught:
        project.report()
    assert caught.value.code == "pickle-not-allowed"


def test_rules__a_sealed_set_takes_no_pickle() -> None:
    with pytest.raises(UsageError) as caught:
        read_config(
            a_configuration(
                train=ALLOWED, sealed="{data: secret}",
                data="{cells: {path: a.csv}, holdout: {path: b.csv}, secret: {path: c.csv}}",
            ).encode()
        )  # fmt: skip
    assert "a sealed set needs train.model, and no pickle" in caught.value.problem


def test_rules__only_a_model_may_come_as_a_pickle() -> None:
    with pytest.raises(UsageError) as caught:
        read_config(a_configuration(train=ALLOWED.replace("model: model.pkl", "scores: scores.csv")).encode())
    assert "allow_pickle: is for a model:" in caught.value.problem


ANSWERS = "".join(["id,probability\n", *(f"{row},{0.9 if row % 2 else 0.1}\n" for row in range(200))]).encode()


class OnPaths(ScriptedPredictor):
    """One that remembers which search paths programs were looked for on."""

    paths: tuple[str, ...] = ()

    @override
    def on_path(self, search_path: str) -> ScriptedPredictor:
        """Remember the path."""
        self.paths = (*self.paths, search_path)
        return self


@pytest.mark.parametrize(("train", "asks"), [(ALLOWED, True), (TRAIN, False)])
def test_train__a_pickle_is_loaded_in_the_environment_that_it_was_made_in(
    train: str, *, asks: bool, tmp_path: Path
) -> None:
    train = train.replace("model.pkl", "model.skops")
    project = a_project(tmp_path, train=train, environment="{install: ./make}")
    project.predictor = predictor = OnPaths(project.predictor.models)
    project.runner.scripts["./make"] = Script(makes_environment=True)
    project.train()
    places = [path.split(os.pathsep)[0] for path in predictor.paths]
    assert [place.startswith(str(project.repository.folder / ".mlci")) for place in places] == [True] * asks
