from __future__ import annotations

import pytest

from mlci.core.runs.outputs import Outputs, undeclared

BEFORE = {"train.py": "1", "data/cells.csv": "2", "data/cells.csv.dvc": "3", "params.yaml": "4"}


def wrote(changes: dict[str, str | None], *declared: str) -> Outputs:
    """Return what is undeclared where files changed so; None removes one."""
    after = {path: identity for path, identity in (BEFORE | changes).items() if identity is not None}
    return undeclared(BEFORE, after, declared={"model.skops", *declared}, data={"data/cells.csv"})


def test_undeclared__of_a_command_that_writes_its_model_alone() -> None:
    assert wrote({"model.skops": "9"}) == Outputs((), ())


@pytest.mark.parametrize("path", ["figures/roc.png", "train.py", "params.yaml"])
def test_undeclared__names_new_and_changed_files(path: str) -> None:
    assert wrote({path: "9"}) == Outputs((), (path,))


def test_undeclared__a_file_that_is_gone_was_changed() -> None:
    assert wrote({"params.yaml": None}) == Outputs((), ("params.yaml",))


@pytest.mark.parametrize("identity", ["9", None])
def test_undeclared__data_that_it_trains_on_stand_apart(identity: str | None) -> None:
    assert wrote({"data/cells.csv": identity, "x.txt": "9"}) == Outputs(("data/cells.csv",), ("x.txt",))


@pytest.mark.parametrize("path", ["figures/roc.png", "x.txt", "data/.gitignore", "dvc.lock", "a/m.pyc", "more.dvc"])
def test_undeclared__what_is_declared_or_belongs_to_tools_is_not_named(path: str) -> None:
    assert wrote({path: "9"}, "figures", "x.txt") == Outputs((), ())
