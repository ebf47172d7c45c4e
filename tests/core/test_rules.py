from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.config import DataConfig, read_config
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.margin import Margin
from mlci.core.owned_gates import OwnedGate, gate_direction
from mlci.core.requirement import Gate
from mlci.core.rule_changes import RuleChange, replaced_rules
from mlci.core.rules import effective, effective_data
from mlci.core.side import DataSide, Side
from tests.core.configurations import TUMOUR, a_config, a_contract, with_gates

if TYPE_CHECKING:
    from mlci.core.config import Config

CONTRACT = a_contract()


def a_side(config: Config, **contracts: Contract) -> Side:
    return Side(config, contracts or {"cells": CONTRACT, "holdout": CONTRACT})


BASE = a_side(a_config())


def sentences(changes: tuple[RuleChange, ...]) -> list[str]:
    return [f"{change.subject}: {change.direction}: {change.sentence}; {change.effect}" for change in changes]


def changes_of(*edits: tuple[str, str]) -> list[str]:
    _, changes = effective(BASE, a_side(a_config(*edits)))
    return sentences(changes)


def gates_of(base: Config, head: Config) -> tuple[list[str], list[str]]:
    rules, changes = effective(a_side(base), a_side(head))
    return [f"{owned.origin} {owned.gate.text}" for owned in rules.gates], sentences(changes)


def test_effective__the_same_configuration_changes_nothing() -> None:
    rules, changes = effective(BASE, BASE)
    assert changes == ()
    assert rules.config == BASE.config
    assert rules.gates == tuple(OwnedGate(gate, "base") for gate in BASE.config.gates)
    assert rules.constraints == {"cells": constraints(CONTRACT), "holdout": constraints(CONTRACT)}
    assert rules.has_base


def test_effective__without_base_the_rules_of_head_serve_as_heads() -> None:
    rules, changes = effective(None, BASE)
    assert (changes, rules.has_base, rules.config) == ((), False, BASE.config)
    assert {owned.origin for owned in rules.gates} == {"head"}
    assert {each.origin for found in rules.constraints.values() for each in found} == {"head"}
    assert rules.evaluation_path == "data/holdout.csv"


def test_replaced_rules__say_what_was_wrong_and_what_becomes_of_it() -> None:
    assert sentences((replaced_rules("there is no column `diagnosis`"),)) == [
        (
            "mlci.yaml: replaced: replaces rules of the target branch that cannot be used (there is no column "
            "`diagnosis`); the verdict is at most first"
        )
    ]


def test_effective__without_base_and_contract_there_are_no_constraints() -> None:
    rules, _ = effective(None, Side(a_config(), {}))
    assert rules.constraints == {}


def test_gates__a_loosened_margin_is_named_and_not_used() -> None:
    gates, changes = gates_of(
        with_gates("metric: recall, require: not_worse, margin: 0.02"),
        with_gates("metric: recall, require: not_worse, margin: 0.3"),
    )
    assert gates == ["base `recall` not_worse margin 0.02"]
    assert changes == ["gates: looser: loosens `recall` not_worse margin: 0.02 → 0.3; takes effect after merge"]


def test_gates__a_tightened_margin_is_checked_in_addition() -> None:
    gates, changes = gates_of(
        with_gates("metric: recall, require: not_worse, margin: 0.02"),
        with_gates("metric: recall, require: not_worse, margin: 0.005"),
    )
    assert gates == ["base `recall` not_worse margin 0.02", "head `recall` not_worse margin 0.005"]
    assert changes == ["gates: tighter: tightens `recall` not_worse margin: 0.02 → 0.005; checked in addition"]


def test_gates__a_removed_one_stays() -> None:
    gates, changes = gates_of(
        with_gates("metric: recall, require: floor, value: 0.7", "metric: roc_auc, require: not_worse"),
        with_gates("metric: roc_auc, require: not_worse"),
    )
    assert gates == ["base `recall` floor 0.7", "base `roc_auc` not_worse margin 0"]
    assert changes == ["gates: looser: removes the gate `recall` floor 0.7; takes effect after merge"]


