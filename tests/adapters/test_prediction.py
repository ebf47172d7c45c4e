from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlci.adapters.child import ChildLimits
from mlci.adapters.prediction import ChildPredictor
from mlci.core.table import Column
from mlci.errors import IntegrityError, OutsideError
from mlci.formats.confinement import available
from mlci.formats.model_file import read_model
from tests.formats import native_models

if TYPE_CHECKING:
    from collections.abc import Callable

GENERATOR = np.random.default_rng(0)
NUMBERS = GENERATOR.normal(size=(50, 2))
LABELS = np.where(NUMBERS.sum(axis=1) > 0, "yes", "no")
COLUMNS = {"a": Column(NUMBERS[:, 0]), "b": Column(NUMBERS[:, 1])}
TWO = {"x": Column(np.array([10.0, 20.0]))}

FAKE = """
import json, os, sys, time
from pathlib import Path
request = json.loads(sys.stdin.buffer.readline())
with open({log!r}, "a") as log: log.write("run\\n")
out = sys.stdout.buffer
def npy(*values, shape=None):
    import io, numpy
    buffer = io.BytesIO()
    array = numpy.array(values, dtype="<f8")
    numpy.save(buffer, array if shape is None else array.reshape(shape))
    return buffer.getvalue()
def answer(kind, shape, classes, payload, again=None):
    import io, numpy
    try:
        values = numpy.load(io.BytesIO(payload))
    except ValueError:
        values = numpy.array([])
    half = min(len(values) // 2, 64)
    same = numpy.concatenate([values[:half], values[half:][-4:]])  # the rows that are asked twice
    payload += same.tobytes() if again is None else again
    header = {{"prediction": {{"kind": kind, "shape": shape, "classes": classes}}}}
    out.write(json.dumps(header).encode() + b"\\n" + payload)
    out.flush()
{body}
"""


def estimator(name: str, **parameters: object) -> Any:  # noqa: ANN401  # estimators have no common type
    module, _, class_name = name.rpartition(".")
    return getattr(importlib.import_module(f"sklearn.{module}"), class_name)(**parameters)


def dumped(model: object) -> bytes:
    data: bytes = importlib.import_module("skops.io").dumps(model)
    return data


class Fake:
    """A predictor whose child is a script of the test."""

    def __init__(self, folder: Path, body: str, limits: ChildLimits | None = None) -> None:
        self.log = folder / "log"
        self.cache = folder / "cache"
        program = folder / "program"
        program.mkdir()
        (program / "__main__.py").write_text(FAKE.format(log=str(self.log), body=body), encoding="utf-8")
        self.predictor = ChildPredictor(cache=self.cache, program=program, limits=limits)

    def predict(self, columns: dict[str, Column] | None = None) -> Any:  # noqa: ANN401  # a Prediction, with arrays in it
        return self.predictor.predict("digest", b"model", "skops", TWO if columns is None else columns)

    def refusal(self) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            self.predict()
        return caught.value

    @property
    def runs(self) -> int:
        return self.log.read_text(encoding="utf-8").count("run")


@pytest.fixture(scope="module")
def predictor() -> ChildPredictor:
    return ChildPredictor()


