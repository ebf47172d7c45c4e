from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.marking import Marked, deprecate, quarantine, readmit
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError
from tests.commands.builders import ANA, MODEL, Project, a_released_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERBS: dict[str, Callable[..., Marked]] = {"quarantine": quarantine, "deprecate": deprecate}


def with_two_versions(place: Path) -> Project:
    project = a_released_project(place)
    project.release("careful")
    return project


def mark(project: Project, verb: str, version: str = "v1.0.0", reason: str = "leaked labels") -> Marked:
    return VERBS[verb](
        MODEL, version, reason=reason, actor=ANA, registry=project.registry, clock=project.clock
    )  # fmt: skip


def take_up(project: Project, version: str = "v1.0.0", owners: tuple[str, ...] = ()) -> Marked:
    return readmit(
        MODEL, version, reason="they were right", actor=ANA, owners=owners,
        registry=project.registry, clock=project.clock,
    )  # fmt: skip


def refused(act: Callable[[], object], project: Project) -> MlciError:
    before = project.outside()
    with pytest.raises(MlciError) as caught:
        act()
    assert project.outside() == before
    return caught.value


@pytest.mark.parametrize(("verb", "event"), [("quarantine", "quarantine"), ("deprecate", "deprecate")])
@pytest.mark.parametrize("name", ["v1.0.0", "tumour@v1.0.0"])
def test_mark__says_who_why_and_when(tmp_path: Path, verb: str, event: str, name: str) -> None:
    project = with_two_versions(tmp_path)
    assert mark(project, verb, name) == Marked("v1.0.0", changed=True)
    last = project.history.events[-1]
    assert (last.type, last.version, last.actor, last.reason) == (event, "v1.0.0", ANA, "leaked labels")
    assert project.production.number == "v1.1.0"


@pytest.mark.parametrize("verb", VERBS)
def test_mark__twice_gives_the_same_and_writes_once(tmp_path: Path, verb: str) -> None:
    project = with_two_versions(tmp_path)
    mark(project, verb)
    before = project.outside()
    assert mark(project, verb) == Marked("v1.0.0", changed=False)
    assert project.outside() == before


@pytest.mark.parametrize("verb", VERBS)
def test_mark__what_is_in_production_is_refused(tmp_path: Path, verb: str) -> None:
    project = with_two_versions(tmp_path)
    error = refused(lambda: mark(project, verb, "v1.1.0"), project)
    assert (type(error), error.code) == (UsageError, "in-stage")


@pytest.mark.parametrize("verb", VERBS)
def test_mark__another_models_version_is_refused(tmp_path: Path, verb: str) -> None:
    project = with_two_versions(tmp_path)
    assert refused(lambda: mark(project, verb, "lung@v1.0.0"), project).code == "bad-version"


def test_readmit__lets_the_very_model_in_again(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    project.rollback()
    error = refused(project.promote, project)
    assert (type(error), error.code) == (IntegrityError, "quarantined")
    assert take_up(project, "v1.1.0").changed
    assert project.promote().version == "v1.1.0"


def test_readmit__where_nothing_is_to_be_lifted(tmp_path: Path) -> None:
    assert not take_up(with_two_versions(tmp_path)).changed


def test_readmit__says_as_whom(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    mark(project, "quarantine")
    assert take_up(project, owners=("@acme/diagnostics",)).note == (
        "Git says that this is Ana Müller <ana@example.com>; nobody vouches for it, or for its being one of "
        "model.owners (@acme/diagnostics)"
    )


def test_readmit__is_an_owners_act(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    mark(project, "quarantine")
    error = refused(lambda: take_up(project, owners=("bob@example.com",)), project)
    assert (type(error), error.code) == (RejectedError, "not-an-owner")