def test_gates__an_added_one_is_checked_in_addition() -> None:
    gates, changes = gates_of(
        with_gates("metric: roc_auc, require: not_worse"),
        with_gates("metric: accuracy, require: floor, value: 0.9", "metric: roc_auc, require: not_worse"),
    )
    assert gates == ["base `roc_auc` not_worse margin 0", "head `accuracy` floor 0.9"]
    assert changes == ["gates: tighter: adds the gate `accuracy` floor 0.9; checked in addition"]


def test_gates__a_replaced_requirement_is_a_removal_and_an_addition() -> None:
    gates, changes = gates_of(
        with_gates("metric: recall, require: not_worse, margin: 0.02"),
        with_gates("metric: recall, require: better, margin: 0.02"),
    )
    assert gates == ["base `recall` not_worse margin 0.02", "head `recall` better margin 0.02"]
    assert changes == [
        "gates: looser: removes the gate `recall` not_worse margin 0.02; takes effect after merge",
        "gates: tighter: adds the gate `recall` better margin 0.02; checked in addition",
    ]


def test_gates__order_and_a_margin_of_nothing_are_no_change() -> None:
    gates, changes = gates_of(
        with_gates("metric: recall, require: not_worse", "metric: roc_auc, require: better, margin: 0"),
        with_gates("metric: roc_auc, require: better", "metric: recall, require: not_worse, margin: 0.0"),
    )
    assert gates == ["base `recall` not_worse margin 0", "base `roc_auc` better margin 0"]
    assert changes == []


@pytest.mark.parametrize(
    ("require", "before", "after", "direction"),
    [
        ("not_worse", "margin: 0.02", "margin: 0.01", "tighter"),
        ("not_worse", "margin: 0.02", "margin: 0.03", "looser"),
        ("not_worse", "margin: 2%", "margin: 1%", "tighter"),
        ("not_worse", "margin: 2%", "margin: 3%", "looser"),
        ("not_worse", "margin: 2%", "margin: 0.001", "looser"),
        ("not_worse", "margin: 0.02", "margin: 0.1%", "looser"),
        ("not_worse", "margin: 0.02", "margin: 0.02", None),
        ("better", "margin: 0.02", "margin: 0.03", "tighter"),
        ("better", "margin: 0.02", "margin: 0.01", "looser"),
        ("better", "margin: 0.02", "margin: 50%", "looser"),
        ("floor", "value: 0.7", "value: 0.71", "tighter"),
        ("floor", "value: 0.7", "value: 0.69", "looser"),
        ("floor", "value: 0", "value: 0.01", "tighter"),
        ("floor", "value: 0.7", "value: 0.70", None),
        ("floor", "value: 0.7", "value: 0.7, severity: warn", "looser"),
        ("floor", "value: 0.7, severity: warn", "value: 0.7", "tighter"),
        ("floor", "value: 0.7", "value: 0.8, severity: warn", "looser"),
    ],
)
def test_gate_direction__orders_two_versions(require: str, before: str, after: str, direction: str | None) -> None:
    base, head = (with_gates(f"metric: recall, require: {require}, {number}").gates[0] for number in (before, after))
    assert gate_direction(base, head) == direction


