from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract.model import Contract
from mlci.core.contract.scalar import TYPE_WORDS, ColumnType
from mlci.core.documents import read_model
from mlci.core.fitted_signature import assumption
from mlci.core.golden import Golden, golden_table
from mlci.core.histograms import baseline_of
from mlci.core.package import (
    Input,
    Package,
    Signature,
    build_package,
    build_signature,
    change_of_signature,
    positive_index,
    read_package,
    with_file,
)
from mlci.core.table import Column, Table
from mlci.errors import IntegrityError, UsageError
from tests.core.configurations import a_config, a_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.config import Config

CONFIG = a_config()
CONTRACT = a_contract()
FEATURES = ("mean_radius", "worst_radius", "size_band")
SIGNATURE = build_signature(FEATURES, 3, (0, 1), CONFIG, CONTRACT)
REQUIREMENTS = {"skops": "0.13.0", "numpy": "2.4.6", "scikit-learn": "1.9.1"}


def a_package(model: bytes = b"skops", *, config: Config = CONFIG, signature: Signature = SIGNATURE) -> Package:
    return build_package(model, "LogisticRegression", signature, REQUIREMENTS, config)


def refused(action: Callable[[], object], kind: type[IntegrityError | UsageError]) -> tuple[str, str, str | None]:
    with pytest.raises(kind) as caught:
        action()
    return caught.value.code, caught.value.problem, caught.value.hint


def test_signature__has_types_units_and_ranges_of_the_contract() -> None:
    assert (
        Signature(
            inputs=(
                Input(name="mean_radius", type="number", unit="micrometre", minimum=0, maximum=60),
                Input(name="worst_radius", type="number", minimum=0, maximum=80),
                Input(name="size_band", type="string", values=("small", "medium", "large")),
            ),
            classes=(0, 1),
            positive=1,
            threshold=0.5,
        )
        == SIGNATURE
    )


def test_signature__takes_a_decimal_for_a_number() -> None:
    column = {"type": "decimal", "precision": 5, "scale": 2, "min": 0, "max": "99.50", "unit": "euro"}
    contract = Contract.model_validate({"columns": {"price": column}})
    expected = Input(name="price", type="number", unit="euro", minimum=0, maximum=99.5)
    assert build_signature(["price"], 1, (0, 1), CONFIG, contract).inputs == (expected,)


@pytest.mark.parametrize("type_", ["date", "time", "timestamp", "timestamp_with_zone", "list", "struct", "binary"])
def test_signature__refuses_what_no_model_reads(type_: ColumnType) -> None:
    contract = Contract.model_validate({"columns": {"born": {"type": type_}}})
    code, problem, _ = refused(lambda: build_signature(["born"], 1, (0, 1), CONFIG, contract), UsageError)
    assert (code, problem) == ("feature-not-readable", f"the model reads `born`, which is {TYPE_WORDS[type_]}")


def test_signature__without_a_contract_has_names_and_numbers() -> None:
    signature = build_signature(["a", "b"], 2, (0, 1), CONFIG, None)
    assert signature.inputs == (Input(name="a", type="number"), Input(name="b", type="number"))


def test_signature__of_a_model_without_names_is_all_of_the_contract_but_id_and_label() -> None:
    assert build_signature(None, 3, (0, 1), CONFIG, CONTRACT) == SIGNATURE


@pytest.mark.parametrize(("count", "told"), [(4, "4 columns"), (1, "1 column"), (None, "columns")])
def test_signature__without_names_their_number_must_fit(count: int | None, told: str) -> None:
    assert refused(lambda: build_signature(None, count, (0, 1), CONFIG, CONTRACT), UsageError) == (
        "features-unnamed",
        f"the model reads {told} without names; the contract lists 3 besides id and label",
        "Fit it on a data frame, so that it keeps the names of its columns.",
    )


