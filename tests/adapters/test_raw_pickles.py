"""Raw pickles, loaded for real: where what they run runs, what it can reach, and what becomes of it."""

from __future__ import annotations

import os
import pickle
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typing_extensions import override

from mlci.adapters.confined_program import ConfinedPrograms
from mlci.adapters.prediction import ChildPredictor
from mlci.commands.raw_pickles import raw_pickle
from mlci.commands.sides import head_side
from mlci.core.table import Column, Table
from mlci.errors import MlciError, RejectedError
from mlci.formats.program_archive import read_program
from tests.commands.builders import Project, a_project
from tests.commands.test_raw_pickles import ALLOWED

if TYPE_CHECKING:
    from mlci.core.predictions import Predictions

PROGRAMS = ConfinedPrograms(f"{Path(sys.executable).parent}:{os.defpath}")
OWN = b"""
class Threshold:
    classes_ = [0, 1]

    def __init__(self, middle):
        self.middle = middle

    def predict_proba(self, rows):
        print("a model may print")
        return [[1 - sure, sure] for sure in (0.9 if radius > self.middle else 0.1 for radius in rows["radius"])]
"""


class Runs:
    """Pickled, it becomes a call of `exec` where it is loaded."""

    def __init__(self, script: str) -> None:
        self.script = script

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self.script, {})


def pickled_own(middle: float, module: str = "own") -> bytes:
    """Return the pickle of a class of the repository, which this process has not."""
    head = f"c{module}\nThreshold\n".encode()
    return head + pickle.dumps((middle,), 0)[:-1] + b"R."


def asked(project: Project, content: bytes) -> tuple[bytes, Predictions]:
    project.repository.write("src/own.py", OWN)
    tree = project.repository.work_tree()
    predictor = ChildPredictor(programs=PROGRAMS)
    return raw_pickle(
        content, head_side(tree), project.repository, ids=tree.ids(),
        data=project.data, predictor=predictor, objects=project.work.objects,
    )  # fmt: skip


def refused(place: Path, script: str) -> MlciError:
    with pytest.raises(MlciError) as caught:
        asked(a_project(place, train=ALLOWED), pickle.dumps(Runs(script)))
    return caught.value


def test_pickle__of_a_class_of_the_repository_answers(tmp_path: Path) -> None:
    content, said = asked(a_project(tmp_path, train=ALLOWED), pickled_own(15.0))
    assert said.columns == ("probability",)
    assert said.values[:2].tolist() == [[0.1], [0.9]]
    again = PROGRAMS.ask(content, Table({"radius": Column(np.array([20.0])), "texture": Column(np.array([1]))}))
    assert again.values.tolist() == [[0.9]]
    assert read_program(content).info.pickle


def test_pickle__of_a_module_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        asked(a_project(tmp_path, train=ALLOWED), pickled_own(15.0, "elsewhere"))
    assert caught.value.code == "pickle-failed"
    assert caught.value.problem.splitlines() == [
        "the pickle, asked in a confined child, ended with exit code 1",
        "ModuleNotFoundError: No module named 'elsewhere'",
    ]


@pytest.mark.parametrize(
    "attempt",
    [
        "open({secret!r}).read()",
        "open({secret!r}, 'w')",
        "import os; os.listdir({home!r})",
        "open('/proc/{process}/environ').read()",
        "import socket; socket.create_connection(('127.0.0.1', {port}))",
        "open('model.pkl', 'wb')",
        "import os; os.kill({process}, 0)",
        "import os; os.environ['MLCI_TOKEN']",
    ],
)
def test_pickle__that_runs_code_reaches_nothing(attempt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCI_TOKEN", "s3cret-canary")
    secret = tmp_path / "secret.txt"
    secret.write_text("labels")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = {"secret": str(secret), "home": str(Path.home()), "process": os.getpid()}
        error = refused(tmp_path, attempt.format(**places, port=server.getsockname()[1]))
    assert error.code == "pickle-failed"
    assert any(word in error.problem for word in ("PermissionError", "KeyError: 'MLCI_TOKEN'", "FileNotFoundError"))
    assert secret.read_text() == "labels"


def test_pickle__runs_in_no_process_of_mlci_s_own(tmp_path: Path) -> None:
    refused(tmp_path, "import builtins; builtins.stained = True")
    assert not hasattr(__builtins__, "stained")
    assert "stained" not in vars(sys.modules["builtins"])