class TestRealChild:
    def test_predict__answers_in_the_order_of_the_rows(self, predictor: ChildPredictor) -> None:
        pandas = importlib.import_module("pandas")
        text = np.array(["red", "green", "blue"])[np.arange(50) % 3]
        missing = np.arange(50) % 7 == 0
        encode = estimator(
            "compose.ColumnTransformer",
            transformers=[
                ("number", estimator("impute.SimpleImputer"), ["a", "b"]),
                ("text", estimator("preprocessing.OneHotEncoder", handle_unknown="ignore"), ["colour"]),
            ],
        )
        model = estimator("pipeline.Pipeline", steps=[("encode", encode), ("model", estimator("svm.SVC"))])
        model.set_params(model=estimator("ensemble.RandomForestClassifier", n_estimators=5, n_jobs=2, random_state=0))
        frame = pandas.DataFrame({"a": np.where(missing, np.nan, NUMBERS[:, 0]), "b": NUMBERS[:, 1], "colour": text})
        model.fit(frame, LABELS)
        columns = {"a": Column(NUMBERS[:, 0], missing), "b": COLUMNS["b"], "colour": Column(text)}
        prediction = predictor.predict("digest", dumped(model), "skops", columns)
        assert (prediction.kind, prediction.classes) == ("probabilities", ("no", "yes"))
        np.testing.assert_array_equal(prediction.values, model.predict_proba(frame))

    def test_describe__tells_features_and_classes(self, predictor: ChildPredictor) -> None:
        pandas = importlib.import_module("pandas")
        model = estimator("linear_model.LogisticRegression").fit(pandas.DataFrame(NUMBERS, columns=["a", "b"]), LABELS)
        assert predictor.describe(dumped(model), "skops").to_dict() == {
            "estimator": "LogisticRegression",
            "feature_names": ["a", "b"],
            "n_features": 2,
            "classes": ["no", "yes"],
            "has_probabilities": True,
            "labels": None,
        }

    @pytest.mark.slow
    def test_predict__refuses_parameters_that_are_nan(self, predictor: ChildPredictor) -> None:
        # Fitted on arrays: scikit-learn warns about names of columns, which must not matter.
        model = estimator("linear_model.LinearRegression").fit(NUMBERS, np.arange(50.0))
        model.coef_ = np.array([np.nan, 0.0])
        with pytest.raises(IntegrityError) as caught:
            predictor.predict("digest", dumped(model), "skops", COLUMNS)
        assert caught.value.to_dict() == {
            "code": "model-answers-nan",
            "problem": "the model answers with NaN or infinity for 50 of 50 rows",
            "where": None,
            "cause": "its parameters are NaN, usually because training diverged, or it cannot cope with missing values",
            "hint": "look at the training loss, or impute missing values in the model's pipeline",
            "exit_code": 4,
        }

    def test_predict__names_types_that_are_forbidden(self, predictor: ChildPredictor) -> None:
        model = estimator("preprocessing.FunctionTransformer", func=json.loads)
        with pytest.raises(IntegrityError) as caught:
            predictor.predict("digest", dumped(model), "skops", COLUMNS)
        assert caught.value.code == "model-forbidden-type"
        assert caught.value.problem == "the model holds types that are not allowed: json.loads"

    @pytest.mark.slow
    def test_predict__refuses_a_model_that_does_not_know_the_columns(self, predictor: ChildPredictor) -> None:
        model = estimator("linear_model.LinearRegression").fit(NUMBERS, np.arange(50.0))
        with pytest.raises(IntegrityError) as caught:
            predictor.predict("digest", dumped(model), "skops", {"a": COLUMNS["a"]})
        assert caught.value.code == "model-cannot-predict"
        assert "X has 1 features, but LinearRegression is expecting 2 features" in caught.value.problem

    @pytest.mark.slow
    def test_predict__refuses_text(self, predictor: ChildPredictor) -> None:
        model = estimator("dummy.DummyRegressor").fit(NUMBERS, np.arange(50.0))
        model.constant_ = np.array([["yes"]])
        with pytest.raises(IntegrityError) as caught:
            predictor.predict("digest", dumped(model), "skops", COLUMNS)
        assert caught.value.code == "model-answers-text"

    @pytest.mark.slow
    def test_predict__several_numbers_a_row(self, predictor: ChildPredictor) -> None:
        model = estimator("dummy.DummyRegressor").fit(NUMBERS, NUMBERS)
        answers = predictor.predict("digest", dumped(model), "skops", COLUMNS)
        assert (answers.kind, answers.values.shape) == ("numbers", (50, 2))

    def test_predict__ends_a_model_that_wants_too_much_memory(self) -> None:
        small = ChildPredictor(limits=ChildLimits(memory_bytes=64 * 1024**2))
        model = estimator("linear_model.LinearRegression").fit(NUMBERS, np.arange(50.0))
        model.large = np.zeros(10**7)
        data = importlib.import_module("skops.io").dumps(model, compression=zipfile.ZIP_DEFLATED)
        with pytest.raises(IntegrityError) as caught:
            small.predict("digest", data, "skops", COLUMNS)
        assert len(data) < 10**6
        assert caught.value.code == "model-killed"

    @pytest.mark.slow
    def test_describe__refuses_a_damaged_file(self, predictor: ChildPredictor) -> None:
        with pytest.raises(IntegrityError) as caught:
            predictor.describe(b"PK\x03\x04", "skops")
        assert caught.value.code == "model-unreadable"


