"""The configuration: `mlci.yaml` as a strict, frozen model.

Each field says whose it is. `RULE` fields can turn red into green and are read from base; `HEAD` fields are the
candidate's own business. `mlci.core.rules.effective` is the one place where the two are merged.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import override

from mlci.core import pipeline
from mlci.core.answer_names import misnamed
from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_section import DataSection  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.documents import read_document, read_model
from mlci.core.duration import Duration  # noqa: TC001 - as DataSection
from mlci.core.evidence_level import LEVELS, Level
from mlci.core.leak_rule import LeakRule  # noqa: TC001 - as DataSection
from mlci.core.metric_function import MOST_FUNCTIONS, FunctionField
from mlci.core.metrics import Task, function_of, metric_of, names_of
from mlci.core.paths import PackedPath, PathBelow, Place  # noqa: TC001 - as DataSection
from mlci.core.requirement import MOST_CHOSEN, Gate
from mlci.core.runs.secrets import without_secrets
from mlci.core.sealed_section import SealedSection  # noqa: TC001 - as DataSection
from mlci.core.section import (
    HEAD,
    PARTS,
    RULE,
    ClassLabel,
    Command,
    DirectCommand,
    Identifier,
    Name,
    Section,
    Text,
    Variable,
)  # fmt: skip
from mlci.core.slicing import SliceField  # noqa: TC001 - as DataSection
from mlci.core.storage import StoreSection  # noqa: TC001 - as DataSection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_FILES = 500
"""Files of a program."""
OF_ROWS = frozenset({"no_proven_regression", "gap_not_wider"})
"""Requirements that nothing but rows can decide."""


class ModelSection(Section):
    """What the model is for and who answers for it."""

    name: Annotated[Name, RULE]
    task: Annotated[Task, RULE]
    objective: Annotated[Text, HEAD] = ""
    description: Annotated[Text, HEAD] = ""
    owners: Annotated[tuple[Identifier, ...], RULE] = Field(default=(), strict=False)


class EnvironmentSection(Section):
    """The environment that the model is trained in."""

    python: Annotated[Annotated[str, Field(pattern=r"^3\.[0-9]{1,2}$")] | None, HEAD] = None
    install: Annotated[Command | None, HEAD] = None

    @model_validator(mode="after")
    def _is_made_somehow(self) -> Self:
        if self.python is not None and self.install not in {"uv", "pip"}:
            message = "python: needs install: uv or pip; a command of your own chooses its interpreter itself"
            raise ValueError(message)
        return self


class PredictSection(Section):
    """A model that is a program: what answers rows, and the files that it needs."""

    run: Annotated[DirectCommand, HEAD]
    model: Annotated[PackedPath, HEAD]
    files: Annotated[Annotated[tuple[PackedPath, ...], Field(max_length=MOST_FILES)], HEAD] = Field(
        default=(), strict=False
    )
    inputs: Annotated[tuple[Identifier, ...], HEAD] = Field(default=(), strict=False)
    rows: Annotated[Literal["jsonl", "parquet"], HEAD] = "jsonl"
    timeout: Annotated[Duration, HEAD] = timedelta(minutes=10)

    @property
    def packed(self) -> tuple[str, ...]:
        """The files that become part of the package, once each."""
        return tuple(dict.fromkeys((self.model, *self.files)))


class TrainSection(Section):
    """How the candidate is made."""

    run: Annotated[Command | None, HEAD] = None
    dvc: Annotated[bool, HEAD] = False
    data: Annotated[tuple[Name, ...], HEAD] = Field(default=(), strict=False)
    params: Annotated[PathBelow | None, HEAD] = None
    env: Annotated[tuple[Variable, ...], HEAD] = Field(default=(), strict=False)
    seeds: Annotated[int, HEAD] = Field(default=1, ge=1, le=100)
    timeout: Annotated[Duration, HEAD] = timedelta(hours=1)
    convert: Annotated[Literal["onnx"] | None, HEAD] = None
    model: Annotated[PathBelow | None, RULE] = None
    predictions: Annotated[PathBelow | None, RULE] = None
    scores: Annotated[PathBelow | None, RULE] = None
    metrics: Annotated[PathBelow | None, RULE] = None
    predict: Annotated[PredictSection | None, RULE] = None

    @property
    def level(self) -> Level:
        """What is handed in for judging: the model itself, or less; of a program nobody who judges sees but answers."""
        if self.predict is not None:
            return "predictions"
        return next(level for level in LEVELS if getattr(self, level) is not None)

    @property
    def output(self) -> str:
        """The file that is handed in: the model, or what stands in its place; of a program what training leaves."""
        if self.predict is not None:
            return self.predict.model
        return str(getattr(self, self.level))

    @property
    def is_elsewhere(self) -> bool:
        """Whether nothing here makes the model: it was trained elsewhere, and is pinned by its hash."""
        return self.run is None and not self.dvc

    @property
    def title(self) -> str:
        """How the model comes about, in a few words, without what looks like a secret."""
        if self.run is not None:
            return without_secrets(self.run)
        return pipeline.COMMAND if self.dvc else f"{self.output}, made elsewhere"

    @model_validator(mode="after")
    def _is_made_one_way(self) -> Self:
        if self.run is not None and self.dvc:
            message = "run: COMMAND, or dvc: true, not both; a stage of dvc.yaml may hold the command"
            raise ValueError(message)
        if self.run is None and self.seeds > 1:
            message = "several seeds need run:, for a pipeline of DVC and a model made elsewhere do not know of them"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _converts_a_model(self) -> Self:
        if self.convert is not None and self.model is None:
            message = "convert: is for a model: that training leaves here"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _hands_in_one_thing(self) -> Self:
        if sum(getattr(self, key) is not None for key in (*LEVELS, "predict")) != 1:
            message = (
                "name one thing that training leaves: model: FILE, or predictions:, scores:, metrics: or predict: "
                "in its place"
            )
            raise ValueError(message)
        return self


class EvaluateSection(Section):
    """Which labelled rows both models are scored on."""

    data: Annotated[Name, RULE]
    id: Annotated[Identifier, RULE]
    label: Annotated[Identifier, RULE] = ""
    labels: Annotated[Name | None, RULE] = None
    positive: Annotated[ClassLabel | None, RULE] = None
    threshold: Annotated[float, RULE] = Field(default=0.5, gt=0, lt=1)
    weight: Annotated[Identifier | None, RULE] = None
    group: Annotated[Identifier | None, RULE] = None
    time: Annotated[Identifier | None, RULE] = None
    slices: Annotated[Annotated[tuple[SliceField, ...], Field(max_length=MOST_CHOSEN)], RULE] = Field(
        default=(), strict=False
    )
    metrics: Annotated[Annotated[dict[Name, FunctionField], Field(max_length=MOST_FUNCTIONS)], RULE] = Field(
        default_factory=dict
    )

    features: Annotated[Name | None, HEAD] = None
    prediction: Annotated[Identifier | None, HEAD] = None

    @model_validator(mode="after")
    def _draws_rows_one_way(self) -> Self:
        if self.group is not None and self.time is not None:
            message = "rows are drawn in groups or along time, not both: keep group: or time:"
            raise ValueError(message)
        return self


class StatisticsSection(Section):
    """How sure a verdict must be."""

    confidence: Annotated[float, RULE] = Field(default=0.95, ge=0.8, le=0.999)
    min_rows: Annotated[int, RULE] = Field(default=30, ge=2)
    min_changed: Annotated[int, RULE] = Field(default=10, ge=2)
    multiplicity: Annotated[Literal["holm", "none"], RULE] = "holm"


class InconclusiveSection(Section):
    """What an inconclusive verdict means."""

    pull_request: Annotated[Literal["warn", "block"], RULE] = "warn"
    promotion: Annotated[Literal["warn", "block"], RULE] = "block"


class SignSection(Section):
    """Who must have signed what stands in the registry."""

    signers: Annotated[PathBelow, RULE]
    since: Annotated[int, RULE] = Field(default=1, ge=1)


class PromoteSection(Section):
    """Where a merge takes the model."""

    stage: Annotated[Name, RULE] = "production"
    store: Annotated[StoreSection, PARTS]
    mirror: Annotated[StoreSection | None, RULE] = None
    sign: Annotated[SignSection | None, RULE] = None
    reuse: Annotated[Literal["fingerprint", "never"], RULE] = "fingerprint"

    @model_validator(mode="after")
    def _mirrors_elsewhere(self) -> Self:
        if self.mirror == self.store:
            message = "the mirror is the store itself; name another place"
            raise ValueError(message)
        return self


class DeploySection(Section):
    """One place where a version is deployed to."""

    stage: Annotated[Name, RULE] = "production"
    target: Annotated[Literal["directory"], RULE]
    path: Annotated[Place, RULE]


def _number_of_version(value: object) -> object:
    """Return VALUE where it is an integer: `1.0` and `true` equal 1 in Python, and are no versions."""
    if type(value) is not int:
        message = "input should be 1"
        raise ValueError(message)
    return value


class DataConfig(Section):
    """What `mlci.yaml` says of data: all of it where a repository has no model."""

    version: Annotated[Annotated[Literal[1], BeforeValidator(_number_of_version)], RULE]
    data: Annotated[dict[Name, DataSection], PARTS]
    leaks: Annotated[tuple[LeakRule, ...], RULE] = Field(default=(), strict=False, max_length=50)

    @property
    def sealed_set(self) -> str | None:
        """The data set that only a promotion opens; None where there is none."""
        return None

    @property
    def kept_apart(self) -> frozenset[str]:
        """The data sets that nothing brings to where the code of a pull request runs."""
        return frozenset()

    @property
    def open_data(self) -> dict[str, DataSection]:
        """The data sets but for the sealed one: what a verb means that is told no names."""
        return {name: section for name, section in self.data.items() if name != self.sealed_set}

    @model_validator(mode="after")
    def _names_data_sets(self) -> Self:
        problem = next(_unknown_sets(self), None)
        if problem is not None:
            raise problem
        return self


class Config(DataConfig):
    """The whole of `mlci.yaml`."""

    model: Annotated[ModelSection, PARTS]
    tests: Annotated[Command | None, HEAD] = None
    environment: Annotated[EnvironmentSection, PARTS] = EnvironmentSection()
    train: Annotated[TrainSection, PARTS]
    evaluate: Annotated[EvaluateSection, PARTS]
    sealed: Annotated[SealedSection | None, RULE] = None
    statistics: Annotated[StatisticsSection, PARTS] = StatisticsSection()
    gates: Annotated[tuple[Gate, ...], RULE] = Field(default=(), strict=False)
    on_inconclusive: Annotated[InconclusiveSection, PARTS] = InconclusiveSection()
    promote: Annotated[PromoteSection, PARTS]
    deploy: Annotated[dict[Name, DeploySection], PARTS] = Field(default_factory=dict)

    @property
    @override
    def sealed_set(self) -> str | None:
        """The data set that only a promotion opens; None where there is none."""
        return None if self.sealed is None else self.sealed.data

    @property
    @override
    def kept_apart(self) -> frozenset[str]:
        """The data sets that nothing brings to where the code of a pull request runs."""
        return frozenset(name for name in (self.sealed_set, self.evaluate.labels) if name is not None)

    @property
    def judging_sets(self) -> tuple[Name, ...]:
        """The data sets that judge: the rows, and what holds their labels where that is another."""
        rows, labels = self.evaluate.data, self.evaluate.labels
        return (rows,) if labels is None else (rows, labels)

    @property
    def scoring_sets(self) -> tuple[Name, ...]:
        """The data sets that scores come from: those that judge, and what adds features to their rows."""
        features = self.evaluate.features
        return self.judging_sets if features is None else (*self.judging_sets, features)

    @property
    def inputs(self) -> tuple[Name, ...]:
        """The data sets that the training command reads; who hands in answers needs the rows that they are for."""
        train, rows = self.train, self.evaluate.data
        return train.data if train.level == "model" or rows in train.data else (*train.data, rows)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problem = next(_problems(self), None)
        if problem is not None:
            raise problem
        return self


def _unknown_sets(config: DataConfig) -> Iterator[PydanticCustomError]:
    """Yield data sets that a section names and `data` does not list."""
    named: dict[tuple[str | int, ...], str] = {}
    if isinstance(config, Config):
        named |= {("evaluate", "data"): config.evaluate.data}
        named |= {("evaluate", "labels"): config.evaluate.labels} if config.evaluate.labels else {}
        named |= {("evaluate", "features"): config.evaluate.features} if config.evaluate.features else {}
        named |= {("train", "data", place): name for place, name in enumerate(config.train.data)}
        named |= {("sealed", "data"): config.sealed.data} if config.sealed else {}
    for place, rule in enumerate(config.leaks):
        named |= {("leaks", place, "sets", part): name for part, name in enumerate(rule.sets)}
    for path, name in named.items():
        if name not in config.data:
            message = "the data set {name} is not listed under data: (listed: {listed})"
            yield _problem(path, message, name=name, listed=", ".join(config.data), near=tuple(config.data))


def _problems(config: Config) -> Iterator[PydanticCustomError]:
    """Yield what is wrong between sections that are each right."""
    if config.evaluate.id == config.evaluate.label:
        yield _problem(("evaluate", "label"), "id and label are the same column")
    yield from _sealed(config)
    yield from _labels_apart(config)
    yield from _features(config)
    yield from _repetitions(config)
    yield from _unknown_slices(config)
    yield from _misfits(config)
    read = {
        FILE_NAME: "this file",
        **{section.path: f"the data set {name}" for name, section in config.data.items()},
        **{section.contract: f"the contract of {name}" for name, section in config.data.items() if section.contract},
        **({config.train.params: "train.params"} if config.train.params else {}),
    }
    if config.train.output in read:
        message = "{what} lies there, and training would overwrite it"
        key = "predict" if config.train.predict else config.train.level
        yield _problem(("train", key), message, what=read[config.train.output])


def _sealed(config: Config) -> Iterator[PydanticCustomError]:
    """Yield what makes a sealed set none: others use its rows, or no rows could prove anything so often."""
    if config.sealed is None:
        return
    name = config.sealed.data
    if config.train.level != "model":
        message = "a sealed set needs train.model: nobody but the job that promotes may see its rows, and predict them"
        yield _problem(("sealed",), message)
    used = {"evaluate": config.judging_sets, "train": config.train.data}
    for section, names in used.items():
        if name in names:
            yield _problem(
                ("sealed", "data"), "{name} is used by {section}, so it is not sealed", name=name, section=section
            )
    try:
        config.sealed.budget.confidence_of_look(config.statistics.confidence)
    except ValueError as error:
        yield _problem(("sealed", "looks"), "{error}", error=str(error))


def _labels_apart(config: Config) -> Iterator[PydanticCustomError]:
    """Yield what makes labels that lie elsewhere none: the rows lie with them, or training reads them."""
    name, path = config.evaluate.labels, ("evaluate", "labels")
    if name is None:
        return
    if config.train.level in {"scores", "metrics"}:
        yield _problem(path, "of {level} no label is read; leave labels: out", level=config.train.level)
    if name == config.evaluate.data:
        yield _problem(path, "the rows are in {name}, too; leave labels: out where a row has its label", name=name)
    elif name in config.train.data:
        yield _problem(path, "{name} is what training reads, so the labels are not kept from it", name=name)
    for place, rule in enumerate(config.leaks):
        if name in rule.sets:
            message = "{name} is the labels of evaluate.labels, and no rows; name {rows}"
            yield _problem(("leaks", place, "sets"), message, name=name, rows=config.evaluate.data)


def _features(config: Config) -> Iterator[PydanticCustomError]:
    """Yield what makes features that are added none, or nobody's."""
    name, path = config.evaluate.features, ("evaluate", "features")
    if name is None:
        return
    if config.train.level != "model":
        yield _problem(path, "of {level} no feature is read; leave features: out", level=config.train.level)
    if name in config.judging_sets or name in config.train.data:
        yield _problem(path, "{name} is used for something else; features lie in a data set of their own", name=name)
    if config.sealed is not None:
        message = "nobody can add features to the rows of a sealed set; add the columns to both sets"
        yield _problem(path, message)


