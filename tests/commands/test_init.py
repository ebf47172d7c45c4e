from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.contract_inference import infer
from mlci.adapters.duckdb import DuckdbData
from mlci.commands.init import Infer, Wish, init, judges_on_training_rows, way_out
from mlci.core.config import read_config
from mlci.core.contract.constraints import constraints, row_key
from mlci.core.contract.model import ColumnSpec, Contract
from mlci.core.contract_draft import Inferred
from mlci.core.data_files import one_file
from mlci.core.data_format import CsvFormat
from mlci.core.documents import read_model
from mlci.core.positive_class import LabelProfile
from mlci.errors import MlciError, OutsideError, RejectedError, UsageError
from tests.commands.builders import CONTRACT

if TYPE_CHECKING:
    from mlci.core.contract.scalar import ColumnType

WISH = Wish(
    name="tumour",
    train_data="data/cells.csv",
    holdout="data/holdout.csv",
    label="malignant",
    positive=None,
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


LABELS = LabelProfile("integer", 2, (0, 1))
TYPES: dict[type, ColumnType] = {bool: "boolean", int: "number", str: "string"}
"""What scoring reads labels as, by the type of `evaluate.positive`."""


def saying(contract: str = CONTRACT, labels: LabelProfile = LABELS) -> Infer:
    """Return what says the same of all files."""

    def inferred(path: Path, *more: Path, label: str) -> Inferred:
        assert label
        return Inferred(contract, tuple(labels for _ in (path, *more)))

    return inferred


def started(folder: Path, wish: Wish = WISH, contract: str = CONTRACT, labels: LabelProfile = LABELS) -> dict[str, str]:
    """Return what was written, by path."""
    paths = init(wish, folder=folder, infer=saying(contract, labels))
    return {path: (folder / path).read_text() for path in paths}


def refused(folder: Path, wish: Wish = WISH, contract: str = CONTRACT) -> MlciError:
    """Return why nothing was written."""
    before = {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
    with pytest.raises((UsageError, OutsideError)) as caught:
        started(folder, wish, contract)
    assert {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")} == before
    return caught.value


def test_init__writes_configuration_contract_and_what_git_ignores(tmp_path: Path) -> None:
    assert started(tmp_path) == {
        "mlci.yaml": WRITTEN,
        "contracts/cells.yaml": CONTRACT,
        ".gitignore": ".mlci/\nmodel.skops\n__pycache__/\n",
    }


@pytest.mark.parametrize(
    ("top", "outside"), [(".", "../.."), ("..", "../../.."), ("here", ".."), ("here/contracts", "..")]
)
def test_init__packages_and_deployments_lie_outside_the_repository(tmp_path: Path, top: str, outside: str) -> None:
    folder = tmp_path / "repository" / "here"
    (folder / "contracts").mkdir(parents=True)
    (tmp_path / "repository" / top / ".git").mkdir()
    config = read_config(started(folder)["mlci.yaml"].encode())
    assert (config.promote.store.directory, config.deploy["live"].path) == (f"{outside}/models", f"{outside}/live")


def test_init__below_a_work_tree_whose_git_is_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    assert "path: ../../live}" in started(folder)["mlci.yaml"]


@pytest.mark.parametrize(
    ("holdout", "flatters"),
    [("data/cells.csv", True), ("./data//cells.csv", True), ("data/holdout.csv", False), ("cells.csv", False)],
)
def test_init__knows_whether_it_judges_on_training_rows(holdout: str, flatters: bool) -> None:  # noqa: FBT001 - a case of the table
    assert judges_on_training_rows(replace(WISH, holdout=holdout)) is flatters


def test_init__names_a_value_that_stands_twice_where_an_id_should_be(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("id,malignant\n7,0\n8,1\n8,0\n")
    with pytest.raises(UsageError) as caught:
        init(replace(WISH, train_data="cells.csv", holdout="cells.csv"), folder=tmp_path, infer=infer)
    assert caught.value.code == "no-id"
    assert str(caught.value.cause).endswith(" `id` would do, but `8` stands there more than once.")


def test_init__a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text('import os\nprint("x")\n')
    with pytest.raises(UsageError) as caught:
        init(replace(WISH, train_data="train.py", holdout="train.py"), folder=tmp_path, infer=infer)
    assert (caught.value.code, caught.value.hint) == (
        "data-unreadable",
        "Mend that line, or name a CSV file: mlci init DATA.csv --label COLUMN",
    )


def test_init__data_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("cells", "holdout"):
        (tmp_path / f"data/{name}.csv").write_text("id,malignant\n1\n")
    with pytest.raises(UsageError) as caught:
        init(WISH, folder=tmp_path, infer=infer)
    assert (caught.value.code, caught.value.where) == ("data-unreadable", f"{tmp_path / 'data/cells.csv'}:2")
    assert caught.value.hint == "Mend that line, or name a CSV file: mlci init DATA.csv --label COLUMN"
    assert not (tmp_path / "mlci.yaml").exists()


def test_init__a_repository_that_is_everything(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        way_out(tmp_path, Path("/"))
    assert caught.value.code == "no-place-outside"


def test_init__warns_of_gates_that_the_rows_to_judge_on_cannot_decide(tmp_path: Path) -> None:
    told: list[str] = []
    init(WISH, folder=tmp_path, infer=saying(labels=replace(LABELS, counts=(183, 102))), tell=told.append)
    assert [each.partition(" on these rows")[0] for each in told] == [
        "recall not_worse margin 0.02 is passed by gains alone"
    ]
    assert told[0].endswith("about 149 positive rows would do")


def test_init__says_nothing_of_gates_that_there_are_rows_for(tmp_path: Path) -> None:
    told: list[str] = []
    init(WISH, folder=tmp_path, infer=saying(labels=replace(LABELS, counts=(400, 300))), tell=told.append)
    assert told == []


@pytest.mark.parametrize(
    ("labels", "task", "gates", "said"),
    [
        (
            LabelProfile("number", 900, (0.5, 1.5, 2.5, 3.5, 4.5)),
            "regression",
            ["rmse not_worse", "mae not_worse", "r2 floor"],
            ["`malignant` has 900 different numbers: task regression"],
        ),
        (
            LabelProfile("string", 3, ("a", "b", "c"), (900, 900, 900)),
            "multiclass",
            ["accuracy not_worse", "recall_macro not_worse", "mcc floor"],
            ["`malignant` has 3 different values: task multiclass"],
        ),
        (
            LabelProfile("string", 3, ("a", "b", "c"), (50, 50, 9)),
            "multiclass",
            ["accuracy not_worse", "recall_macro not_worse", "mcc floor"],
            [
                "`malignant` has 3 different values: task multiclass",
                "accuracy not_worse margin 0.01 is passed by gains",
            ],
        ),
    ],
)
def test_init__drafts_gates_for_what_the_label_is(
    tmp_path: Path, labels: LabelProfile, task: str, gates: list[str], said: list[str]
) -> None:
    told: list[str] = []
    init(WISH, folder=tmp_path, infer=saying(labels=labels), tell=told.append)
    config = read_config((tmp_path / "mlci.yaml").read_bytes())
    assert (config.model.task, config.evaluate.positive) == (task, None)
    assert [f"{gate.metric} {gate.require}" for gate in config.gates] == gates
    assert [each.partition(" alone on")[0] for each in told] == said


def test_init__infers_contract_and_classes_from_all_rows(tmp_path: Path) -> None:
    asked: list[tuple[str, Path]] = []

    def inferred(path: Path, *more: Path, label: str) -> Inferred:
        asked.extend((label, each) for each in (path, *more))
        return Inferred(CONTRACT, (LABELS, LABELS))

    init(WISH, folder=tmp_path, infer=inferred)
    assert asked == [("malignant", tmp_path / "data/cells.csv"), ("malignant", tmp_path / "data/holdout.csv")]


@pytest.mark.parametrize(
    ("present", "after"),
    [
        ("*.log\n", "*.log\n.mlci/\nmodel.skops\n__pycache__/\n"),
        ("*.log", "*.log\n.mlci/\nmodel.skops\n__pycache__/\n"),
        ("*.log\r\n.mlci/\r\n", "*.log\r\n.mlci/\r\nmodel.skops\n__pycache__/\n"),
        ("model.skops\n.mlci/\n__pycache__/\n", "model.skops\n.mlci/\n__pycache__/\n"),
    ],
)
def test_init__adds_to_a_gitignore(tmp_path: Path, present: str, after: str) -> None:
    (tmp_path / ".gitignore").write_bytes(present.encode())
    started(tmp_path)
    assert (tmp_path / ".gitignore").read_bytes() == after.encode()


def test_init__keeps_a_gitignore_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"gr\xf6\xdfe\n")
    init(WISH, folder=tmp_path, infer=saying())
    assert (tmp_path / ".gitignore").read_bytes() == b"gr\xf6\xdfe\n.mlci/\nmodel.skops\n__pycache__/\n"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/cells.csv", "cells"),
        ("Cells 2024.v2.csv", "cells_2024"),
        ("data/größe.csv", "gr__e"),
        ("2024.csv", "rows"),
        ("holdout.csv", "rows"),
        ("no.csv", "no"),
        ("1e3.csv", "rows"),
        ("true.csv", "true"),
        ("null.csv", "null"),
        ("x" * 80 + ".csv", "x" * 63),
        (".csv", "rows"),
    ],
)
def test_init__names_the_data_set_after_its_file(tmp_path: Path, path: str, name: str) -> None:
    written = started(tmp_path, replace(WISH, train_data=path))
    assert list(read_config(written["mlci.yaml"].encode()).data) == [name, "holdout"]
    assert f"contracts/{name}.yaml" in written


@pytest.mark.parametrize(
    ("labels", "positive", "expected"),
    [
        (LabelProfile("integer", 2, (0, 1)), None, "1"),
        (LabelProfile("integer", 2, (0, 1)), "0", "0"),
        (LabelProfile("number", 2, (0.0, 1.0)), None, "1"),
        (LabelProfile("boolean", 2, (False, True)), None, "true"),
        (LabelProfile("string", 2, ("no", "yes")), None, '"yes"'),
        (LabelProfile("string", 2, ("1", "NO")), "NO", '"NO"'),
        (LabelProfile("string", 2, ("a", 'the "bad" one')), 'the "bad" one', r'"the \"bad\" one"'),
    ],
)
def test_init__the_positive_class_is_written_as_labels_are_read(
    tmp_path: Path, labels: LabelProfile, positive: str | None, expected: str
) -> None:
    written = started(tmp_path, replace(WISH, positive=positive), labels=labels)["mlci.yaml"]
    assert f"label: malignant, positive: {expected}}}\n" in written


def test_init__names_the_command_where_the_positive_class_does_not_show(tmp_path: Path) -> None:
    error = refused(tmp_path, replace(WISH, positive="M"))
    command = "mlci init data/cells.csv --holdout data/holdout.csv --label malignant --positive"
    assert (error.code, error.problem, error.hint) == (
        "positive-unknown",
        "`malignant` is 0 or 1, and 'M' is none of them",
        f"{command} 1 or: {command} 0",
    )


@settings(max_examples=50)
@given(
    st.sampled_from(["python train.py", "python 'my train.py' --flag=\"a, b\"", "make train # fast", "a: b", "{x}, y"])
    | st.text(" -#:,'\"\\{}[]&*!|>%@`aß中👩0", min_size=1, max_size=20)
)
def test_init__the_command_is_kept_as_it_was_typed(tmp_path_factory: pytest.TempPathFactory, command: str) -> None:
    written = started(tmp_path_factory.mktemp("init"), replace(WISH, train=command))
    assert read_config(written["mlci.yaml"].encode()).train.run == command


@pytest.mark.parametrize("label", ["is malignant", "a: b", "true", "[x]", "größe", "no", "1e3", "'", "id: x", "👩"])
def test_init__a_column_may_have_any_name(tmp_path: Path, label: str) -> None:
    contract = f"columns: {{'#': {{type: integer, unique: true}}, {json.dumps(label)}: {{type: integer}}}}\n"
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


def test_init__a_label_that_is_mistyped(tmp_path: Path) -> None:
    assert refused(tmp_path, replace(WISH, label="Malignat")).hint == "Did you mean `malignant`?"


def test_init__a_label_that_the_data_does_not_have(tmp_path: Path) -> None:
    error = refused(tmp_path, replace(WISH, label="diagnosis"))
    assert (error.code, error.hint) == ("label-unknown", "One of: id, radius, texture, malignant")


def test_init__rows_that_nothing_names(tmp_path: Path) -> None:
    error = refused(tmp_path, contract="columns: {malignant: {type: integer}}\n")
    assert (error.code, error.hint) == ("no-id", "Add a column `id` with a number for each row.")


def test_init__a_label_is_no_id(tmp_path: Path) -> None:
    contract = "columns: {malignant: {type: integer, unique: true}, radius: {type: number}}\n"
    assert refused(tmp_path, contract=contract).code == "no-id"


def test_init__rows_of_two_files_that_nothing_names(tmp_path: Path) -> None:
    error = refused(tmp_path, contract="columns: {malignant: {type: integer}}\n")
    assert (error.problem, error.cause) == (
        "no column of data/cells.csv and data/holdout.csv names each row",
        "Both models are compared row by row, so every row needs an id of its own, in both files together.",
    )


@pytest.mark.parametrize("name", ["Größe", "", "a b", "-x", "x" * 64])
def test_init__a_name_that_no_model_has(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, replace(WISH, name=name)).code == "bad-name"


@pytest.mark.parametrize("path", ["../cells.csv", "/data/cells.csv", ".git/cells.csv", "-x.csv", "a\nb.csv"])
def test_init__data_that_lie_elsewhere(tmp_path: Path, path: str) -> None:
    found = [refused(tmp_path, wish).code for wish in (replace(WISH, train_data=path), replace(WISH, holdout=path))]
    assert found == ["data-outside", "data-outside"]


def test_init__says_how_to_bring_data_that_lie_elsewhere(tmp_path: Path) -> None:
    error = refused(tmp_path, replace(WISH, train_data="../my cells.csv"))
    assert (error.problem, error.hint) == (
        "../my cells.csv is no path that a configuration can name",
        "mkdir -p data && cp '../my cells.csv' data/",
    )


def test_init__data_with_more_columns_than_a_contract_can_say(tmp_path: Path) -> None:
    lines = "".join(f"  column_{number}: {{type: number, min: 0, max: 1}}\n" for number in range(9_000))
    assert refused(tmp_path, contract=f"columns:\n{lines}").code == "too-many-columns"


def test_init__a_second_time_changes_nothing(tmp_path: Path) -> None:
    started(tmp_path)
    assert refused(tmp_path).code == "configuration-exists"


@pytest.mark.parametrize("path", ["mlci.yaml", "contracts/cells.yaml"])
def test_init__does_not_write_through_a_link(tmp_path: Path, path: str) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / path).symlink_to(tmp_path / "elsewhere")
    assert refused(tmp_path).code in {"configuration-exists", "contract-exists"}


@pytest.mark.parametrize(("file", "folder"), [("contracts", None), (None, ".gitignore")])
def test_init__something_in_the_way(tmp_path: Path, file: str | None, folder: str | None) -> None:
    (tmp_path / (file or "unused")).write_text("mine")
    (tmp_path / (folder or "empty")).mkdir()
    assert refused(tmp_path).code == "in-the-way"


def test_init__where_the_last_file_cannot_be_written_writes_none(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / ".gitignore").write_text("mine\n")
    # A folder where the unfinished file would lie: not even root can write there.
    (tmp_path / ".gitignore.mlci-unfinished").mkdir()
    error = refused(tmp_path)
    assert (error.code, error.exit_code) == ("not-written", 5)


LABEL_NAMES = st.sampled_from(["no", "1e3", "true", "~", '"', "'", "a: b", "#", "- x", "größe", "👩", "{x}", "is ill"])
TWO_CLASSES = st.sampled_from(
    [
        ("0", "1"),
        ("0.0", "1.0"),
        ("no", "yes"),
        ("false", "TRUE"),
        ("-1", "1"),
        ("1", "2"),
        ("NO", "null"),
        ("'", '"'),
        (" 1", "1"),
        ("007", "8"),
        ("1e3", "x"),
        ("gutartig", "bösartig"),
        ("true", "1"),
        ("0", "1.0"),
        ("-", "--x"),
    ]
)
ANY_NAME = LABEL_NAMES | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4)
ANY_CLASS = st.sampled_from(["", "0", "1", "1.0"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3
)


def written_rows(folder: Path, header: list[str], files: list[list[str]]) -> Path:
    """Write rows with ids of their own, labels in the second column and no other values, for training and holdout."""
    (folder / "data").mkdir()
    for path, start, labels in zip((WISH.train_data, WISH.holdout), (0, 100), files, strict=True):
        with (folder / path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow(header)
            writer.writerows([str(start + row), label, *[""] * (len(header) - 2)] for row, label in enumerate(labels))
    return folder


def assert_fits(folder: Path) -> None:
    """Assert that what was written is read again, and that the rows of both files satisfy it and have both classes."""
    config = read_config((folder / "mlci.yaml").read_bytes())
    for section in config.data.values():
        contract = read_model((folder / str(section.contract)).read_bytes(), Contract, "contract")
        file = one_file(folder / section.path, form=section.format.chosen if section.format else None)
        demands = constraints(contract)
        assert DuckdbData().validate("rows", file, demands).findings == ()
        assert row_key(None, contract.columns, demands) == config.evaluate.id
        column = ColumnSpec(config.evaluate.label_columns[0], TYPES[type(config.evaluate.positive)])
        labels = DuckdbData().read_table(file, [column]).columns[column.name]
        found = set((labels.values == config.evaluate.positive).tolist())
        assert found == {False, True}


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_init__says_how_values_are_parted(tmp_path: Path, sign: str) -> None:
    (tmp_path / "data").mkdir()
    for path, first in ((WISH.train_data, 0), (WISH.holdout, 100)):
        rows = [["id", "malignant", "x"], *([str(first + row), str(row % 2), f"{row}.5"] for row in range(8))]
        (tmp_path / path).write_text("".join(f"{sign.join(row)}\n" for row in rows))
    init(WISH, folder=tmp_path, infer=infer)
    assert_fits(tmp_path)
    sections = read_config((tmp_path / "mlci.yaml").read_bytes()).data.values()
    assert [section.format and section.format.chosen for section in sections] == [
        CsvFormat.model_validate({"delimiter": sign})
    ] * 2


@settings(max_examples=20, deadline=None)
@given(LABEL_NAMES, TWO_CLASSES, st.booleans())
def test_init__its_files_fit_the_data_whatever_label_and_classes_are_called(
    label: str,
    classes: tuple[str, str],
    is_second: bool,  # noqa: FBT001 - which of the classes is positive
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = written_rows(Path(place), ["id", label, "x"], [[*classes], [*classes, *classes]])
        init(replace(WISH, label=label, positive=classes[is_second]), folder=folder, infer=infer)
        assert_fits(folder)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(ANY_NAME, min_size=2, max_size=3, unique=True),
    st.lists(ANY_CLASS, min_size=2, max_size=2, unique=True),
    st.integers(1, 3),
)
def test_init__whatever_the_data_hold_its_files_fit_or_none_is_written(
    header: list[str], classes: list[str], count: int
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = written_rows(Path(place), header, [classes, (classes * 2)[:count]])
        error = problem(folder, replace(WISH, label=header[1], positive=classes[0]))
        assert (error is None, sorted(each.name for each in folder.iterdir())) in (
            (True, [".gitignore", "contracts", "data", "mlci.yaml"]),
            (False, ["data"]),
        )
        assert error is None or error.hint is not None


def problem(folder: Path, wish: Wish) -> MlciError | None:
    """Return why nothing was written, None where what was written fits."""
    try:
        init(wish, folder=folder, infer=infer)
    except (UsageError, RejectedError) as error:
        return error
    assert_fits(folder)
    return None