@pytest.mark.parametrize(("name", "role"), [("malignant", "label"), ("id", "id")])
@pytest.mark.parametrize("contract", [CONTRACT, None])
def test_signature__refuses_label_and_id_among_the_features(name: str, role: str, contract: Any) -> None:  # noqa: ANN401 - a contract or none
    assert refused(lambda: build_signature(("mean_radius", name), 2, (0, 1), CONFIG, contract), UsageError) == (
        "label-as-feature",
        f"the model reads `{name}`, which is the {role}",
        'features = cells.drop(columns=["id", "malignant"])',
    )


def test_signature__refuses_what_the_contract_does_not_list() -> None:
    code, problem, _ = refused(
        lambda: build_signature(("mean_radius", "area`**x**"), 2, (0, 1), CONFIG, CONTRACT), UsageError
    )
    assert (code, problem) == (
        "feature-not-in-contract",
        "the model reads `area'**x**`, which the contract does not list",
    )


@pytest.mark.parametrize(
    ("classes", "listed"), [((0, 2), "0, 2"), (("0", "1"), "'0', '1'"), ((False, True), "False, True")]
)
def test_signature__refuses_a_positive_class_that_the_model_does_not_know(classes: Any, listed: str) -> None:  # noqa: ANN401 - classes of any kind
    assert refused(lambda: build_signature(FEATURES, 3, classes, CONFIG, CONTRACT), UsageError) == (
        "positive-unknown",
        f"evaluate.positive is 1, and the model's classes are {listed}",
        "Set evaluate.positive to one of the classes, or fit on the label as the data have it.",
    )


FIT_ON_TWO = "Set model.task to multiclass, or bring `malignant` to two values in the data themselves."
LOOK_AT_ROWS = "Look at what reaches `fit`: which rows, and whether `malignant` is recoded on the way."