def _repetitions(config: Config) -> Iterator[PydanticCustomError]:
    """Yield gates that stand twice, and data sets that a training command could not tell apart."""
    keys = [gate.key for gate in config.gates]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            message = "the gate {gate} stands here again; keep the tighter one"
            yield _problem(("gates", place), message, gate=" ".join(key))
    variables = [variable_of(name) for name in config.inputs]
    for place, variable in enumerate(variables):
        if variable in variables[:place]:
            message = "another data set here has the variable {variable} already; rename one of them"
            path = ("train", "data", place) if place < len(config.train.data) else ("evaluate", "data")
            yield _problem(path, message, variable=variable)


def _unknown_slices(config: Config) -> Iterator[PydanticCustomError]:
    """Yield slices that gates name and `evaluate.slices` has not, or has twice."""
    names = [each.key for each in config.evaluate.slices]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield _problem(("evaluate", "slices", place), "there is a slice {name} already; give it a name:", name=name)
    for place, gate in enumerate(config.gates):
        if gate.slices and not names:
            yield _problem(
                ("gates", place, "slices"), "there are no slices; list columns or conditions under evaluate.slices"
            )
        for chosen in () if isinstance(gate.slices, bool) or not names else gate.slices:
            if chosen not in names:
                message = "the slice {name} is not listed under evaluate.slices (listed: {listed})"
                path = ("gates", place, "slices")
                yield _problem(path, message, name=chosen, listed=", ".join(names), near=tuple(names))


