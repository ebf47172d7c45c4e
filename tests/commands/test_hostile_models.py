"""Models written by somebody who read the guards: none changes a score or a verdict.

A model here is a program (see `hostile.py`). What it knows is right for six rows of ten; where its attempt works it
answers with the truth, so that the score tells.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest

import mlci.formats
from mlci.adapters.child import ChildLimits
from mlci.adapters.prediction import ChildPredictor
from mlci.commands.evaluation import evaluate
from mlci.commands.installed import Installed
from mlci.core.config import read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from mlci.core.gates import Outcome, Verdict
from mlci.core.package import Input, Signature, build_package
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import IntegrityError
from mlci.testing import MemoryData, MemoryTree, model_file
from tests.commands.builders import CONTRACT, a_configuration, some_rows

FORMATS = Path(mlci.formats.__file__).parent
HOSTILE = Path(__file__).with_name("hostile.py")
SIGNATURE = Signature(
    inputs=(Input(name="radius", type="number"), Input(name="texture", type="integer")),
    classes=(0, 1),
    positive=1,
    threshold=0.5,
)
PRODUCTION = "answer = lambda rows: np.where((rows['radius'] > 15) != (rows['texture'] == 0), 0.9, 0.1)"
HONEST = "answer = honest"
TRIES = """
def answer(rows):
    try:
        attempt(rows)
    except (OSError, MemoryError, KeyError, ValueError, StopIteration):
        return honest(rows)
    return truth(rows)
