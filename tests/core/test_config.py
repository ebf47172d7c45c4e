from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, get_args, get_origin

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.config import LATER, Config, json_schema, read_config
from mlci.core.data_section import variable_of
from mlci.core.duration import parse_duration, write_duration
from mlci.core.margin import Margin, parse_margin
from mlci.core.merged_sections import owners
from mlci.core.paths import relative_path
from mlci.core.release_sections import SignSection
from mlci.core.requirement import Gate
from mlci.core.sealed_section import SealedSection
from mlci.core.section import Owner, Section
from mlci.core.storage import DvcSection, S3Section, StoreSection
from mlci.core.training import variables
from mlci.core.training_sections import PredictSection
from mlci.errors import UsageError
from tests.core.configurations import TUMOUR, a_config, edited, with_gates

if TYPE_CHECKING:
    from collections.abc import Iterator


def problem_of(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_config(text.encode())
    return caught.value


def test_config__reads_the_sample_of_the_design() -> None:
    config = a_config()
    assert config.model.name == "tumour"
    assert config.model.owners == ("@acme/diagnostics",)
    assert config.data["holdout"].path == "data/holdout.csv"
    assert config.train.data == ("cells",)
    assert config.train.timeout == timedelta(hours=1)
    assert (config.evaluate.positive, config.evaluate.threshold) == (1, 0.5)
    assert [gate.text for gate in config.gates] == [
        "`roc_auc` not_worse margin 0.01",
        "`recall` not_worse margin 0.02",
        "`recall` floor 0.7",
    ]
    assert (config.statistics.confidence, config.statistics.min_rows) == (0.95, 30)
    assert (config.on_inconclusive.pull_request, config.on_inconclusive.promotion) == ("warn", "block")
    assert (config.promote.stage, config.promote.store.directory) == ("production", "../models")
    assert config.deploy["live"].path == "../live"


def test_config__survives_being_written_and_read() -> None:
    config = edited(TUMOUR, ("margin: 0.02", "margin: 2%"), ("model: model.skops", "model: model.skops, timeout: 90s"))
    read = read_config(config.encode())
    written = read.model_dump(mode="json")
    assert written["train"]["timeout"] == "90s"
    assert [gate["margin"] for gate in written["gates"]] == [0.01, "2%", None]
    assert Config.model_validate(written) == read


def test_json_schema__accepts_the_sample_and_refuses_an_unknown_key() -> None:
    validator = jsonschema.Draft202012Validator(json_schema(Config))
    sample = yaml.safe_load(TUMOUR)
    assert list(validator.iter_errors(sample)) == []
    assert [error.validator for error in validator.iter_errors({**sample, "gate": []})] == ["additionalProperties"]


def sections(model: type[Section]) -> Iterator[type[Section]]:
    yield model
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and get_origin(part) is None and issubclass(part, Section):
                yield from sections(part)


def test_owners__every_field_of_every_section_has_exactly_one() -> None:
    found = {section: owners(section) for section in sections(Config)}
    assert len(found) == 23
    for section, by_field in found.items():
        assert by_field.keys() == section.model_fields.keys()


def test_owners__a_field_has_parts_where_it_is_a_section_and_only_there() -> None:
    with_parts = {
        f"{section.__name__}.{name}"
        for section in sections(Config)
        for name, owner in owners(section).items()
        if owner is Owner.PARTS
    }
    holding_sections = {
        f"{section.__name__}.{name}"
        for section in sections(Config)
        for name, field in section.model_fields.items()
        if re.search(r"Section\b", str(field.annotation)) and not is_optional(field.annotation)
    }
    assert with_parts == holding_sections


def test_owners__a_section_that_may_be_left_out_is_one_rule() -> None:
    optional = {
        part
        for section in sections(Config)
        for name, field in section.model_fields.items()
        for part in get_args(field.annotation)
        if is_optional(field.annotation) and owners(section)[name] is Owner.RULE
        if isinstance(part, type) and issubclass(part, Section)
    }
    assert optional == {S3Section, DvcSection, SealedSection, StoreSection, SignSection, PredictSection}
    # That a program answers is a rule, as it is an evidence level; which one, is how the candidate is made.
    of_rules = optional - {PredictSection}
    assert {owner for section in of_rules for owner in owners(section).values()} == {Owner.RULE}
    assert set(owners(PredictSection).values()) == {Owner.HEAD}


def is_optional(annotation: object) -> bool:
    return type(None) in get_args(annotation)


def test_owners__what_is_heads_is_how_the_candidate_is_made() -> None:
    heads = [
        f"{section.__name__}.{name}"
        for section in sections(Config)
        for name, owner in owners(section).items()
        if owner is Owner.HEAD
    ]
    assert sorted(heads) == sorted(
        [
            "Config.tests",
            "ModelSection.objective",
            "ModelSection.description",
            "EnvironmentSection.python",
            "EnvironmentSection.install",
            "EvaluateSection.prediction",
            "DataSection.path",
            "DataSection.format",
            "DataSection.sha256",
            "DataSection.endpoint_url",
            "DataSection.region",
            "EvaluateSection.features",
            "FormatSection.csv",
            "FormatSection.jsonl",
            "FormatSection.parquet",
            "CsvFormat.delimiter",
            "CsvFormat.quote",
            "CsvFormat.escape",
            "CsvFormat.encoding",
            "CsvFormat.compression",
            "JsonLinesFormat.compression",
            "PredictSection.run",
            "PredictSection.model",
            "PredictSection.files",
            "PredictSection.inputs",
            "PredictSection.rows",
            "PredictSection.timeout",
            "TrainSection.convert",
            "TrainSection.run",
            "TrainSection.dvc",
            "TrainSection.data",
            "TrainSection.params",
            "TrainSection.env",
            "TrainSection.seeds",
            "TrainSection.timeout",
        ]
    )


def test_owners__a_field_without_one_is_a_defect() -> None:
    class Careless(Section):
        name: str

    with pytest.raises(TypeError, match=r"Careless\.name does not say whose it is"):
        owners(Careless)


TASKS = "'binary', 'multiclass', 'multilabel', 'regression', 'quantile', 'forecast' or 'ranking'"
TASK = f"`model.task`: input should be {TASKS}"
MISTAKES = {
    "a typing mistake": (
        "evaluate: {data",
        "evalute: {data",
        "7:1",
        "unknown key `evalute`",
        "Did you mean `evaluate`?",
    ),
    "a typing mistake inside": (
        "margin: 0.01",
        "magin: 0.01",
        "9:43",
        "unknown key `magin`",
        "Did you mean `margin`?",
    ),
    "a typing mistake below a name": (
        "contract: contracts/cells.yaml",
        "contrct: contracts/cells.yaml",
        "4:35",
        "unknown key `contrct`",
        "Did you mean `contract`?",
    ),
    "a planned key": (
        "version: 1",
        "version: 1\nserve: {}",
        "2:1",
        "`serve` is not in this version of mlci",
        "Remove the key; it is planned.",
    ),
    "an unknown metric": (
        "metric: roc_auc, require: not_worse",
        "metric: roc_acu, require: not_worse",
        "9:6",
        "`gates[0].metric`: there is no metric roc_acu",
        "Did you mean `roc_auc`?",
    ),
    "a metric of another task": (
        "metric: roc_auc, require: not_worse",
        "metric: roc_auc_ovr, require: not_worse",
        "9:6",
        "`gates[0].metric`: roc_auc_ovr is no metric of a binary task",
        "Did you mean `roc_auc`?",
    ),
    "a binary task without its positive class": (
        ", positive: 1}",
        "}",
        "7:1",
        "`evaluate`: a binary task needs positive: the value of the label that counts as positive",
        None,
    ),
    "a forecast without its time": (
        "task: binary",
        "task: forecast",
        "7:1",
        "`evaluate`: a forecast task needs time: the column that orders the rows",
        None,
    ),
    "a ranking without its queries": (
        "task: binary",
        "task: ranking",
        "7:1",
        "`evaluate`: a ranking task needs group: the column that says which query an item is of",
        None,
    ),
    "a positive class of a regression": (
        "task: binary",
        "task: regression",
        "7:53",
        "`evaluate.positive`: a regression task has no positive; leave it out",
        None,
    ),
    "a gate in slices where there are none": (
        "margin: 0.01",
        "slices: true",
        "9:43",
        "`gates[0].slices`: there are no slices; list columns or conditions under evaluate.slices",
        None,
    ),
    "a slice that is not listed": (
        "positive: 1}\ngates:\n  - {metric: roc_auc, require: not_worse, margin: 0.01}",
        "positive: 1, slices: [site]}\ngates:\n  - {metric: roc_auc, require: not_worse, slices: [sites]}",
        "9:43",
        "`gates[0].slices`: the slice sites is not listed under evaluate.slices (listed: site)",
        "Did you mean `site`?",
    ),
    "a slice that stands twice": (
        "positive: 1}",
        "positive: 1, slices: [site, site]}",
        "7:81",
        "`evaluate.slices[1]`: there is a slice site already; give it a name:",
        None,
    ),
    "a condition without a name": (
        "positive: 1}",
        "positive: 1, slices: [{where: worst_radius > 20}]}",
        "7:75",
        "`evaluate.slices[0]`: a slice with where: needs a name: for reports and gates",
        None,
    ),
    "a slice of two kinds": (
        "positive: 1}",
        "positive: 1, slices: [{column: site, where: worst_radius > 20}]}",
        "7:75",
        "`evaluate.slices[0]`: a slice is a column, or has where: a check; not both",
        None,
    ),
    "a gap without groups": (
        "require: not_worse, margin: 0.01",
        "require: gap_not_wider, margin: 0.01",
        "9:5",
        "`gates[0]`: a gap lies between the groups of a slice; name it: `slices: [COLUMN]`",
        None,
    ),
    "a rate that is neither good nor bad": (
        "metric: roc_auc, require: not_worse",
        "metric: selection_rate, require: not_worse",
        "9:5",
        "`gates[0]`: more or less of selection_rate is neither better nor worse; use gap_not_wider between groups",
        None,
    ),
    "churn that is compared": (
        "metric: roc_auc, require: not_worse",
        "metric: churn, require: not_worse",
        "9:5",
        "`gates[0]`: churn compares with production already: use a ceiling, or `require: d < 0.1`",
        None,
    ),
    "a formula that asks for the worse side": (
        "require: not_worse, margin: 0.01",
        "require: n - o < 0.01",
        "9:5",
        "`gates[0]`: of this metric higher is better: `n - o > …` is meant, not `n - o < 0.01`",
        None,
    ),
    "a formula with a margin beside it": (
        "require: not_worse, margin: 0.01",
        "require: n - o > -0.01, margin: 0.01",
        "9:5",
        "`gates[0]`: `n - o > -0.01` has its number already; leave out margin and value",
        None,
    ),
    "a formula that is none": (
        "require: not_worse, margin: 0.01",
        "require: n - o >= -0.01",
        "9:5",
        "`gates[0]`: character 7: `>` or `<` is expected, '>' stands there",
        None,
    ),
    "a planned key of a data set": (
        "path: data/cells.csv",
        "path: data/cells.csv, engine: auto",
        "4:35",
        "`data.cells.engine` is not in this version of mlci",
        "Remove the key; it is planned.",
    ),
    "another version": ("version: 1", "version: 2", "1:1", "`version`: input should be 1", None),
    "a version with a point": ("version: 1", "version: 1.0", "1:1", "`version`: input should be 1", None),
    "a version that is true": ("version: 1", "version: true", "1:1", "`version`: input should be 1", None),
    "another task": (
        "task: binary",
        "task: clustering",
        "2:23",
        TASK,
        None,
    ),
    "a name with a capital": (
        "name: tumour",
        "name: Tumour",
        "2:9",
        "`model.name`: a name begins with a small letter and has at most 63 small letters, digits, `_` and `-`",
        None,
    ),
    "a data set's name with a dot": (
        "  cells: ",
        "  a.b: ",
        "4:3",
        "`data.a.b`: a name begins with a small letter and has at most 63 small letters, digits, `_` and `-`",
        None,
    ),
    "a data set that is not listed": (
        "data: [cells]",
        "data: [cells, cels]",
        "6:45",
        "`train.data[1]`: the data set cels is not listed under data: (listed: cells, holdout)",
        "Did you mean `cells`?",
    ),
    "an evaluation set that is not listed": (
        "data: holdout",
        "data: x",
        "7:12",
        "`evaluate.data`: the data set x is not listed under data: (listed: cells, holdout)",
        None,
    ),
    "data sets with one variable": (
        "data: [cells]",
        "data: [cells, cells]",
        "6:45",
        "`train.data[1]`: another data set here has the variable MLCI_DATA_CELLS already; rename one of them",
        None,
    ),
    "id and label in one": (
        "id: id",
        "id: malignant",
        "7:42",
        "`evaluate.label`: id and label are the same column",
        None,
    ),
    "a model on top of the data": (
        "model: model.skops",
        "model: ./data/cells.csv",
        "6:67",
        "`train.model`: the data set cells lies there, and training would overwrite it",
        None,
    ),
    "a model on top of the configuration": (
        "model: model.skops",
        "model: mlci.yaml",
        "6:67",
        "`train.model`: this file lies there, and training would overwrite it",
        None,
    ),
    "a model on top of the parameters": (
        "model: model.skops",
        "model: params.yaml",
        "6:67",
        "`train.model`: train.params lies there, and training would overwrite it",
        None,
    ),
    "a gate twice": (
        "recall, require: not_worse",
        "roc_auc, require: not_worse",
        "10:5",
        "`gates[1]`: the gate roc_auc not_worse stands here again; keep the tighter one",
        None,
    ),
    "a floor without value": (
        "value: 0.70",
        "margin: 0.70",
        "11:5",
        "`gates[2]`: a floor has no margin; write `value:` alone",
        None,
    ),
    "a floor with nothing": (", value: 0.70", "", "11:5", "`gates[2]`: a floor needs `value:`", None),
    "a floor of one": ("value: 0.70", "value: 1", "11:5", "`gates[2]`: recall is never above 1; is 0.01 meant?", None),
    "a floor that is no number": (
        "value: 0.70",
        "value: .nan",
        "11:38",
        "`gates[2].value`: input should be a finite number",
        None,
    ),
    "a floor that no computer counts to": (
        "value: 0.70",
        f"value: {10**390}",
        "11:38",
        "`gates[2].value`: input should be a valid number",
        None,
    ),
    "a margin that no computer counts to": (
        "margin: 0.01",
        f"margin: {10**390}",
        "9:43",
        (
            "`gates[0].margin`: a margin is a number from 0 upward (absolute) or a percentage such as 2% "
            "(of production's value)"
        ),
        None,
    ),
    "a floor of a loss": (
        "metric: recall, require: floor",
        "metric: log_loss, require: floor",
        "11:5",
        "`gates[2]`: log_loss is better when it is lower, so a floor says nothing; use ceiling or not_worse",
        None,
    ),
    "a comparison with a value": (
        "margin: 0.01",
        "value: 0.01",
        "9:5",
        "`gates[0]`: not_worse compares with production: write `margin:`, not `value:`",
        None,
    ),
    "a margin that forgot its percent": (
        "margin: 0.01",
        "margin: 2",
        "9:5",
        "`gates[0]`: roc_auc lies between 0 and 1, so a margin of 2 is all of it; is 2% meant?",
        None,
    ),
    "a ceiling of what should be high": (
        "metric: recall, require: floor",
        "metric: recall, require: ceiling",
        "11:5",
        "`gates[2]`: recall is better when it is higher, so a ceiling says nothing; use floor or not_worse",
        None,
    ),
    "a comparison of what has no valid difference": (
        "metric: roc_auc, require: not_worse",
        "metric: calibration_error, require: not_worse",
        "9:5",
        (
            "`gates[0]`: no interval of a difference of calibration_error is valid; "
            "gate on brier or log_loss, or use a ceiling"
        ),
        None,
    ),
    "rows drawn two ways": (
        "positive: 1}",
        "positive: 1, group: patient, time: day}",
        "7:1",
        "`evaluate`: rows are drawn in groups or along time, not both: keep group: or time:",
        None,
    ),
    "a requirement that does not exist": (
        "require: not_worse",
        "require: notworse",
        "9:23",
        (
            "`gates[0].require`: input should be 'not_worse', 'better', 'floor', 'ceiling', "
            "'no_proven_regression' or 'gap_not_wider'"
        ),
        "Did you mean `not_worse`?",
    ),
    "a class that is no label": (
        "positive: 1",
        "positive: 1.5",
        "7:53",
        "`evaluate.positive`: a class is text, a whole number, true or false",
        None,
    ),
    "a class that no computer counts to": (
        "positive: 1",
        f"positive: {2**63}",
        "7:53",
        "`evaluate.positive`: a class is text, a whole number, true or false",
        None,
    ),
    "a threshold in quotes": (
        "positive: 1",
        'positive: 1, threshold: "0.5"',
        "7:66",
        "`evaluate.threshold`: input should be a valid number",
        None,
    ),
    "a threshold of one": (
        "positive: 1",
        "positive: 1, threshold: 1",
        "7:66",
        "`evaluate.threshold`: input should be less than 1",
        None,
    ),
    "a hidden character in a column's name": (
        "label: malignant",
        'label: "malig\\u202enant"',
        "7:35",
        "`evaluate.label`: a control character, a line break or a hidden character has no place here",
        None,
    ),
    "a control character in a command": (
        "run: python train.py",
        'run: "python\\0 train.py"',
        "6:9",
        "`train.run`: a command is printable text",
        None,
    ),
    "a variable with a sign": (
        "params: params.yaml",
        "env: [A-B]",
        "6:52",
        "`train.env[0]`: string should match pattern '^[A-Za-z_][A-Za-z0-9_]{0,127}$'",
        None,
    ),
    "a variable that holds a token": (
        "params: params.yaml",
        "env: [SEED, MLCI_TOKEN]",
        "6:58",
        "`train.env[1]`: no training command may see MLCI_TOKEN, a token of the job",
        None,
    ),
    "a store that is nowhere": (
        "{directory: ../models}",
        "{}",
        "12:30",
        "`promote.store`: name one place: directory: PATH, s3: {bucket: NAME}, dvc: {remote: NAME} or releases: true",
        None,
    ),
    "a store in two places": (
        "directory: ../models",
        "directory: ../models, releases: true",
        "12:30",
        "`promote.store`: name one place: directory: PATH, s3: {bucket: NAME}, dvc: {remote: NAME} or releases: true",
        None,
    ),
    "a mirror that is the store": (
        "directory: ../models}",
        "directory: ../models}, mirror: {directory: ../models}",
        "12:1",
        "`promote`: the mirror is the store itself; name another place",
        None,
    ),
    "a store whose address holds a password": (
        "{directory: ../models}",
        "{s3: {bucket: models, endpoint_url: https://ada:secret@s3.acme.example}}",
        "12:59",
        "`promote.store.s3.endpoint_url`: string should match pattern '^https?://[A-Za-z0-9.\\[\\]:_-]+(/[A-Za-z0-9._~/-]*)?$'",
        None,
    ),
    "a store that looks like an option": (
        "directory: ../models",
        "directory: --force",
        "12:38",
        (
            "`promote.store.directory`: a folder is wanted, such as ../models, without hidden characters and not "
            "beginning with `-` or `~`"
        ),
        None,
    ),
    "a bare number of seconds": (
        "params: params.yaml",
        "timeout: 60",
        "6:46",
        "`train.timeout`: a duration with its unit is wanted, such as 90s, 15m or 1h",
        None,
    ),
    "a policy that YAML 1.1 would take for a truth value": (
        "version: 1",
        "version: 1\non_inconclusive: {promotion: on}",
        "2:19",
        "`on_inconclusive.promotion`: input should be 'warn' or 'block'",
        None,
    ),
}


@pytest.mark.parametrize(("old", "new", "place", "problem", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_config__a_mistake_is_told_with_its_place(
    old: str, new: str, place: str, problem: str, hint: str | None
) -> None:
    error = problem_of(edited(TUMOUR, (old, new)))
    assert (error.code, error.where, error.problem.split("\n")[0], error.hint) == (
        "configuration",
        f"mlci.yaml:{place}",
        problem,
        hint,
    )


def test_config__every_problem_is_told() -> None:
    error = problem_of(edited(TUMOUR, ("task: binary", "task: binay"), ("margin: 0.01", "magin: 0.01")))
    assert error.problem == f"unknown key `magin`\nmlci.yaml:2:23: {TASK}"


def test_later__no_planned_key_is_in_this_version() -> None:
    patterns = {path for path in LATER if "*" not in path and "." not in path}
    assert patterns.isdisjoint(Config.model_fields)
    for name, section in (("train", "TrainSection"), ("evaluate", "EvaluateSection"), ("gates", "Gate")):
        known = next(found for found in sections(Config) if found.__name__ == section).model_fields
        assert {path.removeprefix(f"{name}.") for path in LATER if path.startswith(f"{name}.")}.isdisjoint(known)


@pytest.mark.parametrize(
    ("written", "margin", "text"),
    [
        (0, Margin(0.0), "0"),
        (0.02, Margin(0.02), "0.02"),
        (3, Margin(3.0), "3"),
        ("2%", Margin(0.02, relative=True), "2%"),
        ("7%", Margin(0.07, relative=True), "7%"),
        ("0.125%", Margin(0.00125, relative=True), "0.125%"),
    ],
)
def test_margin__is_read_and_written(written: object, margin: Margin, text: str) -> None:
    assert parse_margin(written) == margin
    assert parse_margin(margin) is margin
    assert margin.text == text


@pytest.mark.parametrize(
    "written",
    [-0.01, True, None, "0.02", "2 %", "-2%", "2.%", "1e1%", "2%\n", float("inf"), float("nan"), 10**399, [1]],
    ids=str,
)
def test_margin__refuses_what_has_no_meaning(written: object) -> None:
    with pytest.raises(ValueError, match="a margin is a number from 0 upward"):
        parse_margin(written)


def test_margin__relative_is_a_part_of_productions_value() -> None:
    assert parse_margin("2%").absolute(0.5) == pytest.approx(0.01)
    assert parse_margin("2%").absolute(-0.5) == pytest.approx(0.01)
    assert parse_margin(0.02).absolute(0.5) == 0.02


@given(st.integers(0, 999_999_999).map(lambda number: f"{number // 10**6}.{number % 10**6:06d}%"))
def test_margin__a_percentage_is_written_as_it_was_meant(written: str) -> None:
    margin = parse_margin(written)
    assert parse_margin(margin.text).value == pytest.approx(margin.value, rel=1e-12)


@pytest.mark.parametrize(
    ("written", "seconds", "text"),
    [("90s", 90, "90s"), ("60s", 60, "1m"), ("15m", 900, "15m"), ("1h", 3600, "1h"), ("48h", 172800, "2d")],
)
def test_duration__is_read_and_written(written: str, seconds: int, text: str) -> None:
    assert parse_duration(written) == timedelta(seconds=seconds)
    assert write_duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("written", [60, 1.5, None, True, "60", "-1h", "1 h", "1H", "1h30m", "1234567s", "1h\n", ""])
def test_duration__refuses_what_has_no_unit(written: object) -> None:
    with pytest.raises(ValueError, match="a duration with its unit is wanted"):
        parse_duration(written)


def test_duration__of_nothing_says_so() -> None:
    with pytest.raises(ValueError, match="a duration is longer than nothing: 1s or more"):
        parse_duration("0s")


@given(st.integers(1, 999_999), st.sampled_from("smhd"))
def test_duration__is_the_same_after_writing(number: int, unit: str) -> None:
    span = parse_duration(f"{number}{unit}")
    assert parse_duration(write_duration(span)) == span


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("data/cells.csv", "data/cells.csv"),
        ("./data//cells.csv", "data/cells.csv"),
        ("data/", "data"),
        ("a b/größe.csv", "a b/größe.csv"),
        (".github/x", ".github/x"),
        ("a/-x", "a/-x"),
        ("..a/b..", "..a/b.."),
    ],
)
def test_relative_path__is_cleaned(written: str, path: str) -> None:
    assert relative_path(written) == path


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "./",
        "..",
        "../x",
        "a/../../x",
        "/etc/passwd",
        "//x",
        "~/x",
        "~root",
        "./~",
        "-x",
        "./-x",
        ":(glob)**",
        "a\\b",
        "a\nb",
        "a\0b",
        "a\x1bb",
        "a\u202eb",
        "a\ud800b",
        "a/" * 501,
    ],
    ids=ascii,
)
def test_relative_path__refuses_what_leads_elsewhere(written: str) -> None:
    with pytest.raises(ValueError, match=r"a path below the folder of mlci\.yaml is wanted"):
        relative_path(written)


