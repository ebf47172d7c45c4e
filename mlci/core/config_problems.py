"""What is wrong between sections of `mlci.yaml` that are each right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pydantic_core import PydanticCustomError

from mlci.core.answer_names import misnamed
from mlci.core.configuration_file import FILE_NAME
from mlci.core.cost_gates import misfits_of_costs
from mlci.core.data_section import variable_of
from mlci.core.metrics import COSTS, METRICS, function_of, level_of, metric_of, names_of
from mlci.core.quantile_levels import level_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.data_section import DataSection
    from mlci.core.judging_sections import EvaluateSection, ModelSection, StatisticsSection
    from mlci.core.leak_rule import LeakRule
    from mlci.core.requirement import Gate
    from mlci.core.sealed_section import SealedSection
    from mlci.core.strict_yaml import Path
    from mlci.core.training_sections import TrainSection


OF_ROWS = frozenset({"no_proven_regression", "gap_not_wider"})
"""Requirements that nothing but rows can decide."""


class _DataSections(Protocol):
    """The sections of a configuration of data, as `mlci.core.config.DataConfig` has them."""

    @property
    def data(self) -> Mapping[str, DataSection]: ...

    @property
    def leaks(self) -> tuple[LeakRule, ...]: ...

    @property
    def named_sets(self) -> Mapping[Path, str]: ...


class _Sections(_DataSections, Protocol):
    """The sections of a whole configuration, as `mlci.core.config.Config` has them."""

    @property
    def model(self) -> ModelSection: ...

    @property
    def train(self) -> TrainSection: ...

    @property
    def evaluate(self) -> EvaluateSection: ...

    @property
    def sealed(self) -> SealedSection | None: ...

    @property
    def statistics(self) -> StatisticsSection: ...

    @property
    def gates(self) -> tuple[Gate, ...]: ...

    @property
    def judging_sets(self) -> tuple[str, ...]: ...

    @property
    def inputs(self) -> tuple[str, ...]: ...


def unknown_sets(config: _DataSections) -> Iterator[PydanticCustomError]:
    """Yield data sets that a section names and `data` does not list."""
    for path, name in config.named_sets.items():
        if name not in config.data:
            message = "the data set {name} is not listed under data: (listed: {listed})"
            yield _problem(path, message, name=name, listed=", ".join(config.data), near=tuple(config.data))


def problems_between(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield what is wrong between sections that are each right."""
    if config.evaluate.id in config.evaluate.label_columns:
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


