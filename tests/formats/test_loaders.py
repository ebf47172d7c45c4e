from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mlci.adapters.prediction import ChildPredictor
from mlci.commands.installed import Installed
from mlci.commands.packaging import packaged
from mlci.commands.verify import verify_package
from mlci.core.predictions import Predictions
from mlci.core.program import Program, ProgramInfo
from mlci.core.signature import Input, Signature
from mlci.formats import pickle_answers
from mlci.formats.loaders import loader, program_loader
from mlci.formats.program_archive import write_program
from mlci.formats.recognition import FORMATS
from tests.core.configurations import a_config, a_contract
from tests.formats.native_models import library

if TYPE_CHECKING:
    from mlci.formats.recognition import Format

GENERATOR = np.random.default_rng(0)
ROWS = pd.DataFrame({"mean_radius": GENERATOR.uniform(5, 30, 200), "worst_radius": GENERATOR.uniform(5, 40, 200)})
LABELS = (ROWS["mean_radius"] + ROWS["worst_radius"] > 40).astype(int)


def model(model_format: Format) -> tuple[bytes, Any]:
    """A model file, and who gives the right probabilities."""
    if model_format == "lightgbm":
        fitted = library("lightgbm").LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1).fit(ROWS, LABELS)
        return fitted.booster_.model_to_string().encode(), fitted
    if model_format == "xgboost":
        fitted = library("xgboost").XGBClassifier(n_estimators=3, n_jobs=1).fit(ROWS, LABELS)
        return bytes(fitted.get_booster().save_raw("ubj")), fitted
    forest = library("sklearn.ensemble").RandomForestClassifier(3, random_state=0)
    fitted = library("sklearn.pipeline").make_pipeline(library("sklearn.preprocessing").StandardScaler(), forest)
    fitted.fit(ROWS.astype("float32"), LABELS)
    if model_format == "onnx":
        return library("skl2onnx").to_onnx(fitted, ROWS[:1].astype("float32")).SerializeToString(), fitted
    return library("skops.io").dumps(fitted), fitted


