from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.commands.init import Wish, init
from mlci.core.config import read_config
from mlci.errors import MlciError, UsageError
from tests.commands.builders import CONTRACT

if TYPE_CHECKING:
    from pathlib import Path

WISH = Wish(
    name="tumour",
    train_data="data/cells.csv",
    holdout="data/holdout.csv",
    label="malignant",
    positive="1",
    train="python train.py",
)
WRITTEN = """\
version: 1
model: {name: tumour, task: binary, objective: "", owners: []}
data:
  cells: {path: data/cells.csv, contract: contracts/cells.yaml}
  holdout: {path: data/holdout.csv, contract: contracts/cells.yaml}
train: {run: python train.py, data: [cells], model: model.skops}
evaluate: {data: holdout, id: id, label: malignant, positive: 1}
gates:
  - {metric: roc_auc, require: not_worse, margin: 0.01}
  - {metric: recall, require: not_worse, margin: 0.02}
  - {metric: recall, require: floor, value: 0.70}
promote: {stage: production, store: {directory: ../models}}
deploy: {live: {stage: production, target: directory, path: ../live}}
"""


def started(folder: Path, wish: Wish = WISH, contract: str = CONTRACT) -> dict[str, str]:
    """Return what was written, by path."""
    paths = init(wish, folder=folder, infer=lambda *_: contract)
    return {path: (folder / path).read_text() for path in paths}


def refused(folder: Path, wish: Wish = WISH, contract: str = CONTRACT) -> MlciError:
    """Return why nothing was written."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(UsageError) as caught:
        started(folder, wish, contract)
    assert sorted(folder.rglob("*")) == before
    return caught.value


def test_init__writes_configuration_contract_and_what_git_ignores(tmp_path: Path) -> None:
    assert started(tmp_path) == {
        "mlci.yaml": WRITTEN,
        "contracts/cells.yaml": CONTRACT,
        ".gitignore": ".mlci/\nmodel.skops\n__pycache__/\n",
    }


def test_init__infers_the_contract_from_all_rows(tmp_path: Path) -> None:
    asked: list[Path] = []

    def infer(path: Path, *more: Path) -> str:
        asked.extend((path, *more))
        return CONTRACT

    init(WISH, folder=tmp_path, infer=infer)
    assert asked == [tmp_path / "data/cells.csv", tmp_path / "data/holdout.csv"]


@pytest.mark.parametrize(
    ("present", "after"),
    [
        ("*.log\n", "*.log\n.mlci/\nmodel.skops\n__pycache__/\n"),
        ("*.log", "*.log\n.mlci/\nmodel.skops\n__pycache__/\n"),
        ("model.skops\n.mlci/\n__pycache__/\n", "model.skops\n.mlci/\n__pycache__/\n"),
    ],
)
def test_init__adds_to_a_gitignore(tmp_path: Path, present: str, after: str) -> None:
    (tmp_path / ".gitignore").write_text(present)
    assert started(tmp_path)[".gitignore"] == after


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/cells.csv", "cells"),
        ("Cells 2024.v2.csv", "cells_2024"),
        ("data/größe.csv", "gr__e"),
        ("2024.csv", "rows"),
        ("holdout.csv", "rows"),
        (".csv", "rows"),
    ],
)
def test_init__names_the_data_set_after_its_file(tmp_path: Path, path: str, name: str) -> None:
    written = started(tmp_path, replace(WISH, train_data=path))
    assert list(read_config(written["mlci.yaml"].encode()).data) == [name, "holdout"]
    assert f"contracts/{name}.yaml" in written


@pytest.mark.parametrize(
    ("rule", "positive", "expected"),
    [
        ("{type: integer, enum: [0, 1]}", "1", 1),
        ("{type: boolean}", "true", True),
        ("{type: string}", "1", "1"),
        ("{type: string}", 'the "bad" one', 'the "bad" one'),
        ("{type: string}", "true", "true"),
    ],
)
def test_init__the_positive_class_has_the_type_of_the_label(
    tmp_path: Path, rule: str, positive: str, expected: object
) -> None:
    contract = f"columns: {{id: {{type: integer, unique: true}}, malignant: {rule}}}\n"
    written = started(tmp_path, replace(WISH, positive=positive), contract)
    found = read_config(written["mlci.yaml"].encode()).evaluate.positive
    assert (found, type(found)) == (expected, type(expected))


@settings(max_examples=50)
@given(
    st.sampled_from(["python train.py", "python 'my train.py' --flag=\"a, b\"", "make train # fast", "a: b", "{x}, y"])
    | st.text(" -#:,'\"\\{}[]&*!|>%@`aß中👩0", min_size=1, max_size=20)
)
def test_init__the_command_is_kept_as_it_was_typed(tmp_path_factory: pytest.TempPathFactory, command: str) -> None:
    written = started(tmp_path_factory.mktemp("init"), replace(WISH, train=command))
    assert read_config(written["mlci.yaml"].encode()).train.run == command


@pytest.mark.parametrize("label", ["is malignant", "a: b", "true", "[x]", "größe"])
def test_init__a_column_may_have_any_name(tmp_path: Path, label: str) -> None:
    contract = f"columns: {{'#': {{type: integer, unique: true}}, '{label}': {{type: integer}}}}\n"
    written = started(tmp_path, replace(WISH, label=label), contract)
    evaluate = read_config(written["mlci.yaml"].encode()).evaluate
    assert (evaluate.id, evaluate.label) == ("#", label)


def test_init__changes_no_configuration_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "mlci.yaml").write_text("mine")
    error = refused(tmp_path)
    assert (error.code, error.hint) == ("configuration-exists", "Edit it, or remove it first: rm mlci.yaml")
    assert (tmp_path / "mlci.yaml").read_text() == "mine"


def test_init__changes_no_contract_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "cells.yaml").write_text("mine")
    assert refused(tmp_path).code == "contract-exists"
    assert (tmp_path / "contracts" / "cells.yaml").read_text() == "mine"


def test_init__a_label_that_the_data_does_not_have(tmp_path: Path) -> None:
    error = refused(tmp_path, replace(WISH, label="diagnosis"))
    assert (error.code, error.hint) == ("label-unknown", "One of: id, radius, texture, malignant")


def test_init__rows_that_nothing_names(tmp_path: Path) -> None:
    error = refused(tmp_path, contract="columns: {malignant: {type: integer}}\n")
    assert (error.code, error.hint) == ("no-id", "Add a column `id` with a number for each row.")


def test_init__a_label_is_no_id(tmp_path: Path) -> None:
    contract = "columns: {malignant: {type: integer, unique: true}, radius: {type: number}}\n"
    assert refused(tmp_path, contract=contract).code == "no-id"


@pytest.mark.parametrize("wish", [replace(WISH, name="Größe"), replace(WISH, train_data="../cells.csv")])
def test_init__a_wish_that_no_configuration_could_say(tmp_path: Path, wish: Wish) -> None:
    assert refused(tmp_path, wish).code == "configuration"