@pytest.mark.parametrize(
    ("classes", "problem", "hint"),
    [
        ((0, 1, 2), "the model knows 3 classes, 0, 1, 2; a binary task has two", FIT_ON_TWO),
        (
            tuple(range(12)),
            "the model knows 12 classes, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more; a binary task has two",
            FIT_ON_TWO,
        ),
        ((1,), "the model knows one class only, 1; a binary task has two", LOOK_AT_ROWS),
        ((0,), "the model knows one class only, 0; a binary task has two", LOOK_AT_ROWS),
        ((), "the model knows no class; a binary task has two", LOOK_AT_ROWS),
    ],
)
def test_signature__a_binary_task_has_two_classes(classes: tuple[int, ...], problem: str, hint: str) -> None:
    found = refused(lambda: build_signature(FEATURES, 3, classes, CONFIG, CONTRACT), UsageError)
    assert found == ("not-binary", problem, hint)


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        (("ill", "well", "?"), "the model knows 3 classes, …; a binary task has two"),
        (("ill",), "the model knows one class only, …; a binary task has two"),
        ((), "the model knows no class; a binary task has two"),
        (("ill", "well"), "evaluate.positive is 1, and the model's classes are …"),
    ],
)
def test_signature__names_no_class_in_public(classes: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        build_signature(FEATURES, 3, classes, CONFIG, CONTRACT)
    assert caught.value.public().problem == problem


FIT = "model.fit(features, labels), and save that model."
SAVE = "Save the fitted classifier itself: skops.io.dump(model, path)"
CLASSIFY = "Fit a classifier with predict_proba, such as LogisticRegression, and save that."


@pytest.mark.parametrize(
    ("estimator", "count", "has_probabilities", "told"),
    [
        (
            "LogisticRegression",
            None,
            True,
            ("not-fitted", "the model, a `LogisticRegression`, was not fitted", FIT),
        ),
        ("LinearSVC", None, False, ("no-classifier", "what was saved, a `LinearSVC`, is no fitted classifier", SAVE)),
        ("dict", None, False, ("no-classifier", "what was saved, a `dict`, is no fitted classifier", SAVE)),
        ("Ridge", 3, False, ("no-classifier", "the model, a `Ridge`, has no classes", CLASSIFY)),
        ("GaussianMixture", 3, True, ("no-classifier", "the model, a `GaussianMixture`, has no classes", CLASSIFY)),
        ("x`\n**y", 3, False, ("no-classifier", "the model, a `x' **y`, has no classes", CLASSIFY)),
    ],
)
def test_signature__says_what_a_model_without_classes_is(
    estimator: str,
    count: int | None,
    has_probabilities: bool,  # noqa: FBT001 - a case of the table
    told: tuple[str, str, str],
) -> None:
    def build() -> Signature:
        return build_signature(
            FEATURES, count, None, CONFIG, CONTRACT, estimator=estimator, has_probabilities=has_probabilities
        )

    assert refused(build, UsageError) == told


def test_assumption__is_the_order_of_columns_without_names() -> None:
    assert assumption(FEATURES) is None
    assert assumption(None) == (
        "The model does not know the names of its columns: it was fitted on an array. They are taken to be the "
        "contract's without id and label, in the contract's order; their number fits, their order nothing can check."
    )


UNWRITABLE = "a class is text without hidden characters, a whole or finite number, true or false"


@pytest.mark.parametrize("class_", [float("nan"), "x\n", 10**400, ""])
def test_signature__refuses_classes_that_cannot_be_written_down(class_: Any) -> None:  # noqa: ANN401 - no class at all
    code, told, hint = refused(lambda: build_signature(("a",), 1, (class_, 1), CONFIG, None), UsageError)
    assert code == "signature-unusable"
    assert told.startswith("the model's classes cannot be written down: ")
    assert UNWRITABLE in told
    assert hint == "Rename the class in the training data, and fit the model again."


@pytest.mark.parametrize("contract", [CONTRACT, None])
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "column 2 of those that the model reads has no name"),
        (
            "a\u202eb",
            "the model reads `a\N{REPLACEMENT CHARACTER}b`, whose name holds a line break or a hidden character",
        ),
        (
            "a\u200f",
            "the model reads `a\N{REPLACEMENT CHARACTER}`, whose name holds a line break or a hidden character",
        ),
        (
            "a\ud800",
            "the model reads `a\N{REPLACEMENT CHARACTER}`, whose name holds a line break or a hidden character",
        ),
        ("a`\nb", "the model reads `a' b`, whose name holds a line break or a hidden character"),
        ("é" * 300, f"the model reads `{'é' * 79}…`, whose name has more than 200 characters"),
    ],
)
def test_signature__refuses_a_name_that_cannot_be_written_down(name: str, problem: str, contract: Any) -> None:  # noqa: ANN401 - a contract or none
    assert refused(lambda: build_signature(("mean_radius", name), 2, (0, 1), CONFIG, contract), UsageError) == (
        "signature-unusable",
        problem,
        "Rename the column in the data and before `fit`.",
    )


def test_signature__refuses_two_columns_of_one_name() -> None:
    features = ("mean_radius", "size_band", "mean_radius")
    assert refused(lambda: build_signature(features, 3, (0, 1), CONFIG, CONTRACT), UsageError) == (
        "signature-unusable",
        "the model reads two columns called `mean_radius`: columns 1 and 3",
        "Rename one of them, or leave it out, in the data and before `fit`.",
    )


ODD_NAMES = ("größe, cm", '"Name" | `x`', "半径", "RADIUS", "radius", " a  b ", "💥'; --", "~/[0]", "é" * 200)


def test_signature__takes_any_visible_name() -> None:
    columns = {name: {"type": "number", "required": False} for name in ODD_NAMES}
    signature = build_signature(
        ODD_NAMES, len(ODD_NAMES), (0, 1), CONFIG, Contract.model_validate({"columns": columns})
    )
    package = a_package(signature=signature)
    found = read_package(package.files).info.signature.inputs
    assert tuple(each.name for each in found) == ODD_NAMES
    told = json.loads(json.loads(package.files["MLmodel"])["signature"]["inputs"])
    assert [each["name"] for each in told] == list(ODD_NAMES)