class TestAnswers:
    """What a child may say, and what is done about it."""

    @pytest.mark.parametrize(
        ("body", "code", "part"),
        [
            ("answer('labels', [2], None, npy(1, float('nan')))", "model-answers-nan", "1 of 2 rows"),
            ("answer('labels', [2], None, npy(1, float('inf')))", "model-answers-nan", "1 of 2 rows"),
            ("answer('labels', [1], None, npy(1))", "model-answers-wrong-shape", "[1] instead of [2]"),
            ("answer('labels', [2], None, npy(1))", "model-answers-wrong-shape", "[2] instead of [2]"),
            ("answer('labels', [2], None, npy(1, 2) + b'more')", "model-answers-wrong-shape", "bytes instead of [2]"),
            ("answer('labels', [2], None, npy(1, 2)[:-1])", "model-answers-wrong-shape", "bytes instead of [2]"),
            ("answer('labels', [2], [0, 1], npy(0, 2))", "model-unreadable", "no position in the classes"),
            ("answer('labels', [2], [0, 1], npy(0, 0.5))", "model-unreadable", "no position in the classes"),
            (
                "answer('probabilities', [2, 2], [0, 1], npy(.5, .4, 0, 1, shape=(2, 2)))",
                "model-answers-no-probabilities",
                "sum to one",
            ),
            (
                "answer('probabilities', [2, 2], [0, 1], npy(-1, 2, 0, 1, shape=(2, 2)))",
                "model-answers-no-probabilities",
                "outside of 0 to 1",
            ),
            (
                "answer('probabilities', [2, 3], [0, 1], npy(*[0] * 6, shape=(2, 3)))",
                "model-answers-wrong-shape",
                "[2, 3]",
            ),
            (
                "answer('probabilities', [2, 2], None, npy(0, 1, 0, 1, shape=(2, 2)))",
                "model-answers-wrong-shape",
                "[2, 2]",
            ),
            ("answer('labels', [2], [1, 1], npy(0, 1))", "model-unreadable", "a class occurs twice"),
            ("answer('labels', [2], {}, npy(0, 1))", "model-unreadable", "classes are no list"),
            ("out.write(b'[]\\n')", "model-unreadable", "no readable answer"),
            ("out.write(b'{}\\n')", "model-unreadable", "it describes no prediction"),
            ("out.write(b'garbage')", "model-unreadable", "exit code 0"),
            ("out.write(b'[' * 100000 + b'\\n')", "model-unreadable", "exit code 0"),
            ("answer('labels', [2], None, npy(1, 2)); sys.exit(1)", "model-unreadable", "could not be loaded"),
            ("os.kill(os.getpid(), 11)", "model-killed", "signal 11"),
            ("os.kill(os.getpid(), 9)", "model-killed", "SIGKILL, usually for want of memory"),
            ("os.kill(os.getpid(), 24)", "model-killed", "more CPU time than it may"),
        ],
    )
    def test_predict__refuses(self, body: str, code: str, part: str, tmp_path: Path) -> None:
        error = Fake(tmp_path, body).refusal()
        assert (error.code, part in error.problem) == (code, True), error.problem

    @pytest.mark.parametrize(
        ("code", "family"),
        [
            ("model-forbidden-type", IntegrityError),
            ("model-answers-unknown-class", IntegrityError),
            ("model-cannot-predict", IntegrityError),
            ("model-killed", IntegrityError),
            ("missing-library", OutsideError),
            ("not-confined", OutsideError),
        ],
    )
    def test_predict__passes_on_what_the_child_refuses(
        self, code: str, family: type[IntegrityError | OutsideError], tmp_path: Path
    ) -> None:
        fake = Fake(tmp_path, f"print(json.dumps({{'error': {code!r}, 'message': 'because'}})); sys.exit(3)")
        with pytest.raises(family) as caught:
            fake.predict()
        assert (caught.value.code, "because" in caught.value.problem) == (code, True)
        assert caught.value.hint

    def test_predict__what_a_child_that_saw_rows_says_is_private(self, tmp_path: Path) -> None:
        says = "print(json.dumps({'error': 'model-cannot-predict', 'message': 'Maria Muster'})); sys.exit(3)"
        (tmp_path / "one").mkdir()
        error = Fake(tmp_path / "one", says).refusal()
        assert error.public().problem == "the model cannot predict these rows: …"
        for name, body in {
            "killed": "sys.stderr.write('Maria Muster'); sys.stderr.flush(); os.kill(os.getpid(), 9)",
            "silent": "sys.stderr.write('Maria Muster')",
            "shape": "answer('labels', ['Maria Muster'], None, npy(1, 2))",
        }.items():
            (tmp_path / name).mkdir()
            error = Fake(tmp_path / name, body).refusal()
            assert ("Maria Muster" in error.problem, "Maria Muster" in error.public().problem) == (True, False)

    def test_describe__what_a_child_without_rows_says_is_not_private(self, predictor: ChildPredictor) -> None:
        with pytest.raises(IntegrityError) as caught:
            predictor.describe(dumped(estimator("preprocessing.FunctionTransformer", func=json.loads)), "skops")
        assert caught.value.public().problem == "the model holds types that are not allowed: json.loads"

    def test_predict__an_unknown_refusal_is_an_unreadable_model(self, tmp_path: Path) -> None:
        fake = Fake(tmp_path, "print(json.dumps({'error': 'pass', 'message': 'all is well'}))")
        assert fake.refusal().code == "model-unreadable"

    def test_predict__shows_a_short_clean_tail_of_the_childs_errors(self, tmp_path: Path) -> None:
        noise = "sys.stderr.write('x' * 100000 + '\\x1b[2J\\r\\n::error::forged\\n<b>\\u202e end')"
        problem = Fake(tmp_path, noise).refusal().problem
        assert problem.endswith("x [2J ::error::forged <b>  end")
        assert len(problem) < 450

    def test_predict__ends_a_child_that_hangs(self, tmp_path: Path) -> None:
        body = f"Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(600)"
        began = time.monotonic()
        error = Fake(tmp_path, body, ChildLimits(wall_seconds=1)).refusal()
        assert (error.code, time.monotonic() - began < 20) == ("model-killed", True)
        assert "it took longer than 1 seconds" in error.problem
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)

    def test_predict__ends_a_child_that_closes_its_output_and_stays(self, tmp_path: Path) -> None:
        body = "os.close(1); os.close(2); time.sleep(600)"
        assert Fake(tmp_path, body, ChildLimits(wall_seconds=1)).refusal().code == "model-killed"

    def test_predict__ends_the_children_of_a_child(self, tmp_path: Path) -> None:
        body = f"""
import subprocess
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path({str(tmp_path / "pid")!r}).write_text(str(inner.pid))
time.sleep(600)
"""
        assert Fake(tmp_path, body, ChildLimits(wall_seconds=1)).refusal().code == "model-killed"
        assert is_gone(int((tmp_path / "pid").read_text(encoding="utf-8")))

    def test_predict__reads_no_flood(self, tmp_path: Path) -> None:
        body = "\nwhile True: out.write(bytes(10**6))"
        error = Fake(tmp_path, body, ChildLimits(answer_bytes=10**6)).refusal()
        assert (error.code, "its answer is longer than 1000000 bytes" in error.problem) == ("model-killed", True)

    def test_predict__gives_the_child_an_empty_environment(self, tmp_path: Path) -> None:
        body = f"Path({str(tmp_path / 'environment')!r}).write_text(json.dumps(dict(os.environ)))"
        Fake(tmp_path, body).refusal()
        environment = json.loads((tmp_path / "environment").read_text(encoding="utf-8"))
        assert environment == {
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "NUMEXPR_NUM_THREADS": "1",
            "LOKY_MAX_CPU_COUNT": "1",
        }

    def test_predict__leaves_nothing_behind(self, tmp_path: Path) -> None:
        body = f"Path({str(tmp_path / 'model')!r}).write_text(request['model'])"
        Fake(tmp_path, body).refusal()
        assert not Path((tmp_path / "model").read_text(encoding="utf-8")).parent.parent.exists()