@pytest.mark.filterwarnings("ignore")  # what MLflow and its libraries warn of while they are imported is theirs
@pytest.mark.parametrize("model_format", FORMATS)
def test_loader__the_real_mlflow_loads_a_package(
    model_format: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, fitted = model(model_format)
    package = packaged(content, a_config(), a_contract(), ChildPredictor())
    for name, data in package.files.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mlci_model", raising=False)
    loaded = library("mlflow.pyfunc").load_model(str(tmp_path))
    found = loaded.predict(ROWS)
    np.testing.assert_allclose(found["probability"], fitted.predict_proba(ROWS)[:, 1], atol=1e-6)
    np.testing.assert_array_equal(found["decision"], (found["probability"] >= 0.5).astype(int))
    assert [item["name"] for item in loaded.metadata.signature.inputs.to_dict()] == ["mean_radius", "worst_radius"]
    assert json.loads((tmp_path / "golden.json").read_bytes())["answers"] is not None


AWK = rb"""
{
  match($0, /"row": [0-9]+/); row = substr($0, RSTART + 7, RLENGTH - 7)
  match($0, /"mean_radius": [0-9.]+/); radius = substr($0, RSTART + 15, RLENGTH - 15)
  printf "{\"row\": %d, \"probability\": %.9f}\n", row, radius / 100
}
"""
OWN = b"""
class Radius:
    classes_ = [0, 1]
    feature_names_in_ = ["mean_radius"]

    def predict_proba(self, rows):
        return [[1 - radius / 100, radius / 100] for radius in rows["mean_radius"]]
"""
PROGRAMS: dict[str, tuple[tuple[str, ...], dict[str, bytes]]] = {
    "program": (("awk", "-f", "score.awk"), {"score.awk": AWK}),
    "pickle": (
        ("python3", "-I", "answer.py"),
        {
            "answer.py": Path(pickle_answers.__file__).read_bytes(),
            "about.json": b'{"model": "model.pkl", "folders": ["code"], "task": "binary", "positive": 1}',
            "code/own.py": OWN,
            "model.pkl": b"cown\nRadius\n)R.",
        },
    ),
}


@pytest.mark.filterwarnings("ignore")  # as above
@pytest.mark.parametrize("kind", PROGRAMS)
def test_loader__the_real_mlflow_asks_a_program(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command, files = PROGRAMS[kind]
    answers = Predictions(("1",), ("probability",), np.array([[0.5]]))
    names = ("mean_radius", "worst_radius")
    info = ProgramInfo(
        command=command, rows="jsonl", timeout_seconds=60, inputs=names, classes=(0, 1), positive=1,
        pickle=kind == "pickle",
    )  # fmt: skip
    config = a_config(("model: model.skops", "model: model.pkl, allow_pickle: true"))
    content = write_program(Program(info, files, answers.to_bytes()))
    for name, data in packaged(content, config, a_contract(), ChildPredictor()).files.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mlci_model", raising=False)
    found = library("mlflow.pyfunc").load_model(str(tmp_path)).predict(ROWS)
    np.testing.assert_allclose(found["probability"], ROWS["mean_radius"] / 100, atol=1e-9)


@pytest.mark.parametrize("model_format", FORMATS)
def test_loader__imports_nothing_of_mlci(model_format: Format) -> None:
    tree = ast.parse(loader(model_format))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not any(name.startswith("mlci") for name in names)


@pytest.mark.parametrize(
    "estimator",
    ["ensemble.RandomForestClassifier", "neural_network.MLPClassifier"],
    ids=["a table a label", "one table"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_loader__answers_several_labels(tmp_path: Path, estimator: str) -> None:
    module, _, name = estimator.partition(".")
    table = np.column_stack([LABELS, ROWS["mean_radius"] > 15, np.zeros(len(ROWS))]).astype(int)
    fitted = getattr(library(f"sklearn.{module}"), name)(random_state=1).fit(ROWS, table)
    signature = Signature(
        inputs=tuple(Input(name=column, type="number") for column in ROWS),
        classes=("big", "wide", "odd"),
        threshold=0.4,
    )
    about = {"model": "none", "signature": signature.model_dump(mode="json")}
    (tmp_path / "package.json").write_text(json.dumps(about), encoding="utf-8")
    module_of_package: dict[str, Any] = {}
    exec(loader("skops", has_labels=True), module_of_package)  # noqa: S102 - our own text
    module_of_package["load"] = lambda _: fitted
    found = module_of_package["_load_pyfunc"](tmp_path).predict(ROWS)
    assert list(found) == [each.name for each in signature.outputs]
    np.testing.assert_array_equal(found["decision_wide"], (found["probability_wide"] >= 0.4).astype(int))
    assert (found["probability_odd"] < 0.4).all()


def test_loader__answers_several_quantiles(tmp_path: Path) -> None:
    table = np.column_stack([ROWS["mean_radius"] - 1, ROWS["mean_radius"] + 1])
    fitted = library("sklearn.linear_model").LinearRegression().fit(ROWS, table)
    signature = Signature(
        inputs=tuple(Input(name=column, type="number") for column in ROWS), classes=(), quantiles=(0.1, 0.9)
    )
    about = {"model": "none", "signature": signature.model_dump(mode="json")}
    (tmp_path / "package.json").write_text(json.dumps(about), encoding="utf-8")
    module_of_package: dict[str, Any] = {}
    exec(loader("skops", has_quantiles=True), module_of_package)  # noqa: S102 - our own text
    module_of_package["load"] = lambda _: fitted
    found = module_of_package["_load_pyfunc"](tmp_path).predict(ROWS)
    assert list(found) == [each.name for each in signature.outputs]
    np.testing.assert_allclose(found.to_numpy(), table, atol=1e-9)


@pytest.mark.parametrize(
    ("about", "signature", "answer", "expected"),
    [
        (
            {"classes": [], "positive": None, "quantiles": [0.1, 0.9], "prediction": "q(*)"},
            {"classes": [], "positive": None, "threshold": None, "quantiles": [0.1, 0.9]},
            '{"row": 1, "q(0.9)": 2.5, "q(0.1)": -3.5}',
            {"quantile_0.1": -3.5, "quantile_0.9": 2.5},
        ),
        (
            {"classes": [], "positive": None, "quantiles": [0.1, 0.9]},
            {"classes": [], "positive": None, "threshold": None, "quantiles": [0.1, 0.9]},
            '{"row": 1, "quantile_0.1": -3.5, "quantile_0.9": 2.5}',
            {"quantile_0.1": -3.5, "quantile_0.9": 2.5},
        ),
        (
            {"classes": [], "positive": None, "labels": ["news", "arts"], "prediction": "p(*)"},
            {"classes": ["news", "arts"], "positive": None, "threshold": 0.5},
            '{"row": 1, "p(arts)": 0.1, "p(news)": 0.9}',
            {"probability_news": 0.9, "probability_arts": 0.1, "decision_news": 1, "decision_arts": 0},
        ),
        (
            {"classes": [], "positive": None, "prediction": "y_hat"},
            {"classes": [], "positive": None, "threshold": None},
            '{"row": 1, "y_hat": -3.5}',
            {"prediction": -3.5},
        ),
        (
            {"classes": [0, 1], "positive": 1, "prediction": "y_hat"},
            {"classes": [0, 1], "positive": 1, "threshold": 0.5},
            '{"row": 1, "y_hat": 0.75}',
            {"probability": 0.75, "decision": 1},
        ),
    ],
    ids=["quantiles", "quantiles under our names", "labels", "numbers", "a class"],
)
def test_program_loader__answers_under_our_names(
    tmp_path: Path, about: dict[str, Any], signature: dict[str, Any], answer: str, expected: dict[str, float]
) -> None:
    inputs = [{"name": "mean_radius"}]
    package = {"model": "none", "signature": {**signature, "inputs": inputs}}
    (tmp_path / "package.json").write_text(json.dumps(package), encoding="utf-8")
    told = {**about, "command": ["sh", "-c", f"echo '{answer}'"], "rows": "jsonl"}
    (tmp_path / "PROGRAM.json").write_text(json.dumps(told), encoding="utf-8")
    (tmp_path / "files").mkdir()
    module_of_package: dict[str, Any] = {}
    parts = {"has_labels": "labels" in about, "has_quantiles": "quantiles" in about}
    exec(program_loader(has_names=True, **parts), module_of_package)  # noqa: S102 - our own text
    module_of_package["load"] = lambda _: tmp_path
    found = module_of_package["_load_pyfunc"](tmp_path).predict(ROWS[["mean_radius"]].head(1))
    assert found.to_dict("records") == [expected]


def installed_alone(folder: Path, requirements: bytes) -> Path:
    """The interpreter of an environment with exactly these distributions and what they require."""
    venv.create(folder, with_pip=False)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    waiting = [line.partition("==")[0] for line in requirements.decode().splitlines()]
    known: set[str] = {"nvidia-nccl-cu12"}  # for machines with a graphics card, and left out of the lock
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in known:
            continue
        known.add(name)
        distribution = importlib.metadata.distribution(name)
        needed = [Requirement(text) for text in distribution.requires or ()]
        waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
        for file in distribution.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                os.link(str(distribution.locate_file(file)), site / file)
    return folder / "bin" / "python"


ALONE = """
import importlib.util, json, sys
sys.path.insert(0, sys.argv[1])
import mlci_model, pandas
assert not [name for name in ("mlci", "pydantic", "duckdb", "mlflow") if importlib.util.find_spec(name)]
golden = json.load(open(sys.argv[1] + "/golden.json"))
rows = pandas.DataFrame(golden["rows"], columns=golden["columns"])
print(json.dumps(mlci_model._load_pyfunc(sys.argv[1]).predict(rows)["probability"].tolist()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("model_format", FORMATS)
def test_package__predicts_where_nothing_but_its_requirements_is_installed(
    model_format: Format, tmp_path: Path
) -> None:
    content, _ = model(model_format)
    package = packaged(content, a_config(), a_contract(), ChildPredictor())
    folder = tmp_path / "package"
    folder.mkdir()
    for name, data in package.files.items():
        (folder / name).write_bytes(data)
    python = installed_alone(tmp_path / "alone", package.files["requirements.txt"])
    answers = json.loads(package.files["golden.json"])["answers"]
    # By its own module, and by the confined child, which is run by file.
    done = subprocess.run([str(python), "-I", "-c", ALONE, str(folder)], stdout=subprocess.PIPE, check=True)
    np.testing.assert_allclose(json.loads(done.stdout), np.array(answers)[:, 1], atol=1e-6)
    found = verify_package(Installed(package, "0" * 64), "package", ChildPredictor(python))
    assert [each.error for each in found] == [None, None]


def test_packaged__a_regression_of_lightgbm_answers_with_numbers() -> None:
    targets = ROWS["mean_radius"] * 2 - ROWS["worst_radius"]
    fitted = library("lightgbm").LGBMRegressor(n_estimators=3, verbose=-1, n_jobs=1).fit(ROWS, targets)
    config = a_config(
        ("task: binary", "task: regression"),
        (", positive: 1", ""),
        (
            "  - {metric: roc_auc, require: not_worse, margin: 0.01}\n",
            "  - {metric: mae, require: ceiling, value: 5}\n",
        ),
        ("  - {metric: recall, require: not_worse, margin: 0.02}\n", ""),
        ("  - {metric: recall, require: floor, value: 0.70}\n", ""),
    )
    package = packaged(fitted.booster_.model_to_string().encode(), config, a_contract(), ChildPredictor())
    golden = json.loads(package.files["golden.json"])
    rows = pd.DataFrame(golden["rows"], columns=golden["columns"])
    np.testing.assert_allclose(golden["answers"], fitted.predict(rows), rtol=1e-6)
    assert [each.name for each in package.info.signature.outputs] == ["prediction"]
    checked = verify_package(Installed(package, "0" * 64), "here", ChildPredictor())
    assert [each.error for each in checked] == [None, None]
