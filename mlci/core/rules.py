"""Whose word counts: the one place where base's rules and head's configuration are merged.

Everything that can turn red into green is read from base. What head loosens is named and does not count; what head
adds or tightens is checked in addition.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_type_hints

from pydantic import BaseModel
from typing_extensions import override

from mlci.core.config import DataConfig
from mlci.core.configuration_file import FILE_NAME
from mlci.core.contract.changes import combined, compare_constraints
from mlci.core.data_section import identity
from mlci.core.evidence_level import LEVELS, is_lower
from mlci.core.leak_rule import OwnedLeakRule, merged_leaks
from mlci.core.metrics import function_of, metric_of
from mlci.core.plain_text import one_line
from mlci.core.section import RULE, Owner
from mlci.core.side import Side
from mlci.core.storage import StoreSection
from mlci.core.words import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.config import Config
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.lines import Lines
    from mlci.core.data_section import DataSection
    from mlci.core.requirement import Gate
    from mlci.core.side import DataSide
    from mlci.core.slicing import SliceRule
    from mlci.core.training_sections import TrainSection

Direction = Literal["looser", "tighter", "other", "replaced"]
"""What head does to a rule; `other` is what has no order, such as another label; `replaced` are all rules at once."""
LONGEST_VALUE = 80
"""Characters of a value in a sentence, which stays on one line."""
AT_BASE = "at base"
"""Stands behind the place of a rule that head does not have any more."""
ORDERED = frozenset({"gates", "evaluate.slices", "leaks", "train.predict", *(f"train.{level}" for level in LEVELS)})
"""Rules that have an order of their own."""
SectionType = TypeVar("SectionType", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One difference between base's rules and head's."""

    subject: str
    """Where it stands, such as `gates` or `contract of cells`."""
    direction: Direction
    sentence: str
    """What head does, beginning with a verb: "loosens `recall` not_worse margin: 0.02 → 0.3"."""

    @property
    def effect(self) -> str:
        """What becomes of the change, in words."""
        match self.direction:
            case "tighter":
                return "checked in addition"
            case "replaced":
                return "the verdict is at most first"
            case "looser" | "other":
                return "takes effect after merge"

    def to_dict(self) -> dict[str, str]:
        """Return the change as a JSON object."""
        return {"subject": self.subject, "direction": self.direction, "sentence": self.sentence, "effect": self.effect}


def replaced_rules(problem: str) -> RuleChange:
    """Return the change where head's rules serve, since those of the target branch have this PROBLEM."""
    return RuleChange(FILE_NAME, "replaced", f"replaces rules of the target branch that cannot be used ({problem})")


@dataclass(frozen=True, slots=True)
class OwnedGate:
    """A gate, and whose it is."""

    gate: Gate
    origin: Literal["base", "head"]
    slices: tuple[str, ...] | None = None
    """What `slices: true` means for it: the slices of whose gate it is; None where that is all there are."""


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
    config, (constraints, contract_changes) = head.config, _contracts(base, head)
    leaks, leak_changes = merged_leaks(base.config.leaks if base else (), head.config.leaks)
    changes = (*contract_changes, *(RuleChange("leaks", *change) for change in leak_changes if base))
    if base is None:
        return DataRules(config, constraints, leaks, {}), ()
    data, more = _merged_mapping(dict(base.config.data), dict(config.data), "data")
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
    config, more = _merged(base.config, head.config, "")
    slices, slice_changes = _slices(base.config.evaluate.slices, head.config.evaluate.slices)
    config = config.model_copy(update={"evaluate": config.evaluate.model_copy(update={"slices": slices})})
    gates, gate_changes = _gates(base.config, head.config)
    gates = _in_slices(gates, base.config.evaluate.slices, slices)
    rules = Rules(
        config, constraints, leaks, base_data, gates,
        has_base=True, evaluation_data=_evaluation_data(base.config), labels_data=_labels_data(base.config),
        base_features=_features_data(base.config),
    )  # fmt: skip
    of_sets = tuple(change for change in changes if change.subject != "data")  # which MORE has as well
    of_level = _level_changes(base.config.train, head.config.train)
    return rules, (*gate_changes, *slice_changes, *of_sets, *of_level, *more)


def _level_changes(base: TrainSection, head: TrainSection) -> Iterator[RuleChange]:
    """Yield what head changes about what is handed in: another level of evidence, or another file."""
    if base.level == head.level:
        if base.output != head.output:
            yield _plain_change(f"train.{base.level}", base.output, head.output)
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


