"""A gate of the configuration: one requirement on one metric, of all rows or in slices."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from mlci.core.amount import PATTERN, Unit, parse_amount, written_amount
from mlci.core.margin import Margin, MarginField, written_number
from mlci.core.metrics import COSTS, MetricName, is_cost, metric_of
from mlci.core.section import LONGEST_IDENTIFIER, RULE, Identifier, Section
from mlci.core.statistics.requirement_text import LONGEST_REQUIREMENT, parse_requirement

Requirement = Literal["not_worse", "better", "floor", "ceiling", "no_proven_regression", "gap_not_wider"]
REQUIREMENTS: Final[tuple[str, ...]] = get_args(Requirement)
ALONE: Final = frozenset({"floor", "ceiling"})
"""What is required of the candidate alone."""
MOST_CHOSEN: Final = 100
"""Slices that a gate names."""


def _chosen(value: object) -> object:
    """Return true, false, or a list of names as a tuple."""
    if isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        if 0 < len(value) <= MOST_CHOSEN and len({*map(repr, value)}) == len(value):
            return tuple(value)
        msg = f"1 to {MOST_CHOSEN} slices are named, each once"
        raise ValueError(msg)
    msg = "write true for every slice, or a list of those that evaluate.slices has"
    raise ValueError(msg)


ChosenSlices = Annotated[
    bool | tuple[Identifier, ...],
    BeforeValidator(_chosen),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {"type": "array", "items": {"type": "string", "maxLength": LONGEST_IDENTIFIER}, "minItems": 1},
            ]
        }
    ),
]
"""Which slices a gate looks at: false for all rows together, true for every slice, or names."""


class Gate(Section):
    """One requirement on one metric."""

    metric: Annotated[MetricName, RULE]
    require: Annotated[
        Annotated[
            Requirement,
            WithJsonSchema(
                {"anyOf": [{"enum": list(REQUIREMENTS)}, {"type": "string", "maxLength": LONGEST_REQUIREMENT}]}
            ),
        ],
        RULE,
    ]
    margin: Annotated[MarginField | None, RULE] = None
    value: Annotated[
        Annotated[
            Annotated[float, Field(ge=0, allow_inf_nan=False)] | None,
            WithJsonSchema(
                {
                    "anyOf": [
                        {"type": "number", "minimum": 0},
                        {"type": "string", "pattern": f"^{PATTERN}$"},
                        {"type": "null"},
                    ]
                }
            ),
        ],
        RULE,
    ] = None
    slices: Annotated[ChosenSlices, RULE] = False
    severity: Annotated[Literal["error", "warn"], RULE] = "error"

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two gates the same gate in base and head."""
        return tuple(filter(None, (self.metric, self.require, self.scope)))

    @property
    def scope(self) -> str:
        """Where the gate looks, in words; nothing where it looks at all rows."""
        if isinstance(self.slices, bool):
            return "in every slice" if self.slices else ""
        return f"in {', '.join(sorted(self.slices))}"

    @property
    def tolerance(self) -> Margin:
        """The margin, which is 0 where none is written."""
        return self.margin or Margin(value=0.0)

    @property
    def limit(self) -> str:
        """The number of the gate as it is written: the value of a floor or ceiling, else the margin."""
        unit = metric_of(self.metric).unit
        if self.value is not None:
            return written_number(self.value) if unit is None else written_amount(self.value, unit)
        if unit is None or self.tolerance.relative or not self.tolerance.value:
            return self.tolerance.text
        return written_amount(self.tolerance.value, unit)

    @property
    def subject(self) -> str:
        """The gate without its number."""
        words = (f"`{self.metric}`", self.require, self.scope, "" if self.is_alone else "margin")
        return " ".join(filter(None, words))

    @property
    def text(self) -> str:
        """The gate as a person would say it."""
        return f"{self.subject} {self.limit}"

    @property
    def is_alone(self) -> bool:
        """Whether the gate looks at the candidate alone: a floor or a ceiling."""
        return self.require in ALONE

    @property
    def needs_production(self) -> bool:
        """Whether there is nothing to decide without production."""
        return not self.is_alone or metric_of(self.metric).kind == "churn"

    @model_validator(mode="before")
    @classmethod
    def _reads_other_spelling(cls, value: Any) -> Any:  # noqa: ANN401 - what a document holds is any value
        """Return a gate in the spelling of ease.ml/ci, such as `n - o > -0.01`, in our words."""
        if not isinstance(value, dict) or not _is_other_spelling(value.get("require")):
            return value
        written = parse_requirement(value["require"])
        if value.get("margin") is not None or value.get("value") is not None:
            msg = f"`{written.text}` has its number already; leave out margin and value"
            raise ValueError(msg)
        if written.subject == "d":
            if value.get("metric", "churn") != "churn":
                msg = "`d` is the share of rows that both models decide differently: write metric: churn"
                raise ValueError(msg)
            return value | {"metric": "churn", "require": "ceiling", "value": written.limit}
        try:
            known = metric_of(str(value.get("metric")))
        except KeyError:
            return value | {"require": "floor", "value": 0.0}  # the metric is what is wrong, and is told
        require, number = written.gate(higher_is_better=known.higher_is_better)
        return value | {"require": require, ("value" if require in ALONE else "margin"): number}

    @model_validator(mode="before")
    @classmethod
    def _reads_amounts(cls, value: Any) -> Any:  # noqa: ANN401 - as above
        """Return a gate on a cost with its amounts in bytes or seconds."""
        unit = COSTS[value["metric"]].unit if isinstance(value, dict) and _names_cost(value.get("metric")) else None
        return value if unit is None else value | {key: _amount(value[key], unit) for key in _AMOUNTS if value.get(key)}

    @model_validator(mode="after")
    def _has_the_number_it_needs(self) -> Self:
        problem = self._problem_of_cost() if is_cost(self.metric) else None
        problem = problem or (self._problem_alone() if self.is_alone else self._problem_of_comparison())
        if problem:
            raise ValueError(problem)
        return self

    def _problem_of_cost(self) -> str | None:
        if self.slices is not False or self.require in {"no_proven_regression", "gap_not_wider"}:
            return f"{self.metric} is a cost of the whole model: ceiling, not_worse or better, no slices"
        if self.value == 0:
            return f"a model costs more than nothing; {self.require} needs an amount with its unit"
        if metric_of(self.metric).kind == "latency" and self.tolerance.value and not self.tolerance.relative:
            return "latency is compared as a ratio: write a share of production's, such as `margin: 10%`"
        return None

    def _problem_alone(self) -> str | None:
        chosen = metric_of(self.metric)
        if chosen.kind == "rate":
            return _of_rate(self.metric)
        if self.require == "floor" and not chosen.higher_is_better:
            return f"{self.metric} is better when it is lower, so a floor says nothing; use ceiling or not_worse"
        if self.require == "ceiling" and chosen.higher_is_better:
            return f"{self.metric} is better when it is higher, so a ceiling says nothing; use floor or not_worse"
        if self.margin is not None:
            return f"a {self.require} has no margin; write `value:` alone"
        if self.value is None:
            return f"a {self.require} needs `value:`"
        if chosen.limits is not None and self.value >= chosen.limits[1]:
            limit = written_number(chosen.limits[1])
            return f"{self.metric} is never above {limit}; is {self.value / 100:g} meant?"
        return None

    def _problem_of_comparison(self) -> str | None:
        chosen = metric_of(self.metric)
        if chosen.kind == "churn":
            return "churn compares with production already: use a ceiling, or `require: d < 0.1`"
        if chosen.kind == "function" and self.require == "gap_not_wider":
            return _of_function(self.metric)
        if chosen.kind == "calibration":
            return f"no interval of a difference of {self.metric} is valid; gate on brier or log_loss, or use a ceiling"
        if chosen.kind == "rate" and self.require != "gap_not_wider":
            return _of_rate(self.metric)
        if self.require == "gap_not_wider" and chosen.kind == "queries":
            return f"{self.metric} is a mean over queries, and a gap lies between rows; use no_proven_regression"
        if self.require == "gap_not_wider" and self.slices is False:
            return "a gap lies between the groups of a slice; name it: `slices: [COLUMN]`"
        if self.require == "gap_not_wider" and self.tolerance.relative:
            return "the margin of a gap is a number such as 0.02: production's gap may be 0, and so would a share of it"
        if self.value is not None:
            return f"{self.require} compares with production: write `margin:`, not `value:`"
        if chosen.limits is not None and self.tolerance.value >= 1:
            part = f"{written_number(self.tolerance.value)}%"
            return f"{self.metric} lies between 0 and 1, so a margin of {self.limit} is all of it; is {part} meant?"
        return None


_AMOUNTS: Final = ("value", "margin")


def _names_cost(metric: object) -> bool:
    return isinstance(metric, str) and is_cost(metric)


def _amount(written: object, unit: Unit) -> object:
    """Return what is written in UNIT; percentages, and what was read already, stay what they are."""
    is_share = isinstance(written, str) and written.endswith("%")
    return written if is_share or isinstance(written, Margin) else parse_amount(written, unit)


def _of_rate(metric: str) -> str:
    return f"more or less of {metric} is neither better nor worse; use gap_not_wider between groups"


def _of_function(metric: str) -> str:
    return f"{metric} is a function of your own, whose gaps between groups nobody has derived; judge it in slices"


def _is_other_spelling(require: object) -> bool:
    """Return whether a requirement is a formula: it compares something."""
    return isinstance(require, str) and any(sign in require for sign in "<>")
