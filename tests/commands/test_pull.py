from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.package_shelf import PackageShelf
from mlci.commands.marking import deprecate
from mlci.commands.pull import Pulled, pull
from mlci.commands.resolving import model_in, resolve_in
from mlci.core.registry import Registry
from mlci.errors import IntegrityError, OutsideError, UsageError
from tests.commands.builders import ANA, MODEL, Project, a_released_project
from tests.core.plans import a_history

if TYPE_CHECKING:
    from pathlib import Path


def with_two_versions(place: Path) -> Project:
    project = a_released_project(place)
    project.release("careful")
    return project


def pulled(project: Project, reference: str, *, quarantined: bool = False) -> Pulled:
    registry = project.history
    return pull(
        registry, resolve_in(registry, reference),
        store=project.store, shelf=PackageShelf(project.place / "pulled"), takes_quarantined=quarantined,
    )  # fmt: skip


@pytest.mark.parametrize("reference", ["#production", "tumour#production", "v1.1.0", "tumour@v1.1.0"])
def test_pull__lays_out_what_was_registered(tmp_path: Path, reference: str) -> None:
    project = with_two_versions(tmp_path)
    done = pulled(project, reference)
    assert (done.version, done.sha256, done.warning) == ("v1.1.0", project.production.package_sha256, None)
    assert done.path == tmp_path / "pulled" / "tumour-v1.1.0"
    assert sorted(file.name for file in done.path.iterdir()) == [
        "MLmodel", "README.md", "baseline.json", "contract.json", "golden.json", "manifest.json", "mlci_model.py",
        "model.skops", "package.json", "requirements.txt",
    ]  # fmt: skip


def test_pull__again_writes_nothing(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    model = pulled(project, "#production").path / "model.skops"
    written = model.stat().st_mtime_ns, model.stat().st_ino
    assert pulled(project, "#production").path == model.parent
    assert (model.stat().st_mtime_ns, model.stat().st_ino) == written


def test_pull__what_was_changed_here_is_refused(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    (pulled(project, "#production").path / "README.md").write_text("Approved.\n")
    with pytest.raises(IntegrityError) as caught:
        pulled(project, "#production")
    assert caught.value.code == "folder-differs"


@pytest.mark.parametrize(("content", "code"), [(b"x", "package-damaged"), (None, "package-missing")])
def test_pull__bytes_that_are_not_those_of_the_version(tmp_path: Path, content: bytes | None, code: str) -> None:
    project = with_two_versions(tmp_path)
    sha256 = project.production.package_sha256
    archives = {name: archive for name, archive in project.store.archives.items() if name != sha256}
    project.store.archives = archives | ({sha256: content} if content else {})
    with pytest.raises((IntegrityError, OutsideError)) as caught:
        pulled(project, "#production")
    assert caught.value.code == code
    assert not (tmp_path / "pulled").exists()


def test_pull__another_signature_than_the_one_that_was_registered(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    version = replace(project.production, signature="f" * 64)
    with pytest.raises(IntegrityError) as caught:
        pull(project.history, version, store=project.store, shelf=PackageShelf(tmp_path))
    assert caught.value.code == "signature-differs"


def test_pull__a_quarantined_version_only_for_those_who_ask_for_it(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    project.rollback()
    with pytest.raises(IntegrityError) as caught:
        pulled(project, "v1.1.0")
    assert (caught.value.code, caught.value.hint) == (
        "quarantined",
        "Take another version; or, to look into this one: mlci pull v1.1.0 --quarantined",
    )
    done = pulled(project, "v1.1.0", quarantined=True)
    assert done.warning == "tumour@v1.1.0 is quarantined. Event 6 by Ana Müller <ana@example.com>: misses cells"


def test_pull__from_elsewhere_is_refused_with_what_helps_there(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.rollback()
    with pytest.raises(IntegrityError) as caught:
        pull(
            project.history, project.history.version("v1.1.0"),
            store=project.store, shelf=PackageShelf(project.place / "pulled"), is_foreign=True,
        )  # fmt: skip
    assert caught.value.hint == (
        "Take another version; or, to look into this one: mlci pull v1.1.0 --quarantined --from …"
    )


def test_pull__says_that_a_version_is_deprecated(tmp_path: Path) -> None:
    project = with_two_versions(tmp_path)
    deprecate(MODEL, "v1.0.0", reason="old scanner", actor=ANA, registry=project.registry, clock=project.clock)
    done = pulled(project, "v1.0.0")
    assert done.warning == "tumour@v1.0.0 is deprecated. Event 5 by Ana Müller <ana@example.com>: old scanner"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("v9.0.0", "unknown-version"),
        ("#staging", "unknown-version"),
        ("lung@v1.0.0", "unknown-reference"),
        ("../v1.0.0", "unknown-reference"),
        ("tumour", "unknown-reference"),
        ("", "unknown-reference"),
    ],
)
def test_reference__that_names_nothing(reference: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_in(a_history("a"), reference)
    assert caught.value.code == code


def test_reference__where_nothing_was_promoted() -> None:
    with pytest.raises(UsageError) as caught:
        resolve_in(Registry.empty(MODEL), "#production")
    assert caught.value.where == "versions: none yet"


@pytest.mark.parametrize(
    ("reference", "models", "model"),
    [("#production", ["tumour"], "tumour"), ("lung@v1.0.0", ["lung", "tumour"], "lung")],
)
def test_model__that_a_reference_names(reference: str, models: list[str], model: str) -> None:
    assert model_in(reference, models) == model


@pytest.mark.parametrize(
    ("reference", "models"), [("#production", ["lung", "tumour"]), ("lung#production", ["tumour"]), ("v1.0.0", [])]
)
def test_model__that_cannot_be_told(reference: str, models: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        model_in(reference, models)
    assert caught.value.code == "unknown-model"