def _merged(base: SectionType, head: SectionType, prefix: str) -> tuple[SectionType, tuple[RuleChange, ...]]:
    """Return the section with rule fields from BASE and the others from HEAD, and the rule fields that differ."""
    values: dict[str, Any] = {}
    changes: list[RuleChange] = []
    for name, owner in owners(type(base)).items():
        ours, theirs = getattr(base, name), getattr(head, name)
        path = f"{prefix}{name}"
        if owner is RULE:
            values[name] = ours
            if _differ(ours, theirs) and path not in ORDERED:
                changes.append(_plain_change(path, ours, theirs))
        elif owner is Owner.PARTS and isinstance(ours, dict):
            values[name], more = _merged_mapping(ours, theirs, path)
            changes += more
        elif owner is Owner.PARTS:
            values[name], found = _merged(ours, theirs, f"{path}.")
            changes += found
        else:
            values[name] = theirs
    # Both sides were validated; a mixture needs no second look, and may name what only one of them has.
    return base.model_copy(update=values), tuple(changes)


def _merged_mapping(
    base: dict[str, BaseModel], head: dict[str, BaseModel], path: str
) -> tuple[dict[str, BaseModel], list[RuleChange]]:
    """Merge two mappings of sections by name; what only base has is kept, so that nothing can vanish.

    What only head has serves if it describes how the candidate is made (a data set), and waits if it is all rules (a
    place to deploy to).
    """
    merged: dict[str, BaseModel] = {}
    changes: list[RuleChange] = []
    for name in dict.fromkeys((*base, *head)):
        if name in base and name in head:
            merged[name], found = _merged(base[name], head[name], f"{path}.{name}.")
            changes += found
        elif name in base:
            merged[name] = base[name]
            changes.append(RuleChange(path, "other", f"removes `{path}.{name}`"))
        elif Owner.HEAD in owners(type(head[name])).values():
            merged[name] = head[name]
        else:
            changes.append(RuleChange(path, "other", f"adds `{path}.{name}`"))
    return merged, changes


def _differ(base: object, head: object) -> bool:
    """Tell whether two values differ; `1` and `true` do, which Python takes for equal."""
    return base != head or type(base) is not type(head)


def _plain_change(path: str, base: object, head: object) -> RuleChange:
    if path == "train.allow_pickle" and head:
        return RuleChange(path, "looser", "lets a model be shipped as a pickle, which runs code wherever it is loaded")
    if path == "model.name":
        return RuleChange(path, "looser", f"renames the model `{base}` to `{head}`; it is judged as `{base}`")
    return RuleChange(path.split(".", 1)[0], "other", f"changes `{path}`: {_shown(base)} → {_shown(head)}")


def _shown(value: object) -> str:
    """Return VALUE for a sentence: short, on one line, without what could end a code span."""
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, StoreSection):
        text = value.text
    elif isinstance(value, BaseModel):
        text = ", ".join(f"{name}: {written(part)}" for name, part in value if part is not None)
    elif isinstance(value, dict):
        text = ", ".join(f"{name}: {written(part)}" for name, part in value.items())
    else:
        text = ", ".join(map(str, value)) if isinstance(value, tuple) else written(value)
    return one_line(text.replace("`", "'"), LONGEST_VALUE)


def _gates(base: Config, head: Config) -> tuple[tuple[OwnedGate, ...], tuple[RuleChange, ...]]:
    """Return base's gates and, in addition, what head adds or tightens; and the changes in words.

    What head adds for another task than base's, or by a function of its own, cannot be checked before that is base's.
    """
    gates = [OwnedGate(gate, "base") for gate in base.gates]
    changes: list[RuleChange] = []
    theirs, task = {gate.key: gate for gate in head.gates}, base.model.task
    for gate in base.gates:
        other = theirs.pop(gate.key, None)
        if other is None:
            changes.append(RuleChange("gates", "looser", f"removes the gate {gate.text}"))
            continue
        direction = gate_direction(gate, other)
        if direction is not None:
            verb = "tightens" if direction == "tighter" else "loosens"
            changes.append(RuleChange("gates", direction, f"{verb} {gate.subject}: {gate.limit} → {other.limit}"))
        if direction == "tighter":
            gates.append(OwnedGate(other, "head"))
    for gate in theirs.values():
        if task not in metric_of(gate.metric).tasks:
            changes.append(
                RuleChange("gates", "other", f"adds the gate {gate.text}, which a {task} task does not have")
            )
            continue
        if function_of(gate.metric) not in {None, *base.evaluate.metrics}:
            what = f"adds the gate {gate.text}, a function that the target branch does not have"
            changes.append(RuleChange("gates", "other", what))
            continue
        changes.append(RuleChange("gates", "tighter", f"adds the gate {gate.text}"))
        gates.append(OwnedGate(gate, "head"))
    return tuple(gates), tuple(changes)


def _slices(
    base: tuple[SliceRule, ...], head: tuple[SliceRule, ...]
) -> tuple[tuple[SliceRule, ...], tuple[RuleChange, ...]]:
    """Return base's slices with those that head adds, and the changes in words."""
    theirs = {each.key: each for each in head}
    changes: list[RuleChange] = []
    for each in base:
        other = theirs.pop(each.key, None)
        if other is None:
            changes.append(RuleChange("evaluate.slices", "looser", f"drops the slice `{_shown(each.key)}`"))
        elif other != each:
            sentence = f"changes the slice `{_shown(each.key)}`: {_shown(each.text)} → {_shown(other.text)}"
            changes.append(RuleChange("evaluate.slices", "looser", sentence))
    changes += [RuleChange("evaluate.slices", "tighter", f"adds the slice `{_shown(key)}`") for key in theirs]
    return (*base, *theirs.values()), tuple(changes)


