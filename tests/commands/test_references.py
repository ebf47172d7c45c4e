from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.commands.references import resolve, resolve_version
from mlci.errors import MlciError, UsageError
from mlci.testing import FakeRegistryBranch
from tests.commands.builders import MODEL, Project, a_project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.installed import Installed


def named(project: Project, text: str) -> Installed:
    return resolve(text, MODEL, registry=project.registry, store=project.store, work=project.work)


def refused(project: Project, text: str) -> MlciError:
    with pytest.raises(MlciError) as caught:
        named(project, text)
    return caught.value


@pytest.mark.parametrize("text", ["v1.0.0", "tumour@v1.0.0"])
def test_resolve__a_version(tmp_path: Path, text: str) -> None:
    project = a_released_project(tmp_path)
    first = project.production.package_sha256
    project.release("careful")
    installed = named(project, text)
    assert (installed.version, installed.sha256) == ("v1.0.0", first)


@pytest.mark.parametrize("text", ["#production", "tumour#production"])
def test_resolve__a_stage(tmp_path: Path, text: str) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    assert named(project, text).version == "v1.1.0"


def test_resolve__the_candidate(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careful")
    sha256 = project.train().candidate.sha256
    installed = named(project, "candidate")
    assert (installed.version, installed.sha256) == (None, sha256)


def test_resolve__the_candidate_where_there_is_none(tmp_path: Path) -> None:
    error = refused(a_project(tmp_path), "candidate")
    assert (type(error), error.code, error.hint) == (UsageError, "no-candidate", "mlci train")


@pytest.mark.parametrize(
    "text", ["", "9.0.0", "v1", "v1.0", "other@v1.0.0", "other#production", "tumourv1.0.0", "tumour@"]
)
def test_resolve__what_names_nothing(tmp_path: Path, text: str) -> None:
    error = refused(a_released_project(tmp_path), text)
    assert (type(error), error.code) == (UsageError, "unknown-reference")
    assert error.hint == "tumour@v1.0.0, tumour#production, candidate or a folder"


def test_resolve__a_version_without_its_letter(tmp_path: Path) -> None:
    error = refused(a_released_project(tmp_path), "1.0.0")
    assert (error.code, error.hint) == ("unknown-reference", "A version is written with v: v1.0.0")


def test_resolve__a_stage_without_its_sign(tmp_path: Path) -> None:
    error = refused(a_released_project(tmp_path), "production")
    assert (error.code, error.hint) == ("unknown-reference", 'A stage is written with #, in quotes: "#production"')


@pytest.mark.parametrize("text", ["v9.0.0", "tumour@v01.0.0"])
def test_resolve__what_is_not_in_the_registry(tmp_path: Path, text: str) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    error = refused(project, text)
    assert (error.code, error.where) == ("unknown-version", "versions: v1.0.0, v1.1.0")


@pytest.mark.parametrize("text", ["#prodution", "tumour#prodution"])
def test_resolve__a_stage_that_holds_nothing(tmp_path: Path, text: str) -> None:
    error = refused(a_released_project(tmp_path), text)
    assert (error.code, error.where, error.hint) == (
        "unknown-stage",
        "stages: production",
        "Did you mean `#production`?",
    )


def test_resolve__in_an_empty_registry(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    assert refused(project, "#production").where == "stages: none yet"
    assert refused(project, "v1.0.0").where == "versions: none yet"


@given(st.text() | st.from_regex(r"[a-z]{0,8}[@#]?v?[0-9.]{0,8}", fullmatch=True))
def test_resolve__any_text_is_either_found_or_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_version(text, MODEL, FakeRegistryBranch())
    assert caught.value.code in {"unknown-reference", "unknown-stage", "unknown-version"}
