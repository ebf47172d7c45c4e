from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.installed import Installed
from mlci.commands.verify import Checked, verify_package, verify_registry, worst
from mlci.core.evaluation import write_evaluation
from mlci.core.package import with_file
from mlci.core.registry import NewVersion, plan_promotion
from mlci.core.registry.entries import event_path, sha256
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError
from mlci.render.registry_page import registry_page
from mlci.testing import MemoryStore
from tests.commands.builders import MODEL, MODELS, Project, a_project, a_released_project, with_classes
from tests.core.plans import ANA, UUIDS
from tests.core.reports import a_report, a_verdict

if TYPE_CHECKING:
    from pathlib import Path


def verified(project: Project, reference: str | None = None) -> tuple[Checked, ...]:
    return verify_registry(
        MODEL, reference,
        repository=project.repository, registry=project.registry, stores=[(None, project.store)],
        predictor=project.predictor,
    )  # fmt: skip


def refused(project: Project, reference: str | None = None) -> MlciError:
    """Return why it does not get as far as a list, or the one thing on the list that is wrong."""
    with pytest.raises(MlciError) as caught:
        raise wrong(verified(project, reference))
    return caught.value


def wrong(checked: tuple[Checked, ...]) -> MlciError:
    error = worst(checked)
    assert error is not None
    return error


