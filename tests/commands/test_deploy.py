from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from typing_extensions import override

from mlci.commands.deploy import Deployed, tell_deployed
from mlci.commands.signatures import Demand
from mlci.core.forge import DeploymentStatus
from mlci.core.registry import plan_deployment
from mlci.core.registry.catalogue import history
from mlci.core.registry.draft import Draft
from mlci.core.target import Placed
from mlci.errors import IntegrityError, MlciError, OutsideError, RejectedError, UsageError
from mlci.render.registry_page import registry_page
from mlci.testing import FakeRegistryBranch, MemoryTarget
from tests.commands.builders import MODEL, MODELS, Project, a_project, a_released_project, with_classes
from tests.core.plans import ANA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.core.registry import Change, LoadedRegistry


class WatchedTarget(MemoryTarget):
    """Writes down what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    @override
    def stage(self, version: str, digest: str, files: Mapping[str, bytes]) -> Path:
        self.log.append(f"stage {version}")
        return super().stage(version, digest, files)

    @override
    def switch(self, staged: Path) -> None:
        self.log.append("switch")
        super().switch(staged)


def refused(project: Project) -> MlciError:
    """Return why a deployment was refused; the target must answer as before."""
    before = project.target.current()
    with pytest.raises(MlciError) as caught:
        project.deploy()
    assert project.target.current() == before
    return caught.value


def test_deploy__brings_the_version_of_the_stage(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    assert project.deploy() == Deployed("v1.0.0", None, "memory:current", switched=True)
    placed = Placed.of("v1.0.0", project.production.package_sha256)
    assert (project.target.current(), set(project.target.staged[Path(placed.folder)])) == (
        placed,
        set(project.train().candidate.package.files),
    )


def test_deploy__the_next_version_follows(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.release("careful")
    assert project.deploy() == Deployed("v1.1.0", "v1.0.0", "memory:current", switched=True)


def test_deploy__a_quarantined_version_that_somebody_left_in_the_stage(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    quarantined_by_hand(project)
    error = refused(project)
    assert (error.code, project.forge.deployments()) == ("quarantined", ())


def quarantined_by_hand(project: Project) -> None:
    """Quarantine what is in production, which no verb does."""
    registry = FakeRegistryBranch(project.registry.origin)
    loaded = registry.load(MODEL)
    facts = {"actor": ANA, "now": project.clock.now(), "uuids": iter(uuid4, None), "reason": "leaked labels"}
    draft = Draft(loaded.registry, **facts)  # type: ignore[arg-type]  # each is what it says
    draft.add("quarantine", "v1.0.0")
    registry.push(MODEL, draft.change(None, "v1.0.0", "by hand", registry_page), loaded.commit)


def test_deploy__after_a_rollback_goes_back(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.deploy()
    project.rollback()
    assert project.deploy() == Deployed("v1.0.0", "v1.1.0", "memory:current", switched=True)


def test_deploy__what_is_there_already_is_not_switched(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.target, watched = _watched(project)
    assert project.deploy() == Deployed("v1.0.0", "v1.0.0", "memory:current", switched=False)
    assert watched.log == ["stage v1.0.0"]


def test_deploy__another_model_of_the_same_number_is_not_what_answers(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.target.switch(project.target.stage("v1.0.0", "b" * 64, {"package.json": b"another model"}))
    assert project.deploy() == Deployed("v1.0.0", "v1.0.0", "memory:current", switched=True)
    assert project.target.current() == Placed.of("v1.0.0", project.production.package_sha256)


def test_deploy__an_attempt_that_was_killed_before_it_replaced_another_model_has_failed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.target.switch(project.target.stage("v1.0.0", "b" * 64, {"package.json": b"another model"}))
    project.forge.deployment("live", project.production.commit, "tumour v1.0.0")
    project.deploy()
    assert told(project)[0][2] == ["failure: v1.0.0 keeps answering"]


def _watched(project: Project) -> tuple[WatchedTarget, WatchedTarget]:
    """Return a watched target in the state of the project's."""
    watched = WatchedTarget()
    vars(watched).update(vars(project.target))
    return watched, watched