def test_gate_direction__a_lower_ceiling_is_tighter() -> None:
    low, high = (with_gates(f"metric: log_loss, require: ceiling, value: {value}").gates[0] for value in (0.3, 0.4))
    assert (gate_direction(low, high), gate_direction(high, low)) == ("looser", "tighter")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "name: tumour",
            "name: tumor",
            "model.name: looser: renames the model `tumour` to `tumor`; it is judged as `tumour`",
        ),
        (
            "owners: [",
            "owners: [ada, ",
            "model: other: changes `model.owners`: @acme/diagnostics → ada, @acme/diagnostics",
        ),
        ('["@acme/diagnostics"]', "[]", "model: other: changes `model.owners`: @acme/diagnostics → none"),
        ("id: id", "id: row", "evaluate: other: changes `evaluate.id`: id → row"),
        ("label: malignant", "label: benign", "evaluate: other: changes `evaluate.label`: malignant → benign"),
        ("positive: 1", "positive: 0", "evaluate: other: changes `evaluate.positive`: 1 → 0"),
        ("positive: 1", "positive: true", "evaluate: other: changes `evaluate.positive`: 1 → true"),
        (
            "positive: 1",
            "positive: 1, threshold: 0.9",
            "evaluate: other: changes `evaluate.threshold`: 0.5 → 0.9",
        ),
        (
            "version: 1",
            "version: 1\nstatistics: {confidence: 0.8}",
            "statistics: other: changes `statistics.confidence`: 0.95 → 0.8",
        ),
        (
            "version: 1",
            "version: 1\nstatistics: {min_rows: 2}",
            "statistics: other: changes `statistics.min_rows`: 30 → 2",
        ),
        (
            "version: 1",
            "version: 1\non_inconclusive: {promotion: warn}",
            "on_inconclusive: other: changes `on_inconclusive.promotion`: block → warn",
        ),
        (
            "stage: production, store",
            "stage: staging, store",
            "promote: other: changes `promote.stage`: production → staging",
        ),
        (
            "directory: ../models",
            "directory: ../mine",
            "promote: other: changes `promote.store.directory`: ../models → ../mine",
        ),
        ("path: ../live", "path: ../mine", "deploy: other: changes `deploy.live.path`: ../live → ../mine"),
        ("model: model.skops", "model: m.skops", "train: other: changes `train.model`: model.skops → m.skops"),
    ],
)
def test_effective__a_changed_rule_is_named_and_bases_value_wins(old: str, new: str, expected: str) -> None:
    rules, changes = effective(BASE, a_side(a_config((old, new))))
    assert sentences(changes) == [f"{expected}; takes effect after merge"]
    assert rules.config == BASE.config


def test_effective__what_is_heads_business_is_heads_and_no_change_of_rules() -> None:
    edits = (
        ("objective: Find malignant samples; missing one costs most.", "objective: Another, description: More"),
        ("path: data/cells.csv", "path: data/more.csv"),
        ("run: python train.py", "run: python fit.py"),
        ("params: params.yaml", "params: p.yaml, env: [TOKEN], timeout: 2h"),
    )
    head = a_config(*edits)
    rules, changes = effective(BASE, a_side(head))
    assert changes == ()
    assert rules.config == head


def test_effective__a_moved_evaluation_set_is_read_where_base_has_it() -> None:
    rules, changes = effective(BASE, a_side(a_config(("data/holdout.csv", "data/easy.csv"))))
    assert changes == ()
    assert rules.evaluation_path == "data/holdout.csv"
    assert rules.config.data["holdout"].path == "data/easy.csv"


def test_effective__another_evaluation_set_does_not_count() -> None:
    head = a_side(a_config(("data: holdout", "data: cells")))
    rules, changes = effective(BASE, head)
    assert sentences(changes) == ["evaluate: other: changes `evaluate.data`: holdout → cells; takes effect after merge"]
    assert (rules.config.evaluate.data, rules.evaluation_path) == ("holdout", "data/holdout.csv")


def test_effective__a_renamed_training_set_loses_neither_rows_nor_contract() -> None:
    head = a_side(
        a_config(("  cells: ", "  blood: "), (", contract: contracts/cells.yaml", ""), ("[cells]", "[blood]")),
        holdout=CONTRACT,
    )
    rules, changes = effective(BASE, head)
    assert sentences(changes) == [
        "contract of cells: looser: removes the contract of `cells`; takes effect after merge",
        "train.data: tighter: trains on `blood`, which is held to the contract of `cells`; checked in addition",
        "data: other: removes `data.cells`; takes effect after merge",
    ]
    assert list(rules.config.data) == ["cells", "holdout", "blood"]
    assert rules.config.train.data == ("blood",)
    # The same file under another name is held to the same contract.
    assert rules.constraints["blood"] == rules.constraints["cells"] == constraints(CONTRACT)


@pytest.mark.parametrize("contract", ["", ", contract: contracts/lax.yaml"])
def test_effective__training_data_of_a_new_name_is_held_to_what_base_trains_on(contract: str) -> None:
    head = a_config(
        ("  holdout: ", f"  more: {{path: data/more.csv{contract}}}\n  holdout: "), ("[cells]", "[cells, more]")
    )
    lax = Contract.model_validate({"columns": {"id": {"type": "string"}, "note": {"type": "string"}}})
    own = {"more": lax} if contract else {}
    rules, changes = effective(BASE, a_side(head, cells=CONTRACT, holdout=CONTRACT, **own))
    assert sentences(changes)[-1] == (
        "train.data: tighter: trains on `more`, which is held to the contract of `cells`; checked in addition"
    )
    held = rules.constraints["more"]
    assert held[: len(constraints(CONTRACT))] == constraints(CONTRACT)
    assert {each.origin for each in held[len(constraints(CONTRACT)) :]} == ({"head"} if contract else set())