def _in_slices(
    gates: tuple[OwnedGate, ...], base: tuple[SliceRule, ...], merged: tuple[SliceRule, ...]
) -> tuple[OwnedGate, ...]:
    """Return GATES with the slices that each looks at: base's gates at base's, and at head's new ones in addition."""
    ours, every = tuple(each.key for each in base), tuple(each.key for each in merged)
    found: list[OwnedGate] = []
    for owned in gates:
        if owned.gate.slices is not True:
            found.append(owned)
        elif owned.origin == "head":
            found.append(replace(owned, slices=every))
        else:
            found.append(replace(owned, slices=ours))
            if every != ours:
                found.append(OwnedGate(owned.gate, "head", every[len(ours) :]))
    return tuple(found)


def gate_direction(base: Gate, head: Gate) -> Literal["looser", "tighter"] | None:
    """Order two versions of one gate, None where they ask for the same.

    What cannot be compared (2% against 0.01) counts as looser.
    """
    if base.tolerance.relative != head.tolerance.relative or (base.severity, head.severity) == ("error", "warn"):
        return "looser"
    before, after = (gate.tolerance.value if gate.value is None else gate.value for gate in (base, head))
    if before == after:
        return None if base.severity == head.severity else "tighter"
    higher_is_tighter = base.require in {"better", "floor"}
    return "tighter" if (after > before) == higher_is_tighter else "looser"


def _contracts(
    base: DataSide | None, head: DataSide
) -> tuple[dict[str, tuple[Constraint, ...]], tuple[RuleChange, ...]]:
    constraints: dict[str, tuple[Constraint, ...]] = {}
    changes: list[RuleChange] = []
    if base is None:
        return {
            name: _located(combined(None, contract), head.lines.get(name, {}), {})
            for name, contract in head.contracts.items()
        }, ()
    for name in dict.fromkeys((*base.contracts, *head.contracts)):
        ours, theirs = base.contracts.get(name), head.contracts.get(name)
        constraints[name] = _located(combined(ours, theirs), head.lines.get(name, {}), base.lines.get(name, {}))
        subject = f"contract of {name}"
        if ours is not None and theirs is None:
            changes.append(RuleChange(subject, "looser", f"removes the contract of `{name}`"))
        elif ours is None and theirs is not None:
            changes.append(RuleChange(subject, "tighter", f"adds a contract for `{name}`"))
        elif ours is not None and theirs is not None:
            for change in compare_constraints(ours, theirs):
                tighter = change.kind in {"tightened", "added"}
                direction: Direction = "tighter" if tighter else "looser"
                changes.append(RuleChange(subject, direction, change.sentence))
    trained = base.config.train.data if isinstance(base, Side) else base.config.data
    for name in head.config.train.data if isinstance(head, Side) else ():
        if name in base.contracts or name in trained:
            continue
        covering = _covering(head.config.data[name].path, base)
        if covering:
            theirs_too = tuple(each for each in constraints.get(name, ()) if each.origin == "head")
            constraints[name] = (*(each for one in covering for each in constraints[one]), *theirs_too)
            held = " and ".join(f"`{one}`" for one in covering)
            sentence = f"trains on `{name}`, which is held to the contract of {held}"
            changes.append(RuleChange("train.data", "tighter", sentence))
    return constraints, tuple(changes)


def _located(constraints: tuple[Constraint, ...], head: Lines, base: Lines) -> tuple[Constraint, ...]:
    """Return CONSTRAINTS with where they stand: in head's contract, which is at hand, and else in base's."""
    known = {**{key: f"{where} {AT_BASE}" for key, where in base.items()}, **head}
    return tuple(replace(each, where=known.get(each.key)) for each in constraints)


def _covering(path: str, base: DataSide) -> tuple[str, ...]:
    """Return the data sets of BASE whose contracts hold for training data at PATH that base does not know.

    The same file under another name is held to the same contract; any other to those of all that base trains on, since
    a new name must not let broken data in. Data of another kind is brought with its contract first, and used then.
    """
    same = tuple(name for name in base.contracts if base.config.data[name].path == path)
    trained = base.config.train.data if isinstance(base, Side) else base.config.data
    return same or tuple(name for name in trained if name in base.contracts)


def owners(model: type[BaseModel]) -> dict[str, Owner]:
    """Return whose each field of MODEL is; a field without an owner is a defect, not a default."""
    hints = get_type_hints(model, include_extras=True)
    found: dict[str, Owner] = {}
    for name in model.model_fields:
        marks = [mark for mark in get_args(hints[name]) if isinstance(mark, Owner)]
        if len(marks) != 1:
            msg = f"{model.__name__}.{name} does not say whose it is"
            raise TypeError(msg)
        found[name] = marks[0]
    return found