def test_signature__needs_a_column_that_the_contract_leaves_to_choice() -> None:
    contract = Contract.model_validate({"columns": {"height": {"type": "number", "optional": True}}})
    signature = build_signature(["height"], 1, (0, 1), CONFIG, contract)
    told = json.loads(json.loads(a_package(signature=signature).files["MLmodel"])["signature"]["inputs"])
    assert told == [{"type": "double", "name": "height", "required": True}]


@pytest.mark.parametrize(
    ("classes", "written", "place"),
    [((0, 1), "1", 1), ((1, 0), "1", 0), ((0.0, 1.0), "1", 1), (("no", "yes"), "yes", 1), ((False, True), "true", 1)],
)
def test_positive_index__is_the_column_of_the_positive_class(classes: Any, written: str, place: int) -> None:  # noqa: ANN401 - classes of any kind
    signature = build_signature(FEATURES, 3, classes, a_config(("positive: 1", f"positive: {written}")), CONTRACT)
    assert positive_index(signature) == place
    assert [type(item) for item in signature.classes] == [type(item) for item in classes]


def test_package__has_exactly_these_files() -> None:
    files = a_package().files
    known = ["MLmodel", "README.md", "manifest.json", "model.skops", "package.json", "requirements.txt"]
    assert sorted(files) == known
    assert files["requirements.txt"] == b"numpy==2.4.6\nscikit-learn==1.9.1\nskops==0.13.0\n"
    assert json.loads(files["manifest.json"]) == {
        "schema": "mlci/manifest/1",
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"},
    }


def test_package__carries_its_contract_as_it_was_written() -> None:
    package = build_package(b"skops", "LogisticRegression", SIGNATURE, REQUIREMENTS, CONFIG, contract=CONTRACT)
    content = json.loads(package.files["contract.json"])
    assert content.pop("schema") == "mlci/contract/1"
    assert read_model(json.dumps(content).encode(), Contract, "contract.json") == CONTRACT


def test_package__more_files_are_in_the_manifest() -> None:
    package = build_package(b"skops", "SVC", SIGNATURE, REQUIREMENTS, CONFIG, more={"golden.json": b"{}"})
    assert read_package(package.files).files["golden.json"] == b"{}"
    assert "golden.json" in json.loads(package.files["manifest.json"])["files"]


def test_package__says_what_it_is() -> None:
    assert json.loads(a_package().files["package.json"]) == {
        "schema": "mlci/package/1",
        "name": "tumour",
        "task": "binary",
        "format": "skops",
        "model": "model.skops",
        "estimator": "LogisticRegression",
        "signature": {
            "inputs": [
                {"name": "mean_radius", "type": "number", "unit": "micrometre", "minimum": 0.0, "maximum": 60.0}
                | {"values": None},
                {"name": "worst_radius", "type": "number", "unit": None, "minimum": 0.0, "maximum": 80.0}
                | {"values": None},
                {"name": "size_band", "type": "string", "unit": None, "minimum": None, "maximum": None}
                | {"values": ["small", "medium", "large"]},
            ],
            "classes": [0, 1],
            "positive": 1,
            "threshold": 0.5,
        },
        "requirements": REQUIREMENTS,
    }


def test_package__has_a_card_that_reads_as_prose() -> None:
    assert a_package().files["README.md"].decode() == (
        "# tumour\n"
        "\n"
        "Find malignant samples; missing one costs most.\n"
        "\n"
        "A `LogisticRegression` for a binary task: 3 inputs, positive class `1`, decided positive from 0.5.\n"
        "\n"
        "| input | type | unit | range |\n"
        "|---|---|---|---|\n"
        "| `mean_radius` | number | micrometre | 0 … 60 |\n"
        "| `worst_radius` | number |  | 0 … 80 |\n"
        "| `size_band` | string |  |  |\n"
        "\n"
        "Owners: @acme/diagnostics\n"
    )