def test_effective__training_data_that_base_has_a_contract_for_is_held_to_that() -> None:
    other = Contract.model_validate({"columns": {"id": {"type": "string"}}})
    edit = ("  holdout: ", "  more: {path: data/more.csv, contract: contracts/more.yaml}\n  holdout: ")
    base = a_side(a_config(edit), cells=CONTRACT, holdout=CONTRACT, more=other)
    head = a_side(a_config(edit, ("[cells]", "[cells, more]")), cells=CONTRACT, holdout=CONTRACT, more=other)
    rules, changes = effective(base, head)
    assert (rules.constraints["more"], changes) == (constraints(other), ())


def test_effective__a_place_to_deploy_to_is_a_rule_and_waits_for_the_merge() -> None:
    head = a_config(
        ("deploy: {live:", "deploy: {mine: {target: directory, path: /tmp/mine}, live:"),
    )
    rules, changes = effective(BASE, a_side(head))
    assert sentences(changes) == ["deploy: other: adds `deploy.mine`; takes effect after merge"]
    assert list(rules.config.deploy) == ["live"]


def test_effective__a_hostile_value_stays_inside_its_sentence() -> None:
    head = a_config(("label: malignant", "label: 'a` **b** " + "x" * 150 + "'"))
    _, (change,) = effective(BASE, a_side(head))
    assert change.sentence == f"changes `evaluate.label`: malignant → a' **b** {'x' * 50}…"


def test_effective__another_kind_of_store_waits_for_the_merge() -> None:
    rules, changes = effective(BASE, a_side(a_config(("directory: ../models", "releases: true"))))
    assert sentences(changes) == [
        "promote: other: changes `promote.store.directory`: ../models → none; takes effect after merge",
        "promote: other: changes `promote.store.releases`: false → true; takes effect after merge",
    ]
    assert rules.config == BASE.config


def test_contract__a_loosened_bound_is_named_and_not_used() -> None:
    looser = a_contract(("max: 60", "max: 600"))
    rules, changes = effective(BASE, a_side(a_config(), cells=looser, holdout=CONTRACT))
    assert sentences(changes) == [
        "contract of cells: looser: loosens `mean_radius` max: 60 → 600; takes effect after merge"
    ]
    assert rules.constraints["cells"] == constraints(CONTRACT)


def test_contract__a_tightened_bound_is_checked_in_addition() -> None:
    tighter = a_contract(("max: 60", "max: 50"))
    rules, changes = effective(BASE, a_side(a_config(), cells=tighter, holdout=CONTRACT))
    assert sentences(changes) == [
        "contract of cells: tighter: tightens `mean_radius` max: 60 → 50; checked in addition"
    ]
    bounds = [
        (each.value, each.origin) for each in rules.constraints["cells"] if each.key[1:] == ("mean_radius", "max")
    ]
    assert bounds == [(60, "base"), (50, "head")]


def test_contract__an_unclear_change_counts_as_looser() -> None:
    other = a_contract(("[small, medium, large]", "[small, medium, huge]"))
    rules, changes = effective(BASE, a_side(a_config(), cells=other, holdout=CONTRACT))
    assert sentences(changes) == [
        "contract of cells: looser: changes `size_band` enum: without large, with huge; takes effect after merge"
    ]
    assert rules.constraints["cells"] == constraints(CONTRACT)


def test_contract__an_added_one_is_checked_in_addition() -> None:
    base = a_side(a_config((", contract: contracts/cells.yaml", "")), holdout=CONTRACT)
    rules, changes = effective(base, BASE)
    assert sentences(changes) == [
        "contract of cells: tighter: adds a contract for `cells`; checked in addition",
        "data: other: changes `data.cells.contract`: none → contracts/cells.yaml; takes effect after merge",
    ]
    assert {each.origin for each in rules.constraints["cells"]} == {"head"}


