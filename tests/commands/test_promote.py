from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from mlci.commands.promote import Promotion
from mlci.core.registry.catalogue import history
from mlci.errors import IntegrityError, MlciError, RejectedError, UndecidedError, UsageError
from mlci.formats.archive import unpack
from mlci.render.registry_text import show_text
from mlci.testing import FixedClock, MemorySigning
from tests.commands.builders import (
    GATES,
    MODEL,
    MODELS,
    Project,
    a_configuration,
    a_project,
    a_pull_request,
    a_released_project,
    some_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    import numpy as np

    from mlci.testing.predictor import Columns

TIGHT = ("{metric: accuracy, require: not_worse, margin: 0.01}",)


def refused(project: Project, error_type: type[MlciError]) -> MlciError:
    """Return why a promotion was refused; store, registry and target must be as before."""
    before = project.outside()
    with pytest.raises(error_type) as caught:
        project.promote()
    assert project.outside() == before
    return caught.value


def test_promote__the_first_version_of_a_repository(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    sha256 = project.train().candidate.sha256
    assert project.promote() == Promotion("v1.0.0", "production", None, sha256, "first")
    assert [event.type for event in project.history.events] == ["register", "assign"]
    assert set(project.store.archives) == {sha256}


def test_promote__registers_what_a_reader_needs_years_later(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    trained = project.train()
    project.promote()
    version, event = project.production, project.history.events[-1]
    assert (version.commit, version.run) == (project.repository.head(), trained.fingerprint.digest)
    assert (version.package_sha256, version.package_size) == (trained.candidate.sha256, len(trained.candidate.archive))
    assert version.locations == (f"memory:{trained.candidate.sha256}",)
    assert version.signature == trained.candidate.package.info.signature.digest
    assert unpack(project.store.archives[version.package_sha256]) == dict(trained.candidate.package.files)
    assert (event.actor.name, event.reason, event.time) == (
        "Ana Müller <ana@example.com>",
        "first",
        project.clock.now(),
    )
    assert event.evaluation == version.evaluation


def test_promote__the_reason_that_was_given(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.promote(reason="the board agreed")
    assert {event.reason for event in project.history.events} == {"the board agreed"}


def test_promote__says_who_approved_the_pull_request(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careful")
    commit = project.land("Train the careful one")
    project.forge.approved[commit] = ("ana", "ben")
    project.train()
    project.promote()
    assert project.history.events[-1].approvals == ("ana", "ben")
    shown = history(project.history, "v1.1.0")
    assert "approved by  ana, ben" in show_text(shown)


def test_promote__into_another_stage_is_judged_against_what_is_there(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careless")
    project.land("Train the careless one")
    project.train()
    with pytest.raises(RejectedError):
        project.promote()
    done = project.promote(stage="trial")
    assert (done.version, done.stage, done.before, done.verdict) == ("v1.1.0", "trial", None, "first")
    stages = {name: stage.version for name, stage in project.history.stages.items()}
    assert stages == {"production": "v1.0.0", "trial": "v1.1.0"}
    with pytest.raises(RejectedError):  # what passed as the first of its stage is no better for it
        project.promote()


def test_promote__what_another_stage_took_back_is_refused_where_it_still_is(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.promote(stage="trial")
    project.rollback()
    with pytest.raises(IntegrityError, match="quarantined"):
        project.promote(stage="trial")


def test_promote__a_stage_that_cannot_be_one(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    with pytest.raises(UsageError, match="--force"):
        project.promote(stage="--force")
    assert project.history.events == ()


def test_promote__a_better_model_follows(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    promotion = project.release("careful")
    assert (promotion.version, promotion.before, promotion.verdict) == ("v1.1.0", "v1.0.0", "pass")
    assert project.production.number_reason == "code or parameters changed"
    assert project.history.events[-1].reason == "Train the careful one"


def test_promote__after_a_merge(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.repository.switch("main")
    project.repository.merge("change")
    project.repository.push()
    project.train()
    assert project.promote().version == "v1.1.0"
    assert project.history.events[-1].reason == "Merge change"


def test_promote__only_the_data_changed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(data__cells_csv=some_rows(120))
    project.makes("careful")
    project.land("More cells")
    project.train()
    assert (project.promote().version, project.production.number_reason) == ("v1.0.1", "only the data changed")


def test_promote__the_signature_changed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    assert project.release("narrow").version == "v2.0.0"
    assert project.production.number_reason == "the signature changed"


def test_promote__in_a_shallow_clone_no_change_is_taken_for_a_small_one(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    first = project.repository.head()
    project.land("In between")
    project.write(data__cells_csv=some_rows(120))
    project.makes("careful")
    project.land("More cells")
    project.train()
    before_the_push, *_ = project.repository.parents(project.repository.head())
    project.repository.forget(first)
    assert project.promote(base=before_the_push).version == "v1.1.0"


def test_promote__in_a_shallow_clone_nobody_guesses_where_the_push_began(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    first = project.repository.head()
    project.land("In between")
    project.trains("careful")
    project.land("Another training")
    project.train()
    project.repository.forget(first)
    error = refused(project, UsageError)
    assert (error.code, error.where) == ("base-ambiguous", f"commit {first[:12]}")


def test_promote__leaves_a_report(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    assert b'"conclusion": "pass"' in project.work.files["report.json"]
    assert b"as submitted: training" in project.work.files["report.json"]


def test_promote__what_is_in_production_already(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    before = project.outside()
    promotion = project.promote()
    assert promotion == Promotion("v1.0.0", "production", "v1.0.0", project.production.package_sha256, None)
    assert (project.outside(), project.predictor.asked) == (before, [])


def test_promote__the_same_package_from_other_inputs(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(train_py="# makes the present one, in other words\n")
    project.land("Other words")
    project.train()
    before = project.outside()
    promotion = project.promote()
    assert (promotion.version, promotion.verdict, project.outside()) == ("v1.0.0", None, before)


def test_promote__a_tree_with_changes(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.write(**{f"new{number}_txt": b"" for number in range(6)})
    error = refused(project, UsageError)
    assert (error.code, error.problem) == ("dirty-tree", "the work tree has changes that are not committed (6)")
    assert error.where == "new0.txt, new1.txt, new2.txt, new3.txt, new4.txt …"


def test_promote__a_branch_that_is_not_merged(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.train()
    error = refused(project, UsageError)
    assert (error.code, error.hint) == ("not-on-target", "git switch main && git merge --no-ff BRANCH && git push")


def test_promote__an_old_push_that_is_run_again_promotes_nothing_past_the_tip(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("tied")
    project.land("A tie")
    before_the_push = project.production.commit
    project.repository.switch("as-it-was")
    project.repository.switch("main")
    project.write(mlci_yaml=a_configuration(*GATES, "{metric: accuracy, require: floor, value: 0.99}"))
    project.land("A stricter gate")
    tip = project.repository.head()
    project.repository.switch("as-it-was")
    project.train()
    outside = project.outside()
    promotion = project.promote(base=before_the_push)
    assert (promotion.version, promotion.verdict, promotion.superseded_by) == ("v1.0.0", None, tip)
    assert project.outside() == outside


def test_promote__a_merge_that_is_not_pushed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careful")
    project.repository.commit("Not pushed")
    project.train()
    assert refused(project, UsageError).code == "not-on-target"


def test_promote__a_candidate_of_another_commit(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careful")
    project.land("Another training")
    error = refused(project, IntegrityError)
    assert (error.code, error.hint) == ("stale-candidate", "mlci train")


def test_promote__without_a_candidate(tmp_path: Path) -> None:
    assert refused(a_project(tmp_path), UsageError).code == "no-candidate"


def test_promote__a_worse_model_is_refused(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careless")
    project.land()
    project.train()
    error = refused(project, RejectedError)
    assert (error.code, error.exit_code) == ("promotion-refused", 1)
    assert error.problem == "not promoted: `accuracy` falls from 0.900 to 0.600 (margin 0.05)."
    assert error.where == "tumour#production: v1.0.0 stays in production"
    assert b'"conclusion": "fail"' in project.work.files["report.json"]


def test_promote__a_first_model_below_its_floor_is_refused(tmp_path: Path) -> None:
    project = a_project(tmp_path, "{metric: recall, require: floor, value: 0.95}", trains="careless")
    project.train()
    assert refused(project, RejectedError).where == "tumour#production: nothing is in production"


def test_promote__data_that_breaks_its_contract_is_refused(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    broken = some_rows(90)
    project.write(data__cells_csv=broken)
    project.makes("careful")
    project.land("Broken data")
    project.train()
    project.predictor.asked.clear()
    project.data.breaks(broken, ("columns", "radius", "max"), failing=4)
    error = refused(project, RejectedError)
    assert error.problem.startswith("not promoted: 1 rule of the contract broken in `cells` (4 rows)")
    assert {question.rows for question in project.predictor.asked} == {16}  # golden rows, which no data is part of


def test_promote__a_tie_is_undecided(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, *TIGHT)
    project.trains("tied")
    project.land()
    project.train()
    error = refused(project, UndecidedError)
    assert (error.code, error.exit_code) == ("promotion-refused", 3)


def test_promote__a_tie_where_the_policy_lets_it_pass(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, *TIGHT, extra="on_inconclusive: {promotion: warn}")
    assert project.release("tied").verdict == "inconclusive"


def test_promote__a_gate_that_the_same_push_loosens_still_counts(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration("{metric: accuracy, require: not_worse, margin: 0.9}"))
    project.trains("careless")
    project.land("A looser gate, and what needs it")
    project.train()
    assert refused(project, RejectedError).cause == "The rules are those of the branch before the push."


def a_loosened_gate(place: Path, *models: str) -> tuple[Project, str, str]:
    """Return a released project with a commit that loosens a gate, one for each model after it, and both commits."""
    project = a_released_project(place)
    released = project.repository.head()
    project.write(mlci_yaml=a_configuration("{metric: accuracy, require: not_worse, margin: 0.9}"))
    project.land("A looser gate")
    loosened = project.repository.head()
    for model in models:
        project.trains(model)
        project.land(f"Train the {model} one")
    project.train()
    return project, released, loosened


def test_promote__a_gate_that_an_earlier_push_loosened_counts(tmp_path: Path) -> None:
    project, _, loosened = a_loosened_gate(tmp_path, "careless")
    assert project.promote(base=loosened).version == "v1.1.0"


def test_promote__several_commits_of_one_push_are_judged_by_the_rules_before_it(tmp_path: Path) -> None:
    project, released, _ = a_loosened_gate(tmp_path, "careless")
    with pytest.raises(RejectedError):
        project.promote(base=released)


def test_promote__where_nobody_says_whether_a_push_loosened_its_own_gate(tmp_path: Path) -> None:
    project, released, loosened = a_loosened_gate(tmp_path, "careless")
    error = refused(project, UsageError)
    assert (error.code, error.where) == (
        "base-ambiguous",
        "gates: loosens `accuracy` not_worse margin: 0.05 → 0.9; gates: removes the gate `recall` floor 0.5",
    )
    assert error.hint is not None
    assert f"--base {loosened[:12]}; if all since v1.0.0: mlci promote --base {released[:12]}" in error.hint
    assert project.promote(base=loosened).version == "v1.1.0"


def test_promote__a_gate_that_was_tightened_meanwhile_needs_no_word(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(*GATES, "{metric: accuracy, require: floor, value: 0.1}"))
    project.land("One gate more")
    assert project.release("careful").version == "v1.1.0"


def test_promote__a_base_that_does_not_lie_before(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    elsewhere = project.repository.head()
    project.repository.switch("main")
    project.trains("careful")
    project.land()
    project.train()
    with pytest.raises(UsageError) as caught:
        project.promote(base=elsewhere)
    assert caught.value.code == "base-not-before"


def test_promote__a_branch_that_the_push_has_made(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    assert project.promote(base="0" * 40).verdict == "first"


def test_promote__a_store_that_the_push_names_is_not_used_yet(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(*GATES, promote="{store: {directory: ../elsewhere}}"))
    project.release("careful")
    assert set(project.stores) == {"../models"}


def test_promote__a_package_that_was_taken_back(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.rollback()
    error = refused(project, IntegrityError)
    assert (error.code, error.problem) == (
        "quarantined",
        "tumour@v1.1.0 is quarantined: it can be neither promoted nor deployed",
    )


def test_promote__overtaken_by_another_promotion_writes_nothing_over_it(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.trains("tied")
    project.land()
    project.train()

    def meanwhile(columns: Columns) -> np.ndarray[Any, Any]:
        if project.production.number == "v1.1.0":
            project.rollback(reason="somebody was faster")
        return MODELS["careful"].probability(columns)

    project.predictor.models["tied"] = replace(MODELS["tied"], probability=meanwhile)
    with pytest.raises(IntegrityError) as caught:
        project.promote()
    assert (caught.value.code, project.production.number) == ("stale-promotion", "v1.0.0")
    assert caught.value.cause is not None
    assert "somebody was faster" in caught.value.cause


class Meanwhile(FixedClock):
    """A clock that somebody else writes by, once: it is looked at after the registry was read, before the push."""

    def __init__(self, project: Project, write: Callable[[], object]) -> None:
        super().__init__()
        self._project, self._write = project, write

    @override
    def now(self) -> datetime:
        self._project.clock = FixedClock()
        write, self._write = self._write, lambda: None
        write()
        return super().now()


def a_better_candidate(place: Path) -> Project:
    project = a_released_project(place)
    project.trains("careful")
    project.land("Train the careful one")
    project.train()
    return project


def test_promote__what_was_written_of_another_thing_meanwhile_is_no_reason_to_refuse(tmp_path: Path) -> None:
    project = a_better_candidate(tmp_path)
    project.clock = Meanwhile(project, project.deploy)
    assert project.promote().version == "v1.1.0"
    assert [event.type for event in project.history.events[2:]] == ["deploy", "register", "assign"]


def test_promote__what_was_written_while_it_was_judged_is_no_reason_to_refuse(tmp_path: Path) -> None:
    project = a_better_candidate(tmp_path)

    def meanwhile(columns: Columns) -> np.ndarray[Any, Any]:
        if project.target.current() is None:
            project.deploy()
        return MODELS["careful"].probability(columns)

    project.predictor.models["careful"] = replace(MODELS["careful"], probability=meanwhile)
    assert project.promote().version == "v1.1.0"
    assert [event.type for event in project.history.events[2:]] == ["deploy", "register", "assign"]


def test_promote__a_stage_that_moved_just_before_the_push_stays(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.trains("narrow")
    project.land("Train the narrow one")
    project.train()
    project.clock = Meanwhile(project, project.rollback)
    with pytest.raises(IntegrityError) as caught:
        project.promote()
    assert (caught.value.code, project.production.number) == ("stale-promotion", "v1.0.0")


def test_promote__does_not_train(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    assert len(project.runner.runs) == 1
    assert project.history.model == MODEL


def test_promote__against_what_nobody_signed_where_it_must_be_signed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.signing = MemorySigning("ada")
    project.repository.write("signers", b"ada\n")
    project.write(mlci_yaml=a_configuration(promote="{store: {directory: ../models}, sign: {signers: signers}}"))
    project.land("Demand signatures")
    project.land("The next push")
    error = refused(project, IntegrityError)
    assert (error.code, error.where) == ("event-unsigned", "events/000001.json")