@pytest.mark.parametrize(
    "written", [".git/x", "./.git/x", "a/.git", ".GIT/x", "sub//.Git/hooks/x", ".mlci/x", "a/.mlci"]
)
def test_relative_path__refuses_what_is_gits_or_ours(written: str) -> None:
    with pytest.raises(ValueError, match="is not yours to name"):
        relative_path(written)


def test_relative_path__a_hostile_path_is_told_with_its_place() -> None:
    error = problem_of(edited(TUMOUR, ("path: data/cells.csv", "path: ../../etc/passwd")))
    assert (error.where, error.problem) == (
        "mlci.yaml:4:13",
        "`data.cells.path`: a path below the folder of mlci.yaml is wanted, with `/` and without `..`",
    )


@given(st.text(alphabet="ab./-~\\:.gitGIT \n", max_size=20))
def test_relative_path__what_is_accepted_is_below_and_stays_the_same(written: str) -> None:
    with suppress(ValueError):
        path = str(relative_path(written))
        assert relative_path(path) == path
        assert not {"", ".", "..", ".git"} & set(path.lower().split("/"))
        assert path[0] not in "/-~:"


@pytest.mark.parametrize(
    ("written", "kind"), [("1", int), ("true", bool), ("yes", str), ("'1'", str), ("malignant", str)]
)
def test_positive__keeps_the_type_that_is_written(written: str, kind: type) -> None:
    assert type(a_config(("positive: 1", f"positive: {written}")).evaluate.positive) is kind