def test_package__a_hostile_name_cannot_break_out_of_the_card() -> None:
    signature = build_signature(["a`|<b>"], 1, (0, 1), CONFIG, None)
    package = build_package(b"", "Evil`\n# Title", signature, {}, a_config(('["@acme/diagnostics"]', "[]")))
    lines = package.files["README.md"].decode().splitlines()
    assert lines[4].startswith("A `Evil' # Title` for a binary task")
    assert lines[-1] == r"| `a'\|<b>` | number |  |  |"


def test_package__its_bytes_depend_on_nothing_but_its_content() -> None:
    backwards = dict(reversed(REQUIREMENTS.items()))
    assert a_package().files == build_package(b"skops", "LogisticRegression", SIGNATURE, backwards, CONFIG).files
    assert a_package().files["package.json"] == a_package(b"other").files["package.json"]
    assert a_package().files["manifest.json"] != a_package(b"other").files["manifest.json"]


def test_read_package__returns_what_was_built() -> None:
    built = a_package()
    read = read_package(dict(built.files))
    assert read == built
    assert read.model == b"skops"
    assert read.info.signature.digest == SIGNATURE.digest


def test_package__its_card_names_what_was_assumed() -> None:
    package = build_package(b"", "SVC", SIGNATURE, {}, CONFIG, assumption="The order is a guess.")
    assert package.assumption == "The order is a guess."
    assert package.files["README.md"].decode().splitlines()[-5:] == [
        "| `size_band` | string |  |  |",
        "",
        "The order is a guess.",
        "",
        "Owners: @acme/diagnostics",
    ]
    assert read_package(package.files) == package


@given(st.sampled_from([(0, 1), (0.0, 1.0), ("1", 1), (1, 2.5)]), st.sampled_from([0.1, 1 / 3, 0.999]))
def test_read_package__reads_every_package_that_can_be_built(classes: Any, threshold: float) -> None:  # noqa: ANN401 - classes of any kind
    config = a_config(("positive: 1", f"positive: 1, threshold: {threshold}"))
    built = a_package(config=config, signature=build_signature(FEATURES, 3, classes, config, CONTRACT))
    assert read_package(built.files) == built


def resealed(edit: Callable[[dict[str, Any]], object]) -> dict[str, bytes]:
    """Return a package whose package.json is edited and whose manifest fits again, as a forger would do it."""
    files = dict(a_package().files)
    content = json.loads(files["package.json"])
    edit(content)
    files["package.json"] = (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
    return sealed(files)


def sealed(files: dict[str, bytes]) -> dict[str, bytes]:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}
    return files | {"manifest.json": json.dumps({"schema": "mlci/manifest/1", "files": digests}).encode()}


def without(name: str) -> dict[str, bytes]:
    return {path: data for path, data in a_package().files.items() if path != name}