def test_verify__the_whole_registry(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    first, second = (version.package_sha256[:12] for version in project.history.versions.values())
    old, new = ((version.evaluation or "")[:12] for version in project.history.versions.values())
    older, newer = (version.commit[:12] for version in project.history.versions.values())
    assert [f"{each.subject}: {each.result}" for each in verified(project)] == [
        "tumour registry: 4 events, chain whole",
        "tumour history: 2 commits, each only adds",
        "tumour tags: 4 name the commits that made them",
        f"tumour@v1.0.0 commit: {older} is here",
        f"tumour@v1.0.0 evaluation: first, {old} as registered",
        f"tumour@v1.0.0 bytes: sha256 {first} as registered",
        "tumour@v1.0.0 manifest: 10 files match",
        "tumour@v1.0.0 model: answers 16 golden rows in a child as when it was packaged",
        f"tumour@v1.1.0 commit: {newer} is here",
        f"tumour@v1.1.0 evaluation: pass, {new} as registered",
        f"tumour@v1.1.0 bytes: sha256 {second} as registered",
        "tumour@v1.1.0 manifest: 10 files match",
        "tumour@v1.1.0 model: answers 16 golden rows in a child as when it was packaged",
    ]


@pytest.mark.parametrize("reference", ["v1.0.0", "tumour@v1.0.0", "#production"])
def test_verify__one_version(tmp_path: Path, reference: str) -> None:
    subjects = [each.subject for each in verified(a_released_project(tmp_path), reference)]
    assert subjects == [
        "tumour registry", "tumour history", "tumour tags",
        "tumour@v1.0.0 commit", "tumour@v1.0.0 evaluation", "tumour@v1.0.0 bytes", "tumour@v1.0.0 manifest",
        "tumour@v1.0.0 model",
    ]  # fmt: skip


def test_verify__an_empty_registry(tmp_path: Path) -> None:
    assert verified(a_project(tmp_path)) == (Checked("tumour registry", "0 events, chain whole"),)


def test_verify__a_version_that_nobody_knows(tmp_path: Path) -> None:
    error = refused(a_released_project(tmp_path), "v9.0.0")
    assert (type(error), error.code) == (UsageError, "unknown-version")


def test_verify__bytes_that_were_changed_in_the_store(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.store.archives[project.production.package_sha256] += b"x"
    error = refused(project)
    assert (type(error), error.code) == (IntegrityError, "package-damaged")


def test_verify__a_tag_that_was_moved(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.registry.origin.tags["tumour@v1.0.0"] = project.registry.origin.tips[MODEL]
    error = refused(project)
    assert (error.code, error.where, error.hint) == ("tag-moved", "tumour@v1.0.0", "mlci registry repair")


def test_verify__a_commit_that_is_gone(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    project.repository = a_project(tmp_path / "elsewhere", trains="careful").repository
    assert refused(project).code == "commit-missing"


@pytest.mark.parametrize("content", [None, b"", b"{}"], ids=["gone", "emptied", "edited"])
def test_verify__an_evaluation_that_is_not_as_registered(tmp_path: Path, content: bytes | None) -> None:
    project = a_released_project(tmp_path)
    tip = project.registry.origin.tips[MODEL]
    files = dict(project.registry.origin.commits[tip])
    path = f"evaluations/{project.production.evaluation}.json"
    del files[path]
    project.registry.origin.commits[tip] = files if content is None else {**files, path: content}
    error = refused(project)
    assert (error.code, error.where) == ("registry-broken", path)


def test_verify__looks_at_everything_and_says_how_much_is_wrong(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    first, second = (version.package_sha256 for version in project.history.versions.values())
    project.store.archives[first] += b"x"
    del project.store.archives[second]
    checked = verified(project)
    assert [each.error.code for each in checked if each.error] == ["package-damaged", "package-missing"]
    error = wrong(checked)
    assert (error.code, error.exit_code) == ("several-problems", 4)
    assert error.problem == "2 of 9 things are not as they should be; each is named above"


def test_verify__where_only_the_store_is_down_it_is_the_outside_that_failed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.store.archives.clear()
    assert wrong(verified(project)).exit_code == 5


def test_verify__bytes_that_are_gone(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.store.archives.clear()
    error = refused(project)
    assert (type(error), error.code) == (OutsideError, "package-missing")


def test_verify__each_place_has_its_own_line(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    digest = project.production.package_sha256
    mirror = MemoryStore(tmp_path)
    stores = [("../models", project.store), ("s3://models", mirror)]

    def bytes_found() -> list[str]:
        checked = verify_registry(
            MODEL, None,
            repository=project.repository, registry=project.registry, stores=stores, predictor=project.predictor,
        )  # fmt: skip
        lines = [f"{each.error.code if each.error else 'right'} {each.subject}" for each in checked]
        return [line for line in lines if " bytes" in line]

    in_store, in_mirror = "tumour@v1.0.0 bytes in ../models", "tumour@v1.0.0 bytes in s3://models"
    assert bytes_found() == [f"right {in_store}", f"package-missing {in_mirror}"]
    mirror.put(project.store.archives[digest], digest)
    assert bytes_found() == [f"right {in_store}", f"right {in_mirror}"]


def test_verify__a_first_store_that_is_damaged_is_told_where_its_mirror_is_right(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    digest = project.production.package_sha256
    mirror = MemoryStore(tmp_path)
    mirror.put(project.store.archives[digest], digest)
    project.store.archives[digest] += b"x"
    checked = verify_registry(
        MODEL, None,
        repository=project.repository, registry=project.registry,
        stores=[("../models", project.store), ("s3://models", mirror)], predictor=project.predictor,
    )  # fmt: skip
    assert [each.subject for each in checked if each.error] == ["tumour@v1.0.0 bytes in ../models"]
    assert (wrong(checked).code, checked[-1].subject) == ("package-damaged", "tumour@v1.0.0 model")


def put_back_by_hand(project: Project, evaluation: str | None, content: bytes | None) -> None:
    """Put v1.0.0 into production again on an EVALUATION, as only somebody with the right to push can."""
    loaded = project.registry.load(MODEL)
    first = loaded.registry.versions["v1.0.0"]
    named = NewVersion(
        package_sha256=first.package_sha256,
        package_size=first.package_size,
        locations=first.locations,
        run=first.run,
        commit=first.commit,
        evaluation=evaluation,
        signature=first.signature,
        part="minor",
        number_reason="by hand",
    )
    change = plan_promotion(
        loaded.registry, named, "production", loaded.registry.expectation("production"),
        actor=ANA, now=project.clock.now(), uuids=UUIDS, reason="by hand", page=registry_page, evaluation=content,
    )  # fmt: skip
    project.registry.push(MODEL, change, loaded.commit)


def test_verify__the_evaluation_of_each_promotion_is_looked_for(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    put_back_by_hand(project, "e" * 64, None)
    checked = verified(project)
    assert [each.subject for each in checked if each.error] == ["tumour@v1.0.0 evaluation of event 5"]
    assert (wrong(checked).code, wrong(checked).where) == ("registry-broken", f"evaluations/{'e' * 64}.json")


def test_verify__a_move_without_an_evaluation_has_a_line(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    put_back_by_hand(project, None, None)
    told = {each.subject: each.result for each in verified(project)}
    assert told["tumour@v1.0.0 evaluation of event 5"] == "none: nothing says why it went into production"


def test_verify__an_evaluation_that_allows_no_promotion(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    failed = write_evaluation(a_report(Conclusion.FAIL, verdict=a_verdict()))
    put_back_by_hand(project, sha256(failed), failed)
    checked = verified(project)
    assert [each.subject for each in checked if each.error] == ["tumour@v1.0.0 evaluation of event 5"]
    error = wrong(checked)
    assert (error.code, error.exit_code, error.problem) == (
        "evaluation-refuses", 4, "v1.0.0 was promoted on an evaluation that does not allow it: fail",
    )  # fmt: skip


def test_verify__an_event_that_was_rewritten(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    origin = project.registry.origin
    tip = origin.tips[MODEL]
    path = event_path(1)
    rewritten = origin.commits[tip][path].replace(b"first", b"other")
    origin.commits[tip] = {**origin.commits[tip], path: rewritten}
    error = refused(project)
    assert (type(error), error.code, error.where) == (IntegrityError, "registry-broken", path)


def test_verify__a_signature_that_is_not_the_one_that_was_registered(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    candidate = project.train().candidate
    forged = NewVersion(
        package_sha256=candidate.sha256,
        package_size=len(candidate.archive),
        locations=(project.store.put(candidate.archive, candidate.sha256),),
        run="e" * 64,
        commit=project.repository.head(),
        evaluation=None,
        signature="f" * 64,
        part="major",
        number_reason="the first version",
    )
    change = plan_promotion(
        project.history, forged, "production", project.history.expectation("production"),
        actor=ANA, now=project.clock.now(), uuids=UUIDS, reason="by hand", page=registry_page,
    )  # fmt: skip
    project.registry.push(MODEL, change, None)
    error = refused(project)
    assert (error.code, error.problem) == (
        "signature-differs",
        "the signature in the package of v1.0.0 is not the one that was registered",
    )


def test_verify__a_model_with_other_classes_than_its_signature(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.predictor.models["present"] = with_classes(MODELS["present"], 1, 0)
    error = refused(project)
    assert (error.code, error.problem) == (
        "signature-differs",
        "the model in tumour@v1.0.0 has other classes than its signature says",
    )


def test_verify__a_model_that_does_not_load(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    del project.predictor.models["present"]
    assert refused(project).code == "model-unreadable"


def test_verify__a_package_by_itself(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    candidate = project.train().candidate
    checked = verify_package(Installed(candidate.package, candidate.sha256), "here", project.predictor)
    assert checked == (
        Checked("here manifest", "10 files match"),
        Checked("here model", "answers 16 golden rows in a child as when it was packaged"),
    )


def test_verify__a_package_that_answers_otherwise_than_when_it_was_made(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    candidate = project.train().candidate
    project.predictor.models["present"] = replace(
        MODELS["present"], probability=lambda columns: np.clip(MODELS["present"].probability(columns) + 2e-3, 0, 1)
    )
    with pytest.raises(IntegrityError) as caught:
        verify_package(Installed(candidate.package, candidate.sha256), "here", project.predictor)
    assert caught.value.code == "golden-differs"
    assert caught.value.problem.startswith("the model in here answers ")


def test_verify__a_package_without_golden_answers_still_loads(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    candidate = project.train().candidate
    package = replace(candidate.package, files={"golden.json": b'{"schema": "mlci/golden/1", "answers": null}'})
    package = replace(package, files={**candidate.package.files, **package.files})
    checked = verify_package(Installed(package, candidate.sha256), "here", project.predictor)
    assert [each.result for each in checked] == ["10 files match", "loads in a child, classes as in the signature"]


def test_verify__requirements_that_disagree_with_what_the_package_says(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    candidate = project.train().candidate
    package = with_file(candidate.package, "requirements.txt", b"scikit-learn==0.1\n")
    with pytest.raises(IntegrityError) as caught:
        verify_package(Installed(package, candidate.sha256), "here", project.predictor)
    assert caught.value.code == "requirements-differ"
    assert caught.value.problem.startswith("requirements.txt of here and its package.json disagree about ")