ECHO = """
import numpy
rows = Path(request["rows"])
values = numpy.load(rows / "numbers.npy")[0]
answer("labels", [len(values)], None, npy(*values))
"""


def onnx_graph_that(decides: str) -> bytes:
    """A regression as ONNX that answers with `x`, or with what DECIDES says of all rows."""
    helper, kinds = importlib.import_module("onnx.helper"), importlib.import_module("onnx").TensorProto
    steps = {
        "counts the rows": [
            helper.make_node("Shape", ["x"], ["shape"]),
            helper.make_node("ReduceMax", ["shape"], ["count"], keepdims=0),
            helper.make_node("Cast", ["count"], ["size"], to=kinds.FLOAT),
            helper.make_node("Mul", ["x", "size"], ["y"]),
        ],
        "compares the rows": [
            helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
            helper.make_node("Sub", ["x", "mean"], ["y"]),
        ],
        "looks at the row": [helper.make_node("Mul", ["x", "x"], ["y"])],
    }
    given, answer = (helper.make_tensor_value_info(name, kinds.FLOAT, [None, 1]) for name in ("x", "y"))
    graph = helper.make_graph(steps[decides], "graph", [given], [answer])
    sets = [helper.make_opsetid("", 18)]
    content: bytes = helper.make_model(graph, opset_imports=sets, ir_version=9).SerializeToString()
    return content