NOT_WHOLE = {
    "no manifest": (without("manifest.json"), "manifest.json is missing"),
    "no package.json": (without("package.json"), "package.json is missing"),
    "no model": (without("model.skops"), "the manifest does not match: model.skops"),
    "no model in the manifest either": (sealed(without("model.skops")), "the model file `model.skops` is missing"),
    "another model": (dict(a_package().files) | {"model.skops": b"x"}, "the manifest does not match: model.skops"),
    "a file more": (dict(a_package().files) | {"run.sh": b"x"}, "the manifest does not match: run.sh"),
    "a hostile file more": (
        dict(a_package().files) | {"\x1b[2J\n" + "x" * 300: b"x"},
        f"the manifest does not match: \ufffd[2J {'x' * 165}…",
    ),
    "no JSON": (dict(a_package().files) | {"manifest.json": b"{"}, "manifest.json is not JSON"),
    "no text": (dict(a_package().files) | {"manifest.json": b"\xff"}, "manifest.json is not JSON"),
    "too deep": (dict(a_package().files) | {"manifest.json": b"[" * 100_000}, "manifest.json is not JSON"),
    "a huge number": (dict(a_package().files) | {"manifest.json": b"9" * 5_000}, "manifest.json is not JSON"),
    "no object": (dict(a_package().files) | {"manifest.json": b"[]"}, "manifest.json is not a JSON object"),
    "a manifest of another kind": (
        dict(a_package().files) | {"manifest.json": b'{"schema": "mlci/other/1", "files": {}}'},
        "manifest.json is not in the form that mlci writes",
    ),
    "a manifest without a schema": (
        dict(a_package().files) | {"manifest.json": b'{"model.skops": "x"}'},
        "manifest.json is not in the form that mlci writes",
    ),
    "an unknown key": (
        resealed(lambda content: content.update(extra=1)),
        "package.json: extra: Extra inputs are not permitted",
    ),
    "no schema": (
        resealed(lambda content: content.pop("schema")),
        "package.json is not in the form that mlci writes",
    ),
    "another schema": (
        resealed(lambda content: content.update(schema="mlci/report/1")),
        "package.json: schema_: Input should be 'mlci/package/1'",
    ),
    "another format": (
        resealed(lambda content: content.update(format="torch")),
        (
            "package.json: format: Input should be 'skops', 'onnx', 'xgboost', 'lightgbm', 'program', 'pickle', "
            "'predictions', 'scores' or 'metrics'"
        ),
    ),
    "a model elsewhere": (
        resealed(lambda content: content.update(model="../model.skops")),
        (
            "package.json: model: Input should be 'model.skops', 'model.onnx', 'model.json', 'model.txt', "
            "'program.tar', 'predictions.jsonl', 'scores.jsonl' or 'metrics.jsonl'"
        ),
    ),
    "another name": (
        resealed(lambda content: content.update(name="../x")),
        "package.json: name: String should match pattern '^[a-z][a-z0-9_-]{0,62}$'",
    ),
    "a requirement with a line": (
        resealed(lambda content: content.update(requirements={"numpy": "1\n--index-url x"})),
        "package.json: requirements.numpy: String should match pattern '^[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99}$'",
    ),
    "a positive class that is none": (
        resealed(lambda content: content["signature"].update(positive=7)),
        "package.json: signature: Value error, the positive class is none of the classes",
    ),
    "a threshold that is no number": (
        resealed(lambda content: content["signature"].update(threshold=float("nan"))),
        "package.json: signature.threshold: Input should be less than 1",
    ),
    "a bound that no computer counts to": (
        resealed(lambda content: content["signature"]["inputs"][0].update(maximum=10**400)),
        "package.json: signature.inputs.0.maximum: Input should be a valid number",
    ),
    "a threshold in quotes": (
        resealed(lambda content: content["signature"].update(threshold="0.5")),
        "package.json is not in the form that mlci writes",
    ),
    "an input twice": (
        resealed(lambda content: content["signature"]["inputs"].append(content["signature"]["inputs"][0])),
        "package.json: signature: Value error, an input stands twice",
    ),
    "a key twice": (
        sealed(
            dict(a_package().files)
            | {"package.json": a_package().files["package.json"].replace(b"{", b'{"name": "other",', 1)}
        ),
        "package.json is not in the form that mlci writes",
    ),
}


@pytest.mark.parametrize(("files", "problem"), NOT_WHOLE.values(), ids=NOT_WHOLE.keys())
def test_read_package__refuses_what_is_not_whole(files: dict[str, bytes], problem: str) -> None:
    assert refused(lambda: read_package(files), IntegrityError) == (
        "package-malformed",
        f"the package is not whole: {problem}",
        "mlci train",
    )