def test_gate__says_its_number_as_it_is_written() -> None:
    config = with_gates(
        "metric: log_loss, require: better, margin: 2.5%",
        "metric: accuracy, require: not_worse",
        "metric: accuracy, require: floor, value: 0.1234567",
    )
    assert [gate.text for gate in config.gates] == [
        "`log_loss` better margin 2.5%",
        "`accuracy` not_worse margin 0",
        "`accuracy` floor 0.1234567",
    ]
    assert config.gates[0].key == ("log_loss", "better")


def test_gate__cannot_be_changed() -> None:
    gate = Gate(metric="recall", require="floor", value=0.7)
    with pytest.raises(ValueError, match="frozen"):
        gate.value = 0.1


def test_variables__tell_a_command_where_its_files_lie() -> None:
    assert variable_of("blood-cells") == "MLCI_DATA_BLOOD_CELLS"
    assert variables(a_config(), {"cells": "/place/data/cells.csv"}, "/place") == {
        "MLCI_DATA_CELLS": "/place/data/cells.csv",
        "MLCI_PARAMS": "/place/params.yaml",
        "MLCI_OUTPUT": "/place/model.skops",
        "MLCI_SEED": "0",
    }


def test_variables__without_parameters_there_is_none_for_them() -> None:
    assert "MLCI_PARAMS" not in variables(a_config(("params: params.yaml, ", "")), {}, "/place")


