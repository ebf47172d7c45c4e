from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.registry import list_versions, show
from mlci.core.registry.catalogue import History, history
from mlci.errors import UsageError
from mlci.render.registry_text import list_text, show_text
from tests.commands.builders import MODEL, Project, a_project, a_released_project
from tests.core.plans import a_history

if TYPE_CHECKING:
    from pathlib import Path


def with_a_rollback(place: Path) -> Project:
    project = a_released_project(place)
    project.release("careful")
    project.rollback()
    return project


def test_list__the_newest_first_with_stages_and_quarantine(tmp_path: Path) -> None:
    listed = list_versions(MODEL, registry=with_a_rollback(tmp_path).registry)
    assert [(entry.version.number, entry.stages, entry.is_quarantined) for entry in listed] == [
        ("v1.1.0", (), True),
        ("v1.0.0", ("production",), False),
    ]


def test_list__a_quarantine_shows_beside_another_stage(tmp_path: Path) -> None:
    bad = replace(list_versions(MODEL, registry=with_a_rollback(tmp_path).registry)[0], stages=("staging",))
    assert bad.standing == "staging, quarantined"
    assert "staging, quarantined  " in list_text([bad])
    assert show_text(History(MODEL, bad, (), ())).startswith("tumour@v1.1.0: staging, quarantined\n")


def test_list__nothing_was_promoted_yet(tmp_path: Path) -> None:
    assert list_versions(MODEL, registry=a_project(tmp_path).registry) == ()


def test_show__the_whole_history(tmp_path: Path) -> None:
    shown = show(MODEL, None, registry=with_a_rollback(tmp_path).registry)
    assert (shown.entry, shown.stages) == (None, (("production", "v1.0.0"),))
    assert [(event.type, event.version) for event in shown.events] == [
        ("register", "v1.0.0"),
        ("assign", "v1.0.0"),
        ("register", "v1.1.0"),
        ("assign", "v1.1.0"),
        ("rollback", "v1.0.0"),
        ("quarantine", "v1.1.0"),
    ]


@pytest.mark.parametrize("reference", ["#production", "tumour#production", "v1.0.0", "tumour@v1.0.0"])
def test_show__one_version(tmp_path: Path, reference: str) -> None:
    shown = show(MODEL, reference, registry=with_a_rollback(tmp_path).registry)
    assert shown.entry is not None
    assert shown.entry.version.number == "v1.0.0"
    assert [event.type for event in shown.events] == ["register", "assign", "rollback"]


@pytest.mark.parametrize("reference", ["v1.0.0", "v@v1.0.0", "#production", "v#production"])
def test_show__of_a_model_that_is_called_like_the_letter_of_a_version(reference: str) -> None:
    shown = history(replace(a_history("a"), model="v"), reference)
    assert shown.entry is not None
    assert shown.entry.version.number == "v1.0.0"


def test_show__of_a_version_whose_commit_is_not_here() -> None:
    shown = history(a_history("a"), "v1.0.0")
    assert "  inputs     not known here: this clone lacks the commit" in show_text(shown, None, {})
    assert "inputs" not in show_text(shown)


def test_show__of_many_versions_an_error_names_the_latest() -> None:
    with pytest.raises(UsageError) as caught:
        history(a_history(*"0123456789"), "v9.0.0\n")
    assert (caught.value.problem, caught.value.where) == (
        "“v9.0.0” is not in the registry of tumour",
        "there are …, v1.2.0, v1.3.0, v1.4.0, v1.5.0, v1.6.0, v1.7.0, v1.8.0, v1.9.0, #production",
    )


def test_show__a_stage_that_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        show(MODEL, "#x", registry=with_a_rollback(tmp_path).registry)
    assert (caught.value.code, caught.value.where, caught.value.hint) == (
        "unknown-stage",
        "stages: production",
        "mlci registry show",
    )


@pytest.mark.parametrize("reference", ["1.0.0", "tumour@1.0.0"])
def test_show__a_version_without_its_letter(tmp_path: Path, reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        show(MODEL, reference, registry=a_released_project(tmp_path).registry)
    assert caught.value.hint == "A version is written with v: v1.0.0"


def test_show__a_stage_without_its_sign(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        show(MODEL, "production", registry=with_a_rollback(tmp_path).registry)
    assert caught.value.hint == 'A stage is written with #, in quotes: "#production"'


@pytest.mark.parametrize("reference", ["v9.0.0", "nonsense", ""])
def test_show__what_nobody_knows(tmp_path: Path, reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        show(MODEL, reference, registry=with_a_rollback(tmp_path).registry)
    assert (caught.value.code, caught.value.where) == (
        "unknown-version",
        "there are v1.0.0, v1.1.0, #production",
    )