def test_package__columns_are_called_as_people_call_them() -> None:
    names = ("größe", "温度", 'a b\'s "c"', "x|y")
    signature = build_signature(names, 4, (0, 1), CONFIG, None)
    golden = Golden(golden_table(signature), None).to_bytes()
    package = build_package(b"skops", "SVC", signature, REQUIREMENTS, CONFIG, more={"golden.json": golden})
    table = Table(dict.fromkeys(names, Column(np.arange(20.0))))
    counted = baseline_of(signature, table, 20, None, None, private=frozenset())
    read = read_package(with_file(package, "baseline.json", counted.to_bytes()).files)
    assert tuple(item.name for item in read.info.signature.inputs) == names
    assert tuple(json.loads(read.files["golden.json"])["columns"]) == names
    inputs = json.loads(json.loads(read.files["MLmodel"])["signature"]["inputs"])
    assert tuple(item["name"] for item in inputs) == names


@pytest.mark.parametrize("name", ["package", "manifest"])
def test_read_package__refuses_a_newer_one_by_name(name: str) -> None:
    newer = {
        "package": resealed(lambda content: content.update(schema="mlci/package/2", more=1)),
        "manifest": dict(a_package().files) | {"manifest.json": b'{"schema": "mlci/manifest/2", "more": 1}'},
    }
    files = newer[name]
    assert refused(lambda: read_package(files), IntegrityError) == (
        "package-newer",
        f"the package says mlci/{name}/2; this mlci reads mlci/{name}/1",
        'pip install --upgrade "mlci"',
    )


@given(st.dictionaries(st.sampled_from(["manifest.json", "package.json", "model.skops"]), st.binary(max_size=30)))
def test_read_package__raises_nothing_but_integrity_errors(files: dict[str, bytes]) -> None:
    with pytest.raises(IntegrityError):
        read_package(sealed(files) if "package.json" in files else files)


CHANGES = {
    "nothing": (lambda _: None, "minor"),
    "the order of inputs": (lambda signature: signature["inputs"].reverse(), "minor"),
    "the threshold": (lambda signature: signature.update(threshold=0.4), "minor"),
    "an input more": (lambda signature: signature["inputs"].append({"name": "new", "type": "number"}), "major"),
    "an input less": (lambda signature: signature["inputs"].pop(), "major"),
    "an input renamed": (lambda signature: signature["inputs"][0].update(name="radius"), "major"),
    "the classes": (lambda signature: signature.update(classes=(0, 1, 2)), "major"),
    "the order of classes": (lambda signature: signature.update(classes=(1, 0)), "major"),
    "the positive class": (lambda signature: signature.update(positive=0), "major"),
    "a unit": (lambda signature: signature["inputs"][0].update(unit="millimetre"), "major"),
    "a narrower type": (lambda signature: signature["inputs"][0].update(type="integer"), "major"),
    "another type": (lambda signature: signature["inputs"][2].update(type="boolean"), "major"),
    "a higher minimum": (lambda signature: signature["inputs"][0].update(minimum=1), "major"),
    "a lower minimum": (lambda signature: signature["inputs"][0].update(minimum=-1), "minor"),
    "no minimum": (lambda signature: signature["inputs"][0].update(minimum=None), "minor"),
    "a lower maximum": (lambda signature: signature["inputs"][0].update(maximum=50), "major"),
    "a higher maximum": (lambda signature: signature["inputs"][0].update(maximum=70), "minor"),
    "a new maximum": (lambda signature: signature["inputs"][2].update(maximum=70), "major"),
}


@pytest.mark.parametrize(("edit", "kind"), CHANGES.values(), ids=CHANGES.keys())
def test_change_of_signature__is_major_where_a_user_would_break(
    edit: Callable[[dict[str, Any]], object], kind: str
) -> None:
    after = json.loads(SIGNATURE.model_dump_json())
    edit(after)
    assert change_of_signature(SIGNATURE, Signature.model_validate(after)) == kind


def test_change_of_signature__a_wider_type_breaks_nobody() -> None:
    before, after = (
        Signature(inputs=(Input(name="a", type=kind),), classes=(0, 1), positive=1, threshold=0.5)
        for kind in ("integer", "number")
    )
    assert change_of_signature(before, after) == "minor"
    assert change_of_signature(after, before) == "major"