def test_contract__a_removed_one_stays() -> None:
    head = a_side(a_config((", contract: contracts/cells.yaml", "")), holdout=CONTRACT)
    rules, changes = effective(BASE, head)
    assert sentences(changes) == [
        "contract of cells: looser: removes the contract of `cells`; takes effect after merge",
        "data: other: changes `data.cells.contract`: contracts/cells.yaml → none; takes effect after merge",
    ]
    assert rules.constraints["cells"] == constraints(CONTRACT)


def test_changes__gates_come_first_then_contracts_then_the_rest() -> None:
    head = a_side(
        a_config(("margin: 0.02", "margin: 0.3"), ("positive: 1", "positive: 0")),
        cells=a_contract(("max: 60", "max: 600")),
        holdout=CONTRACT,
    )
    _, changes = effective(BASE, head)
    assert [change.subject for change in changes] == ["gates", "contract of cells", "evaluate"]


def test_rule_change__is_json() -> None:
    change = RuleChange("gates", "tighter", "adds the gate `recall` floor 0.7")
    assert json.loads(json.dumps(change.to_dict())) == {
        "subject": "gates",
        "direction": "tighter",
        "sentence": "adds the gate `recall` floor 0.7",
        "effect": "checked in addition",
    }


NUMBERS = st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.5])
MARGINS = st.builds(Margin, NUMBERS, st.booleans())
METRICS = st.sampled_from(["accuracy", "recall", "roc_auc"])
GATES = st.lists(
    st.one_of(
        st.builds(Gate, metric=METRICS, require=st.sampled_from(["not_worse", "better"]), margin=st.none() | MARGINS),
        st.builds(Gate, metric=METRICS, require=st.just("floor"), value=NUMBERS),
    ),
    max_size=6,
    unique_by=lambda gate: gate.key,
).map(tuple)
BOUNDS = st.sampled_from([("max: 60", "max: 600"), ("max: 60", "max: 6"), ("max: 60", "pii: true"), ("min: 0, ", "")])
CONTRACTS = st.sets(BOUNDS, max_size=1).map(lambda edits: a_contract(*edits))
CONTRACTS_BY_DATASET = st.dictionaries(st.sampled_from(["cells", "holdout"]), CONTRACTS)
RULE_EDITS = st.lists(
    st.sampled_from(
        [
            ("name: tumour", "name: other"),
            ("positive: 1", "positive: 0"),
            ("label: malignant", "label: benign"),
            ("data: holdout", "data: cells"),
            ("version: 1", "version: 1\nstatistics: {confidence: 0.8, min_rows: 2}"),
            ("version: 1", "version: 1\non_inconclusive: {pull_request: block, promotion: warn}"),
            ("data/holdout.csv", "data/easy.csv"),
            ("directory: ../models", "directory: ../mine"),
        ]
    ),
    max_size=3,
    unique_by=lambda edit: edit[0],
)


@st.composite
def sides(draw: st.DrawFn) -> Side:
    config = a_config(*draw(RULE_EDITS)).model_copy(update={"gates": draw(GATES)})
    return Side(config, draw(CONTRACTS_BY_DATASET))


@given(sides(), sides())
def test_effective__is_never_looser_than_base(base: Side, head: Side) -> None:
    rules, changes = effective(base, head)
    for gate in base.config.gates:
        assert OwnedGate(gate, "base") in rules.gates
    for name, contract in base.contracts.items():
        checked = {(each.key, each.kind, str(each.value), each.origin) for each in rules.constraints[name]}
        assert {(each.key, each.kind, str(each.value), "base") for each in constraints(contract)} <= checked
    paths = ("model.name", "evaluate", "statistics", "on_inconclusive", "promote", "deploy", "train.model")
    assert [attrgetter(path)(rules.config) for path in paths] == [attrgetter(path)(base.config) for path in paths]
    assert rules.evaluation_path == base.config.data[base.config.evaluate.data].path
    assert all("\n" not in change.sentence for change in changes)


@given(sides(), sides())
def test_effective__what_is_not_base_is_tighter_and_named(base: Side, head: Side) -> None:
    rules, changes = effective(base, head)
    ours = {gate.key: gate for gate in base.config.gates}
    added = [owned.gate for owned in rules.gates if owned.origin == "head"]
    assert all(gate.key not in ours or gate_direction(ours[gate.key], gate) == "tighter" for gate in added)
    named = [change for change in changes if change.subject == "gates" and change.direction == "tighter"]
    assert len(named) == len(added)


