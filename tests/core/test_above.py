from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.above import places_above
from mlci.core.config import read_config
from mlci.core.fingerprint import code_paths, fingerprint
from mlci.core.listed_code import unmatched
from mlci.errors import UsageError
from tests.commands.builders import a_configuration

if TYPE_CHECKING:
    from mlci.core.config import Config

IDS = {
    "mlci.yaml": "0",
    "train.py": "1",
    "data/cells.csv": "2",
    "data/holdout.csv": "3",
    "cells.yaml": "4",
    "params.yaml": "5",
}
ABOVE = {
    "../shared/__init__.py": "a",
    "../shared/notes.txt": "b",
    "../other/train.py": "c",
    "../../uv.lock": "d",
    "../../README.md": "e",
    "../other/uv.lock": "f",
}


def a_config(code: str = "", run: str = "python train.py", environment: str = "{}") -> Config:
    train = f"{{run: {run}, data: [cells], {code}params: params.yaml, model: model.skops}}"
    return read_config(a_configuration(train=train, environment=environment).encode(), "mlci.yaml")


def test_places__by_default_there_is_none() -> None:
    assert places_above(a_config()) == ()


def test_places__are_those_that_the_list_and_the_commands_name() -> None:
    code = "code: [train.py, ../shared, ../../lib/**/*.py, '../*.py'], "
    config = a_config(code, run="python ../other/train.py ../*.csv")
    assert places_above(config) == ("../shared", "../../lib", "../", "../other/train.py")


@pytest.mark.parametrize("word", ["../..", "..", "../", "../../", "../x/../../../etc", "../shared/..", ".././../x"])
def test_places__a_word_that_leads_out_of_the_repository_or_to_a_folder_above_is_an_argument(word: str) -> None:
    assert places_above(a_config(run=f"python train.py --root {word}")) == ()
    environment = f"{{install: sh make.sh {word}}}"
    assert places_above(a_config(environment=environment)) == places_above(
        a_config(environment="{install: sh make.sh}")
    )


def test_places__where_an_environment_is_made_locks_lie_in_all_folders_above() -> None:
    assert places_above(a_config(environment="{install: uv}"))[:2] == ("../*", "../../*")


@pytest.mark.parametrize(
    ("config", "code"),
    [
        (a_config(), ["train.py"]),
        (a_config("code: [train.py, ../shared], "), ["../shared/__init__.py", "../shared/notes.txt", "train.py"]),
        (a_config("code: [train.py, '../**/*.py'], "), ["../other/train.py", "../shared/__init__.py", "train.py"]),
        (a_config(run="python ../other/train.py"), ["../other/train.py", "train.py"]),
        (a_config(environment="{install: uv}"), ["../../uv.lock", "train.py"]),
        (a_config("code: [train.py], ", environment="{install: pip}"), ["../../uv.lock", "train.py"]),
    ],
)
def test_code__above_the_folder_is_what_is_named_and_locks_of_an_environment(config: Config, code: list[str]) -> None:
    assert list(code_paths(config, IDS | ABOVE)) == code


def test_code__of_another_id_above_makes_another_fingerprint() -> None:
    config = a_config("code: [train.py, ../shared], ")
    before = fingerprint(config, IDS | ABOVE).training
    assert fingerprint(config, IDS | ABOVE | {"../shared/notes.txt": "z"}).training != before
    assert fingerprint(config, IDS | ABOVE | {"../other/train.py": "z"}).training == before


def test_data__lie_below_the_folder_whatever_lies_above() -> None:
    data = "{cells: {path: '**/*.csv'}, holdout: {path: data/holdout.csv}}"
    config = read_config(a_configuration(data=data).encode(), "mlci.yaml")
    elsewhere = {"../other/cells.csv": "x", "../../cells.csv": "y"}
    assert fingerprint(config, IDS | elsewhere).data == fingerprint(config, IDS).data


@pytest.mark.parametrize(
    ("entry", "meant"),
    [("../shared/", "../shared"), (".././../lib//x.py", "../../lib/x.py"), ("../*.py", "../*.py"), ("./src", "src")],
)
def test_entry__has_one_form(entry: str, meant: str) -> None:
    assert a_config(f"code: ['{entry}'], ").train.code == (meant,)


@pytest.mark.parametrize("entry", ["..", "../", "src/../../x", "../../.git/config", "../.mlci/x", "/etc", "../-x/.."])
def test_entry__that_leads_nowhere_or_where_nobody_may_name_anything(entry: str) -> None:
    with pytest.raises(UsageError):
        a_config(f"code: ['{entry}'], ")


def test_entry__out_of_the_repository_is_no_file_of_it() -> None:
    assert unmatched(("../../../elsewhere", "../shared"), IDS | ABOVE) == ("../../../elsewhere",)