def test_deploy__switches_only_after_the_staged_model_was_tried(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.target, watched = _watched(project)
    describe = project.predictor.describe

    def described(*arguments: Any) -> Any:  # noqa: ANN401 - passed on as they are
        watched.log.append("try")
        return describe(*arguments)

    vars(project.predictor).update(describe=described)
    project.deploy()
    assert watched.log == ["stage v1.0.0", "try", "switch"]


def told(project: Project) -> list[tuple[str, str, list[str]]]:
    """Return what the forge was told: where, of which commit, and how it went."""
    return [
        (deployment.environment, deployment.commit, [f"{status.state}: {status.description}" for status in statuses])
        for deployment, statuses in project.forge.deployments()
    ]


def test_deploy__tells_the_forge_how_it_went(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    assert told(project) == [
        ("live", project.production.commit, ["in_progress: ", "success: v1.0.0 answers"]),
    ]


def test_deploy__tells_the_forge_that_the_old_version_keeps_answering(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.release("careful")
    del project.predictor.models["careful"]
    refused(project)
    assert told(project)[1:] == [
        ("live", project.production.commit, ["in_progress: ", "failure: v1.0.0 keeps answering"]),
    ]


def test_deploy__what_is_there_already_is_no_deployment(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.deploy()
    assert len(told(project)) == 1


def test_deploy__an_attempt_that_was_killed_before_the_switch_is_ended_by_the_next(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.release("careful")
    killed = project.forge.deployment("live", project.production.commit, "tumour v1.1.0")
    project.forge.set_deployment_status(killed, DeploymentStatus("in_progress"))
    project.deploy()
    assert [statuses for _, _, statuses in told(project)[1:]] == [
        ["in_progress: ", "failure: v1.0.0 keeps answering"],
        ["in_progress: ", "success: v1.1.0 answers"],
    ]


def test_deploy__an_attempt_that_was_killed_after_the_switch_has_succeeded(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    killed = project.forge.deployment("live", project.production.commit, "tumour v1.0.0")
    assert project.deploy().switched is False
    project.deploy()
    assert killed.id == 2
    assert [statuses for _, _, statuses in told(project)[1:]] == [["success: v1.0.0 answers"]]


def test_deploy__an_attempt_elsewhere_is_left_alone(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.forge.deployment("elsewhere", project.production.commit, "tumour v1.0.0")
    project.deploy()
    assert [(environment, len(statuses)) for environment, _, statuses in told(project)] == [
        ("elsewhere", 0),
        ("live", 2),
    ]


def test_deploy__nothing_is_in_the_stage(tmp_path: Path) -> None:
    error = refused(a_project(tmp_path))
    assert (type(error), error.code, error.hint) == (UsageError, "nothing-to-deploy", "mlci promote")


def test_deploy__what_a_rollback_emptied_says_who_did_it(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.rollback("none", "leaked labels")
    error = refused(project)
    assert (error.code, error.cause) == (
        "nothing-to-deploy",
        "Event 4 by Ana Müller <ana@example.com> emptied it: leaked labels",
    )


def test_deploy__a_model_that_does_not_answer_as_its_signature_says(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.release("careful")
    project.predictor.models["careful"] = with_classes(MODELS["careful"], 1, 0)
    error = refused(project)
    assert (type(error), error.code, error.exit_code) == (RejectedError, "smoke-failed", 1)
    assert error.problem == "v1.1.0 was staged and does not answer as its signature says; the target is as it was"


def test_deploy__a_model_that_does_not_load(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    del project.predictor.models["present"]
    assert refused(project).code == "model-unreadable"


def test_deploy__a_package_that_was_damaged_in_the_store(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.store.archives[project.production.package_sha256] += b"x"
    error = refused(project)
    assert (type(error), error.code, dict(project.target.staged)) == (IntegrityError, "package-damaged", {})


def test_deploy__a_package_that_the_store_has_lost(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.store.archives.clear()
    error = refused(project)
    assert (type(error), error.code) == (OutsideError, "package-missing")


def test_deploy__a_version_that_was_removed_from_the_target_is_deployed_again(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.target.staged.clear()
    again = project.deploy()
    assert (again.version, again.before, again.switched) == ("v1.0.0", None, True)


def test_deploy__files_that_were_changed_on_the_target(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    staged = next(iter(project.target.staged.values()))
    staged["model.skops"] = b"changed"
    assert refused(project).code == "target-changed"


def deploy_events(project: Project) -> list[tuple[str | None, str | None]]:
    return [(event.target, event.version) for event in project.history.events if event.type == "deploy"]


def test_deploy__is_told_by_the_registry(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.release("careful")
    assert project.deploy().unrecorded is None
    assert deploy_events(project) == [("live", "v1.0.0"), ("live", "v1.1.0")]
    shown = {version: history(project.history, version).entry for version in ("v1.0.0", "v1.1.0")}
    assert {version: [each.target for each in entry.deployments] for version, entry in shown.items() if entry} == {
        "v1.0.0": [],
        "v1.1.0": ["live"],
    }


def test_deploy__what_the_registry_tells_already_is_not_told_again(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.deploy()
    assert deploy_events(project) == [("live", "v1.0.0")]


def test_deploy__what_was_deployed_without_the_right_to_write_is_told_by_the_next(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    registry = project.registry
    project.registry = ReadOnly(registry.origin)
    done = project.deploy()
    assert (done.switched, done.unrecorded) == (True, "the origin refused the push")
    assert (project.target.current(), deploy_events(project)) == (
        Placed.of("v1.0.0", project.production.package_sha256),
        [],
    )
    project.registry = registry
    assert (project.deploy().switched, deploy_events(project)) == (False, [("live", "v1.0.0")])


def test_deploy__that_records_nothing_says_what_is_to_be_told_and_somebody_else_tells_it(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    registry = project.registry
    project.registry = ReadOnly(registry.origin)
    done = project.deploy(records=False)
    assert (done.switched, done.unrecorded, done.is_told, deploy_events(project)) == (True, None, False, [])
    project.registry = registry
    assert [tell(project, "v1.0.0"), tell(project, "v1.0.0")] == [True, False]
    assert deploy_events(project) == [("live", "v1.0.0")]
    assert project.deploy(records=False).is_told is True


def tell(project: Project, version: str) -> bool:
    return tell_deployed("live", MODEL, version, registry=project.registry, actor=ANA, clock=project.clock)


def test_tell_deployed__of_a_version_that_nobody_registered(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    with pytest.raises(UsageError) as caught:
        tell(project, "v9.0.0")
    assert (caught.value.code, deploy_events(project)) == ("unknown-version", [])


class ReadOnly(FakeRegistryBranch):
    """The branch as somebody sees it who may not push."""

    @override
    def push(self, model: str, change: Change, parent: str | None) -> str:
        raise OutsideError("push-rejected", "the origin refused the push")


def test_deploy__is_told_after_somebody_else_wrote_meanwhile(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.registry = Overtaken(project)
    assert project.deploy().unrecorded is None
    assert [event.type for event in project.history.events[-2:]] == ["deploy", "deploy"]


class Overtaken(FakeRegistryBranch):
    """The branch as somebody sees it whom another was faster than, once."""

    def __init__(self, project: Project) -> None:
        super().__init__(project.registry.origin)
        self._other: FakeRegistryBranch | None = project.registry

    @override
    def push(self, model: str, change: Change, parent: str | None) -> str:
        if self._other:
            other, self._other = self._other, None
            found = other.load(model)
            facts = {"actor": ANA, "now": change.time, "uuids": iter(uuid4, None), "reason": "x"}
            first = plan_deployment(found.registry, "v1.0.0", "elsewhere", is_new=True, page=registry_page, **facts)  # type: ignore[arg-type]  # each is what it says
            assert first
            other.push(model, first, found.commit)
        return super().push(model, change, parent)


class Meanwhile(FakeRegistryBranch):
    """The branch as somebody sees it beside whom another does something; at which look at the origin, from 1 on."""

    def __init__(self, project: Project, does: Callable[[], object], at: int) -> None:
        super().__init__(project.registry.origin)
        self._does = does
        self._looks_left = at

    @override
    def refreshed(self, model: str) -> LoadedRegistry:
        self._looks_left -= 1
        if self._looks_left == 0:
            self._does()
        return super().refreshed(model)


def rolling_back(project: Project) -> Callable[[], object]:
    """Return what somebody else does: take production back, through a registry of their own."""
    theirs = replace(project, registry=FakeRegistryBranch(project.registry.origin))
    return theirs.rollback


def test_deploy__a_version_that_was_taken_back_while_it_was_tried_is_not_switched_to(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    project.release("careful")
    project.registry = Meanwhile(project, rolling_back(project), at=1)
    error = refused(project)
    assert (type(error), error.code, error.problem) == (
        IntegrityError,
        "stale-deployment",
        "tumour#production moved: v1.1.0 (event 5) was looked up, but now there is v1.0.0 (event 6)",
    )
    assert (error.cause or "").startswith("Event 6 (rollback v1.0.0) by Ana")
    assert told(project)[1][2] == ["in_progress: ", "failure: v1.0.0 keeps answering"]
    assert deploy_events(project) == [("live", "v1.0.0")]


def test_deploy__a_version_that_was_quarantined_in_its_stage_while_it_was_tried(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.registry = Meanwhile(project, lambda: quarantined_by_hand(project), at=1)
    assert refused(project).code == "quarantined"


def test_deploy__says_what_moved_the_stage_while_it_switched(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.registry = Meanwhile(project, rolling_back(project), at=2)
    done = project.deploy()
    assert (done.version, done.switched, done.unrecorded) == ("v1.1.0", True, None)
    assert (done.moved or "").startswith(
        "tumour#production moved: v1.1.0 (event 4) was looked up, but now there is v1.0.0 (event 6). "
        "Event 6 (rollback v1.0.0) by Ana"
    )


def test_deploy__where_the_origin_does_not_answer_before_the_switch_nothing_is_switched(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.registry = Meanwhile(project, no_answer, at=1)
    assert refused(project).code == "origin-failed"


def test_deploy__where_the_origin_does_not_answer_after_the_switch_it_is_done(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.registry = Meanwhile(project, no_answer, at=2)
    done = project.deploy()
    assert (done.switched, done.moved) == (True, None)


def no_answer() -> None:
    raise OutsideError("origin-failed", "Git could not talk to the origin")


def test_deploy__where_what_is_written_must_be_signed_and_nobody_can(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    asked = iter([UsageError("signing-key", "no key is named here")])

    def refuse() -> None:
        raise next(asked)

    done = project.deploy(refuse)
    assert (done.switched, done.unrecorded, deploy_events(project)) == (True, "no key is named here", [])


def test_deploy__what_nobody_signed_is_not_deployed_where_it_must_be(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.demand = Demand(b"ada\n", 1)
    error = refused(project)
    assert (error.code, error.where, project.forge.deployments()) == ("event-unsigned", "events/000001.json", ())