@given(sides())
def test_effective__of_one_side_with_itself_changes_nothing(side: Side) -> None:
    rules, changes = effective(side, side)
    assert changes == ()
    assert rules.config == side.config


def in_slices(slices: str, *gates: str) -> Config:
    """Return the sample configuration with SLICES, a list in YAML, and these gates."""
    listed = "".join(f"  - {{{gate}}}\n" for gate in gates)
    head, _, rest = TUMOUR.partition("gates:\n")
    text = head.replace("positive: 1}", f"positive: 1, slices: {slices}}}")
    return read_config(f"{text}gates:\n{listed}{rest[rest.index('promote:') :]}".encode())


SLICED = "metric: recall, require: floor, value: 0.7, slices: true"


def test_slices__a_dropped_one_is_named_and_stays() -> None:
    base, head = in_slices("[site, size_band]", SLICED), in_slices("[site]", SLICED)
    rules, changes = effective(a_side(base), a_side(head))
    assert [each.key for each in rules.config.evaluate.slices] == ["site", "size_band"]
    assert [owned.slices for owned in rules.gates] == [("site", "size_band")]
    assert sentences(changes) == [
        "evaluate.slices: looser: drops the slice `size_band`; takes effect after merge",
    ]


def test_slices__a_changed_one_is_named_and_stays() -> None:
    base = in_slices("[{name: large, where: worst_radius > 20}]", SLICED)
    head = in_slices("[{name: large, where: worst_radius > 60, min_rows: 9}]", SLICED)
    rules, changes = effective(a_side(base), a_side(head))
    assert rules.config.evaluate.slices == base.evaluate.slices
    changed = "changes the slice `large`: worst_radius > 20 → worst_radius > 60, at least 9 rows"
    assert sentences(changes) == [f"evaluate.slices: looser: {changed}; takes effect after merge"]


def test_slices__an_added_one_is_looked_at_in_addition() -> None:
    base, head = in_slices("[site]", SLICED), in_slices("[site, size_band]", SLICED)
    rules, changes = effective(a_side(base), a_side(head))
    assert [(owned.origin, owned.slices) for owned in rules.gates] == [("base", ("site",)), ("head", ("size_band",))]
    assert sentences(changes) == ["evaluate.slices: tighter: adds the slice `size_band`; checked in addition"]


def test_slices__a_gate_of_head_looks_at_all_of_them() -> None:
    other = "metric: accuracy, require: floor, value: 0.7, slices: true"
    base, head = in_slices("[site]", SLICED), in_slices("[site, size_band]", SLICED, other)
    rules, _ = effective(a_side(base), a_side(head))
    assert [(owned.gate.metric, owned.origin, owned.slices) for owned in rules.gates] == [
        ("recall", "base", ("site",)),
        ("recall", "head", ("size_band",)),
        ("accuracy", "head", ("site", "size_band")),
    ]


@pytest.mark.parametrize(
    ("listed", "metric", "lacking"),
    [
        ((0.1, 0.9), "pinball@0.5", "a quantile that the target branch does not list"),
        ((), "crps", "which needs several quantiles, and the target branch lists none"),
    ],
)
def test_gates__of_quantiles_that_base_does_not_list_wait_until_it_does(
    listed: tuple[float, ...], metric: str, lacking: str
) -> None:
    base, head = (of_quantiles(each, "pinball@0.9") for each in (listed, (0.1, 0.5, 0.9)))
    added = Gate.model_validate({"metric": metric, "require": "ceiling", "value": 1})
    gates, changes = gates_of(base, head.model_copy(update={"gates": (*head.gates, added)}))
    assert gates == ["base `pinball@0.9` ceiling 1"]
    assert changes[0] == f"gates: other: adds the gate `{metric}` ceiling 1, {lacking}; takes effect after merge"