def _misfits(config: Config) -> Iterator[PydanticCustomError]:
    """Yield what a task lacks, and metrics and keys that it does not have."""
    task = config.model.task
    if config.train.level in {"model", "predictions"}:
        yield from _missing(config)
    for place, gate in enumerate(config.gates):
        if task not in metric_of(gate.metric).tasks:
            message = "{name} is no metric of a {task} task"
            path = ("gates", place, "metric")
            yield _problem(path, message, name=gate.metric, task=task, near=names_of(task))
    yield from _of_stated(config)
    yield from _of_functions(config)
    yield from _misnamed(config)


def _misnamed(config: Config) -> Iterator[PydanticCustomError]:
    """Yield why answers that are handed in cannot be called as `evaluate.prediction` says."""
    section = config.evaluate
    used = (section.id, section.label, section.weight, section.group, section.time)
    said, named = section.prediction, tuple(filter(None, used))
    problem = None if said is None else misnamed(said, config.model.task, config.train.level, named)
    if problem is not None:
        yield _problem(("evaluate", "prediction"), "{problem}", problem=problem)


def _missing(config: Config) -> Iterator[PydanticCustomError]:
    """Yield what scoring answers needs, and keys that the task does not have."""
    task = config.model.task
    if not config.evaluate.label:
        yield _problem(("evaluate",), "label: is missing, the column to predict")
    if task == "binary" and config.evaluate.positive is None:
        yield _problem(("evaluate",), "a binary task needs positive: the value of the label that counts as positive")
    if task == "forecast" and config.evaluate.time is None:
        yield _problem(("evaluate",), "a forecast task needs time: the column that orders the rows")
    if task == "ranking" and config.evaluate.group is None:
        yield _problem(("evaluate",), "a ranking task needs group: the column that says which query an item is of")
    for key in ("positive", "threshold"):
        if task != "binary" and key in config.evaluate.model_fields_set:
            yield _problem(("evaluate", key), "a {task} task has no {key}; leave it out", task=task, key=key)


