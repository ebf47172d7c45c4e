from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from mlci.adapters.borrowed_origin import borrowed_origin
from mlci.adapters.git_process import Git
from mlci.adapters.registry_branch import GitRegistry
from mlci.errors import OutsideError, UsageError
from tests.adapters.clones import ENVIRON, bare_origin, clone_of
from tests.core.plans import a_promotion

GIT = Git(ENVIRON)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with a registry of one version, and a README on its default branch."""
    made = bare_origin(tmp_path / "origin.git")
    clone = clone_of(made, tmp_path / "clone")
    clone.commit(README="# Tumours\n")
    clone.git("push", "--quiet", "origin", "main")
    registry = GitRegistry(clone.open())
    registry.push("tumour", a_promotion(registry.load("tumour").registry, "a"), None)
    return made


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_borrowed__has_registries_and_the_default_branch(origin: Path, form: str) -> None:
    with borrowed_origin(form.format(origin), GIT) as (repository, tip):
        registry = GitRegistry(repository)
        assert registry.models() == ("tumour",)
        assert list(registry.load("tumour").registry.versions) == ["v1.0.0"]
        assert repository.tree(tip).read("README") == b"# Tumours\n"


def test_borrowed__leaves_nothing_behind(origin: Path) -> None:
    before = set(Path(tempfile.gettempdir()).glob("mlci-pull-*"))
    with borrowed_origin(str(origin), GIT) as (repository, _):
        folder = repository.folder
    assert not folder.exists()
    assert set(Path(tempfile.gettempdir()).glob("mlci-pull-*")) - before == set()


@pytest.mark.parametrize("url", ["", " ", "--upload-pack=touch x", "ext::sh -c touch% x", "a\nb", "-x"])
def test_borrowed__what_is_no_address_never_reaches_git(url: str) -> None:
    with pytest.raises(UsageError) as caught, borrowed_origin(url, GIT):
        pass
    assert caught.value.code == "bad-url"


def test_borrowed__a_repository_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as caught, borrowed_origin(f"file://{tmp_path}/nowhere.git", GIT):
        pass
    assert caught.value.code == "origin-failed"
