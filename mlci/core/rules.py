"""Whose word counts: the one place where base's rules and head's configuration are merged.

Everything that can turn red into green is read from base. What head loosens is named and does not count; what head
adds or tightens is checked in addition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

from mlci.core.config import DataConfig
from mlci.core.data_section import identity
from mlci.core.evidence_level import is_lower
from mlci.core.leak_rule import OwnedLeakRule, merged_leaks
from mlci.core.merged_contracts import merged_contracts
from mlci.core.merged_sections import merged_section, merged_sections
from mlci.core.owned_gates import OwnedGate, in_slices, merged_gates, merged_slices
from mlci.core.rule_changes import RuleChange, plain_change
from mlci.core.side import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.config import Config
    from mlci.core.contract.constraints import Constraint
    from mlci.core.data_section import DataSection
    from mlci.core.side import DataSide
    from mlci.core.training_sections import TrainSection


@dataclass(frozen=True, slots=True)
class DataRules:
    """What data is judged by."""

    config: DataConfig
    """Rule fields from base, the others from head."""
    constraints: Mapping[str, tuple[Constraint, ...]]
    """By data set; each constraint knows whether it is base's or head's."""
    leaks: tuple[OwnedLeakRule, ...]
    base_data: Mapping[str, DataSection]
    """What the commit that sets the rules says of each of its data sets."""

    @property
    def key(self) -> str | None:
        """The column that names a row, None where nobody says so."""
        return None

    @property
    def judging(self) -> tuple[str, DataSection] | None:
        """The data set that models are judged on, and what base says of it; None where there is no model."""
        return None


@dataclass(frozen=True, slots=True)
class Rules(DataRules):
    """What a candidate is judged by."""

    config: Config
    gates: tuple[OwnedGate, ...]
    has_base: bool
    """False where base has no model yet, so that head's rules serve."""
    evaluation_data: DataSection
    """What the commit that sets the rules says of its own evaluation set (head may have moved its own)."""
    labels_data: DataSection | None = None
    """What it says of the labels, where they lie elsewhere than the rows."""
    base_features: DataSection | None = None
    """What it says of the features that were added to the rows; head's own are those of `config`."""
    head_functions: Mapping[str, str] = field(default_factory=dict)
    """What head says which functions its metrics are."""

    @property
    @override
    def key(self) -> str:
        """The column that names a row of the evaluation set."""
        return self.config.evaluate.id

    @property
    @override
    def judging(self) -> tuple[str, DataSection]:
        """The evaluation set, and what base says of it."""
        return self.config.evaluate.data, self.evaluation_data

    @property
    def head_features(self) -> DataSection | None:
        """What head says of the features that it adds to the rows; None where it adds none."""
        return _features_data(self.config)

    @property
    def sealed_data(self) -> DataSection | None:
        """What it says of the sealed set, None where there is none."""
        section = self.config.sealed
        return None if section is None else (self.base_data or self.config.data)[section.data]

    @property
    def evaluation_path(self) -> str:
        """Where the evaluation set lies in the commit that sets the rules."""
        return self.evaluation_data.path


def brings_features(rules: Rules, base: Mapping[str, str], head: Mapping[str, str]) -> bool:
    """Tell whether head brings features for base's rows that base has not, by the Git ids of both."""
    ours, theirs = rules.base_features, rules.head_features
    if theirs is None:
        return False
    return ours is None or identity(ours, base) != identity(theirs, head) or ours.format != theirs.format


def effective_data(base: DataSide | None, head: DataSide) -> tuple[DataRules, tuple[RuleChange, ...]]:
    """Return the rules that count for data alone, and what head changes about them."""
    config, (constraints, contract_changes) = head.config, merged_contracts(base, head)
    leaks, leak_changes = merged_leaks(base.config.leaks if base else (), head.config.leaks)
    changes = (*contract_changes, *(RuleChange("leaks", *change) for change in leak_changes if base))
    if base is None:
        return DataRules(config, constraints, leaks, {}), ()
    data, more = merged_sections(dict(base.config.data), dict(config.data), "data")
    config = DataConfig.model_construct(version=config.version, data=data, leaks=base.config.leaks)
    return DataRules(config, constraints, leaks, base.config.data), (*changes, *more)


def effective(base: DataSide | None, head: Side) -> tuple[Rules, tuple[RuleChange, ...]]:
    """Return the rules that count, and what head changes about them.

    A base that speaks of data alone rules over data alone: of the model, head's rules serve.
    """
    of_data, changes = effective_data(base, head)
    constraints, leaks, base_data = of_data.constraints, of_data.leaks, of_data.base_data
    if not isinstance(base, Side):
        gates = tuple(OwnedGate(gate, "head") for gate in head.config.gates)
        data = {**head.config.data, **(of_data.config.data if base else {})}
        config = head.config.model_copy(update={"data": data})
        rules = Rules(
            config, constraints, leaks, base_data, gates,
            has_base=False, evaluation_data=_evaluation_data(head.config), labels_data=_labels_data(head.config),
            base_features=_features_data(head.config),
        )  # fmt: skip
        return rules, changes
    config, more = merged_section(base.config, head.config, "")
    slices, slice_changes = merged_slices(base.config.evaluate.slices, head.config.evaluate.slices)
    config = config.model_copy(update={"evaluate": config.evaluate.model_copy(update={"slices": slices})})
    gates, gate_changes = merged_gates(base.config, head.config)
    gates = in_slices(gates, base.config.evaluate.slices, slices)
    rules = Rules(
        config, constraints, leaks, base_data, gates,
        has_base=True, evaluation_data=_evaluation_data(base.config), labels_data=_labels_data(base.config),
        base_features=_features_data(base.config), head_functions=head.config.evaluate.metrics,
    )  # fmt: skip
    of_sets = tuple(change for change in changes if change.subject != "data")  # which MORE has as well
    of_level = _level_changes(base.config.train, head.config.train)
    return rules, (*gate_changes, *slice_changes, *of_sets, *of_level, *more)


def _level_changes(base: TrainSection, head: TrainSection) -> Iterator[RuleChange]:
    """Yield what head changes about what is handed in: another level of evidence, or another file."""
    if base.level == head.level:
        if base.output != head.output:
            yield plain_change(f"train.{base.level}", base.output, head.output)
    elif is_lower(head.level, than=base.level):
        yield RuleChange("train", "looser", f"lowers the evidence level: {base.level} → {head.level}")
    else:
        yield RuleChange("train", "tighter", f"raises the evidence level: {base.level} → {head.level}")


def _evaluation_data(config: Config) -> DataSection:
    return config.data[config.evaluate.data]


def _features_data(config: Config) -> DataSection | None:
    return None if config.evaluate.features is None else config.data[config.evaluate.features]


def _labels_data(config: Config) -> DataSection | None:
    return None if config.evaluate.labels is None else config.data[config.evaluate.labels]
