"""The metrics that a gate can name: what each is, which way is better, and which tasks have it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, Literal, get_args

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from mlci.core.amount import Unit  # noqa: TC001 - a field of a dataclass that docs name

if TYPE_CHECKING:
    from collections.abc import Mapping

Task = Literal["binary", "multiclass", "multilabel", "regression", "quantile", "forecast", "ranking"]
TASKS: Final[tuple[Task, ...]] = get_args(Task)
Kind = Literal[
    "share", "cells", "auc", "average_precision", "ranks", "loss", "ratio", "calibration", "churn", "rate", "queries",
    "score", "function", "amount", "latency",
]  # fmt: skip
Looks = Literal["all", "positives", "negatives", "class", "others", "queries"]
LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Metric:
    """A function of labels and predictions."""

    name: str
    """As a gate names it; of a metric with an argument up to its `@`, as in `recall@malignant`."""
    kind: Kind
    """`share` of rows that are right, or wrong (paired 0/1); a function of the `cells` of label and decision; by ranks
    `auc` or `average_precision`, over several classes `ranks`; mean `loss` per row; `ratio` of means, by the delta
    method; `calibration`, of which no difference can be judged; `churn`, the share of rows that both models decide
    differently; `rate`, of which neither more nor less is better; a mean over `queries`; the mean of a `score` that was
    handed in; a `function` of one's own, by the jackknife; an `amount` of what a model costs, by value; its `latency`,
    by repeats."""
    higher_is_better: bool
    sentence: str
    tasks: frozenset[Task] = frozenset({"binary"})
    limits: tuple[float, float] | None = (0.0, 1.0)
    """Between which its value lies; None where there is no bound."""
    looks_at: Looks = "all"
    """The rows that it is computed on."""
    largest_change: float | None = None
    """The most by which one row can change the mean that it is; None where there is no bound, or no mean."""
    of_class: str | None = None
    """The class that it looks at, as a gate names it after `@`."""
    unit: Unit | None = None
    """What it is counted in; None for what has no unit."""


_CLASSES: Final[frozenset[Task]] = frozenset({"binary", "multiclass"})
_SEVERAL: Final[frozenset[Task]] = frozenset({"multiclass"})
_LABELS: Final[frozenset[Task]] = frozenset({"multilabel"})
_NUMBERS: Final[frozenset[Task]] = frozenset({"regression", "forecast"})
_QUANTILES: Final[frozenset[Task]] = _NUMBERS | {"quantile"}
_OF_QUANTILES: Final[frozenset[Task]] = frozenset({"quantile"})
_RANKING: Final[frozenset[Task]] = frozenset({"ranking"})
OF_NUMBERS: Final[frozenset[Task]] = _QUANTILES | _RANKING
"""Tasks whose labels and answers are numbers."""
_PLUS_MINUS: Final = (-1.0, 1.0)


def _higher(name: str, kind: Kind, sentence: str, tasks: frozenset[Task] = frozenset({"binary"})) -> Metric:
    return Metric(name, kind, True, sentence, tasks, largest_change=1.0 if kind == "share" else None)  # noqa: FBT003 - higher


def _lower(name: str, kind: Kind, sentence: str, tasks: frozenset[Task] = frozenset({"binary"})) -> Metric:
    return Metric(name, kind, False, sentence, tasks, limits=None)  # noqa: FBT003 - lower is better


def _of_queries(name: str, sentence: str) -> Metric:
    return replace(_higher(name, "queries", sentence, _RANKING), looks_at="queries", largest_change=1.0)


_ALL = (
    _higher("accuracy", "share", "share of rows decided right", _CLASSES),
    replace(
        _lower("error_rate", "share", "share of rows decided wrong", _CLASSES), limits=(0.0, 1.0), largest_change=1.0
    ),
    replace(_higher("recall", "share", "share of positive rows that were found"), looks_at="positives"),
    replace(_higher("specificity", "share", "share of negative rows that were left alone"), looks_at="negatives"),
    _higher("precision", "cells", "share of rows decided positive that are"),
    _higher("f1", "cells", "harmonic mean of precision and recall"),
    replace(_higher("lift", "cells", "how often rows decided positive are, against all rows"), limits=None),
    _higher("balanced_accuracy", "cells", "mean of the recall of the classes", _CLASSES),
    replace(_higher("mcc", "cells", "correlation of labels and decisions", _CLASSES), limits=_PLUS_MINUS),
    replace(_higher("kappa", "cells", "agreement beyond chance", _CLASSES), limits=_PLUS_MINUS),
    _higher("roc_auc", "auc", "chance that a positive row scores above a negative one"),
    _higher("average_precision", "average_precision", "mean precision at the scores of the positive rows"),
    _lower("log_loss", "loss", "mean negative log-likelihood of the labels", _CLASSES | _LABELS),
    replace(
        _lower("brier", "loss", "mean squared error of the probabilities, between 0 and 1", _CLASSES | _LABELS),
        limits=(0.0, 1.0),
        largest_change=1.0,
    ),
    replace(
        _lower("calibration_error", "calibration", "mean distance of probabilities and frequencies"), limits=(0, 1)
    ),
    replace(
        _lower("churn", "churn", "share of rows that both models decide differently", _CLASSES | _LABELS), limits=(0, 1)
    ),
    replace(_higher("selection_rate", "rate", "share of rows decided positive"), largest_change=1.0),
    replace(
        _lower("false_positive_rate", "rate", "share of negative rows decided positive"),
        limits=(0.0, 1.0),
        looks_at="negatives",
        largest_change=1.0,
    ),
    _higher("recall_macro", "cells", "mean of the classes' or labels' recall", _SEVERAL | _LABELS),
    _higher("precision_macro", "cells", "mean of the classes' or labels' precision", _SEVERAL | _LABELS),
    _higher("precision_weighted", "cells", "mean of the classes' precision by their share of the labels", _SEVERAL),
    _higher("f1_macro", "cells", "mean of the classes' or labels' F1", _SEVERAL | _LABELS),
    _higher("f1_weighted", "cells", "mean of the classes' F1 by their share of the labels", _SEVERAL),
    replace(_higher("kappa_linear", "cells", "kappa by how far classes are apart", _SEVERAL), limits=_PLUS_MINUS),
    replace(_higher("kappa_quadratic", "cells", "kappa by the square of how far", _SEVERAL), limits=_PLUS_MINUS),
    _higher("roc_auc_ovr", "ranks", "mean of the classes' AUC, each against all others", _SEVERAL),
    _higher("roc_auc_ovr_weighted", "ranks", "the same by the classes' share of the labels", _SEVERAL),
    _higher(
        "average_precision_macro", "ranks", "mean of the classes' or labels' average precision", _SEVERAL | _LABELS
    ),
    _higher("exact_match", "share", "share of rows of which every label is decided right", _LABELS),
    replace(
        _lower("hamming_loss", "loss", "share of the labels of a row that are decided wrong", _LABELS),
        limits=(0.0, 1.0),
        largest_change=1.0,
    ),
    _higher("recall_micro", "cells", "share of all labels of all rows that were found", _LABELS),
    _higher("precision_micro", "cells", "share of all labels that were decided that are", _LABELS),
    _higher("f1_micro", "cells", "harmonic mean of precision and recall over all labels of all rows", _LABELS),
    _higher("roc_auc_macro", "ranks", "mean of the labels' AUC", _LABELS),
    _lower("crps", "loss", "how far quantiles lie from the outcome: twice their mean pinball loss", _OF_QUANTILES),
    _lower("mae", "loss", "mean absolute error", _NUMBERS),
    _lower("mse", "loss", "mean squared error", _NUMBERS),
    _lower("rmse", "ratio", "root of the mean squared error", _NUMBERS),
    replace(_higher("r2", "ratio", "share of the variance that is explained", _NUMBERS), limits=None),
    _lower("mape", "loss", "mean absolute error as a share of the outcome", _NUMBERS),
    _lower("wape", "ratio", "sum of absolute errors as a share of the sum of the outcomes", _NUMBERS),
    _of_queries("ndcg", "mean over queries of the discounted gain, as a share of the best order's"),
    _of_queries("map", "mean over queries of the average precision"),
    _of_queries("mrr", "mean over queries of 1 / the place of the first relevant item"),
)
METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}
"""Those without an argument, by name."""

_OF_CLASS: Final[Mapping[str, Metric]] = {
    "recall": replace(
        _higher("recall@", "share", "share of the rows of a class or label that were found", _SEVERAL | _LABELS),
        looks_at="class",
    ),
    "specificity": replace(
        _higher("specificity@", "share", "share of the rows of no such class that were left alone", _SEVERAL | _LABELS),
        looks_at="others",
    ),
    "precision": _higher(
        "precision@", "cells", "share of the rows decided to be of a class that are", _SEVERAL | _LABELS
    ),
    "f1": _higher("f1@", "cells", "harmonic mean of precision and recall of a class", _SEVERAL | _LABELS),
}
_PINBALL: Final = _lower("pinball@", "loss", "mean loss of predicting this quantile, one side costing more", _QUANTILES)
_OF_PLACES: Final[Mapping[str, Metric]] = {
    "ndcg": _of_queries("ndcg@", "the same of the first places alone, such as ndcg@10"),
    "hit_rate": _of_queries("hit_rate@", "share of queries with a relevant item in the first places, such as @10"),
}
_MOST_PLACES: Final = 5
"""Digits of how many places a list is looked at."""
_OF_SCORES: Final[Mapping[str, Metric]] = {
    "score": replace(_higher("score@", "score", "mean of scores that were handed in", frozenset(TASKS)), limits=None),
    "loss": _lower("loss@", "score", "mean of losses that were handed in", frozenset(TASKS)),
}


def _of_cost(name: str, kind: Kind, unit: Unit, sentence: str) -> Metric:
    return replace(_lower(name, kind, sentence, frozenset(TASKS)), unit=unit)


COSTS: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        _of_cost("size", "amount", "bytes", "bytes of the package"),
        _of_cost("memory", "amount", "bytes", "most memory of the process that predicts, libraries included"),
        _of_cost("train_seconds", "amount", "seconds", "processor time of the training command, as submitted"),
        _of_cost("latency", "latency", "seconds", "time to answer one batch of rows"),
    )
}
"""What a model costs, by name: no row says anything of it."""
MEASURED: Final = frozenset({"memory", "latency"})
"""Costs that are known only where models predict here."""
OF_SCORES: Final = ("score@NAME", "loss@NAME")
"""The only metrics where scores are handed in."""
_OF_FUNCTIONS: Final[Mapping[str, Metric]] = {
    "higher": replace(
        _higher("higher@", "function", "a function of the target branch", frozenset(TASKS) - _RANKING), limits=None
    ),
    "lower": _lower("lower@", "function", "a function of the target branch", frozenset(TASKS) - _RANKING),
}
OF_FUNCTIONS: Final = ("higher@NAME", "lower@NAME")
"""Metrics that `evaluate.metrics` names a function for; the word says which way is better."""
WITH_ARGUMENT: Final[Mapping[str, frozenset[Task]]] = {
    "recall@CLASS": _SEVERAL,
    "specificity@CLASS": _SEVERAL,
    "precision@CLASS": _SEVERAL,
    "f1@CLASS": _SEVERAL,
    "recall@LABEL": _LABELS,
    "specificity@LABEL": _LABELS,
    "precision@LABEL": _LABELS,
    "f1@LABEL": _LABELS,
    "pinball@QUANTILE": _QUANTILES,
    "ndcg@PLACES": _RANKING,
    "hit_rate@PLACES": _RANKING,
}


def metric_of(name: str) -> Metric:
    """Return the metric that a gate calls NAME; raises `KeyError` where there is none.

    >>> metric_of("recall@late").of_class
    'late'
    """
    word, at, argument = name.partition("@")
    if not at:
        return COSTS[name] if name in COSTS else METRICS[name]
    if word == "pinball" and _is_quantile(argument):
        return _PINBALL
    if word in _OF_PLACES and _is_count(argument):
        return _OF_PLACES[word]
    if not argument:
        raise KeyError(name)
    if word in _OF_SCORES:
        return _OF_SCORES[word]
    if word in _OF_FUNCTIONS:
        return _OF_FUNCTIONS[word]
    return replace(_OF_CLASS[word], of_class=argument)


def is_cost(metric: str) -> bool:
    """Return whether METRIC is what a model costs, of which no row says anything."""
    return metric in COSTS


def stated_name(metric: str) -> str:
    """Return under which name METRIC is handed in: the name itself, and of scores what stands behind the `@`.

    >>> stated_name("score@help"), stated_name("recall@late")
    ('help', 'recall@late')
    """
    return metric.partition("@")[2] if metric_of(metric).kind == "score" else metric


def function_of(metric: str) -> str | None:
    """Return the name that `evaluate.metrics` has the function of METRIC under; None where METRIC needs none.

    >>> function_of("higher@profit"), function_of("recall")
    ('profit', None)
    """
    return metric.partition("@")[2] if metric_of(metric).kind == "function" else None


def level_of(metric: str) -> float | None:
    """Return the level of the quantile that METRIC looks at; None where it looks at no one.

    >>> level_of("pinball@0.90"), level_of("crps")
    (0.9, None)
    """
    word, _, level = metric.partition("@")
    return float(level) if word == "pinball" else None


def names_of(task: Task) -> tuple[str, ...]:
    """Return the names of the metrics of TASK, those with an argument last, as in `recall@CLASS`."""
    plain = tuple(name for name, metric in METRICS.items() if task in metric.tasks)
    return (*plain, *(name for name, tasks in WITH_ARGUMENT.items() if task in tasks))


def _is_quantile(text: str) -> bool:
    try:
        return text.isascii() and 0 < float(text) < 1
    except ValueError:
        return False


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= _MOST_PLACES


def _known(name: str) -> str:
    try:
        metric_of(name)
    except KeyError:
        message = "there is no metric {name}"
        context = {
            "name": name[:LONGEST_NAME],
            "path": (),
            "near": (*METRICS, *COSTS, *WITH_ARGUMENT, *OF_SCORES, *OF_FUNCTIONS),
        }
        raise PydanticCustomError("configuration", message, context) from None
    return name


MetricName = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [*METRICS, *COSTS]},
                {"type": "string", "pattern": "^(recall|specificity|precision|f1)@.{1,200}$"},
                {"type": "string", "pattern": "^pinball@0?[.][0-9]{1,12}$"},
                {"type": "string", "pattern": "^(score|loss)@.{1,200}$"},
                {"type": "string", "pattern": "^(higher|lower)@[a-z][a-z0-9_-]{0,62}$"},
                {"type": "string", "pattern": "^(ndcg|hit_rate)@[1-9][0-9]{0,4}$"},
            ]
        }
    ),
]
"""A metric as a gate names it."""
