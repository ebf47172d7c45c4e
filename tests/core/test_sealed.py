from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from scipy.stats import beta

from mlci.core.report import SCHEMA
from mlci.core.sealed import Measured, plan
from mlci.core.statistics.sealed_plan import rows_by_hoeffding
from mlci.errors import IntegrityError, UsageError
from mlci.render.sealed_text import plan_text

if TYPE_CHECKING:
    from mlci.core.sealed import Planned
    from tests.conftest import Golden


def planned(**changed: Any) -> Planned:  # noqa: ANN401 - any of the numbers of a plan
    numbers = {"margin": 0.02, "reliability": 0.95, "power": 0.8, "looks": 20, "passes": 3}
    others: dict[str, Any] = {"disagreement": None, "last_report": None}
    return plan(**{**numbers, **others, **changed})


def a_report(**changed: Any) -> bytes:  # noqa: ANN401 - any JSON
    content = {"schema": SCHEMA, "rows": 285, "flips": {"right_to_wrong": 4, "wrong_to_right": 6}}
    return json.dumps(content | changed).encode()


def test_plan__without_knowledge_of_the_models_needs_hoeffdings_rows() -> None:
    found = planned()
    assert (found.plan.hypotheses, found.plan.bennett, found.plan.normal) == (1350, None, None)
    assert found.plan.hoeffding == rows_by_hoeffding(0.02, 0.05 / 1350)


def test_plan__knows_from_the_last_report_how_often_models_differ() -> None:
    found = planned(last_report=a_report())
    assert found.measured == Measured(10, 285)
    assert found.disagreement == pytest.approx(beta.ppf(0.95, 11, 275))  # Clopper and Pearson, one-sided
    assert found.plan.bennett is not None
    assert found.plan.normal is not None
    assert found.plan.normal < found.plan.bennett < found.plan.hoeffding


def test_plan__takes_a_stated_disagreement_before_a_measured_one() -> None:
    found = planned(disagreement=0.2, last_report=a_report())
    assert (found.disagreement, found.measured) == (0.2, None)


@pytest.mark.parametrize(
    "report",
    [b"", b"[]", a_report(flips=None), a_report(flips={}), a_report(rows="many"), a_report(schema="mlci/run/1")],
)
def test_plan__without_a_comparison_in_the_report_measures_nothing(report: bytes) -> None:
    assert planned(last_report=report).disagreement is None


def test_plan__refuses_a_report_of_a_newer_mlci() -> None:
    with pytest.raises(IntegrityError, match="newer"):
        planned(last_report=a_report(schema="mlci/report/99"))


@pytest.mark.parametrize(
    "changed",
    [
        {"margin": 0.0},
        {"margin": 3.0},
        {"looks": 0},
        {"passes": 30},
        {"reliability": 0.3},
        {"power": 1.0},
        {"disagreement": 0.0},
    ],
)
def test_plan__of_impossible_numbers_says_which(changed: dict[str, float]) -> None:
    with pytest.raises(UsageError) as caught:
        planned(**changed)
    assert caught.value.code == "sealed-plan-impossible"


def test_plan__as_json() -> None:
    found = planned(last_report=a_report()).to_dict()
    assert found["measured"] == {"changed": 10, "rows": 285}
    assert sorted(found["rows"]) == ["bennett", "hoeffding", "normal"]
    assert json.loads(json.dumps(found)) == found


def test_plan_text__says_what_each_method_takes_for_granted(golden: Golden) -> None:
    texts = [planned(), planned(last_report=a_report()), planned(looks=900, passes=400), planned(looks=1, passes=1)]
    golden("terminal/sealed-plan.txt", "\n\n\n".join(map(plan_text, texts)) + "\n")