TRUTH = ("  holdout:", "  truth: {path: data/truth.csv}\n  holdout:")


def test_labels__may_lie_in_a_data_set_of_their_own() -> None:
    config = a_config(TRUTH, ("label: malignant", "label: malignant, labels: truth"))
    assert config.judging_sets == ("holdout", "truth")
    assert config.kept_apart == {"truth"}


@pytest.mark.parametrize(
    ("edits", "problem"),
    [
        (
            [("label: malignant", "label: malignant, labels: truht")],
            "the data set truht is not listed under data: (listed: cells, truth, holdout)",
        ),
        (
            [("label: malignant", "label: malignant, labels: holdout")],
            "the rows are in holdout, too; leave labels: out where a row has its label",
        ),
        (
            [("label: malignant", "label: malignant, labels: cells")],
            "cells is what training reads, so the labels are not kept from it",
        ),
        (
            [
                ("label: malignant", "label: malignant, labels: truth"),
                ("gates:", "leaks: [{sets: [cells, truth]}]\ngates:"),
            ],
            "truth is the labels of evaluate.labels, and no rows; name holdout",
        ),
        (
            [("label: malignant", "label: malignant, labels: truth"), ("gates:", "sealed: {data: truth}\ngates:")],
            "truth is used by evaluate, so it is not sealed",
        ),
    ],
)
def test_labels__that_would_be_none(edits: list[tuple[str, str]], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        a_config(TRUTH, *edits)
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("edits", "problem"),
    [
        ([("label: malignant", "label: malignant, features: extra")], "the data set extra is not listed under data:"),
        (
            [("label: malignant", "label: malignant, features: cells")],
            "cells is used for something else; features lie in a data set of their own",
        ),
        (
            [
                ("label: malignant", "label: malignant, features: truth"),
                ("model: model.skops", "predictions: answers.csv"),
            ],
            "of predictions no feature is read; leave features: out",
        ),
        (
            [
                ("label: malignant", "label: malignant, features: truth"),
                ("  holdout:", "  vault: {path: vault.csv}\n  holdout:"),
                ("gates:", "sealed: {data: vault}\ngates:"),
            ],
            "nobody can add features to the rows of a sealed set; add the columns to both sets",
        ),
    ],
)
def test_features__that_would_be_none(edits: list[tuple[str, str]], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        a_config(TRUTH, *edits)
    assert problem in caught.value.problem