def _sealed(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield what makes a sealed set none: others use its rows, or no rows could prove anything so often."""
    if config.sealed is None:
        return
    name = config.sealed.data
    if config.train.least != "model":
        message = (
            "a sealed set needs train.model, and no pickle: nobody but the job that promotes may see its rows, and "
            "predict them"
        )
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


def _labels_apart(config: _Sections) -> Iterator[PydanticCustomError]:
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


def _features(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield what makes features that are added none, or nobody's."""
    name, path = config.evaluate.features, ("evaluate", "features")
    if name is None:
        return
    if config.train.least != "model":
        yield _problem(path, "of {level} no feature is read; leave features: out", level=config.train.least)
    if name in config.judging_sets or name in config.train.data:
        yield _problem(path, "{name} is used for something else; features lie in a data set of their own", name=name)
    if config.sealed is not None:
        message = "nobody can add features to the rows of a sealed set; add the columns to both sets"
        yield _problem(path, message)


def _repetitions(config: _Sections) -> Iterator[PydanticCustomError]:
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


def _unknown_slices(config: _Sections) -> Iterator[PydanticCustomError]:
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


def _misfits(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield what a task lacks, and metrics and keys that it does not have."""
    task = config.model.task
    if config.train.level in {"model", "predictions"}:
        yield from _missing(config)
    for place, gate in enumerate(config.gates):
        if task not in metric_of(gate.metric).tasks:
            message = "{name} is no metric of a {task} task"
            path = ("gates", place, "metric")
            yield _problem(path, message, name=gate.metric, task=task, near=names_of(task))
    yield from _of_quantiles(config)
    yield from _of_stated(config)
    yield from _of_functions(config)
    yield from _misnamed(config)
    train = config.train
    yield from misfits_of_costs(
        config.gates, train.level, is_program=train.predict is not None, is_elsewhere=train.is_elsewhere
    )


def undirected(value: object) -> Iterator[PydanticCustomError]:
    """Yield gates of a document that name a function of `evaluate.metrics`, and not which way of it is better."""
    document = value if isinstance(value, dict) else {}
    evaluate, gates = document.get("evaluate"), document.get("gates")
    named = evaluate.get("metrics") if isinstance(evaluate, dict) else None
    functions = named if isinstance(named, dict) else {}
    for place, gate in enumerate(gates if isinstance(gates, list) else ()):
        name = gate.get("metric") if isinstance(gate, dict) else None
        if isinstance(name, str) and name in functions and name not in METRICS and name not in COSTS:
            message = "{name} is a function of evaluate.metrics: say which way is better, higher@{name} or lower@{name}"
            yield _problem(("gates", place, "metric"), message, name=name)


def _misnamed(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield why answers that are handed in cannot be called as `evaluate.prediction` says."""
    section = config.evaluate
    used = (section.id, *section.label_columns, section.weight, section.group, section.time)
    said, named = section.prediction, tuple(filter(None, used))
    problem = (
        None
        if said is None
        else misnamed(said, config.model.task, config.train.level, named, has_levels=bool(section.quantiles))
    )
    if problem is not None:
        yield _problem(("evaluate", "prediction"), "{problem}", problem=problem)


def _missing(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield what scoring answers needs, and keys that the task does not have."""
    task = config.model.task
    if not config.evaluate.label:
        yield _problem(("evaluate",), "label: is missing, the column to predict")
    yield from _of_labels(config)
    if task == "binary" and config.evaluate.positive is None:
        yield _problem(("evaluate",), "a binary task needs positive: the value of the label that counts as positive")
    if task == "forecast" and config.evaluate.time is None:
        yield _problem(("evaluate",), "a forecast task needs time: the column that orders the rows")
    if task == "ranking" and config.evaluate.group is None:
        yield _problem(("evaluate",), "a ranking task needs group: the column that says which query an item is of")
    tasks = {"positive": {"binary"}, "threshold": {"binary", "multilabel"}, "quantiles": {"quantile"}}
    for key, known in tasks.items():
        is_said = key in config.evaluate.model_fields_set and getattr(config.evaluate, key) != ()
        if task not in known and is_said:
            yield _problem(("evaluate", key), "a {task} task has no {key}; leave it out", task=task, key=key)


def _of_labels(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield where a task has another number of labels, and what a model of several labels does not have."""
    task, label, listed = config.model.task, config.evaluate.label, config.evaluate.label_columns
    if label and (task == "multilabel") != isinstance(label, tuple):
        wanted = "several labels: label: [COLUMN, COLUMN, …]" if task == "multilabel" else "one label, a single column"
        yield _problem(("evaluate", "label"), "a {task} task has {wanted}", task=task, wanted=wanted)
    if task != "multilabel":
        return
    for key in ("convert", "allow_pickle"):
        if getattr(config.train, key):
            yield _problem(("train", key), "a model of several labels is shipped as it is; leave {key}: out", key=key)
    for place, gate in enumerate(config.gates):
        if metric_of(gate.metric).of_class not in {None, *listed}:
            near = tuple(f"{gate.metric.partition('@')[0]}@{each}" for each in listed)
            message = "{name} is of no label under evaluate.label (listed: {listed})"
            path = ("gates", place, "metric")
            yield _problem(path, message, name=gate.metric, listed=", ".join(listed), near=near)


def _of_quantiles(config: _Sections) -> Iterator[PydanticCustomError]:
    """Yield gates on quantiles that nobody says that models answer."""
    listed = config.evaluate.quantiles
    for place, gate in enumerate(config.gates):
        path, level = ("gates", place, "metric"), level_of(gate.metric)
        if gate.metric == "crps" and not listed:
            message = "crps needs several quantiles: evaluate: {…, quantiles: [0.1, 0.3, 0.5, 0.7, 0.9]}"
            yield _problem(path, message)
        if listed and level is not None and level not in listed:
            near = tuple(f"pinball@{each}" for each in level_names(listed))
            message = "{name} is of no quantile under evaluate.quantiles (listed: {listed})"
            yield _problem(path, message, name=gate.metric, listed=", ".join(level_names(listed)), near=near)


def _of_stated(config: _Sections) -> Iterator[PydanticCustomError]:
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


def _of_functions(config: _Sections) -> Iterator[PydanticCustomError]:
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


def _problem(path: Path, message: str, **values: str | tuple[str, ...]) -> PydanticCustomError:
    """Return a problem at PATH; the reader of documents finds line and column from it."""
    return PydanticCustomError("configuration", message, {"path": path, **values})