"""


def a_package(program: str) -> Installed:
    """Return a package whose model is a program."""
    configuration = read_config(a_configuration().encode())
    package = build_package(model_file("hostile"), "Hostile", SIGNATURE, {}, configuration)
    model = program.encode()
    files = {**package.files, package.info.model: model}
    return Installed(replace(package, files=files), sha256(model).hexdigest())


@dataclass
class Lab:
    """A child that runs whatever its model says."""

    predictor: ChildPredictor
    place: Path

    def verdict(self, program: str, rows: bytes | None = None) -> Verdict:
        """Return the verdict on a program, against production on the same rows."""
        configuration = read_config(a_configuration("{metric: accuracy, require: not_worse, margin: 0.05}").encode())
        contract = read_model(CONTRACT.encode(), Contract, "cells.yaml")
        rules, _ = effective(None, Side(configuration, {"holdout": contract}))
        return evaluate(
            rules,
            rows_from=MemoryTree({"data/holdout.csv": some_rows() if rows is None else rows}),
            candidate=a_package(program),
            production=replace(a_package(PRODUCTION), version="v1.0.0"),
            data=MemoryData(),
            predictor=self.predictor,
            objects=self.place,
        )

    def accuracy(self, program: str) -> tuple[Outcome, float | None]:
        """Return the verdict on a program, and what it scored."""
        verdict = self.verdict(program)
        return verdict.outcome, verdict.results[0].candidate

    def refused(self, program: str) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            self.verdict(program)
        return caught.value


def a_program(place: Path, *, confined: bool = True) -> Path:
    """Return a copy of the child whose skops models are programs; CONFINED or as if nobody had thought of it."""
    copy = shutil.copytree(FORMATS, place, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOSTILE, copy / "skops_model.py")
    if not confined:
        child = copy / "child.py"
        source = child.read_text(encoding="utf-8")
        assert 'if request["confine"]:' in source
        child.write_text(source.replace('if request["confine"]:', "if False:"), encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    place = tmp_path_factory.mktemp("lab")
    limits = ChildLimits(wall_seconds=60, cpu_seconds=20, memory_bytes=1024**3)
    program = a_program(place / "child")
    return Lab(ChildPredictor(cache=place / "cache", limits=limits, program=program), place)


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    place = tmp_path_factory.mktemp("open")
    return Lab(ChildPredictor(cache=place / "cache", program=a_program(place / "child", confined=False)), place)


FOUGHT = (Outcome.FAIL, 0.6)
"""What the honest model comes to."""
WON = (Outcome.PASS, 1.0)


def test_honest__is_judged_by_what_it_knows(lab: Lab) -> None:
    assert lab.accuracy(HONEST) == FOUGHT


OUTSIDE = {
    "the parent's environment": "attempt = lambda rows: Path(f'/proc/{os.getppid()}/environ').read_bytes()",
    "the parent's memory": "attempt = lambda rows: open(f'/proc/{os.getppid()}/mem', 'rb')",
    "the parent's open files": "attempt = lambda rows: os.listdir(f'/proc/{os.getppid()}/fd')",
    "the labels in the repository": f"attempt = lambda rows: Path({str(Path(__file__))!r}).read_bytes()",
    "the home folder": f"attempt = lambda rows: os.listdir({str(Path.home())!r})",
    "a file that stays": "attempt = lambda rows: Path('left').write_text('1')",
    "a fork": "attempt = lambda rows: os.fork() or os._exit(0)",
    "a program": "attempt = lambda rows: os.posix_spawn('/bin/true', ['true'], {})",
    "a signal to the parent": "attempt = lambda rows: os.kill(os.getppid(), 0)",
    "a connection": "import socket\nattempt = lambda rows: socket.socketpair()",
}


@pytest.mark.needs("landlock")
@pytest.mark.parametrize("program", OUTSIDE.values(), ids=OUTSIDE)
def test_outside__cannot_be_reached(program: str, lab: Lab) -> None:
    assert lab.accuracy(f"{program}\n{TRIES}") == FOUGHT


@pytest.mark.slow
@pytest.mark.parametrize("program", OUTSIDE.values(), ids=OUTSIDE)
def test_outside__is_within_reach_of_who_is_not_confined(program: str, open_lab: Lab) -> None:
    assert open_lab.accuracy(f"{program}\n{TRIES}") == WON


@pytest.mark.needs("landlock")
def test_cache__takes_no_answers_of_others(lab: Lab) -> None:
    lab.verdict(HONEST)
    kept = sorted((lab.place / "cache").rglob("*.npy"))
    attempt = f"attempt = lambda rows: [os.unlink(each) for each in {[str(path) for path in kept]!r}]"
    assert (lab.accuracy(f"{attempt}\n{TRIES}"), kept != []) == (FOUGHT, True)
    assert set(kept) <= set((lab.place / "cache").rglob("*.npy"))


def test_environment__holds_no_secret(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCI_LABELS", "1")
    assert lab.accuracy(f"attempt = lambda rows: os.environ['MLCI_LABELS']\n{TRIES}") == FOUGHT


def test_files__of_the_parent_are_closed(lab: Lab) -> None:
    with (lab.place / "labels.csv").open("w+b") as labels:
        labels.write(b"1")
        labels.flush()
        # As a careless library leaves it: open, and passed on to whoever is started.
        os.set_inheritable(labels.fileno(), True)  # noqa: FBT003 - positional only
        assert lab.accuracy(f"attempt = lambda rows: os.pread({labels.fileno()}, 1, 0)\n{TRIES}") == FOUGHT


FIRST = """
told, alone = [], []
def answer(rows):
    if not told:
        told.extend({first})
        alone.extend(told[-4:])
        return told
    return told[:len(rows)] if len(rows) > 1 else [alone.pop(0)]