class TestAskedTwice:
    """Some rows are asked again: what is said of a row may depend on that row alone."""

    @pytest.mark.parametrize("decides", ["counts the rows", "compares the rows"])
    def test_predict__a_file_that_looks_at_more_than_the_row(self, decides: str, predictor: ChildPredictor) -> None:
        columns = {"x": Column(NUMBERS[:, 0])}
        with pytest.raises(IntegrityError) as caught:
            predictor.predict("digest", onnx_graph_that(decides), "onnx", columns)
        assert caught.value.code == "model-answers-by-batch"
        assert caught.value.problem.startswith("asked again among fewer rows, the model answers otherwise for ")

    def test_predict__a_file_that_looks_at_the_row(self, predictor: ChildPredictor) -> None:
        columns = {"x": Column(NUMBERS[:, 0])}
        found = predictor.predict("digest", onnx_graph_that("looks at the row"), "onnx", columns)
        np.testing.assert_allclose(found.values, NUMBERS[:, 0] ** 2, rtol=1e-6)

    @pytest.mark.parametrize("differing", ["values + 1e-6", "numpy.where(rank == 0, values + 5, values)"])
    def test_predict__lets_pass_rounding_and_a_tie(self, differing: str, tmp_path: Path) -> None:
        fake = Fake(tmp_path, TWICE.format(differing=differing))
        assert fake.predict({"x": Column(np.arange(100.0))}).values.shape == (100,)

    @pytest.mark.parametrize("differing", ["values + 0.1", "numpy.where(rank < 3, values + 5, values)", "values + nan"])
    def test_predict__lets_pass_no_more(self, differing: str, tmp_path: Path) -> None:
        fake = Fake(tmp_path, TWICE.format(differing=differing))
        with pytest.raises(IntegrityError) as caught:
            fake.predict({"x": Column(np.arange(100.0))})
        assert caught.value.code == "model-answers-by-batch"

    def test_predict__keeps_nothing_of_what_was_refused(self, tmp_path: Path) -> None:
        fake = Fake(tmp_path, TWICE.format(differing="values + 1"))
        for _ in range(2):
            with pytest.raises(IntegrityError):
                fake.predict({"x": Column(np.arange(100.0))})
        assert (fake.runs, fake.cache.exists()) == (2, False)


