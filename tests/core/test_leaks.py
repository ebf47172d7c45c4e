from __future__ import annotations

import pytest
from pydantic import ValidationError

from mlci.core.leak_rule import LeakRule, OwnedLeakRule
from mlci.core.leaks import LabelEvidence, LeakEvidence, PairEvidence, Relation, Shared, leak_findings
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import UsageError
from tests.core.configurations import a_config, a_contract

RULE = LeakRule.model_validate({"sets": ["cells", "holdout"], "group": "patient", "time": "taken", "label": "ill"})
NONE = Shared(0)


def sentences(evidence: LeakEvidence, rule: LeakRule = RULE) -> list[str]:
    return [f"{found.dataset}: {found.sentence}" for found in leak_findings(OwnedLeakRule(rule, "base"), evidence)]


def a_pair(
    *, exact: int = 0, rounded: int = 0, collapsed: float = 0.0, groups: Shared | None = None, times: int = 0
) -> LeakEvidence:
    pair = PairEvidence(
        "cells", "holdout", 114, ("a", "b"), Shared(exact), Shared(rounded), collapsed, groups, Shared(times)
    )
    return LeakEvidence((pair,))


def test_findings__of_sets_that_share_nothing_are_none() -> None:
    assert sentences(a_pair(groups=NONE)) == []


def test_findings__read_as_prose() -> None:
    assert sentences(a_pair(exact=31, rounded=2, groups=Shared(40, 5), times=1)) == [
        "holdout: 31 of 114 rows (27.2%) stand in `cells`, too",
        "holdout: 2 of 114 rows (1.8%) stand in `cells`, too, but for the last digits of their numbers",
        "holdout: 40 of 114 rows (35.1%) belong to 5 values of `patient` that `cells` has, too",
        "holdout: 1 of 114 rows (0.9%) are not after the last `taken` of `cells`",
    ]


def test_findings__of_the_label_name_the_evidence() -> None:
    relation = Relation(((1.0, "casual"), (1.0, "registered")), 0.0)
    label = LabelEvidence("rides", 17_379, ("copy",), (("code", 2),), relation)
    assert sentences(LeakEvidence((), label), LeakRule.model_validate({"sets": ["rides"], "label": "cnt"})) == [
        "rides: `copy` is the label `cnt` in every row",
        "rides: `code` determines the label `cnt`: each of its 2 values has one label only",
        "rides: `casual` + `registered` is the label `cnt` in every row",
    ]


def test_findings__rounded_rows_say_nothing_where_rounding_makes_rows_of_one_set_equal() -> None:
    assert sentences(a_pair(rounded=2, collapsed=0.001)) != []
    assert sentences(a_pair(rounded=2, collapsed=0.0011)) == []


def test_findings__as_many_rows_as_are_tolerated_are_none() -> None:
    rule = LeakRule.model_validate({"sets": ["cells", "holdout"], "max_share": "1%"})
    assert sentences(a_pair(exact=1, rounded=1), rule) == []
    assert len(sentences(a_pair(exact=2, rounded=2), rule)) == 2


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"sets": ["a", "a"]}, "a data set stands here twice"),
        ({"sets": ["a"]}, "one data set alone needs a label"),
        ({"sets": []}, "at least 1 item"),
    ],
)
def test_rule__that_compares_nothing_is_refused(keys: dict[str, list[str]], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        LeakRule.model_validate(keys)


CELLS, OTHER = "leaks: [{sets: [cells, holdout]}]\ngates:", "leaks: [{sets: [cells, holdout], ignore: [id]}]\ngates:"


def test_configuration__names_sets_that_exist() -> None:
    with pytest.raises(UsageError, match="the data set holdup is not listed under data") as caught:
        a_config(("gates:", "leaks: [{sets: [cells, holdup]}]\ngates:"))
    assert (caught.value.where, caught.value.hint) == ("mlci.yaml:8:24", "Did you mean `holdout`?")


def test_effective__what_head_removes_stays_and_what_it_adds_counts() -> None:
    contracts = {"cells": a_contract()}
    before, after = (Side(a_config(("gates:", text)), contracts) for text in (CELLS, OTHER))
    rules, changes = effective(before, after)
    assert [(owned.origin, owned.rule.ignore) for owned in rules.leaks] == [("base", ()), ("head", ("id",))]
    assert [f"{change.subject}: {change.direction}: {change.sentence}; {change.effect}" for change in changes] == [
        "leaks: looser: removes the search for leaks between `cells` and `holdout`; takes effect after merge",
        "leaks: tighter: adds a search for leaks between `cells` and `holdout`; checked in addition",
    ]


def test_effective__without_leaks_in_head_base_looks_for_them() -> None:
    contracts = {"cells": a_contract()}
    before, after = Side(a_config(("gates:", CELLS)), contracts), Side(a_config(), contracts)
    rules, changes = effective(before, after)
    assert [owned.rule.sets for owned in rules.leaks] == [("cells", "holdout")]
    assert [change.direction for change in changes] == ["looser"]