"""
"""A model that knows what it will be asked a second time, and answers as it did."""


@pytest.mark.parametrize(
    "first",
    ["(0.99 if row % 2 else 0.01 for row in range(len(rows)))", "sorted(truth(rows))", "truth(rows)[::-1]"],
    ids=["the labels in the order of the file", "hard rows last", "reversed"],
)
def test_order__of_answers_gains_nothing(first: str, lab: Lab) -> None:
    outcome, accuracy = lab.accuracy(FIRST.format(first=first))
    assert (outcome, accuracy is not None and accuracy < 0.65) == (Outcome.FAIL, True)


ASKED_TWICE = {
    "by the size of the batch": "answer = lambda rows: truth(rows) if len(rows) > 100 else honest(rows)",
    "alone": "answer = lambda rows: truth(rows) if len(rows) > 1 else 1 - truth(rows)",
    "by the other rows": "answer = lambda rows: (rows['radius'].rank() + rows['texture'].rank()) / 500",
    "by the first question": "asked = []\ndef answer(rows):\n    asked.append(1)\n"
    "    return truth(rows) if len(asked) == 1 else honest(rows)",
    "by the clock": "import time\nanswer = lambda rows: (truth(rows) + time.perf_counter_ns() % 997 / 997) / 2",
    "by chance": "answer = lambda rows: np.random.default_rng().random(len(rows))",
    "with NaN the second time": "asked = []\ndef answer(rows):\n    asked.append(1)\n"
    "    return truth(rows) if len(asked) == 1 else np.full(len(rows), np.nan)",
}


@pytest.mark.parametrize("program", ASKED_TWICE.values(), ids=ASKED_TWICE)
def test_answers__depend_on_the_row_alone(program: str, lab: Lab) -> None:
    assert lab.refused(program).code == "model-answers-by-batch"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("answer = lambda rows: np.where(rows['texture'] < 4, np.nan, truth(rows))", "model-answers-nan"),
        ("answer = lambda rows: np.where(rows['texture'] < 4, np.inf, truth(rows))", "model-answers-nan"),
        ("answer = lambda rows: truth(rows[rows['texture'] >= 4])", "model-answers-wrong-shape"),
        ("answer = lambda rows: np.append(truth(rows), 1)", "model-answers-wrong-shape"),
        ("answer = lambda rows: 2 * truth(rows)", "model-answers-no-probabilities"),
        ("answer = lambda rows: os._exit(0)", "model-unreadable"),
        ("answer = lambda rows: [os.write(fd, b'{}') for fd in range(3, 9)]", "model-unreadable"),
        ("raise SystemExit(0)", "model-unreadable"),
        ("raise KeyboardInterrupt", "model-killed"),
        ("answer = lambda rows: np.ones(2**30)", "model-killed"),
    ],
    ids=[
        "NaN for hard rows", "infinity for hard rows", "without hard rows", "a row more", "beyond 1", "gone",
        "another answer", "leaves", "interrupts", "all memory",
    ],
)  # fmt: skip
def test_answers__that_are_none_are_refused(program: str, code: str, lab: Lab) -> None:
    error = lab.refused(program)
    assert (error.code, error.exit_code) == (code, 4)


@pytest.mark.parametrize(
    "program",
    [
        "def answer(rows):\n    while True: pass",
        "import time\nanswer = lambda rows: time.sleep(600)",
        "import signal\nanswer = lambda rows: os.kill(os.getpid(), signal.SIGSTOP)",
        "def answer(rows):\n    while True: print('x' * 10**6)",
    ],
    ids=["busy", "asleep", "stopped", "talking"],
)
def test_time__is_not_given_for_ever(program: str, lab: Lab) -> None:
    lab.verdict(HONEST)  # production's answers are kept, under limits that suffice
    hurried = ChildLimits(wall_seconds=2)
    child = ChildPredictor(cache=lab.place / "cache", limits=hurried, program=lab.place / "child")
    error = Lab(child, lab.place).refused(program)
    assert (error.code, "it took longer than 2 seconds" in error.problem) == ("model-killed", True)


@pytest.mark.slow
def test_libraries__may_be_patched_where_nobody_scores(lab: Lab) -> None:
    patched = f"""
import sklearn.metrics
sklearn.metrics.accuracy_score = sklearn.metrics.recall_score = np.mean = np.allclose = lambda *_, **__: 1.0
{HONEST}
"""
    assert lab.accuracy(patched) == FOUGHT


def test_features__that_were_learnt_by_heart_help_on_these_rows_alone(lab: Lab) -> None:
    by_heart = (
        "answer = lambda rows: np.where(rows['texture'] < 10, truth(rows), honest(rows - {'radius': 0, 'texture': 10}))"
    )
    unseen = {row: f"{row},{20 if row % 2 else 10},{row // 2 % 10 + 10},{row % 2}" for row in range(200)}
    assert lab.accuracy(by_heart) == WON  # what no check prevents: the trust line says that the labels could be read
    sealed = lab.verdict(by_heart, some_rows(edits=unseen))
    assert (sealed.outcome, sealed.results[0].candidate) == FOUGHT
