from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.proven import REVIEWED, TRAINED_AGAIN
from mlci.core.report import Conclusion
from mlci.testing import model_file
from tests.commands.builders import some_rows
from tests.commands.judged import PLACE, RUN, a_judged_pull_request, handed_in, merged, shipped

if TYPE_CHECKING:
    from pathlib import Path


def test_promote__training_that_makes_the_same_bytes_again_makes_the_model_that_was_judged(tmp_path: Path) -> None:
    project = merged(a_judged_pull_request(tmp_path, run=None), "careful")
    assert project.promote().provenance == REVIEWED
    assert shipped(project) == model_file("careful")


def test_promote__the_model_that_was_judged_and_not_what_training_made_next(tmp_path: Path) -> None:
    project = merged(a_judged_pull_request(tmp_path), "narrow")
    promotion = project.promote()
    assert (promotion.version, promotion.provenance) == ("v1.1.0", REVIEWED)
    assert shipped(project) == model_file("careful")
    assert f" · {REVIEWED} · " in project.work.files["report.md"].decode()


def test_promote__reuse_never_takes_what_the_merge_trained(tmp_path: Path) -> None:
    project = merged(a_judged_pull_request(tmp_path, reuse=", reuse: never"), "narrow")
    assert project.promote().provenance == ""
    assert shipped(project) == model_file("narrow")


def test_promote__bytes_that_have_expired_are_trained_again_and_it_is_said(tmp_path: Path) -> None:
    project = merged(a_judged_pull_request(tmp_path), "narrow")
    project.forge.artifacts.clear()
    assert project.promote().provenance == TRAINED_AGAIN
    assert shipped(project) == model_file("narrow")


@pytest.mark.parametrize("is_archive", [True, False])
def test_promote__a_run_that_was_repeated_hands_in_what_nobody_judged(tmp_path: Path, is_archive: bool) -> None:  # noqa: FBT001 - a case
    project = merged(a_judged_pull_request(tmp_path), "tied")
    project.forge.artifacts[PLACE] = handed_in(project) if is_archive else b"PK"
    project.makes("narrow")
    project.train(force=True)
    assert project.promote().provenance == TRAINED_AGAIN
    assert shipped(project) == model_file("narrow")


def test_promote__other_inputs_than_those_that_were_judged_prove_nothing(tmp_path: Path) -> None:
    project = merged(a_judged_pull_request(tmp_path), "careful")
    project.write(params_yaml="C: 2\n")
    project.land("Another push, without a pull request")
    project.makes("narrow")
    project.train()
    assert project.promote().provenance == ""
    assert shipped(project) == model_file("narrow")


def test_report__what_was_not_scored_proves_nothing(tmp_path: Path) -> None:
    project = a_judged_pull_request(tmp_path)
    broken = some_rows(90)
    project.write(data__cells_csv=broken)
    project.repository.commit("Broken data")
    project.data.breaks(broken, ("columns", "radius", "max"), failing=4)
    fingerprint = project.train().fingerprint.digest
    judged, _ = project.report(RUN)
    assert judged.conclusion is Conclusion.DATA_REJECTED
    assert project.forge.proof(project.repository.head(), fingerprint) is None
