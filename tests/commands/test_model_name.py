from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.model_name import head_model_name
from mlci.commands.sides import EmptyTree, head_config
from mlci.errors import UsageError
from tests.commands.builders import MODEL, a_project

if TYPE_CHECKING:
    from pathlib import Path


def test_head_model_name__a_broken_gate_hides_no_registry(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(mlci_yaml=f"version: 1\nmodel: {{name: {MODEL}, task: binary}}\ngates: [{{metric: rocauc}}]\n")
    assert head_model_name(project.repository.work_tree()) == MODEL


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("version: 1\nmodel: [", "yaml-syntax"),
        ("version: 2\nmodel: {name: tumour}\n", "configuration"),
        ("version: 1\nmodel: {name: Tumour}\n", "configuration"),
        ("version: 1\ndata: {cells: {path: data/cells.csv}}\n", "no-model"),
    ],
)
def test_head_model_name__where_there_is_none_the_whole_reader_says_why(tmp_path: Path, text: str, code: str) -> None:
    project = a_project(tmp_path)
    project.write(mlci_yaml=text)
    tree = project.repository.work_tree()
    with pytest.raises(UsageError) as caught:
        head_model_name(tree)
    with pytest.raises(UsageError) as told:
        head_config(tree)
    assert (caught.value.code, caught.value.to_dict()) == (code, told.value.to_dict())


def test_head_model_name__of_no_configuration() -> None:
    with pytest.raises(UsageError) as caught:
        head_model_name(EmptyTree())
    assert caught.value.code == "no-configuration"