TWICE = """
import numpy
from numpy import nan
told = numpy.load(Path(request["rows"]) / "numbers.npy")[0]
values = numpy.concatenate([told[:50], told[-4:]])
rank = numpy.arange(54)
answer("labels", [len(told)], None, npy(*told), ({differing}).tobytes())
"""


class TestOrder:
    def test_predict__shuffles_the_rows_and_undoes_it(self, tmp_path: Path) -> None:
        seen = tmp_path / "seen.npy"
        fake = Fake(tmp_path, f"{ECHO}\nnumpy.save({str(seen)!r}, values)")
        given = np.arange(100.0)
        prediction = fake.predict({"x": Column(given)})
        np.testing.assert_array_equal(prediction.values, given)
        shuffled = np.load(seen)
        assert not np.array_equal(shuffled, given)
        np.testing.assert_array_equal(np.sort(shuffled), given)

    def test_predict__takes_no_rows(self, tmp_path: Path) -> None:
        assert Fake(tmp_path, ECHO).predict({"x": Column(np.array([]))}).values.shape == (0,)


class TestCache:
    def test_predict__asks_once(self, tmp_path: Path) -> None:
        fake = Fake(tmp_path, ECHO)
        first, second = fake.predict(), fake.predict()
        assert fake.runs == 1
        np.testing.assert_array_equal(first.values, second.values)
        assert (first.kind, first.classes) == (second.kind, second.classes) == ("labels", None)

    @pytest.mark.parametrize(
        "question",
        [
            ("other", b"model", TWO),
            ("digest", b"other", TWO),
            ("digest", b"model", {"y": TWO["x"]}),
            ("digest", b"model", {"x": Column(np.array([1.0, 2.0]))}),
        ],
        ids=["package", "model", "name of a column", "rows"],
    )
    def test_predict__asks_again_for_another(
        self, question: tuple[str, bytes, dict[str, Column]], tmp_path: Path
    ) -> None:
        fake = Fake(tmp_path, ECHO)
        fake.predict()
        package, model, columns = question
        fake.predictor.predict(package, model, "skops", columns)
        assert fake.runs == 2

    def test_predict__asks_again_when_the_child_changes(self, tmp_path: Path) -> None:
        fake = Fake(tmp_path, ECHO)
        fake.predict()
        (tmp_path / "program" / "more.py").write_text("", encoding="utf-8")
        fake.predict()
        assert fake.runs == 2

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("values.npy", b""),
            ("values.npy", b"\x93NUMPY"),
            ("header.json", b""),
            ("header.json", b"{}"),
            ("header.json", b"[]"),
        ],
    )
    def test_predict__mends_a_damaged_entry(self, name: str, content: bytes, tmp_path: Path) -> None:
        fake = Fake(tmp_path, ECHO)
        fake.predict()
        (entry,) = fake.cache.iterdir()
        whole = (entry / name).read_bytes()
        (entry / name).write_bytes(content)
        np.testing.assert_array_equal(fake.predict().values, [10.0, 20.0])
        assert (fake.runs, (entry / name).read_bytes()) == (2, whole)
        assert list(fake.cache.iterdir()) == [entry]

    def test_predict__does_not_believe_other_numbers(self, tmp_path: Path) -> None:
        fake = Fake(tmp_path, ECHO)
        fake.predict()
        (entry,) = fake.cache.iterdir()
        payload = (entry / "values.npy").read_bytes()
        (entry / "values.npy").write_bytes(payload[:-8] + bytes(8))
        np.testing.assert_array_equal(fake.predict().values, [10.0, 20.0])

    def test_predict__keeps_no_refusal(self, tmp_path: Path) -> None:
        fake = Fake(tmp_path, "answer('labels', [2], None, npy(1, float('nan')))")
        fake.refusal()
        fake.refusal()
        assert (fake.runs, fake.cache.exists()) == (2, False)


