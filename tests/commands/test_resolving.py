from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.resolving import is_path, path_hint, resolve_in
from mlci.core.registry import Registry
from mlci.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

REFERENCES = [
    "v1.0.0",
    "v1",
    "tumour@v1.0.0",
    "@v1.0.0",
    "tumour#production",
    "#production",
    "candidate",
    "run:brave-otter",
]


@pytest.mark.parametrize("name", REFERENCES)
def test_path__that_looks_like_a_reference_is_none_without_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert (is_path(name), is_path(f"./{name}"), is_path(f"{name}/")) == (False, True, True)


@pytest.mark.parametrize("name", ["models", "v1.0.0.tar", "production", "ordner größe"])
def test_path__that_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert (is_path(name), path_hint(name), is_path(f"{name}.gone")) == (True, "", False)


def test_path__longer_than_any_is_none() -> None:
    assert (is_path("x" * 5000), path_hint("v" + "1" * 5000)) == (False, "")


@pytest.mark.parametrize(("name", "written"), [("v9.0.0", "./v9.0.0"), ("tumour#test", "'./tumour#test'")])
def test_path__that_was_meant_is_in_the_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, written: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        resolve_in(Registry.empty("tumour"), name, hint=path_hint(name))
    assert caught.value.hint == f"The path of that name is written {written}"