def test_gates__of_quantiles_that_base_answers_are_checked_in_addition() -> None:
    added = Gate.model_validate({"metric": "pinball@0.2", "require": "ceiling", "value": 1})
    for listed in ((), (0.1, 0.2, 0.9)):
        base = of_quantiles(listed, "pinball@0.9")
        gates, _ = gates_of(base, base.model_copy(update={"gates": (*base.gates, added)}))
        assert gates == ["base `pinball@0.9` ceiling 1", "head `pinball@0.2` ceiling 1"]


def of_quantiles(listed: tuple[float, ...], metric: str) -> Config:
    """Return the sample configuration as one of a quantile task, with one gate."""
    config = a_config()
    return config.model_copy(
        update={
            "model": config.model.model_copy(update={"task": "quantile"}),
            "evaluate": config.evaluate.model_copy(update={"quantiles": listed}),
            "gates": (Gate.model_validate({"metric": metric, "require": "ceiling", "value": 1}),),
        }
    )


def test_gates__for_another_task_wait_until_it_is_bases() -> None:
    base = with_gates("metric: recall, require: floor, value: 0.7")
    head = base.model_copy(
        update={
            "model": base.model.model_copy(update={"task": "regression"}),
            "gates": (Gate.model_validate({"metric": "mae", "require": "not_worse", "margin": "5%"}),),
        }
    )
    gates, changes = gates_of(base, head)
    waiting = "adds the gate `mae` not_worse margin 5%, which a binary task does not have"
    assert gates == ["base `recall` floor 0.7"]
    assert changes == [
        "gates: looser: removes the gate `recall` floor 0.7; takes effect after merge",
        f"gates: other: {waiting}; takes effect after merge",
        "model: other: changes `model.task`: binary → regression; takes effect after merge",
    ]


OF_DATA = DataConfig.model_validate(
    {"version": 1, "data": {"cells": {"path": "data/cells.csv", "contract": "contracts/cells.yaml"}}}
)


def test_effective_data__contracts_of_base_count() -> None:
    base, head = DataSide(OF_DATA, {"cells": CONTRACT}), DataSide(OF_DATA, {})
    rules, changes = effective_data(base, head)
    assert {each.origin for each in rules.constraints["cells"]} == {"base"}
    assert [change.sentence for change in changes] == ["removes the contract of `cells`"]
    assert (rules.key, rules.judging, rules.base_data) == (None, None, OF_DATA.data)


def test_effective_data__without_base_head_serves() -> None:
    rules, changes = effective_data(None, DataSide(OF_DATA, {"cells": CONTRACT}))
    assert {each.origin for each in rules.constraints["cells"]} == {"head"}
    assert changes == ()


def test_effective_data__a_data_set_that_head_drops_stays() -> None:
    nothing = OF_DATA.model_copy(update={"data": {}})
    rules, changes = effective_data(DataSide(OF_DATA, {}), DataSide(nothing, {}))
    assert list(rules.config.data) == ["cells"]
    assert [change.sentence for change in changes] == ["removes `data.cells`"]


def test_effective__where_base_speaks_of_data_alone_its_contracts_count_and_the_model_is_the_first() -> None:
    head = Side(a_config(), {})
    rules, changes = effective(DataSide(OF_DATA, {"cells": CONTRACT}), head)
    assert not rules.has_base
    assert {owned.origin for owned in rules.gates} == {"head"}
    assert {each.origin for each in rules.constraints["cells"]} == {"base"}
    assert "removes the contract of `cells`" in [change.sentence for change in changes]


def test_constraints__know_the_line_that_head_has_of_them_and_else_that_of_base() -> None:
    keys = [("columns", "a", "type"), ("columns", "b", "type"), ("columns", "c", "type")]
    wide, narrow = (
        Contract.model_validate({"columns": {name: {"type": "integer"} for name in names}}) for names in ("abc", "ab")
    )
    base = DataSide(OF_DATA, {"cells": wide}, lines={"cells": {key: f"c.yaml:{line}" for line, key in enumerate(keys)}})
    head = DataSide(OF_DATA, {"cells": narrow}, lines={"cells": {keys[0]: "d.yaml:8"}})
    found = {each.key: each.where for each in effective_data(base, head)[0].constraints["cells"]}
    assert [found[key] for key in keys] == ["d.yaml:8", "c.yaml:1 at base", "c.yaml:2 at base"]
    assert effective_data(None, head)[0].constraints["cells"][1].where == "d.yaml:8"