def test_predictor__needs_an_interpreter(tmp_path: Path) -> None:
    predictor = ChildPredictor(tmp_path / "python")
    with pytest.raises(OutsideError) as caught:
        predictor.describe(b"", "skops")
    assert (caught.value.code, caught.value.where) == ("child-not-started", str(tmp_path / "python"))


def test_requirements__are_the_versions_of_the_interpreter() -> None:
    assert ChildPredictor().requirements("skops") == {
        name: importlib.metadata.version(name) for name in ("numpy", "pandas", "scikit-learn", "scipy", "skops")
    }


def test_requirements__name_what_is_missing(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    with pytest.raises(OutsideError) as caught:
        _ = ChildPredictor(python).requirements("skops")
    assert (caught.value.code, caught.value.where, caught.value.hint) == (
        "missing-library",
        str(python),
        "pip install 'mlci[ml]'",
    )
    assert "numpy" in caught.value.problem


def test_confinement__is_that_of_the_kernel() -> None:
    assert ChildPredictor().confinement == available()


def test_predict__an_interrupt_ends_the_child(tmp_path: Path) -> None:
    pid, program = tmp_path / "pid", tmp_path / "program"
    program.mkdir()
    waiting = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid()) + '\\n'); time.sleep(600)"
    (program / "__main__.py").write_text(waiting, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from mlci.adapters.prediction import ChildPredictor\n"
        "ChildPredictor(program=Path(sys.argv[1])).describe(b'', 'skops')"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(program)], stderr=subprocess.DEVNULL) as parent:
        child = int(eventually(pid))
        parent.send_signal(signal.SIGINT)
        parent.wait(20)
    assert is_gone(child)


def eventually(path: Path) -> str:
    """The first line of a file, once it is there."""
    deadline = time.monotonic() + 20
    while not (path.exists() and path.read_text(encoding="utf-8").endswith("\n")):
        assert time.monotonic() < deadline
    return path.read_text(encoding="utf-8")


def is_gone(process: int) -> bool:
    """Whether a process has ended; one that nobody awaits yet counts."""
    status = Path(f"/proc/{process}/stat")
    deadline = time.monotonic() + 20
    while status.exists() and status.read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z":
        assert time.monotonic() < deadline
    return True


@pytest.mark.parametrize(
    ("model_format", "file"),
    [
        ("lightgbm", native_models.lightgbm_text),
        ("xgboost", native_models.xgboost_model),
        ("onnx", native_models.onnx_model),
    ],
)
def test_predict__each_format_in_a_child_that_is_confined(model_format: str, file: Callable[[], bytes]) -> None:
    model = read_model(file())
    predictor = ChildPredictor()
    columns = {name: Column(native_models.ROWS[name].to_numpy()) for name in native_models.ROWS}
    found = predictor.predict("digest", model.content, model.format, columns)
    assert (model.format, found.kind, found.values.shape) == (model_format, "probabilities", (200, 2))
    accuracy = np.mean((found.values[:, 1] > 0.5) == native_models.LABELS)
    assert accuracy > 0.7
    assert {"numpy", "pandas"} < set(predictor.requirements(model_format)) - {"scikit-learn", "skops"}