def _of_stated(config: Config) -> Iterator[PydanticCustomError]:
    """Yield gates that nothing could decide by what is handed in."""
    level = config.train.level
    for place, gate in enumerate(config.gates):
        is_of_scores, path = metric_of(gate.metric).kind == "score", ("gates", place, "metric")
        if is_of_scores and level not in {"scores", "metrics"}:
            message = "{name} is the mean of scores that are handed in: it needs train.scores"
            yield _problem(path, message, name=gate.metric)
        if not is_of_scores and level == "scores":
            message = (
                "{name} is computed from answers; of scores a gate names score@NAME or loss@NAME, NAME being a column"
            )
            yield _problem(path, message, name=gate.metric)
        if level == "metrics" and (gate.slices or gate.require in OF_ROWS or metric_of(gate.metric).kind == "churn"):
            message = (
                "{name} needs rows, and train.metrics hands in none: floor, ceiling, not_worse or better, no slices"
            )
            yield _problem(("gates", place), message, name=" ".join(gate.key))


def _of_functions(config: Config) -> Iterator[PydanticCustomError]:
    """Yield gates on functions that `evaluate.metrics` does not name, or that have no answers to work on."""
    listed = tuple(config.evaluate.metrics)
    for place, gate in enumerate(config.gates):
        function, path = function_of(gate.metric), ("gates", place, "metric")
        if function is None:
            continue
        if function not in listed:
            message = "there is no function {name} under evaluate.metrics (listed: {listed})"
            near = tuple(f"{gate.metric.partition('@')[0]}@{name}" for name in listed)
            yield _problem(path, message, name=function, listed=", ".join(listed) or "none", near=near)
        elif config.train.level == "metrics":
            message = (
                "{name} is computed from answers, and train.metrics hands in numbers: write score@NAME or loss@NAME"
            )
            yield _problem(path, message, name=gate.metric)


def variable_of(dataset: str) -> str:
    """Return the name of the variable that tells a training command where a data set lies.

    >>> variable_of("blood-cells")
    'MLCI_DATA_BLOOD_CELLS'
    """
    return f"MLCI_DATA_{dataset.upper().replace('-', '_')}"


def _problem(path: tuple[str | int, ...], message: str, **values: str | tuple[str, ...]) -> PydanticCustomError:
    """Return a problem at PATH; the reader of documents finds line and column from it."""
    return PydanticCustomError("configuration", message, {"path": path, **values})


LATER = frozenset(
    {
        "report", "serve", "model.risk",
        "data.*.engine",
        "train.code",
        "train.allow_pickle",
        "promote.version",
        "deploy.*.smoke", "deploy.*.canary", "deploy.*.bake", "deploy.*.keep",
    }
)  # fmt: skip
"""Keys of the design that are refused, by name, until they work."""


def read_data_config(text: bytes, name: str = FILE_NAME) -> DataConfig:
    """Return the configuration in TEXT, a `Config` where it says anything of a model; raises as `read_config`."""
    document = read_document(text, name)
    says_only_data = isinstance(document.value, dict) and document.value.keys() <= DataConfig.model_fields.keys()
    return read_model(text, DataConfig if says_only_data else Config, name, later=LATER)


def read_config(text: bytes, name: str = FILE_NAME) -> Config:
    """Return the configuration in TEXT; raises `UsageError` that names every problem with line and column."""
    return read_model(text, Config, name, later=LATER)


def json_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the JSON Schema of MODEL for editors and other tools."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(mode="validation")}
